/**
 * The inline stub: `window.vitrine` before the tag has come. Calls wait in a queue that the tag
 * replays (script.ts) and then empties as they come. No eval, no element of its own, and nothing at
 * all where `window.vitrine` is there already.
 *
 * A tag that never comes leaves no promise pending: at the error of its element, or 5 s after the
 * call, every method answers as it does with nothing stored, and `erase()` rejects with `code`
 * 'failed'. What waited is replayed all the same if the tag comes later.
 */
import type {
  PrivacyReport,
  Profile,
  RecommendRequest,
  RecommendResult,
  Status,
  Vitrine,
} from './api.ts';

type Resolve = (value: unknown) => void;
type Asked = Exclude<keyof Vitrine, 'track' | 'on' | 'consent'> | 'consent.set';

const page = window as Omit<Window, 'vitrine'> & { vitrine?: { track?: unknown } };

// An element with this id is `window.vitrine` too.
if (!page.vitrine?.track) {
  /** Longer than a tag takes on a slow phone, shorter than anybody looks at an empty shelf. */
  const waitMs = 5000;
  /** A page that goes on calling without a tag keeps no more than this. */
  const maxCalls = 1000;
  const queue: unknown[][] = [];
  let waiting: (() => void)[] | null = [];

  const none = () => [];
  const nothing = () => null;
  const empty = () => ({});
  const consent = () => ({ personalise: false, contribute: false });
  const list = (value: unknown): unknown[] => ([] as unknown[]).concat(value ?? []);
  const words = 'no vitrine.js here';
  const estimate = {
    probability: null,
    source: 'none',
    version: 0,
    method: 'none',
    why: [],
    tier: null,
  };

  const answers: Record<Asked, (asked: never) => unknown> = {
    recommend: (asked: RecommendRequest | undefined): unknown => {
      const { among, exclude, limit, model } = asked || {};
      return {
        items: list(among)
          .filter((id) => !list(exclude).includes(id))
          .slice(0, limit === undefined && model !== 're-rank' ? 12 : limit)
          .map((id) => ({ id, score: 0, why: [] })),
        source: among ? 'given' : 'popular',
        state: 'no-catalogue',
        version: 0,
        modelHash: null,
      } satisfies Record<keyof RecommendResult, unknown>;
    },
    describe: none,
    profile: () =>
      ({
        state: 'empty',
        events: 0,
        sessions: 0,
        basics: { device: null, locale: null, visitor: null, traits: {} },
        interests: { category: [], brand: [], priceBand: [] },
        rhythm: {
          hours: Array(24).fill(0),
          weekdays: Array(7).fill(0),
          visitsPerWeek: null,
          daysBetweenVisits: null,
          daysBetweenPurchases: null,
        },
        value: estimate,
        priceSensitivity: estimate,
        intent: estimate,
        churn: estimate,
        nextCategory: { source: 'none', version: 0, categories: [] },
        vector: null,
      }) satisfies Record<keyof Profile, unknown>,
    traits: empty,
    segments: none,
    statistics: none,
    privacyReport: () =>
      ({ budget: null, epsilonSpent: 0, statement: words, reports: [] }) satisfies PrivacyReport,
    reportBytes: nothing,
    exportData: empty,
    erase: nothing,
    status: () =>
      ({
        state: 'starting',
        words,
        consent: consent(),
        storage: 'none',
        backend: null,
        tasks: [],
        catalogue: null,
        parts: [],
      }) satisfies Status,
    shutdown: nothing,
    'consent.set': nothing,
  };

  const call = (method: string, parameters: unknown[], resolve?: Resolve): void => {
    if (queue.length < maxCalls) queue.push([method, parameters, resolve]);
  };
  const ask =
    (name: Asked) =>
    (...parameters: unknown[]) =>
      new Promise((resolve, reject) => {
        const give = (): void =>
          name === 'erase'
            ? reject(Object.assign(Error(words), { code: 'failed' }))
            : resolve(answers[name](parameters[0] as never));
        call(name, parameters, resolve);
        setTimeout(give, waiting ? waitMs : 0);
        waiting?.push(give);
      });
  const listen =
    (method: string) =>
    (...parameters: unknown[]) => {
      const undo = new Promise((resolve) => call(method, parameters, resolve));
      return () => void undo.then((end) => (end as () => void)());
    };

  const stub: Record<string, unknown> & { track: unknown } = {
    queue,
    track: (...parameters: unknown[]) => call('track', parameters),
    on: listen('on'),
    consent: { get: consent, set: ask('consent.set'), onChange: listen('consent.onChange') },
  };
  for (const name in answers) stub[name] = ask(name as Asked);
  page.vitrine = stub;

  page.addEventListener(
    'error',
    ({ target }) => {
      const { dataset } = target as HTMLElement;
      if (!dataset?.trust) return;
      waiting?.map((give) => give());
      waiting = null;
    },
    true,
  );
}
