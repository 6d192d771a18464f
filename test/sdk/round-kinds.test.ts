import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { Database } from '../../sdk/database/database.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { normBound } from '../../shared/field/fixed.ts';
import { type Architecture, WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeCoordinates, REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';
import type { Subject, Task, TaskHead } from '../../shared/protocol/task.ts';
import { budgetOf } from '../contract/database-values.ts';
import { contribute, HOUR, nothingCharged, profile, type Run, TEST_TIER } from './round-run.ts';
import { newWorld, START_MS, type World } from './round-world.ts';

const RELEASE = { server: { name: 'release' } } as const;
const CAMPAIGN: Architecture = {
  name: 'counts',
  statistic: { name: 'campaign', campaign: 'spring', arms: ['a', 'b'], windowMs: HOUR },
};
const MEASURE: Partial<Task> = {
  name: 'campaign',
  kind: 'measure',
  architecture: CAMPAIGN,
  clipL2: 2,
  recipe: RELEASE,
};
const EVALUATE: Partial<Task> = {
  name: 'quality',
  kind: 'evaluate',
  architecture: { name: 'metrics', of: 'ranking', task: 'wide', historyLength: 10 },
  clipL2: 2,
  recipe: RELEASE,
};
/** With C = 2 and the world's 2^16 units for it, an entry of 1 is exactly this. */
const ONE = 2 ** 15;

const CONVERTED: readonly ShopEvent[] = [
  {
    name: 'view_promotion',
    atMs: START_MS - 9000,
    session: 1,
    items: [],
    promotion: 'spring',
    creative: 'b',
  },
  { name: 'purchase', atMs: START_MS - 5000, session: 1, items: [{ id: 'item-1', quantity: 1 }] },
];

const looked = (item: number, atMs: number): ShopEvent => ({
  name: 'view_item',
  atMs,
  session: 1,
  items: [{ id: `item-${item}`, quantity: 1 }],
});

const BROWSED: readonly ShopEvent[] = [0, 2, 1].map((item, i) =>
  looked(item, START_MS - 60_000 + 1000 * i),
);

/** Fails whoever trains: a statistic needs no learner. */
const untouched: Learner = {
  report: { backend: 'cpu', reason: 'none is needed', tried: [] },
  dispose: () => undefined,
  train: () => Promise.reject(new Error('nothing is trained here')),
};

async function coordinates(db: Database, d: number): Promise<number[]> {
  const [entry] = await db.readOutbox();
  return [...decodeCoordinates(entry?.body as Uint8Array, d)];
}

/** A ranker at a published version, and beside it a round of a task that evaluates it. */
async function evaluating(change: Partial<Task> = {}, published?: Float32Array): Promise<World> {
  const world = await newWorld();
  const ranker = world.taskHash;
  const initial = world.initialModel;
  let subject: Subject = { task: ranker, modelVersion: 0, model: initial };
  let shown: TaskHead['subject'] = null;
  if (published !== undefined) {
    const bytes = encodeModel(published);
    const model = await sha256Hex(bytes);
    world.answers.set(PATHS.model(model), bytes);
    await world.publish({ model });
    const { model: signed, modelIndex } = world.head;
    if (signed?.record.type !== 'model' || modelIndex === null) throw new Error('no version');
    subject = { task: ranker, modelVersion: 1, model };
    shown = { record: signed.record, signature: signed.signature, index: modelIndex };
  }
  world.answers.set(PATHS.head(ranker), { ...world.head });
  await world.offer({ ...EVALUATE, ...change });
  world.site({
    tasks: [
      { name: 'wide', hash: ranker },
      { name: 'quality', hash: world.taskHash },
    ],
  });
  await world.openRound({ subject });
  world.head.subject = shown;
  return world;
}

describe('a measure task', () => {
  it('K3 reports counts of this browser, charged like a training', async () => {
    const world = await newWorld();
    await world.offer(MEASURE);
    await world.openRound();
    const [db] = await profile(CONVERTED);
    const { outcome, progress } = await contribute(world, db, { learner: untouched });
    if (outcome.state !== 'enqueued') throw new Error(`${outcome.reason} ${outcome.detail}`);
    expect(outcome).toMatchObject({ bytes: REPORT_HEADER_BYTES + 4 * 4, losses: [] });
    expect(outcome.epsilon).toBe(epsilonOf(world.task.mechanism, 1e-6, 1));
    const stages = progress.map(({ stage }) => stage);
    expect(stages.indexOf('noise')).toBeLessThan(stages.indexOf('measure'));
    expect(stages).not.toContain('train');
    const [entry] = await db.readLedger();
    expect(entry).toMatchObject({ taskName: 'campaign', epsilon: outcome.epsilon });

    const bare = await newWorld();
    await bare.offer({ ...MEASURE, ...TEST_TIER });
    await bare.openRound();
    const [same] = await profile(CONVERTED);
    await contribute(bare, same, { learner: untouched }, { allowTestTier: true });
    expect(await coordinates(same, 4)).toEqual([0, 0, ONE, ONE]);
  });

  it("K3 K15 PR22 an empty history and a bot's report noised zeros", async () => {
    const bot = Array.from({ length: 301 }, (_, i) => looked(i % 3, START_MS - 301_000 + 900 * i));
    const shelves = { name: 'histogram', of: 'category', bins: 4 } as const;
    const task: Partial<Task> = {
      ...MEASURE,
      architecture: { name: 'counts', statistic: shelves },
    };
    for (const events of [[], bot]) {
      const world = await newWorld();
      await world.offer(task);
      await world.openRound();
      const [db] = await profile(events);
      const { outcome } = await contribute(world, db);
      expect(outcome).toMatchObject({ state: 'enqueued', bytes: REPORT_HEADER_BYTES + 4 * 4 });
      const z = await coordinates(db, 4);
      expect(z.some((value) => value !== 0)).toBe(true);
      // A sample beyond twelve deviations in four coordinates: below 10⁻³⁰.
      const std = 2 * 0.6893 * normBound(2 ** 16, 4);
      expect(Math.max(...z.map(Math.abs))).toBeLessThan(12 * std);

      await world.offer({ ...task, ...TEST_TIER });
      await world.openRound();
      const [bare] = await profile(events);
      await contribute(world, bare, {}, { allowTestTier: true });
      expect(await coordinates(bare, 4)).toEqual([0, 0, 0, 0]);
    }
  });

  it('K15 counts a history without what cannot be in it', async () => {
    const shares = async (events: readonly ShopEvent[]): Promise<number[]> => {
      const world = await newWorld();
      const statistic = { name: 'histogram', of: 'event-kind', bins: ['view_item', 'x'] } as const;
      await world.offer({
        ...MEASURE,
        ...TEST_TIER,
        architecture: { name: 'counts', statistic },
      });
      await world.openRound();
      const [db] = await profile(events);
      await contribute(world, db, {}, { allowTestTier: true });
      return coordinates(db, 2);
    };
    const broken = [
      { name: 'x', atMs: Number.NaN, session: 1, items: [] },
      { name: 'x', atMs: START_MS + 2 * HOUR, session: 1, items: [] },
    ] as unknown as ShopEvent[];
    expect(await shares([...BROWSED, ...BROWSED.slice(-1), ...broken])).toEqual([ONE, 0]);
  });

  it('K3 PR15 PR16 PR17 is held to the same cap, separation and uniqueness', async () => {
    const world = await newWorld();
    await world.offer({ ...MEASURE, separationMs: HOUR });
    const [db] = await profile(CONVERTED);
    const at = async (round: number, nowMs: number): Promise<Run['outcome']> => {
      world.clock.set(nowMs);
      await world.openRound({ round });
      return (await contribute(world, db)).outcome;
    };
    expect(await at(1, START_MS)).toMatchObject({ state: 'enqueued' });
    expect(await at(1, START_MS)).toMatchObject({ reason: 'already-in-round' });
    expect(await at(2, START_MS + HOUR / 2)).toMatchObject({ reason: 'separation' });
    expect(await at(3, START_MS + 2 * HOUR)).toMatchObject({ state: 'enqueued' });
    expect(await at(4, START_MS + 4 * HOUR)).toMatchObject({ reason: 'cap-spent' });
    expect(await db.readLedger()).toHaveLength(2);
  });

  it('K3 PR13 draws on the one budget of all kinds', async () => {
    const world = await newWorld();
    await world.openRound();
    // A report costs 8.
    world.site({ budget: budgetOf(9) });
    const [db] = await profile();
    expect((await contribute(world, db)).outcome).toMatchObject({ state: 'enqueued' });
    await world.offer(MEASURE);
    world.site({ budget: budgetOf(9), serial: 9 });
    await world.receiver(db).site();
    await world.openRound({ round: 3 });
    expect((await contribute(world, db)).outcome).toMatchObject({ reason: 'budget-spent' });
    expect(await db.readLedger()).toHaveLength(1);
  });

  it('K3 PR7 PR10 is refused on the same grounds', async () => {
    const refused = async (change: Partial<Task>): Promise<string> => {
      const world = await newWorld();
      await world.offer({ ...MEASURE, ...change });
      await world.openRound();
      const [db] = await profile(CONVERTED);
      const { outcome } = await contribute(world, db);
      await nothingCharged(db);
      return outcome.state === 'skipped' ? outcome.reason : outcome.state;
    };
    expect(await refused({ epsilon: 1 })).toBe('false-claim');
    expect(await refused({ minReports: 10 })).toBe('weak-privacy');
    const pairs = { name: 'pairs', of: 'item', bins: 4096 } as const;
    const wide: Architecture = { name: 'counts', statistic: pairs };
    expect(await refused({ architecture: wide, clipL2: 1 })).toBe('predicted-error');
    expect(await refused(TEST_TIER)).toBe('weak-privacy');
  });
});

describe('an evaluate task', () => {
  it('K9 K11 reports the quality of the version that its round names', async () => {
    // Only feature 9, "the same brand": item-1's brand is that of items 3 and 5.
    const weights = new Float32Array(WIDE_FEATURES.length);
    weights[9] = -1;
    const bare = { ...TEST_TIER };
    const measured = async (world: World): Promise<number[]> => {
      const [db] = await profile(BROWSED);
      const options = { allowTestTier: true };
      const { outcome } = await contribute(world, db, { learner: untouched }, options);
      expect(outcome).toMatchObject({ state: 'enqueued', losses: [] });
      return (await coordinates(db, 4)).map((value) => value / ONE);
    };
    const [browsers, hit, gain, start] = await measured(await evaluating(bare, weights));
    const [, , untrained] = await measured(await evaluating(bare));
    expect([browsers, hit]).toEqual([1, 1]);
    // item-1 after items 0 and 2, whose brand is the other one: first of three equals.
    expect(gain).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / 2) / 3, 4);
    expect(start).toBeCloseTo(untrained as number, 4);
    expect(gain).not.toBeCloseTo(start as number, 2);
  });

  it('K3 is charged, and an empty history reports a noised zero', async () => {
    const world = await evaluating();
    const [db] = await profile([]);
    const { outcome, progress } = await contribute(world, db, { learner: untouched });
    expect(outcome).toMatchObject({ state: 'enqueued', bytes: REPORT_HEADER_BYTES + 4 * 4 });
    expect(progress.map(({ stage }) => stage)).toContain('evaluate');
    expect(await db.readLedger()).toHaveLength(1);
    expect((await coordinates(db, 4)).some((value) => value !== 0)).toBe(true);
  });

  it('K9 a task that is not listed, or has no such model, is refused by name', async () => {
    const [db] = await profile(BROWSED);
    const missing = await evaluating({
      architecture: { name: 'metrics', of: 'ranking', task: 'deep', historyLength: 10 },
    });
    const unlisted = (await contribute(missing, db)).outcome;
    expect(unlisted).toMatchObject({ reason: 'no-task', detail: 'no task deep to evaluate' });
    const [other] = await profile(BROWSED);
    const { architecture: intent } = INTENT;
    if (intent.name !== 'head') throw new Error(intent.name);
    const head: Architecture = { name: 'metrics', of: 'head', task: 'wide', head: intent };
    const wrong = (await contribute(await evaluating({ architecture: head }), other)).outcome;
    expect(wrong).toMatchObject({ reason: 'bad-record', detail: /wide has no head/ });
    await nothingCharged(db);
    await nothingCharged(other);
  });
});
