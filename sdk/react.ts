/**
 * React hooks for a client, without React in the bundle: the page gives its own copy.
 *
 *   import * as React from 'react';
 *   import { createHooks } from 'vitrine/react';
 *   export const { useRecommendations, useConsent } = createHooks(React);
 *
 * Each hook reads a store shared by all its users (useSyncExternalStore: no tearing), which asks the
 * client when the first of them mounts and on the client's events, never for a render, and lets go
 * of the client when the last unmounts. On a server, and while hydrating, every hook gives its
 * beginning.
 */
import type { Profile, Segment, Status, Vitrine } from './api.ts';
import type { Consent } from './database/database.ts';
import type { RecommendRequest, RecommendResult } from './recommend/result.ts';
import { pageClient, whenClient } from './shelf/arrival.ts';

/** What is used of React 18 or later. */
export interface ReactLike {
  useSyncExternalStore<T>(
    subscribe: (changed: () => void) => () => void,
    snapshot: () => T,
    serverSnapshot: () => T,
  ): T;
}

/** What a hook gives; `data` is null before the first answer. */
export interface Answer<T> {
  readonly data: T | null;
  readonly isLoading: boolean;
}

export interface Hooks {
  /** The client; null on a server and before its tag has loaded. */
  useVitrine(): Vitrine | null;
  /** A request of the same content is the same request: it may be written where it is used. */
  useRecommendations(request?: RecommendRequest): Answer<RecommendResult>;
  useProfile(): Answer<Profile>;
  useSegments(): Answer<readonly Segment[]>;
  /** What is consented to, and how to change it: resolves when the change is in force. */
  useConsent(): readonly [Consent, (consent: Consent) => Promise<void>];
  useStatus(): Answer<Status>;
}

interface Store<T> {
  readonly subscribe: (changed: () => void) => () => void;
  readonly snapshot: () => T;
}

type Undo = () => void;

const NO_CONSENT: Consent = Object.freeze({ personalise: false, contribute: false });
const LOADING: Answer<never> = Object.freeze({ data: null, isLoading: true });

/**
 * @param React of the page, 18 or later
 * @param client without it `window.vitrine`, waited for where its tag loads later
 */
export function createHooks(React: ReactLike, client: Vitrine | null = null): Hooks {
  const use = <T>({ subscribe, snapshot }: Store<T>, first: T): T =>
    React.useSyncExternalStore(subscribe, snapshot, () => first);

  const here = createStore<Vitrine | null>(client, (set) => {
    const found = client ?? (pageClient() as Vitrine | null);
    set(found);
    return found === null ? whenClient((late) => set(late as Vitrine)) : () => undefined;
  });
  const consent = createStore<Consent>(client?.consent.get() ?? NO_CONSENT, (set) =>
    withClient(here, (found) => {
      set(found.consent.get());
      return found.consent.onChange(set);
    }),
  );
  const asking = <T>(ask: (client: Vitrine) => Promise<T>, events: readonly AskedOn[]) =>
    createStore<Answer<T>>(LOADING, (set) =>
      withClient(here, (found) => keepAsking(found, () => ask(found), events, set)),
    );
  const profile = asking((found) => found.profile(), ['update']);
  const segments = asking((found) => found.segments(), ['update']);
  const status = asking((found) => found.status(), ['ready', 'update', 'round', 'report']);
  const lists = new Map<string, Store<Answer<RecommendResult>>>();
  const listOf = (request: RecommendRequest): Store<Answer<RecommendResult>> => {
    const key = JSON.stringify(request);
    const known = lists.get(key);
    if (known !== undefined) return known;
    const made = asking((found) => found.recommend(request), ['update']);
    // As many as a page may show; an older one that is still in use lives on with its users.
    if (lists.size >= MOST_LISTS) lists.delete(lists.keys().next().value as string);
    lists.set(key, made);
    return made;
  };
  const setConsent = async (next: Consent): Promise<void> => {
    await (client ?? (pageClient() as Vitrine | null))?.consent.set(next);
  };

  return {
    useVitrine: () => use(here, null),
    useRecommendations: (request = {}) => use(listOf(request), LOADING),
    useProfile: () => use(profile, LOADING),
    useSegments: () => use(segments, LOADING),
    useConsent: () => [use(consent, NO_CONSENT), setConsent],
    useStatus: () => use(status, LOADING),
  };
}

const MOST_LISTS = 200;

type AskedOn = 'ready' | 'update' | 'round' | 'report';

/** Asks at once and on events; what comes while an answer is awaited asks once more after it. */
function keepAsking<T>(
  client: Vitrine,
  ask: () => Promise<T>,
  events: readonly AskedOn[],
  set: (answer: Answer<T>) => void,
): Undo {
  let isOver = false;
  let isAsking = false;
  let again = false;
  const run = async (): Promise<void> => {
    again = isAsking;
    if (isAsking) return;
    isAsking = true;
    try {
      const data = await ask();
      if (!isOver) set({ data, isLoading: false });
    } catch {
      // A client does not reject; one that is not ours leaves what there was.
    }
    isAsking = false;
    if (again && !isOver) await run();
  };
  const undo = events.map((name) => client.on(name, () => void run()));
  void run();
  return () => {
    isOver = true;
    for (const one of undo) one();
  };
}

/** Follows the client that there is, or that comes. */
function withClient(here: Store<Vitrine | null>, follow: (client: Vitrine) => Undo): Undo {
  let followed: Vitrine | null = null;
  let undo: Undo = () => undefined;
  const look = (): void => {
    const found = here.snapshot();
    if (found === null || found === followed) return;
    undo();
    followed = found;
    undo = follow(found);
  };
  const leave = here.subscribe(look);
  look();
  return () => {
    leave();
    undo();
  };
}

/**
 * A value and those who watch it. `begin` runs for the first of them, its undo once the last has
 * left and nobody has come in the same task: StrictMode leaves and comes again at once.
 */
function createStore<T>(first: T, begin: (set: (value: T) => void) => Undo): Store<T> {
  let value = first;
  let end: Undo | null = null;
  const watchers = new Set<() => void>();
  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const changed of [...watchers]) changed();
  };
  return {
    snapshot: () => value,
    subscribe(changed) {
      // Two users may give the same function: each is a watcher of its own.
      const watcher = (): void => changed();
      watchers.add(watcher);
      end ??= begin(set);
      return () => {
        watchers.delete(watcher);
        queueMicrotask(() => {
          if (watchers.size > 0 || end === null) return;
          end();
          end = null;
        });
      };
    },
  };
}
