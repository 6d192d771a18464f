/** Heads in whole client rounds: a shop's own, its evaluation, and the counts. */
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Database, StoredModel } from '../../sdk/database/database.ts';
import { headExamples } from '../../sdk/features/heads.ts';
import { headInputs } from '../../sdk/features/inputs.ts';
import { measure } from '../../sdk/measure/measure.ts';
import { published } from '../../sdk/measure/published.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { normBound } from '../../shared/field/fixed.ts';
import type { TrunkArchitecture } from '../../shared/model/architecture.ts';
import { labelTables } from '../../shared/model/baselines/tables.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { type HeadRecord, headEvaluation, headTask } from '../../shared/model/heads/record.ts';
import { headCounts, scaledHead } from '../../shared/model/heads/scales.ts';
import { entryCount, type InputLabelStatistic } from '../../shared/model/statistic.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { decodeCoordinates } from '../../shared/protocol/report.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { smallCatalogue } from './features-goods.ts';
import { LARGE_BASKET } from './own-head.ts';
import { contribute, learner, profile, TEST_TIER } from './round-run.ts';
import { because, newWorld, START_MS, type World } from './round-world.ts';

const DAY = 86_400_000;
const source = (): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(2));

/** Offers the task of a head with its own start weights. */
async function offered(record: HeadRecord, change: Partial<Task> = {}): Promise<World> {
  const world = await newWorld();
  const { initialWeights, ...task } = headTask(record, source());
  const bytes = encodeModel(initialWeights);
  const initialModel = await sha256Hex(bytes);
  world.answers.set(PATHS.model(initialModel), bytes);
  world.initialModel = initialModel;
  await world.offer({ ...task, ...change, initialModel });
  await world.openRound({ baseModel: initialModel });
  return world;
}

const bought = (days: number, value: number): ShopEvent => ({
  name: 'purchase',
  atMs: START_MS - days * DAY,
  session: Math.floor(100 - days),
  value,
  items: [{ id: 'item-1', quantity: 1, price: value }],
});
const HISTORY = [bought(30, 20), bought(18, 150), bought(9, 30), bought(2, 120)];

async function coordinates(db: Database, d: number): Promise<number[]> {
  const [entry] = await db.readOutbox();
  return [...decodeCoordinates(entry?.body as Uint8Array, d)];
}

describe('a head that a shop adds in one file', () => {
  it('trains in a whole round: what leaves is the update of its examples', async () => {
    const world = await offered(LARGE_BASKET, TEST_TIER);
    const [db] = await profile(HISTORY);
    const { outcome } = await contribute(world, db, {}, { allowTestTier: true });
    expect(outcome).toMatchObject({ state: 'enqueued' });
    const { examples, sent } = await expectUpdate(world, db, LARGE_BASKET);
    // Cut 7, 14, 21 and 28 days ago: 120, 30, 150 and nothing were spent within a week.
    expect([...examples.labels]).toEqual([0, 1, 0, 1]);
    expect(sent.filter((one) => one !== 0).length).toBeGreaterThan(20);
  });

  it('PR22 an empty history, and one without a label, report a noised zero', async () => {
    for (const events of [[], [bought(1, 10)]]) {
      const world = await offered(LARGE_BASKET, { minReports: 4000, maxReports: 8000 });
      const [db] = await profile(events);
      const { outcome } = await contribute(world, db);
      expect(outcome).toMatchObject({ state: 'enqueued' });
      const sent = await coordinates(db, world.task.d);
      expect(sent.some((one) => one !== 0)).toBe(true);
      const norm = Math.hypot(...sent) / normBound(2 ** 16, world.task.d);
      expect(norm).toBeGreaterThan(1);
    }
  });

  it('K22 a browser refuses a head with an input that it does not know', async () => {
    const world = await offered(LARGE_BASKET);
    const architecture = { ...LARGE_BASKET.architecture, inputs: ['income', 'age'] };
    await world.offer({ architecture: LARGE_BASKET.architecture, d: world.task.d });
    const record = { ...world.task, architecture } as unknown as Task;
    const hash = await recordHash(record);
    world.answers.set(PATHS.task(hash), {
      ...signRecord(record, world.root),
      helperSignature: null,
    });
    world.site({ tasks: [{ name: record.name, hash }] });
    const [db] = await profile(HISTORY);
    await expect(world.receiver(db).task(hash, 'rank')).rejects.toEqual(
      because('bad-record', /unknown input "income"/),
    );
  });
});

