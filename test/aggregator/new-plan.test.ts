/** `vitrine plan`, and `vitrine new --shoppers`: a plan becomes a site that browsers believe. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initKeys, signTask } from '../../aggregator/ceremony.ts';
import { initialWeights } from '../../sdk/learn/initial.ts';
import { assertReportable } from '../../sdk/receive/verify.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { decodeSigned, decodeSignedTask, decodeSite } from '../../shared/protocol/records.ts';
import type { SiteRecord, Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { contents, type NewWorld, newWorld, run } from './new-world.ts';

const DOCUMENT = fileURLToPath(new URL('../../aggregator/PLANNING.md', import.meta.url));

/** Thirty goods with every field, so that each part has something to be made of. */
const GOODS = Array.from({ length: 30 }, (_, i) => ({
  id: `good-${i}`,
  title: `${['red', 'blue', 'green'][i % 3]} ${['mug', 'lamp', 'chair', 'bag', 'towel'][i % 5]} ${i}`,
  description: 'For the house',
  brand: `brand-${i % 4}`,
  category: `category-${i % 5}`,
  price: 5 + i,
}));

let world: NewWorld;
let { folder, feed, at, make } = {} as NewWorld;

beforeEach(async () => {
  world = await newWorld();
  ({ folder, feed, at, make } = world);
  await writeFile(feed, JSON.stringify(GOODS));
});

afterEach(() => world?.end());

async function site(): Promise<SiteRecord> {
  const text = await readFile(at('server/data/site.json'), 'utf8');
  return decodeSigned(JSON.parse(text), decodeSite).record;
}

async function tasks(): Promise<Task[]> {
  const { tasks: listed } = await site();
  const read = async ({ hash }: { hash: string }): Promise<Task> =>
    decodeSignedTask(JSON.parse(await readFile(at('server/data/tasks', `${hash}.json`), 'utf8')))
      .record;
  return Promise.all(listed.map(read));
}

const FLOOR = { maxEpsilon: 8, allowTestTier: false, endpoint: 'https://x.example' };

describe('vitrine new --shoppers', () => {
  it('PR13 PR44 with one server: tasks that browsers report to, within the budget, and kept', async () => {
    const { code, out } = await make('--catalogue', feed, '--shoppers', '20000', '--epsilon', '6');
    expect([code, out]).toEqual([0, expect.stringContaining('budget being ε')]);
    const made = await tasks();
    expect(made.map(({ name }) => name)).toEqual(['wide', 'intent', 'churn']);
    for (const task of made) {
      expect(() => assertReportable(task, { ...FLOOR, nowMs: Date.now() })).not.toThrow();
      expect([task.name, task.tier, task.helper]).toEqual([task.name, 'local', null]);
    }
    const { budget, ranker } = await site();
    expect(budget.epsilon).toBeLessThanOrEqual(6);
    expect(budget.epsilon).toBeGreaterThan(5.5);
    expect(ranker).toEqual({ wide: 'wide', pop: null, pair: null, deep: null, private: null });
    const before = await contents(at());
    expect((await make()).code).toBe(0);
    expect(await contents(at())).toEqual(before);
    const unsized = await make('--epsilon', '2');
    expect([unsized.code, unsized.err]).toEqual([1, expect.stringContaining('20000 shoppers')]);
    expect((await make('--shoppers', '20000', '--epsilon', '5')).code).toBe(0);
    expect((await site()).budget.epsilon).toBeLessThanOrEqual(5);
  });

  it('K18 K20 S4 with two servers: every task waits for its own signature, and the ranker for its parts', async () => {
    const ring = await initKeys(join(folder, 'helper/keys'));
    const keys = join(folder, 'helper.json');
    await writeFile(keys, JSON.stringify(ring.status));
    const flags = ['--catalogue', feed, '--helper-keys', keys, '--shoppers', '100000'];
    const first = await make(...flags);
    expect([first.code, first.err]).toEqual([0, '']);
    expect((await site()).tasks).toEqual([]);
    expect((await site()).ranker).toBeUndefined();
    const names = [...first.out.matchAll(/root\/([a-z-]+)\.task\.json/g)].map(([, name]) => name);
    const unique = [...new Set(names)] as string[];
    expect(unique).toEqual([
      ...['wide', 'intent', 'pop', 'pair', 'gate', 'churn', 'value', 'price-sensitivity'],
      ...['next-category', 'deep'],
    ]);
    const signatures = await Promise.all(
      unique.map(async (name) => {
        const unsigned: unknown = JSON.parse(await readFile(at(`root/${name}.task.json`), 'utf8'));
        return [name, signTask(unsigned, ring)] as const;
      }),
    );
    const flag = ([name, text]: readonly [string, string]) => [
      '--helper-signature',
      `${name}=${text}`,
    ];
    const bare = await make('--helper-signature', signatures[0]?.[1] ?? '');
    expect([bare.code, bare.err]).toEqual([1, expect.stringContaining('NAME=TEXT')]);
    const stranger = await make(...flag(['tower', 'A'.repeat(86)]));
    expect([stranger.code, stranger.err]).toEqual([1, expect.stringContaining('no task tower')]);
    expect((await make(...flag(['wide', 'A'.repeat(86)]))).code).toBe(1);

    const some = signatures.filter(([name]) => name === 'wide' || name === 'pair');
    expect((await make(...some.flatMap(flag))).code).toBe(0);
    expect((await tasks()).map(({ name }) => name)).toEqual(['wide', 'pair']);
    // Pairs wait for their gate.
    expect((await site()).ranker).toMatchObject({ wide: 'wide', pop: null, pair: null });
    expect((await make(...signatures.flatMap(flag))).code).toBe(0);
    const made = await tasks();
    expect(made.map(({ name }) => name)).toEqual(unique);
    expect((await site()).ranker).toMatchObject({
      ...{ pop: { task: 'pop' }, pair: { task: 'pair', gate: { task: 'gate' } } },
      deep: { task: 'deep', gate: { task: 'gate' } },
    });
    expect((await site()).budget.epsilon).toBeLessThanOrEqual(8);
    for (const task of made) {
      expect(() => assertReportable(task, { ...FLOOR, nowMs: Date.now() })).not.toThrow();
      const bytes = await readFile(at('server/data/models', `${task.initialModel}.bin`));
      const weights = decodeModel(new Uint8Array(bytes), task.d);
      const start = initialWeights(task.architecture, new ChaChaSource(new Uint8Array(32)));
      expect([task.name, Array.from(weights)]).toEqual([task.name, Array.from(start)]);
    }
    const before = await contents(at());
    expect((await make()).code).toBe(0);
    expect(await contents(at())).toEqual(before);
  });

  it('says what it does not take, and what a small shop can have', async () => {
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [['--shoppers', '0'], 2, '--shoppers'],
      [['--shoppers', '5000', '--epsilon', '0'], 2, '--epsilon'],
      [['--shoppers', '5000', '--min-reports', '200'], 2, 'plans windows'],
      [['--shoppers', '40'], 1, 'too-few-shoppers'],
    ];
    for (const [flags, code, words] of cases) {
      const got = await make('--catalogue', feed, ...flags);
      expect([flags, got.code, got.err]).toEqual([flags, code, expect.stringContaining(words)]);
    }
  });
});

