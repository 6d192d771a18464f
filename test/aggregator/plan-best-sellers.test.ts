/** `--best-sellers`: how the list is read, and what `vitrine plan` and `vitrine new` make of it. */
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildShop, type PublicSide } from '../../aggregator/catalogue/shop.ts';
import { initKeys, signTask } from '../../aggregator/ceremony.ts';
import { bestItems, readBestSellers } from '../../aggregator/plan-best-sellers.ts';
import { plannedDrafts } from '../../aggregator/plan-drafts.ts';
import { taskOf } from '../../aggregator/site.ts';
import { assertReportable } from '../../sdk/receive/verify.ts';
import { fitsCatalogue, parameterCount } from '../../shared/model/architecture.ts';
import { misfit } from '../../shared/protocol/ranker.ts';
import {
  decodeSigned,
  decodeSignedTask,
  decodeSite,
  decodeTask,
} from '../../shared/protocol/records.ts';
import type { SiteRecord, Task } from '../../shared/protocol/task.ts';
import { contents, type NewWorld, newWorld, run } from './new-world.ts';

const GOODS = Array.from({ length: 150 }, (_, i) => ({
  id: `good-${i}`,
  title: `${['red', 'blue', 'green'][i % 3]} ${['mug', 'lamp', 'chair', 'bag', 'towel'][i % 5]} ${i}`,
  brand: `brand-${i % 4}`,
  category: `category-${i % 5}`,
  price: 5 + i,
}));

/** Best first, in no order of the catalogue, with two that it has not. */
const BEST = [
  'gone',
  ...GOODS.map(({ id }) => id)
    .toReversed()
    .filter((_, i) => i % 4 !== 0),
  'gone too',
];
/** Items that BEST names, best first. */
const ITEMS = BEST.slice(1, -1).map((id) => Number(id.slice('good-'.length)));
const rising = (items: readonly number[]): number[] => items.toSorted((a, b) => a - b);

let world: NewWorld;
let { folder, feed, at, make } = {} as NewWorld;
let list = '';

beforeEach(async () => {
  world = await newWorld();
  ({ folder, feed, at, make } = world);
  list = join(folder, 'best.txt');
  await writeFile(feed, JSON.stringify(GOODS));
  await writeFile(list, `${BEST.join('\n')}\n`);
});

afterEach(() => world?.end());

async function site(): Promise<SiteRecord> {
  const text = await readFile(at('server/data/site.json'), 'utf8');
  return decodeSigned(JSON.parse(text), decodeSite).record;
}

async function pairTask(): Promise<Task> {
  const { hash } = (await site()).tasks.find(({ name }) => name === 'pair') ?? { hash: 'none' };
  const text = await readFile(at('server/data/tasks', `${hash}.json`), 'utf8');
  return decodeSignedTask(JSON.parse(text)).record;
}

describe('a list of best sellers', () => {
  const read = async (bytes: string | Uint8Array): Promise<readonly string[]> => {
    await writeFile(list, bytes);
    return readBestSellers(list);
  };

  it('is read a line an id, however it was saved', async () => {
    expect(await read('b\na\n')).toEqual(['b', 'a']);
    expect(await read('\ufeffb\r\n\r\n  a \r\nb\r\n')).toEqual(['b', 'a']);
    expect(await read('b\ra')).toEqual(['b', 'a']);
    expect(await read('绿茶\na b')).toEqual(['绿茶', 'a b']);
    expect(await read(Buffer.from('\ufeffb\r\n茶\r\n', 'utf16le'))).toEqual(['b', '茶']);
  });

  it('is refused by name without an id, and where it is too long or cannot be read', async () => {
    for (const text of ['', '\n\n', '\ufeff', ' \r\n ']) {
      await expect(read(text)).rejects.toThrow(/--best-sellers: .*best\.txt has no id/);
    }
    await expect(readBestSellers(join(folder, 'none.txt'))).rejects.toThrow(/ENOENT.*none\.txt/);
    await expect(readBestSellers(folder)).rejects.toThrow(/--best-sellers: EISDIR/);
    await writeFile(list, 'a\n');
    await truncate(list, 10_000_001);
    await expect(readBestSellers(list)).rejects.toThrow(/best\.txt has more than 10 MB/);
    expect(await read(`a\n${'\n'.repeat(9_999_998)}`)).toEqual(['a']);
  });

  it('names the first few where the catalogue has none of them, and nothing that a terminal obeys', () => {
    const ids = ['a', 'b'];
    expect(bestItems(['x', 'b', 'a'], ids)).toEqual([1, 0]);
    expect(() => bestItems(['x', 'y', 'z', 'w'], ids)).toThrow(
      'bad-request: the catalogue has none of the best sellers, one id a line: "x", "y", "z", …',
    );
    expect(() => bestItems(['A'], ids)).toThrow(/one id a line: "A"$/);
    expect(() => bestItems([`\u001b[2J${'x'.repeat(100)}`], ids)).toThrow(/"\\u001b\[2Jx{36}"$/);
  });
});

