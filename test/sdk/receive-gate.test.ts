/** Restored versions, gates and subjects, as a browser believes them. */
import { describe, expect, it } from 'vitest';
import type { Head } from '../../sdk/receive/head.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type {
  Logged,
  ModelRecord,
  RestoreRecord,
  RoundRecord,
  Subject,
  Task,
  VerdictRecord,
} from '../../shared/protocol/task.ts';
import { because, memory, newSigner, newWorld, START_MS, type World } from './round-world.ts';

const NONE = { margin: 0, deviation: 0 };
const EVALUATE: Partial<Task> = {
  name: 'quality',
  kind: 'evaluate',
  architecture: { name: 'metrics', of: 'ranking', task: 'wide', historyLength: 10 },
  clipL2: 2,
  recipe: { server: { name: 'release' } },
};

/** What the world's head shows as its model, with its place. */
function shown(world: World): Logged<ModelRecord> {
  const { model, modelIndex } = world.head;
  if (model?.record.type !== 'model' || modelIndex === null) throw new Error('no version');
  return { record: model.record, signature: model.signature, index: modelIndex };
}

function restore(world: World, change: Partial<RestoreRecord>, signer = world.aggregator): void {
  const signed = signRecord(
    {
      ...{ version: 1, type: 'restore', task: world.taskHash, modelVersion: 3 },
      ...{ model: world.initialModel, previousModel: 'e'.repeat(64), of: 0 },
      ...{ reason: 'operator', restoredAtMs: START_MS },
      ...change,
    } satisfies RestoreRecord as RestoreRecord,
    signer,
  );
  world.head.model = signed;
  world.head.modelIndex = world.log.add({ type: 'restore', restore: signed });
  world.head.round = null;
}

function verdict(
  world: World,
  change: Partial<VerdictRecord> = {},
  signer: Signer = world.aggregator,
): Logged<VerdictRecord> {
  const { record } = shown(world);
  const signed = signRecord<VerdictRecord>(
    {
      ...{ version: 1, type: 'verdict', task: world.taskHash, admitted: true },
      ...{ modelVersion: record.modelVersion, model: record.model },
      ...{ evaluateTask: 'f'.repeat(64), evaluateRound: 1, quality: NONE, reference: NONE },
      ...{ decidedAtMs: START_MS, ...change },
    },
    signer,
  );
  return { ...signed, index: world.log.add({ type: 'verdict', verdict: signed }) };
}

/** The task's head, and whether the browser would take part. */
async function look(world: World, db = memory()): Promise<Head> {
  const receiver = world.receiver(db);
  const head = await receiver.head(world.task, world.taskHash);
  await receiver.assertLogged(world.task, head);
  return head;
}

