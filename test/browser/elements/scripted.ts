/** A client of the elements, as a page's own script. */
import type { Scene } from './client.ts';

/**
 * Runs in the page: `window.vitrine` of this scene. `window.asked` counts what it is asked,
 * `window.fire(name)` tells its listeners; consent, erasure and what is stored are kept like the
 * real ones'.
 */
export function scripted(scene: Scene): void {
  const page = window as unknown as Record<string, unknown>;
  const asked: Record<string, number> = {};
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const fire = (name: string, value?: unknown): void => {
    for (const one of listeners.get(name) ?? []) one(value);
  };
  const on = (name: string, listener: (value: unknown) => void): (() => void) => {
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set.add(listener));
    return () => void set.delete(listener);
  };
  let consent = { personalise: true, contribute: true };
  let isErased = false;
  const answer =
    <T>(name: string, value: () => T): (() => Promise<T>) =>
    async () => {
      asked[name] = (asked[name] ?? 0) + 1;
      return structuredClone(value());
    };
  page.asked = asked;
  page.fire = fire;
  page.scene = scene;
  page.listening = () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0);
  page.tracked = [];
  page.eraseFails = '';
  page.vitrine = {
    track: (...all: unknown[]) => void (page.tracked as unknown[]).push(all),
    recommend: answer('recommend', () => scene.results),
    describe: async (ids: string[]) => scene.cards.filter(({ id }) => ids.includes(id)),
    profile: answer('profile', () => (isErased ? scene.empty : scene.profile)),
    segments: answer('segments', () => (isErased ? [] : scene.segments)),
    status: async (language = 'en') => ({
      ...scene.status,
      ...(isErased && {
        tasks: [],
        catalogue: null,
        parts: [],
        state: 'consent-required',
        words: 'Waiting for consent to personalise; until then nothing is stored, fetched or sent.',
      }),
      terms: /^zh/.test(language) ? scene.terms.zh : scene.terms.en,
    }),
    privacyReport: answer('privacyReport', () =>
      isErased
        ? {
            ...scene.account,
            reports: [],
            budget: null,
            epsilonSpent: 0,
            statement: 'Nothing has left this browser.',
          }
        : scene.account,
    ),
    reportBytes: async (id: string) => {
      const bytes = scene.bytes[id];
      return bytes ? Uint8Array.from(bytes) : null;
    },
    exportData: answer('exportData', () =>
      isErased ? {} : { format: 'vitrine-export', events: scene.events },
    ),
    erase: async () => {
      if (page.eraseFails !== '')
        throw Object.assign(new Error('not erased'), { code: page.eraseFails });
      isErased = true;
      consent = { personalise: false, contribute: false };
    },
    consent: {
      get: () => consent,
      set: async (next: typeof consent) => {
        consent = next;
        fire('consent', next);
      },
      onChange: (listener: (value: unknown) => void) => on('consent', listener),
    },
    on,
  };
}