describe('drafts', () => {
  let built: PublicSide;
  beforeEach(async () => {
    built = await buildShop({ feed: JSON.stringify(GOODS) });
  });
  const size = { shoppers: 100_000, epsilon: 8, participations: null, bestSellers: BEST };

  it('K17 K18 name items of the catalogue, rising: the best that fit, in tasks that decode', async () => {
    const { status } = await initKeys(join(folder, 'helper/keys'));
    const { catalogue } = built;
    const { drafts, ranker, bestSellers } = plannedDrafts(size, catalogue, status);
    expect(bestSellers).toBe(ITEMS.length);
    const draft = drafts.find(({ name }) => name === 'pair');
    if (draft === undefined || ranker === null) throw new Error('no pairs');
    expect(ITEMS.length).toBeLessThan(128);
    const among = rising(ITEMS.slice(0, 64));
    const statistic = { name: 'popular-pairs', among, gaps: 10, decay: 0.9 };
    expect(draft.architecture).toEqual({ name: 'counts', statistic });
    expect(draft.initialWeights).toHaveLength(parameterCount(draft.architecture));
    expect(fitsCatalogue(draft.architecture, catalogue)).toBe(true);
    const { identityKey: aggregatorKey } = (await initKeys(join(folder, 'own/keys'))).status;
    const { task } = await taskOf(
      { site: 'tea', catalogue: built, aggregatorKey },
      { ...draft, expiresAtMs: Date.now() + 1e9 },
    );
    expect(decodeTask(JSON.parse(JSON.stringify(task)))).toMatchObject({ d: 2016, tier: 'split' });
    const taskNamed = (name: string) => drafts.find((one) => one.name === name);
    for (const name of ['pop', 'pair', 'deep'] as const) {
      expect([name, misfit(ranker, name, taskNamed)]).toEqual([name, null]);
    }
  });

  it('have the graph’s pairs without a list, and fail where nothing of a list is left', async () => {
    const { status } = await initKeys(join(folder, 'helper/keys'));
    const { bestSellers: _, ...plain } = size;
    const { drafts, bestSellers } = plannedDrafts(plain, built.catalogue, status);
    const { architecture } = drafts.find(({ name }) => name === 'pair') ?? {};
    expect(architecture).toMatchObject({ statistic: { name: 'graph-pairs' } });
    expect(bestSellers).toBeNull();
    const gone = { ...size, bestSellers: ['gone'] };
    expect(() => plannedDrafts(gone, built.catalogue, status)).toThrow(/none of the best .*"gone"/);
  });
});

describe('vitrine new --best-sellers', () => {
  it('K17 K18 signs a task that browsers report to, keeps the list, and maps it to newer goods', async () => {
    const ring = await initKeys(join(folder, 'helper/keys'));
    const keys = join(folder, 'helper.json');
    await writeFile(keys, JSON.stringify(ring.status));
    const sign = async (...names: string[]): Promise<void> => {
      const signatures = names.map(async (name) => {
        const unsigned: unknown = JSON.parse(await readFile(at(`root/${name}.task.json`), 'utf8'));
        return ['--helper-signature', `${name}=${signTask(unsigned, ring)}`];
      });
      expect((await make(...(await Promise.all(signatures)).flat())).code).toBe(0);
    };
    const flags = ['--catalogue', feed, '--helper-keys', keys, '--shoppers', '100000'];
    const first = await make(...flags, '--best-sellers', list);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out).toContain(`Best sellers: ${ITEMS.length} of ${BEST.length} are in the`);
    await sign('wide', 'pair', 'gate');
    // The gate's evaluation stands on popularity, which is not signed yet.
    expect((await site()).ranker).toMatchObject({ pop: null, pair: null });
    await sign('pop');
    const task = await pairTask();
    const among = rising(ITEMS.slice(0, 64));
    expect(task.architecture).toMatchObject({ statistic: { name: 'popular-pairs', among } });
    const floor = { maxEpsilon: 8, allowTestTier: false, endpoint: 'https://x.example' };
    expect(() => assertReportable(task, { ...floor, nowMs: Date.now() })).not.toThrow();
    expect((await site()).ranker?.pair).toMatchObject({ weight: 0.22, reach: 5 });
    // The list and its order stay off the server.
    const told = (files: Record<string, string>) =>
      Object.values(files).some((text) => text.includes('gone too'));
    expect([told(await contents(at('root'))), told(await contents(at('server')))]).toEqual([
      ...[true, false],
    ]);

    const before = await contents(at());
    expect((await make()).code).toBe(0);
    expect(await contents(at())).toEqual(before);

    await writeFile(feed, JSON.stringify(GOODS.toSpliced(ITEMS[0] as number, 1)));
    const newer = await make('--catalogue', feed);
    expect(newer.out).toContain(`Best sellers: ${ITEMS.length - 1} of ${BEST.length} are in the`);
    await sign('wide', 'pop', 'pair', 'gate');
    expect((await pairTask()).architecture).toMatchObject({
      statistic: { among: rising(ITEMS.slice(1, 65).map((item) => item - 1 + Number(item < 149))) },
    });
  });

  it('refuses by name, and makes nothing', async () => {
    const other = join(folder, 'other.txt');
    await writeFile(other, 'x-1\nx-2\nx-3\nx-4\n');
    const sized = ['--shoppers', '100000'];
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [['--best-sellers', list], 2, '--best-sellers needs --shoppers'],
      [[...sized, '--best-sellers', `${list}x`], 2, '--best-sellers: ENOENT'],
      [
        [...sized, '--best-sellers', other],
        1,
        'none of the best sellers, one id a line: "x-1", "x-2", "x-3", …',
      ],
    ];
    for (const [flags, code, words] of cases) {
      const got = await make('--catalogue', feed, ...flags);
      expect([flags, got.code, got.err]).toEqual([flags, code, expect.stringContaining(words)]);
    }
    await expect(contents(at())).rejects.toThrow('ENOENT');
  });
});