describe('a version that is served again', () => {
  it('R10 is taken as a newer one, and ranked by', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    const first = await world.publish();
    const origin = shown(world);
    await world.publish({ modelVersion: 2, model: 'd'.repeat(64), previousModel: first.model });
    restore(world, { model: first.model, of: 1 });
    world.head.origin = origin;
    const head = await look(world, db);
    expect(head).toMatchObject({ modelVersion: 3, modelHash: first.model });
    expect(head.entries.map(({ index }) => index)).toEqual([2, 0]);
    const kept = await receiver.current(world.task, world.taskHash, head);
    expect(kept).toMatchObject({ modelVersion: 3, record: { type: 'restore', of: 1 } });
    expect(kept.weights).toEqual(new Float32Array(11).fill(0.25));
    // The next version comes from it; an older one does not come back without a restore.
    await world.openRound({ round: 4, baseModel: first.model });
    expect((await look(world, db)).round?.round).toBe(4);
    await world.publish({ modelVersion: 2, round: 2 });
    await expect(look(world, db)).rejects.toEqual(because('bad-record', /version 2 after 3/));
  });

  it('R10 R8 of the weights that it has, it keeps the new number: no version in between comes back', async () => {
    const world = await newWorld();
    const db = memory();
    const receiver = world.receiver(db);
    const first = await world.publish();
    const origin = shown(world);
    await receiver.current(world.task, world.taskHash, await look(world, db));
    restore(world, { model: first.model, of: 1 });
    world.head.origin = origin;
    const asked = world.requests.length;
    const head = await receiver.head(world.task, world.taskHash);
    const kept = await receiver.current(world.task, world.taskHash, head);
    expect(kept).toMatchObject({ modelVersion: 3, modelHash: first.model });
    expect(kept.weights).toEqual(new Float32Array(11).fill(0.25));
    expect(await db.getModel('wide')).toEqual(kept);
    const models = world.requests.slice(asked).filter(({ url }) => url.includes('/models/'));
    expect(models).toEqual([]);
    world.head.origin = null;
    await world.publish({ modelVersion: 2, model: 'd'.repeat(64), previousModel: first.model });
    await expect(look(world, db)).rejects.toEqual(because('bad-record', /version 2 after 3/));
  });

  it('R10 the initial model again needs no record of its own; of a statistic it is refused', async () => {
    const world = await newWorld();
    await world.publish();
    restore(world, {});
    expect(await look(world)).toMatchObject({ modelVersion: 3, modelHash: world.initialModel });
    await world.offer(EVALUATE);
    restore(world, {});
    await expect(look(world)).rejects.toEqual(because('bad-record', /statistic is restored/));
  });

  it('R10 refuses one of which the head does not show that it was there before', async () => {
    const world = await newWorld();
    const { model } = await world.publish();
    const origin = shown(world);
    const refused = async (
      change: Partial<RestoreRecord>,
      from: Logged<ModelRecord> | null,
      words: RegExp,
    ): Promise<void> => {
      restore(world, change);
      world.head.origin = from;
      await expect(look(world)).rejects.toEqual(because('bad-record', words));
    };
    await refused({ model: 'd'.repeat(64) }, null, /version 0 is restored as another model/);
    await refused({ model, of: 1 }, null, /version 1 is not shown/);
    await refused({ model: 'd'.repeat(64), of: 1 }, origin, /restored as another model/);
    await refused({ model, of: 2 }, origin, /version 2 is restored as another model/);
    await refused({ task: 'a'.repeat(64), model, of: 1 }, origin, /model of another task/);
    const foreign = signRecord({ ...origin.record, task: 'a'.repeat(64) }, world.aggregator);
    await refused({ model, of: 1 }, { ...foreign, index: 0 }, /origin of another task/);
    restore(world, { model, of: 1 });
    world.head.origin = { ...signRecord(origin.record, newSigner()), index: 0 };
    await expect(look(world)).rejects.toEqual(because('bad-signature'));
    // Signed by the aggregator, and never logged: never published.
    const { signature } = signRecord({ ...origin.record, reports: 7 }, world.aggregator);
    world.head.origin = { record: { ...origin.record, reports: 7 }, signature, index: 0 };
    await expect(look(world)).rejects.toEqual(because('not-in-log'));
    world.head.origin = origin;
    world.head.modelIndex = 0;
    await expect(look(world)).rejects.toEqual(because('not-in-log'));
  });
});

describe('a task with a gate', () => {
  const gated = async (): Promise<World> => {
    const world = await newWorld();
    await world.offer({ gate: { task: 'quality', sigmas: 2 } });
    return world;
  };

  it('K12 takes a version with the verdict that admits it, and the initial one without', async () => {
    const world = await gated();
    expect(await look(world)).toMatchObject({ modelVersion: 0 });
    await world.publish();
    world.head.verdict = verdict(world);
    const head = await look(world);
    expect(head.modelVersion).toBe(1);
    expect(head.entries.map(({ index }) => index)).toEqual([0, 1]);
    const [origin, mine] = [shown(world), world.head.verdict];
    restore(world, { model: origin.record.model, of: 1 });
    Object.assign(world.head, { origin, verdict: mine });
    expect((await look(world)).modelVersion).toBe(3);
  });

  it('K12 refuses one without it, with that of another candidate, and one that was refused', async () => {
    const world = await gated();
    await world.publish();
    const refused = async (one: Logged<VerdictRecord> | null, words: RegExp): Promise<void> => {
      world.head.verdict = one;
      await expect(look(world)).rejects.toEqual(because('bad-record', words));
    };
    await refused(null, /version 1 was not admitted/);
    await refused(verdict(world, { modelVersion: 2 }), /verdict is not on version 1/);
    await refused(verdict(world, { model: 'd'.repeat(64) }), /verdict is not on version 1/);
    await refused(verdict(world, { admitted: false }), /version 1 was refused/);
    await refused(verdict(world, { task: 'a'.repeat(64) }), /verdict of another task/);
    world.head.verdict = verdict(world, {}, newSigner());
    await expect(look(world)).rejects.toEqual(because('bad-signature'));
    world.head.verdict = { ...verdict(world), index: 0 };
    await expect(look(world)).rejects.toEqual(because('not-in-log'));
    world.head.verdict = verdict(world);
    expect((await look(world)).modelVersion).toBe(1);
    // A restored version needs the verdict on what it restores.
    const origin = shown(world);
    restore(world, { model: origin.record.model, of: 1 });
    Object.assign(world.head, { origin, verdict: null });
    await expect(look(world)).rejects.toEqual(because('bad-record', /version 1 was not admitted/));
  });
});

