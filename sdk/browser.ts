/** The browser's own environment. Globals are touched inside functions only. */
import { CryptoSource, type RandomSource } from '../shared/random/source.ts';
import { systemClock } from './capture/clock.ts';
import { BLOCKED_MS } from './database/connection.ts';
import { eraseDatabase } from './database/erase.ts';
import { openDatabase } from './database/open.ts';
import type { Environment, PageEvent, Undo } from './environment.ts';
import type { Channel } from './leader.ts';
import { probeAdapter } from './learn/probe.ts';
import { fetchTransport } from './receive/fetch.ts';
import type { WorkerHost } from './spawn.ts';

/** Milliseconds after which an idle callback runs on a busy page too. */
const IDLE_LIMIT_MS = 3000;

export function browserEnvironment(): Environment {
  let source: RandomSource | undefined;
  return {
    clock: systemClock,
    random: () => {
      source ??= new CryptoSource();
      return source;
    },
    secure: () => globalThis.isSecureContext === true && globalThis.crypto?.subtle !== undefined,
    online: () => navigator.onLine !== false,
    visible: () => document.visibilityState !== 'hidden',
    gpc: () => (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true,
    about,
    resolve: (url) => new URL(url, document.baseURI).href,
    listen,
    after,
    idle(run) {
      if (typeof requestIdleCallback !== 'function') return after(200, run);
      const id = requestIdleCallback(run, { timeout: IDLE_LIMIT_MS });
      return () => cancelIdleCallback(id);
    },
    locks: (globalThis.navigator as Partial<Navigator> | undefined)?.locks ?? null,
    channel,
    transport: (endpoint) => fetchTransport(endpoint),
    workers: workerHost(),
    databaseExists,
    openDatabase: (name, options) => openDatabase(name, options),
    eraseDatabase: (name) => eraseDatabase(name, BLOCKED_MS),
    log: (line) => console.debug(line),
  };
}

/** Below this a screen's short side, in CSS pixels, is a phone's. */
const PHONE_PIXELS = 600;

function about(): ReturnType<Environment['about']> {
  const locale = navigator.language || null;
  if (typeof matchMedia !== 'function') return { device: null, locale };
  if (!matchMedia('(pointer: coarse)').matches) return { device: 'desktop', locale };
  const small = Math.min(screen.width, screen.height) < PHONE_PIXELS;
  return { device: small ? 'phone' : 'tablet', locale };
}

function after(ms: number, run: () => void): Undo {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
}

function listen(event: PageEvent, run: () => void): Undo {
  if (event === 'visible' || event === 'hidden') {
    const onChange = (): void => {
      if (document.visibilityState === event) run();
    };
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }
  // The first pageshow of a document is its load, which `init` follows anyway.
  const onEvent = (one: Event): void => {
    if (event !== 'pageshow' || (one as PageTransitionEvent).persisted) run();
  };
  window.addEventListener(event, onEvent);
  return () => window.removeEventListener(event, onEvent);
}

function channel(name: string): Channel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}

/** Opens and takes back: a version change that is aborted leaves no database behind. */
async function databaseExists(name: string): Promise<boolean> {
  try {
    if (typeof indexedDB.databases === 'function') {
      return (await indexedDB.databases()).some((one) => one.name === name);
    }
    return await new Promise((resolve) => {
      const request = indexedDB.open(name);
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onsuccess = () => {
        request.result.close();
        resolve(true);
      };
      request.onerror = () => resolve(false);
    });
  } catch {
    return false;
  }
}

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}

let policy: ScriptPolicy | null | undefined;

/** A `trusted-types` directive allows a name once, so the policy is made once. */
function trusted(url: string): string {
  if (policy === undefined) {
    const factory = (
      globalThis as {
        trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy };
      }
    ).trustedTypes;
    try {
      policy = factory?.createPolicy('vitrine', { createScriptURL: (own) => own }) ?? null;
    } catch {
      policy = null;
    }
  }
  return (policy?.createScriptURL(url) ?? url) as string;
}

function workerHost(): WorkerHost {
  return {
    get origin() {
      return location.origin;
    },
    create: (url) => new Worker(trusted(url), { name: 'vitrine' }),
    async fetchScript(url) {
      const answer = await fetch(url, {
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
      });
      if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
      return answer.text();
    },
    scriptUrl(text) {
      const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      return { url, revoke: () => URL.revokeObjectURL(url) };
    },
    probe: probeAdapter,
    after,
  };
}