describe('vitrine plan --best-sellers', () => {
  const plan = (...flags: string[]) =>
    run('plan', '--epsilon', '8', '--shoppers', '100000', ...flags);
  const pairLine = (out: string): string =>
    out.split('\n').find((line) => line.startsWith('pair ')) ?? '';

  it('counts those that the catalogue has, and without one those that are listed', async () => {
    const bare = await plan('--best-sellers', list);
    expect(bare.out).toContain(`3,686 goods (${BEST.length} known best sellers)`);
    const own = await plan('--best-sellers', list, '--catalogue', feed);
    expect(own.out).toContain(`150 goods (${ITEMS.length} known best sellers)`);
    expect(pairLine(own.out)).toMatch(/^pair +64 goods +2,016 /);
    const few = await plan('--best-sellers', list, '--items', '100');
    expect(few.out).toContain('100 goods (100 known best sellers)');
    const none = await plan('--catalogue', feed);
    expect(none.out).not.toContain('best sellers');
    expect(pairLine(none.out)).toContain(' edges ');
  });

  it('says why pairs are off, and the same as JSON', async () => {
    await writeFile(list, 'good-1\ngood-1\ngood-2\nother\n');
    const { out } = await plan('--best-sellers', list, '--catalogue', feed);
    expect(pairLine(out)).toMatch(/ off .*needs 64 best sellers that it has \(2 are known\)/);
    await writeFile(list, BEST.join('\n'));
    const json = JSON.parse((await plan('--best-sellers', list, '--json')).out);
    const pair = json.parts.find(({ name }: { name: string }) => name === 'pair');
    expect([json.request.bestSellers, pair.on, pair.size, pair.task.d]).toEqual([
      ...[BEST.length, true, '64 goods', 2016],
    ]);
    expect(pair.task.architecture.statistic).toEqual({
      ...{ name: 'popular-pairs', gaps: 10, decay: 0.9 },
    });
    expect(json.ranker.pair).toMatchObject({ weight: 0.22, reach: 5 });
    const plain = JSON.parse((await plan('--json')).out);
    expect(plain.request).not.toHaveProperty('bestSellers');
  });

  it('refuses by name', async () => {
    await writeFile(join(folder, 'empty.txt'), '\n');
    await writeFile(join(folder, 'other.txt'), 'x-1\n');
    const file = (name: string): string => join(folder, name);
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [['--best-sellers', file('none.txt')], 2, '--best-sellers: ENOENT'],
      [['--best-sellers', file('empty.txt')], 2, 'empty.txt has no id'],
      [['--best-sellers', file('other.txt'), '--catalogue', feed], 1, 'one id a line: "x-1"'],
      [['--best-sellers'], 2, '--best-sellers'],
    ];
    for (const [flags, code, words] of cases) {
      const got = await plan(...flags);
      expect([flags, got.code, got.err]).toEqual([flags, code, expect.stringContaining(words)]);
    }
  });
});