describe('the subject of an evaluation', () => {
  /** A ranker at version 1, and a round of its evaluation about it. */
  async function evaluating(): Promise<{
    world: World;
    ranker: Task;
    rankerHash: string;
    subject: Subject;
    logged: Logged<ModelRecord>;
  }> {
    const world = await newWorld();
    const { task: ranker, taskHash: rankerHash } = world;
    const { model } = await world.publish();
    const logged = shown(world);
    await world.offer(EVALUATE);
    const subject = { task: rankerHash, modelVersion: 1, model };
    return { world, ranker, rankerHash, subject, logged };
  }

  it('K11 is the version of the round’s record, whatever is kept to rank by', async () => {
    const { world, ranker, rankerHash, subject, logged } = await evaluating();
    const db = memory();
    const receiver = world.receiver(db);
    await world.openRound({ subject });
    world.head.subject = logged;
    const head = await receiver.head(world.task, world.taskHash);
    const stored = await receiver.subject(ranker, rankerHash, head);
    expect(stored).toMatchObject({ modelVersion: 1, modelHash: subject.model });
    expect(stored.weights).toEqual(new Float32Array(11).fill(0.25));
    expect(await db.getModel('wide')).toBeUndefined();
    await db.putModel(stored);
    const asked = world.requests.filter(({ url }) => url.includes('/models/')).length;
    expect(await receiver.subject(ranker, rankerHash, head)).toEqual(stored);
    expect(world.requests.filter(({ url }) => url.includes('/models/'))).toHaveLength(asked);
  });

  it('K11 refuses one that is not shown, not that version, or not in the log', async () => {
    const { world, ranker, rankerHash, subject, logged } = await evaluating();
    const asked = async (of: Subject, show: Logged<ModelRecord> | null): Promise<unknown> => {
      await world.openRound({ subject: of });
      world.head.subject = show;
      const receiver = world.receiver(memory());
      const head = await receiver.head(world.task, world.taskHash);
      return receiver.subject(ranker, rankerHash, head);
    };
    const refused = async (
      of: Subject,
      show: Logged<ModelRecord> | null,
      words: RegExp,
    ): Promise<void> => {
      await expect(asked(of, show)).rejects.toEqual(because('bad-record', words));
    };
    await refused(subject, null, /version 1 is not shown/);
    await refused({ ...subject, modelVersion: 2 }, logged, /not version 2/);
    await refused({ ...subject, model: 'd'.repeat(64) }, logged, /not version 1/);
    await refused({ ...subject, task: 'd'.repeat(64) }, logged, /subject of another task/);
    await refused({ ...subject, modelVersion: 0 }, null, /another model than version 0/);
    const forged = { ...signRecord(logged.record, newSigner()), index: logged.index };
    await expect(asked(subject, forged)).rejects.toEqual(because('bad-signature'));
    // A model that the aggregator signed for the auditor's and other eyes alone.
    const aside = signRecord({ ...logged.record, reports: 101 }, world.aggregator);
    const hidden = { ...aside, index: logged.index };
    await expect(asked(subject, hidden)).rejects.toEqual(because('not-in-log'));
    expect(await asked(subject, logged)).toMatchObject({ modelVersion: 1 });
    const zero = { task: rankerHash, modelVersion: 0, model: ranker.initialModel };
    expect(await asked(zero, null)).toMatchObject({ modelVersion: 0, record: null });
  });

  it('K11 refuses a round of an evaluation without one, and another round with one', async () => {
    const { world, subject } = await evaluating();
    const words = because('bad-record', /an evaluation names its subject/);
    await world.openRound();
    await expect(look(world)).rejects.toEqual(words);
    const train = await newWorld();
    await train.openRound({ subject } as Partial<RoundRecord>);
    await expect(look(train)).rejects.toEqual(words);
  });
});

describe('entries', () => {
  it('R3 L1 a head with a field more, or fewer, is none', async () => {
    const world = await newWorld();
    for (const change of [{ candidate: undefined }, { gate: null }, { verdict: 7 }]) {
      world.answers.set(PATHS.head(world.taskHash), {
        ...world.head,
        ...change,
      } as unknown as LogEntry);
      await expect(look(world)).rejects.toEqual(because('bad-record'));
    }
  });
});
