/** Client rounds about the ranker's parts: what they count, compare and refuse. */
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { prepare, receiveParts } from '../../sdk/compute.ts';
import type { Database } from '../../sdk/database/database.ts';
import type { SequenceExamples } from '../../sdk/features/examples.ts';
import { wideRanker } from '../../sdk/features/ranker.ts';
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import { partsMetrics } from '../../sdk/measure/parts.ts';
import { rankQuality } from '../../sdk/measure/quality.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import type { Architecture, PartsMetrics } from '../../shared/model/architecture.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import type { Recipe } from '../../shared/model/recipe.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeCoordinates } from '../../shared/protocol/report.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { catalogueBytes } from './round-goods.ts';
import { contribute, nothingCharged, profile, TEST_TIER } from './round-run.ts';
import { newWorld, START_MS, TOWER, type World } from './round-world.ts';

const bytes = catalogueBytes();
const goods = decodeCatalogue(bytes, await sha256Hex(bytes));
const N = goods.ids.length;
const EDGES = N * goods.degree;
const counts = (statistic: object): Architecture => ({ name: 'counts', statistic }) as Architecture;
const RECIPE = { steps: 1, learningRate: 1, negatives: 30, maxExamples: 5 };
const MEASURE: Partial<Task> = {
  ...{ kind: 'measure', clipL2: 2, recipe: { server: { name: 'release' } } },
};
const POP = { task: 'goods', weight: 3, floor: 1.5, scale: 3 };
const PAIR = { task: 'pairs', weight: 0.5, threshold: 3, decay: 0.6, reach: 3 };
const BOTH: PartsMetrics = {
  ...{ name: 'metrics', of: 'parts', task: 'wide', historyLength: 10 },
  parts: { pop: POP, pair: PAIR, deep: null },
};
/** With C = 2 or 4 and the world's 2^16 units for it. */
const ONE = 2 ** 15;

const looks = (items: readonly number[]) =>
  items.map((item, i) => ({
    ...{ name: 'view_item', atMs: START_MS - 600_000 + 10_000 * i, session: 1 },
    items: [{ id: `item-${item}`, quantity: 1 }],
  })) as never[];

async function coordinates(db: Database, d: number): Promise<number[]> {
  const [entry] = await db.readOutbox();
  return [...decodeCoordinates(entry?.body as Uint8Array, d)];
}

const TEST = { allowTestTier: true };

describe('counts of a catalogue', () => {
  it('K16 K17 report multi-hot items, and edges of the graph', async () => {
    const world = await newWorld();
    await world.offer({
      ...{ ...MEASURE, ...TEST_TIER, name: 'goods' },
      architecture: counts({ name: 'items', items: N }),
    });
    await world.openRound();
    const [db] = await profile(looks([0, 1, 0, 3, 4]));
    expect((await contribute(world, db, {}, TEST)).outcome).toMatchObject({ state: 'enqueued' });
    expect(await coordinates(db, N)).toEqual([ONE / 2, ONE / 2, 0, ONE / 2, ONE / 2, 0]);

    await world.offer({
      ...{ ...MEASURE, ...TEST_TIER, name: 'pairs' },
      architecture: counts({ name: 'graph-pairs', edges: EDGES, gaps: 1 }),
    });
    await world.openRound();
    // Edges of item i: itself, and i + 1. Of 3 → 4 only the way forward is one.
    const [other] = await profile(looks([3, 4, 0]));
    await contribute(world, other, {}, TEST);
    const expected = new Array<number>(EDGES).fill(0);
    expected[2 * 3 + 1] = ONE;
    expect(await coordinates(other, EDGES)).toEqual(expected);
  });

  it.each([
    ['items', { name: 'items', items: N + 1 }],
    ['graph-pairs', { name: 'graph-pairs', edges: EDGES - 1, gaps: 3 }],
  ])(
    'K17 refuse %s of another catalogue before the charge, whatever the history',
    async (_, of) => {
      for (const events of [[], looks([0, 1, 2])]) {
        const world = await newWorld();
        await world.offer({ ...MEASURE, name: 'goods', architecture: counts(of) });
        await world.openRound();
        const [db] = await profile(events);
        const { outcome } = await contribute(world, db);
        expect(outcome).toMatchObject({ state: 'skipped', reason: 'bad-record' });
        await nothingCharged(db);
      }
    },
  );
});