describe('a trunk', () => {
  const heads = [
    { head: 'churn', label: { name: 'no-purchase', days: 7 } as const },
    { head: 'value', label: { name: 'spend-at-least', days: 7, amount: 100 } as const },
  ];
  const trunk: TrunkArchitecture = {
    name: 'trunk',
    inputs: ['recency', 'spend', 'orders@30'],
    hidden: 3,
    heads,
  };

  it('trains several heads in one round', async () => {
    const record: HeadRecord = { ...LARGE_BASKET, name: 'both', architecture: trunk, start: null };
    const world = await offered(record, TEST_TIER);
    const [db] = await profile(HISTORY);
    const { outcome } = await contribute(world, db, {}, { allowTestTier: true });
    expect(outcome).toMatchObject({ state: 'enqueued' });
    const sent = await coordinates(db, world.task.d);
    // (3 + 1) × 3 of the shared layer, then 4 weights of each head.
    for (const [from, to] of [
      [0, 12],
      [12, 16],
      [16, 20],
    ]) {
      expect(sent.slice(from, to).some((one) => one !== 0)).toBe(true);
    }
  });
});

/** Holds what was sent to what the learner makes of this head and history; no more than rounding. */
async function expectUpdate(world: World, db: Database, record: HeadRecord) {
  const { architecture, recipe, initialWeights: weights } = headTask(record, source());
  const catalogue = await worldCatalogue(world);
  const examples = headExamples(architecture, HISTORY, catalogue, recipe.maxExamples, START_MS);
  const { delta } = await learner.train({ architecture, weights, examples, recipe });
  const units = 2 ** world.task.scaleBits / record.clipL2;
  const sent = await coordinates(db, delta.length);
  const scale = Math.min(1, record.clipL2 / Math.hypot(...delta));
  sent.forEach((coordinate, i) => {
    expect(Math.abs(coordinate - units * scale * (delta[i] as number))).toBeLessThanOrEqual(1);
  });
  return { examples, sent };
}

/** The catalogue that the world serves. */
async function worldCatalogue(world: World): Promise<Catalogue> {
  const bytes = world.answers.get(PATHS.catalogue(world.task.catalogue)) as Uint8Array;
  return decodeCatalogue(bytes, world.task.catalogue);
}

describe('K24 counts of inputs and a label', () => {
  const statistic: InputLabelStatistic = {
    name: 'input-label',
    label: { name: 'spend-at-least', days: 7, amount: 100 },
    inputs: [
      { input: 'recency', edges: [0.2, 0.35] },
      { input: 'orders', edges: [0.1, 0.4] },
      { input: 'spend', edges: [0.2, 0.6] },
    ],
    ways: 1,
  };

  it('are 1/√t in the cell of the newest example, in each table', async () => {
    const goods = await smallCatalogue();
    const cut = START_MS - 7 * DAY;
    const values = headInputs(['recency', 'orders', 'spend'], HISTORY, goods, cut);
    const bins = statistic.inputs.map(
      ({ edges }, i) => edges.filter((edge) => (values[i] as number) >= edge).length,
    );
    expect(bins).toEqual([0, 1, 1]);
    const counts = measure({ name: 'counts', statistic }, HISTORY, goods, START_MS);
    // In the 7 days after the cut 120 were spent: the outcome is 1.
    const cells = bins.map((bin, i) => 6 * i + 2 * bin + 1);
    expect([...counts].flatMap((one, i) => (one === 0 ? [] : [i]))).toEqual(cells);
    for (const cell of cells) expect(counts[cell]).toBeCloseTo(1 / Math.sqrt(3), 6);
    const pairs = measure(
      { name: 'counts', statistic: { ...statistic, ways: 2 } },
      HISTORY,
      goods,
      START_MS,
    );
    const hit = [...pairs].flatMap((one, i) => (one === 0 ? [] : [i]));
    expect(hit).toEqual([
      0 + 2 * (3 * 0 + 1) + 1,
      18 + 2 * (3 * 0 + 1) + 1,
      36 + 2 * (3 * 1 + 1) + 1,
    ]);
    expect(Math.hypot(...pairs)).toBeCloseTo(1, 6);
    expect(
      measure({ name: 'counts', statistic }, [], goods, START_MS).every((one) => one === 0),
    ).toBe(true);
  });
});

