/** The inline stub as it is built: queued, replayed, and answered where the tag never comes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Vitrine } from '../../sdk/api.ts';
import { NO_REPORT, nothing } from '../../sdk/none.ts';
import { NO_PROFILE } from '../../sdk/profile/none.ts';
import { boot } from '../../sdk/script.ts';
import { build, DIST } from '../build.ts';

type Stub = Vitrine & { queue: unknown[][] };

let text = '';
let page: { vitrine?: unknown };
let timers: { run: () => void; ms: number }[] = [];
let failures: ((event: unknown) => void)[] = [];
let rejected: unknown[] = [];

beforeAll(async () => {
  await build(['stub']);
  text = readFileSync(join(DIST, 'stub.js'), 'utf8');
}, 120_000);

/** A page whose policy forbids making code of strings. */
function include(): Stub {
  const globals = {
    window: page,
    setTimeout: (run: () => void, ms: number) => timers.push({ run, ms }),
  };
  runInContext(text, createContext(globals, { codeGeneration: { strings: false, wasm: false } }));
  return page.vitrine as Stub;
}

beforeEach(() => {
  [timers, failures, rejected] = [[], [], []];
  page = {
    addEventListener: (name: string, listener: () => void, capture: boolean) => {
      expect([name, capture]).toEqual(['error', true]);
      failures.push(listener);
    },
  } as typeof page;
  return () => expect(rejected).toEqual([]);
});

const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const elapse = (): void => {
  for (const { run, ms } of timers.splice(0)) {
    expect(ms).toBe(5000);
    run();
  }
};
const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([
    promise.then(() => true),
    new Promise((end) => setImmediate(end, false)),
  ])) === true;

const TAG = {
  src: 'https://cdn.test/1.2.3/vitrine.js',
  dataset: { site: 'shop', endpoint: '/v', trust: 'A'.repeat(43) },
};