/** A ranker, popularity published with these means, and a round that compares the parts. */
async function comparing(
  means: readonly number[] | null,
  isLogged = true,
  architecture: PartsMetrics = BOTH,
): Promise<World> {
  const world = await newWorld();
  const [wide, initial] = [world.taskHash, world.initialModel];
  world.answers.set(PATHS.head(wide), { ...world.head });
  const tasks = [{ name: 'wide', hash: wide }];
  if (means !== null) {
    const items = counts({ name: 'items', items: N });
    await world.offer({ ...MEASURE, ...TEST_TIER, name: 'goods', architecture: items });
    const model = encodeModel(Float32Array.from(means));
    const hash = await sha256Hex(model);
    world.answers.set(PATHS.model(hash), model);
    await world.publish({ model: hash });
    const head = { ...world.head, ...(!isLogged && { modelIndex: 1 }) };
    world.answers.set(PATHS.head(world.taskHash), head);
    tasks.push({ name: 'goods', hash: world.taskHash });
  }
  const parts = { ...TEST_TIER, name: 'parts', kind: 'evaluate', architecture } as const;
  await world.offer({ ...MEASURE, ...parts, clipL2: 4 });
  world.site({ tasks: [...tasks, { name: 'parts', hash: world.taskHash }] });
  await world.openRound({ subject: { task: wide, modelVersion: 0, model: initial } });
  return world;
}

describe('an evaluation of parts', () => {
  const history = [0, 2, 1, 3];
  const means = [0, 0, 0, 0.5, 0, 0];
  const unit = ONE / 2;
  const scores = new WideScorer(goods).scores(history.slice(0, -1), startWeights(), 10);
  const wide = rankQuality(scores, 3, 1).gain;
  const popular = rankQuality(
    scores.map((one, j) => one + (j === 3 ? 3 * Math.log1p((0.5 * 100) / 3) : 0)),
    3,
    1,
  ).gain;

  it('K19 compares the version with and without each part on the same held-out item', async () => {
    expect(popular).toBeGreaterThan(wide);
    const world = await comparing(means);
    const [db] = await profile(looks(history));
    expect((await contribute(world, db, {}, TEST)).outcome).toMatchObject({ state: 'enqueued' });
    const seen = await coordinates(db, 5);
    // The pairs' task is not there: that part adds nothing.
    const expected = [1, wide, wide, popular, wide].map((one) => one * unit);
    for (const [i, one] of expected.entries()) {
      expect(Math.abs((seen[i] as number) - one)).toBeLessThanOrEqual(1);
    }
  });

  it('K19 stands on the popularity of its base, the start weights too', async () => {
    const base: PartsMetrics = { ...BOTH, base: POP, parts: { ...BOTH.parts, pop: null } };
    for (const [published, gain] of [
      [means, popular],
      [null, wide],
    ] as const) {
      const [db] = await profile(looks(history));
      const world = await comparing(published, true, base);
      expect((await contribute(world, db, {}, TEST)).outcome).toMatchObject({ state: 'enqueued' });
      const seen = await coordinates(db, 4);
      const expected = [1, gain, gain, gain].map((one) => one * unit);
      for (const [i, one] of expected.entries()) {
        expect(Math.abs((seen[i] as number) - one)).toBeLessThanOrEqual(1);
      }
    }
    const [db] = await profile(looks(history));
    const { outcome } = await contribute(await comparing(means, false, base), db, {}, TEST);
    expect(outcome).toMatchObject({ reason: 'not-in-log' });
  });

  it('K19 a part without published sums adds nothing; an empty history gives zeros', async () => {
    const [db] = await profile(looks(history));
    await contribute(await comparing(null), db, {}, TEST);
    const [, , without, withPop] = await coordinates(db, 5);
    expect(Math.abs((withPop as number) - (without as number))).toBeLessThanOrEqual(1);
    for (const short of [[], [2]]) {
      const [other] = await profile(looks(short));
      await contribute(await comparing(means), other, {}, TEST);
      expect(await coordinates(other, 5)).toEqual([0, 0, 0, 0, 0]);
    }
  });

  it('L9 asks that what a part stands on is in the log', async () => {
    const world = await comparing(means, false);
    const [db] = await profile(looks(history));
    expect((await contribute(world, db, {}, TEST)).outcome).toMatchObject({ reason: 'not-in-log' });
    await nothingCharged(db);
  });

  it('K21 is without what a browser has learned for itself', () => {
    const direct = partsMetrics(BOTH, looks(history), goods, startWeights(), new Map());
    expect(direct[2]).toBeCloseTo(wide, 6);
    expect(Object.keys(wideRanker())).toContain('personal');
    expect(wideRanker().personal).toBeNull();
  });
});

