/**
 * The tag's hold on the engine: when it is fetched, what waits for it, and when it goes again. Not
 * before this site has stored something in this browser, or may do so now.
 */
import type { Status } from './api.ts';
import type { Heard } from './capture/heard.ts';
import type { Consent } from './database/database.ts';
import { Emitter } from './emitter.ts';
import { type PageEvent, type Undo, within } from './environment.ts';
import { messageOf } from './ladder.ts';
import type { PageApi, Told } from './link.ts';
import { NO_CONSENT, type Settings } from './settings.ts';
import type { Engine, OwnElement, StartEngine } from './tag-engine.ts';
import type { TagPage } from './tag-page.ts';
import { waitingTabs } from './tag-tabs.ts';
import { both, copy, LATE, LOAD_MS, late, REST_MS } from './tag-values.ts';
import { NOT_STORED, TAG_STATES } from './words.ts';

/** Calls that are kept while it is not known whether they may be, or the engine is on its way. */
const MAX_HELD = 200;

type Local = keyof typeof TAG_STATES;

export interface TagCore {
  readonly events: Emitter<Told>;
  consent(): Consent;
  /** Tells of a failure by its own code where it has one. */
  problem(error: unknown): void;
  /** At once, or when the engine is there; not at all without consent. */
  hear(heard: Heard): void;
  /** What the engine answers, or `otherwise` without one. Never rejects. */
  ask<T>(method: string, parameters: unknown[], otherwise: () => T): Promise<T>;
  /** @throws Error with the `code` of what was not done */
  decide(next: Consent, method?: 'consent.set' | 'erase'): Promise<void>;
  status(language?: string): Promise<Status>;
  shutdown(): Promise<void>;
}