describe('vitrine plan', () => {
  const plan = (...flags: string[]) => run('plan', '--epsilon', '8', ...flags);

  it('prints a line for each part, and the same as JSON', async () => {
    const { code, out } = await plan('--shoppers', '3000');
    expect(code).toBe(0);
    expect(out.split('\n').every((line) => line === line.trimEnd())).toBe(true);
    const json = JSON.parse((await plan('--shoppers', '3000', '--json')).out);
    expect(json).toMatchObject({ epsilon: 8, delta: 1e-6, participations: 24 });
    for (const { name, on, why, onFrom } of json.parts) {
      const line = out.split('\n').find((one) => one.startsWith(`${name} `)) ?? '';
      expect(line).toContain(why);
      expect([name, line.includes(' off '), why.includes('on from')]).toEqual([
        ...[name, !on, onFrom !== null],
      ]);
    }
    const { order } = json;
    expect([order > 1, json.epsilonPerParticipation > 1]).toEqual([true, true]);
  });

  it('reads what a shop’s goods have', async () => {
    const bare = GOODS.map(({ id, title }) => ({ id, title }));
    await writeFile(feed, JSON.stringify(bare));
    const { out } = await plan('--shoppers', '100000', '--catalogue', feed);
    expect(out).toContain('30 goods');
    for (const words of ['needs prices', 'needs categories', '2 are 0 without brands']) {
      expect(out).toContain(words);
    }
  });

  it('refuses by name', async () => {
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [[], 2, '--shoppers is needed'],
      [['--shoppers', 'many'], 2, '--shoppers must be an integer'],
      [['--shoppers', '-3'], 2, "'--shoppers'"],
      [['--shoppers=-3'], 1, 'bad-request: shoppers'],
      [['--shoppers', '0'], 1, 'bad-request: shoppers'],
      [['--shoppers', '3000', '--epsilon', '0'], 1, 'bad-request: epsilon'],
      [['--shoppers', '3000', '--delta', '1'], 1, 'bad-request: delta'],
      [['--shoppers', '3000', '--participations', '0'], 1, 'bad-request: participations'],
      [['--shoppers', '3000', '--items', '0'], 1, 'bad-request: items'],
      [['--shoppers', '3000', '--items', '5', '--catalogue', feed], 2, 'not both'],
      [['--shoppers', '3000', '--catalogue', `${feed}x`], 2, '--catalogue'],
      [['--shoppers', '3000', '--tier', 'best'], 2, '--tier'],
      [['--shoppers', '3000', 'more'], 2, 'more'],
      [['--shoppers', '20'], 1, 'too-few-shoppers'],
      [['--shoppers', '300', '--tier', 'local'], 1, 'too-little-budget'],
    ];
    for (const [flags, code, words] of cases) {
      const got = await plan(...flags);
      expect([flags, got.code, got.err]).toEqual([flags, code, expect.stringContaining(words)]);
    }
    expect((await run('plan', '--shoppers', '3000')).err).toContain('--epsilon is needed');
    expect((await run('plan', '--help')).out).toContain('--shoppers N');
  });

  it('PLANNING.md shows what the command prints, and is in the package that names it', async () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(JSON.parse(manifest).files).toContain('aggregator/PLANNING.md');
    const text = readFileSync(DOCUMENT, 'utf8');
    const blocks = [...text.matchAll(/^\$ npx vitrine (plan .*)\n([\s\S]*?)```/gm)];
    expect(blocks.map(([, args]) => args)).toEqual([
      'plan --shoppers 30000 --epsilon 8 --best-sellers best-sellers.txt | grep ^pair',
      ...[300, 3000, 30_000, 300_000].map((n) => `plan --shoppers ${n} --epsilon 8`),
    ]);
    const list = join(folder, 'best-sellers.txt');
    await writeFile(list, Array.from({ length: 600 }, (_, i) => `good-${i}`).join('\n'));
    for (const [, line = '', shown] of blocks) {
      const [args = '', start = ''] = line.replace('best-sellers.txt', list).split(' | grep ^');
      const { out } = await run(...args.split(' '));
      const lines = out.split(/(?<=\n)/).filter((one) => one.startsWith(start));
      expect([line, shown]).toEqual([line, lines.join('')]);
    }
  });
});