/** A wide task whose negatives go by popularity, published with these means or not at all. */
async function byPopularity(means: readonly number[] | null, isLogged = true): Promise<World> {
  const world = await newWorld();
  const architecture = counts({ name: 'items', items: N });
  const named = await world.offer({ ...MEASURE, ...TEST_TIER, name: 'goods', architecture });
  if (means !== null) {
    const model = encodeModel(Float32Array.from(means));
    const hash = await sha256Hex(model);
    world.answers.set(PATHS.model(hash), model);
    await world.publish({ model: hash });
  }
  world.answers.set(PATHS.head(named), { ...world.head, ...(!isLogged && { modelIndex: 1 }) });
  Object.assign(world.head, { model: null, modelIndex: null });
  const server = { name: 'fedavg', learningRate: 1, decayRounds: null } as const;
  const recipe: Recipe = { ...RECIPE, popularNegatives: 1, server };
  const wide = await world.offer({ ...TEST_TIER, name: 'wide', recipe });
  const tasks = ['wide', 'goods'].map((name, i) => ({ name, hash: i === 0 ? wide : named }));
  const ranker = { wide: 'wide', pop: POP, pair: null, deep: null, private: null };
  world.site({ tasks, ranker });
  await world.openRound();
  return world;
}

describe('negatives by popularity', () => {
  const update = async (means: readonly number[] | null): Promise<readonly number[]> => {
    const [db] = await profile(looks([0, 2, 1, 3]));
    const source = new ChaChaSource(new Uint8Array(32).fill(9));
    const { outcome } = await contribute(await byPopularity(means), db, { source }, TEST);
    expect(outcome).toMatchObject({ state: 'enqueued' });
    return coordinates(db, 11);
  };

  it('K27 go by what the task of the ranker has published', async () => {
    const uniform = await update(null);
    expect(await update([0, 0, 0, 0, 0, 0])).toEqual(uniform);
    const fourth = await update([0, 0, 0, 0.5, 0, 0]);
    const fifth = await update([0, 0, 0, 0, 0.5, 0]);
    expect(fourth).not.toEqual(uniform);
    expect(fifth).not.toEqual(uniform);
    expect(fourth).not.toEqual(fifth);
  });

  it('L9 asks that the popularity is in the log', async () => {
    const [db] = await profile(looks([0, 2, 1, 3]));
    const world = await byPopularity([0, 0, 0, 0, 0.5, 0], false);
    const { outcome } = await contribute(world, db, {}, TEST);
    expect(outcome).toMatchObject({ reason: 'not-in-log' });
    await nothingCharged(db);
  });
});

describe('a tower', () => {
  it('K18 trains on top of the wide version that is served', () => {
    const wide = Float32Array.from({ length: 11 }, (_, f) => f / 10);
    const recipe = {
      ...{ steps: 1, learningRate: 1, negatives: 3, maxExamples: 5 },
      server: { name: 'fedavg', learningRate: 1, decayRounds: null },
    } as const;
    const task = { architecture: TOWER, recipe } as unknown as Task;
    const known = (wideWeights: Float32Array | null) => ({
      ...{ task, base: null as never, evaluated: null, catalogue: goods, scorer: undefined },
      ...{ events: looks([0, 2, 1, 3]), nowMs: START_MS, parts: new Map(), draw: null },
      wideWeights,
    });
    const examples = (weights: Float32Array | null): SequenceExamples =>
      prepare(known(weights), new ChaChaSource(new Uint8Array(32))) as SequenceExamples;
    const scored = (weights: Float32Array): number =>
      new WideScorer(goods).scores([0], weights, 10)[2] as number;
    expect(examples(wide).base[0]).toBeCloseTo(scored(wide), 5);
    expect(examples(null).base[0]).toBeCloseTo(scored(startWeights()), 5);
    expect(scored(wide)).not.toBeCloseTo(scored(startWeights()), 2);
  });

  it('K18 K27 stands on the wide task that the ranker names, and draws by its popularity', async () => {
    const world = await byPopularity([0, 0, 0, 0, 0.5, 0]);
    const recipe = { ...(world.task.recipe as Recipe) };
    const tower = { ...world.task, architecture: TOWER, recipe };
    const [db] = await profile();
    const known = await receiveParts(world.receiver(db, TEST), tower, goods);
    expect(known.wideWeights).toEqual(startWeights());
    expect(known.draw?.(new ChaChaSource(new Uint8Array(32)))).toBe(4);
    const uniform = { ...tower, recipe: { ...recipe, popularNegatives: undefined } } as never;
    expect((await receiveParts(world.receiver(db, TEST), uniform, goods)).draw).toBeNull();
    const other = { ...goods, hash: '0'.repeat(64) };
    expect((await receiveParts(world.receiver(db, TEST), tower, other)).draw).toBeNull();
  });
});