describe('the stub', () => {
  it('is below a kilobyte, makes no code of strings, and may stand in any page', () => {
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(1000);
    expect(text).not.toMatch(/\beval\b|new Function|<\/script|<!--|document\./);
  });

  it('has every method, and leaves what is there alone', () => {
    const stub = include();
    const names = ['track', 'recommend', 'describe', 'profile', 'traits', 'segments', 'statistics'];
    const more = [
      'privacyReport',
      'reportBytes',
      'exportData',
      'erase',
      'on',
      'status',
      'shutdown',
    ];
    for (const name of [...names, ...more] as (keyof Vitrine)[]) {
      expect([name, typeof stub[name]]).toEqual([name, 'function']);
    }
    expect(plain(stub.consent.get())).toEqual({ personalise: false, contribute: false });
    stub.track('view_item', {});
    expect(include()).toBe(stub);
    expect([stub.queue.length, failures.length]).toEqual([1, 1]);
    // An element with the id is no Vitrine.
    page.vitrine = { id: 'vitrine' };
    expect(typeof include().track).toBe('function');
  });

  it('is replayed in order by the tag, which answers it and takes what comes later', async () => {
    const stub = include();
    const calls: unknown[][] = [];
    let ended = 0;
    const start = (): Vitrine => {
      const note =
        (name: string, answer?: unknown) =>
        (...all: unknown[]): unknown => {
          calls.push([name, ...all]);
          return answer;
        };
      const undo = (): void => {
        ended += 1;
      };
      return {
        track: note('track'),
        recommend: note('recommend', Promise.resolve('goods')),
        erase: note('erase', Promise.reject(new Error('blocked'))),
        on: note('on', undo),
        consent: { set: note('set', Promise.resolve('set')), onChange: note('onChange', undo) },
      } as unknown as Vitrine;
    };
    stub.track('view_item', { items: [] });
    const set = stub.consent.set({ personalise: true, contribute: false });
    const goods = stub.recommend({ limit: 3 });
    const erased = stub.erase();
    erased.catch(() => undefined);
    const [heard, changed] = [() => {}, () => {}];
    const undo = stub.on('ready', heard);
    const undoChange = stub.consent.onChange(changed);
    undo();
    expect(await settled(goods)).toBe(false);
    expect(boot(page as never, TAG, start)).toBe(page.vitrine);
    expect(await Promise.all([set, goods])).toEqual(['set', 'goods']);
    await expect(erased).rejects.toThrow('blocked');
    undoChange();
    stub.track('add_to_cart', {});
    expect(await stub.recommend()).toBe('goods');
    elapse();
    expect(calls.map(([name]) => name)).toEqual([
      ...['track', 'set', 'recommend', 'erase', 'on', 'onChange', 'track', 'recommend'],
    ]);
    expect([calls[0], calls[4], calls[5]]).toEqual([
      ['track', 'view_item', { items: [] }],
      ['on', 'ready', heard],
      ['onChange', changed],
    ]);
    await Promise.resolve();
    expect(ended).toBe(2);
  });

  it('answers everything where the tag does not come in time, as with nothing stored', async () => {
    const stub = include();
    const asked = { among: ['a', 'b', 'c'], exclude: ['b'], limit: 5 };
    const many = Array.from({ length: 40 }, (_, i) => `id-${i}`);
    const waiting = [
      ...[stub.recommend(), stub.recommend(asked), stub.recommend({ among: many })],
      ...[
        stub.recommend({ among: many, model: 're-rank' }),
        stub.recommend({ limit: 0, among: many }),
      ],
      ...[stub.profile(), stub.privacyReport(), stub.segments(), stub.statistics()],
      ...[stub.describe(['a']), stub.traits({ plan: 'pro' }), stub.exportData()],
    ];
    const rest = [stub.reportBytes('x'), stub.shutdown(), stub.consent.set({} as never)];
    const erased = stub.erase();
    const status = stub.status();
    expect(await settled(Promise.race(waiting))).toBe(false);
    elapse();
    const got = (await Promise.all(waiting)).map(plain);
    expect(got.slice(0, 5)).toEqual([
      ...[nothing(), nothing(asked), nothing({ among: many })],
      ...[nothing({ among: many, model: 're-rank' }), nothing({ among: many, limit: 0 })],
    ]);
    expect(got[5]).toMatchObject(plain(NO_PROFILE));
    expect(got[6]).toEqual({ ...NO_REPORT, statement: expect.stringContaining('vitrine.js') });
    expect(got.slice(7)).toEqual([[], [], [], {}, {}]);
    expect(await Promise.all(rest)).toEqual([null, null, null]);
    expect(await status).toMatchObject({ words: 'no vitrine.js here', tasks: [], parts: [] });
    await expect(erased).rejects.toMatchObject({ code: 'failed' });
  });

  it.each([null, 7, 'x', { among: 7 }, { among: 'x', exclude: 3 }, { exclude: {} }])(
    'recommend(%j) answers too',
    async (asked) => {
      const answer = include().recommend(asked as never);
      elapse();
      expect((await answer).state).toBe('no-catalogue');
    },
  );

  it('answers at once when the tag’s element fails, and not when a picture does', async () => {
    const stub = include();
    const before = stub.recommend();
    for (const target of [page, {}, { dataset: {} }]) failures[0]?.({ target });
    expect(await settled(before)).toBe(false);
    failures[0]?.({ target: TAG });
    expect((await before).items).toEqual([]);
    timers = [];
    const after = stub.recommend();
    expect(timers.map(({ ms }) => ms)).toEqual([0]);
    timers[0]?.run();
    expect((await after).items).toEqual([]);
  });

  it('keeps a thousand calls, and no more', async () => {
    const stub = include();
    for (let i = 0; i < 3000; i++) stub.track('view_item', { value: i });
    expect(stub.queue).toHaveLength(1000);
    const answer = stub.recommend();
    elapse();
    expect((await answer).items).toEqual([]);
  });
});