describe('a scaled head', () => {
  it('K22 K24 comes of what browsers counted, and trains', async () => {
    const counts = headCounts(LARGE_BASKET) as NonNullable<ReturnType<typeof headCounts>>;
    const { statistic } = counts.architecture;
    const goods = await smallCatalogue();
    const sums = new Float64Array(entryCount(statistic));
    for (let shopper = 0; shopper < 400; shopper++) {
      const later = START_MS + (shopper % 20) * DAY;
      for (const [i, one] of measure(counts.architecture, HISTORY, goods, later).entries()) {
        sums[i] = (sums[i] as number) + one;
      }
    }
    // As a page of the shop reads it, under the noise of this σ; more than the counts bear at 4.
    const { initialWeights: zeros, ...parts } = counts;
    const made = async (sigma: number): Promise<HeadRecord> => {
      const mechanism = { name: 'discrete-gaussian', sigma } as const;
      const { task } = await newWorld();
      const own = { ...task, ...parts, tier: 'split', mechanism, d: zeros.length, minReports: 100 };
      const weights = Float32Array.from(sums, (sum) => sum / 400);
      const model = { modelVersion: 1, weights, record: { type: 'model', reports: 400 } };
      const told = published(own as Task, model as unknown as StoredModel, goods);
      const { entries = [], standardDeviation = Number.NaN } = told ?? {};
      const read = entries.map(({ sum }) => sum);
      return scaledHead(LARGE_BASKET, labelTables(statistic, read, standardDeviation));
    };
    const scaled = await made(0.5);
    expect(await made(4)).toBe(LARGE_BASKET);
    expect(scaled.architecture.inputs[0]).toMatch(/^adds@7~0(\.\d+)?\/0\.\d+$/);
    expect(scaled.architecture.inputs).not.toEqual(LARGE_BASKET.architecture.inputs);

    const world = await offered(scaled, TEST_TIER);
    const [db] = await profile(HISTORY);
    const { outcome } = await contribute(world, db, {}, { allowTestTier: true });
    expect(outcome).toMatchObject({ state: 'enqueued' });
    const { examples, sent } = await expectUpdate(world, db, scaled);
    const [adds = 0] = headInputs(['adds@7'], HISTORY, goods, START_MS - 28 * DAY);
    const [, centre, spread] =
      /~([\d.]+)\/([\d.]+)/.exec(scaled.architecture.inputs[0] ?? '') ?? [];
    expect(examples.features[0]).toBeCloseTo((adds - Number(centre)) / Number(spread), 5);
    // Outputs start at zero: the first step moves the last layer alone.
    expect(sent.filter((one) => one !== 0)).toHaveLength(scaled.architecture.hidden + 1);
  });
});

describe('the evaluation of a head', () => {
  it('K10 is made of its record, and names its architecture', () => {
    const made = headEvaluation(LARGE_BASKET);
    expect(made).toMatchObject({
      name: 'large-basket-quality',
      architecture: { of: 'head', task: 'large-basket', head: LARGE_BASKET.architecture },
    });
  });
});