export function openTag(
  settings: Settings,
  own: OwnElement,
  page: TagPage,
  start: StartEngine,
): TagCore {
  const { hooks, databaseName } = settings;
  const events = new Emitter<Told>();
  let state: Local = 'starting';
  let detail = '';
  let consent = NO_CONSENT;
  /** The latest decision of this page while it is being carried out: no more than it holds. */
  let limit: Consent | null = null;
  /** Whether something stands above what `init` was given. */
  let decided = false;
  let needed = false;
  let engine: Engine | null = null;
  let starting: Promise<Engine | null> | null = null;
  /** Null when nothing may be kept. */
  let held: [heard: Heard, atMs: number][] | null = [];
  let granting = 0;
  let asked = 0;
  /** The engine has told what it found stored. */
  let settled = false;
  let stuck = false;
  let wasReady = false;
  let deaf: Undo | null = null;
  let unrest: Undo = () => undefined;
  const undo: Undo[] = [];
  const tabs = waitingTabs(page, databaseName);

  const problem = (error: unknown): void => {
    const { code } = (error ?? {}) as { code?: unknown };
    events.emit('error', { code: String(code ?? 'failed'), message: messageOf(error) });
  };
  const local = (): Status => ({
    state,
    words: TAG_STATES[state] + (detail && ` (${detail})`),
    consent,
    storage: 'none',
    storageWords: NOT_STORED,
    backend: null,
    tasks: [],
    catalogue: null,
    parts: [],
  });
  const ready = (status: Status): void => {
    if (!wasReady) events.emit('ready', status);
    wasReady = true;
  };

  const hear = (heard: Heard, atMs = Date.now()): void => {
    const own = copy(heard);
    if (engine !== null && granting === 0) engine.api.tell('hear', own, atMs);
    else if (held !== null && held.length < MAX_HELD) held.push([own, atMs]);
    // What waits may be lost with its page.
    if (needed) void load();
  };
  const flush = (): void => {
    if (engine !== null && granting === 0)
      for (const [heard, atMs] of held?.splice(0) ?? []) hear(heard, atMs);
  };
  /** The ears are open while there is consent to personalise. */
  const listenIn = (): void => {
    if (consent.personalise && deaf === null) {
      deaf = page.hear(settings, (heard) => hear(heard));
    } else if (!consent.personalise) {
      deaf?.();
      deaf = null;
    }
  };
  const told = (name: keyof Told, value: Told[keyof Told]): void => {
    if (name === 'ready') {
      settled = true;
      ready(value as Status);
    } else if (name === 'consent') {
      consent = both(value as Consent, limit);
      events.emit('consent', consent);
      listenIn();
    } else events.emit(name, value as never);
    rest();
  };
  const pageApi: PageApi = {
    ...page.locks,
    tell: told,
    idle: () => new Promise((resolve) => page.idle(() => resolve())),
    beforeCapture: (event) => hooks.beforeCapture?.(event) as never,
    beforeContribute: (report) => hooks.beforeContribute?.(report) as never,
    log: page.log,
  };

  /** Never rejects; null where no engine runs here. */
  const load = (): Promise<Engine | null> => {
    if (state === 'insecure-context' || state === 'shutdown') return Promise.resolve(null);
    starting ??= started();
    return starting;
  };
  const started = async (): Promise<Engine | null> => {
    state = 'starting';
    settled = false;
    const given = decided ? 'required' : settings.consent;
    decided = true;
    try {
      const made = await start({ ...settings, consent: given }, own, page, pageApi);
      if ((state as Local) === 'shutdown') {
        made.end();
        return null;
      }
      if (made.refused !== '') page.warn(`vitrine: nothing is trained here: ${made.refused}`);
      engine = made;
      tabs.leave();
      // What has changed while it was on its way.
      live(page.facts().visible ? 'strain' : 'hidden');
      flush();
      return made;
    } catch (error) {
      state = 'engine-blocked';
      detail = messageOf(error);
      held = null;
      page.warn(`vitrine: ${local().words}`);
      problem({ code: state, message: detail });
      ready(local());
      return null;
    }
  };

  /** Nothing is stored and nothing may be: the engine goes, and other tabs are listened to. */
  const end = (): void => {
    engine?.end();
    page.locks.release();
    engine = null;
    starting = null;
    needed = false;
    held = null;
    state = 'consent-required';
    tabs.listen(wake);
  };
  const rest = (): void => {
    unrest();
    const idle = (): boolean =>
      engine !== null && settled && !stuck && !consent.personalise && asked + granting === 0;
    if (idle()) unrest = page.after(REST_MS, () => idle() && end());
  };
  const wake = (): void => {
    needed = true;
    held ??= [];
    void load();
  };

  const look = async (): Promise<void> => {
    if (!page.secure()) {
      state = 'insecure-context';
      held = null;
      // Listeners are added behind `init`.
      await null;
      return ready(local());
    }
    undo.push(page.follow(live));
    const mayStore = settings.consent !== 'required' && settings.consent.personalise;
    if (mayStore || (await page.exists(databaseName))) {
      needed = true;
      if (held?.length) void load();
      else page.idle(() => void (needed && load()));
    } else if (!needed && state !== 'shutdown') {
      end();
      ready(local());
    }
  };
  const live = (event: PageEvent): void => {
    engine?.page(event, page.facts());
    // The engine's Worker may be frozen before it hears of it.
    if (event === 'pagehide') page.locks.release();
    if (starting !== null || needed) return;
    if (event === 'pagehide') tabs.leave();
    if (event !== 'pageshow') return;
    tabs.listen(wake);
    void page.exists(databaseName).then((one) => one && wake());
  };

  const ask: TagCore['ask'] = async (method, parameters, otherwise) => {
    asked++;
    try {
      await known;
      if (needed) {
        await within(page, LOAD_MS, load());
        if (engine !== null) {
          const call = engine.api.ask('call', method, parameters.map(copy));
          const answer = await Promise.race([call, late(page)]);
          if (answer !== LATE) return answer as never;
        }
      }
    } catch (error) {
      problem(error);
    } finally {
      asked--;
      rest();
    }
    return otherwise();
  };
  const decide: TagCore['decide'] = async (next, method = 'consent.set') => {
    if (state === 'insecure-context' || (state === 'shutdown' && next.personalise)) return;
    limit = next;
    consent = both(consent, next);
    decided = true;
    if (next.personalise) {
      needed = true;
      held ??= [];
      granting++;
    } else {
      held = null;
      listenIn();
    }
    try {
      await known;
      if (!needed && !(await page.exists(databaseName))) return tabs.tellErase();
      const made = await load();
      if (made !== null) {
        const answer = made.api.ask('call', method, [next]);
        const dead = await Promise.race(next.personalise ? [answer] : [answer, late(page)]);
        stuck = false;
        if (dead !== LATE) return;
        if (engine === made) end();
      }
      if (!next.personalise) await page.wipe(databaseName);
    } catch (error) {
      stuck = method === 'erase';
      throw error;
    } finally {
      if (next.personalise) granting--;
      if (limit === next) limit = null;
      flush();
      rest();
    }
  };

  const known = look().catch(problem);
  return {
    events,
    consent: () => consent,
    problem,
    hear,
    ask,
    decide,
    async status(language) {
      if (engine !== null) return ask('status', [language], local);
      void known.then(() => (needed ? load() : null));
      return local();
    },
    async shutdown() {
      if (engine !== null) await ask('shutdown', [], () => undefined);
      state = 'shutdown';
      held = null;
      needed = false;
      for (const one of undo.splice(0)) one();
      deaf?.();
      tabs.leave();
      engine?.end();
      page.locks.release();
      engine = null;
    },
  };
}
