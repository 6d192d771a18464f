/** The page as the tag sees it: its life, its device, and the ways out of it. */
import { hear } from './capture/hear.ts';
import type { Heard } from './capture/heard.ts';
import { adaptConsent } from './consent/adapt.ts';
import type { Consent } from './database/database.ts';
import { databaseExists } from './database/exists.ts';
import type { PageEvent, Undo } from './environment.ts';
import { after } from './host.ts';
import type { Channel } from './leader.ts';
import type { EngineStart, PageFacts } from './link.ts';
import type { Settings } from './settings.ts';
import { type Strain, watchStrain } from './strain.ts';
import { type TagLocks, tagLocks } from './tag-locks.ts';

/** Milliseconds after which an idle callback runs on a busy page too. */
const IDLE_LIMIT_MS = 3000;
/** How long another tab may keep a database that is to be deleted. */
const HELD_MS = 5000;
/** Below this a screen's short side, in CSS pixels, is a phone's. */
const PHONE_PIXELS = 600;

/** Everything of a page that the tag touches: a test replaces it. */
export interface TagPage {
  secure(): boolean;
  facts(): PageFacts;
  about(): EngineStart['about'];
  readonly base: string;
  /** Every change in the page's life; begins to watch the device, too. */
  follow(run: (event: PageEvent) => void): Undo;
  after(ms: number, run: () => void): Undo;
  idle(run: () => void): void;
  exists(name: string): Promise<boolean>;
  /** Without an engine. @throws Error with a `code` when something is left */
  wipe(name: string): Promise<void>;
  channel(name: string): Channel | null;
  readonly locks: TagLocks;
  hear(settings: Settings, tell: (heard: Heard) => void): Undo;
  adapt(settings: Settings, say: (consent: Consent) => void): Undo;
  warn(line: string): void;
  log(line: string): void;
}

export function tagPage(): TagPage {
  let strain: Strain | null = null;
  return {
    secure: () => globalThis.isSecureContext === true && globalThis.crypto?.subtle !== undefined,
    facts: () => ({
      visible: document.visibilityState !== 'hidden',
      online: navigator.onLine !== false,
      gpc: (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true,
      strain,
    }),
    about,
    get base() {
      return document.baseURI;
    },
    follow(run) {
      const end = new AbortController();
      const { signal } = end;
      const told = (event: Event): void => {
        // The first pageshow of a document is its load.
        if (event.type !== 'pageshow' || (event as PageTransitionEvent).persisted) {
          run(event.type as PageEvent);
        }
      };
      for (const name of ['online', 'offline', 'pagehide', 'pageshow']) {
        addEventListener(name, told, { signal });
      }
      const seen = (): void => run(document.visibilityState);
      document.addEventListener('visibilitychange', seen, { signal });
      const undo = watchStrain(navigator, (now) => {
        strain = now;
        run('strain');
      });
      return () => {
        end.abort();
        undo();
      };
    },
    after,
    idle(run) {
      if (typeof requestIdleCallback !== 'function') after(200, run);
      else requestIdleCallback(run, { timeout: IDLE_LIMIT_MS });
    },
    exists: databaseExists,
    wipe,
    channel(name) {
      try {
        return new BroadcastChannel(name);
      } catch {
        return null;
      }
    },
    locks: tagLocks(() => navigator.locks),
    hear: ({ capture }, tell) =>
      hear({ ...capture, dataLayer: capture.dataLayer ?? false }, window, tell),
    adapt: ({ signals, capture, debug }, say) =>
      adaptConsent(
        signals,
        window,
        (consent, from) => {
          if (debug) console.debug(`vitrine: consent by ${from}`);
          say(consent);
        },
        capture.dataLayer ?? undefined,
      ),
    warn: (line) => console.warn(line),
    log: (line) => console.debug(line),
  };
}

function about(): EngineStart['about'] {
  const locale = navigator.language || null;
  if (typeof matchMedia !== 'function') return { device: null, locale };
  if (!matchMedia('(pointer: coarse)').matches) return { device: 'desktop', locale };
  const small = Math.min(screen.width, screen.height) < PHONE_PIXELS;
  return { device: small ? 'phone' : 'tablet', locale };
}

function wipe(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (code: string) => () => reject(Object.assign(new Error(name), { code }));
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = fail('failed');
    after(HELD_MS, fail('blocked'));
  });
}
