import { describe, expect, it } from 'vitest';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { INTENT_INPUTS } from '../../shared/model/heads/inputs.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { entriesOf, entriesOfType, faultsOf } from './audited.ts';
import { draft, linearHead, START_MS } from './fixture.ts';
import { GateWorld, ONE, qualityDraft, rankerDraft } from './gate-world.ts';

/** Weights of the intention's head. */
const D = INTENT_INPUTS.length + 1;

const versions = ({ model, candidate, round }: TaskHead): unknown[] => [
  model?.record.modelVersion ?? 0,
  candidate?.record.modelVersion ?? null,
  round?.record.round ?? null,
];

const code = (name: string): object =>
  expect.objectContaining({ name: 'OperatorError', code: name });

describe('a task with a gate', () => {
  it('K11 K12 a new version is a candidate: logged, not served; one evaluation opens about it', async () => {
    const world = await GateWorld.started();
    const { time, ranker, quality, disk } = world;
    expect(versions(await world.head(quality))).toEqual([0, null, null]);
    expect(versions(await world.head(ranker))).toEqual([0, null, 1]);
    time.set(START_MS + 5000);
    await world.train(1);
    const waiting = await world.head(ranker);
    expect(versions(waiting)).toEqual([0, 1, null]);
    const [made] = entriesOfType(disk, 'model');
    expect(waiting.candidate).toMatchObject({ ...made?.model, index: entriesOf(disk).length - 2 });
    const measured = await world.head(quality);
    expect(measured.round?.record).toMatchObject({
      round: 1,
      openedAtMs: START_MS + 5000,
      subject: { task: ranker, modelVersion: 1, model: made?.model.record.model },
    });
    expect(measured.subject).toEqual(waiting.candidate);
    expect(world.up.service.status().tasks[0]).toMatchObject({ modelVersion: 0, candidate: 1 });
    // However long it waits, no round of the ranker opens.
    time.set(START_MS + 30_000);
    await world.up.service.settled();
    expect((await world.head(ranker)).round).toBeNull();
  });

  it('K14 admits a better one at the time of the evaluation, and the next round starts from it', async () => {
    const world = await GateWorld.started();
    const { time, ranker, quality, disk } = world;
    await world.train(1);
    time.set(START_MS + 7000);
    await world.evaluate(101, 0.5);
    const head = await world.head(ranker);
    expect(versions(head)).toEqual([1, null, 2]);
    expect(head.round?.record).toMatchObject({
      baseModel: head.model?.record.model,
      openedAtMs: START_MS + 7000,
    });
    const [entry] = entriesOfType(disk, 'verdict');
    expect(head.verdict).toMatchObject({ ...entry?.verdict });
    expect(entry?.verdict.record).toMatchObject({
      ...{ modelVersion: 1, admitted: true, evaluateTask: quality, evaluateRound: 1 },
      ...{ reference: { margin: 0, deviation: 0 }, decidedAtMs: START_MS + 7000 },
    });
    expect(entry?.verdict.record.quality?.margin).toBeCloseTo(0.25, 6);
    // Nothing waits: no budget is spent on a further evaluation.
    expect((await world.head(quality)).round).toBeNull();
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('K12 K14 refuses a worse one: its number is spent, the version before it stays', async () => {
    const world = await GateWorld.started();
    const { ranker, disk } = world;
    await world.train(1);
    await world.evaluate(101, 0.5);
    const admitted = await world.head(ranker);
    world.time.set(START_MS + 9000);
    await world.train(11, -300);
    // Not at the end of the evaluation before: there was nothing to evaluate then.
    const { round } = await world.head(world.quality);
    expect(round?.record).toMatchObject({ round: 2, openedAtMs: START_MS + 9000 });
    await world.evaluate(111, 0.45);
    const kept = await world.head(ranker);
    expect(versions(kept)).toEqual([1, null, 3]);
    expect(kept.model).toEqual(admitted.model);
    expect(kept.round?.record.baseModel).toBe(admitted.model?.record.model);
    await expect(world.up.service.restore(ranker, 2)).rejects.toEqual(code('not-admitted'));
    await world.train(21, 50);
    await world.evaluate(121, 0.55);
    const next = await world.head(ranker);
    expect(next.model?.record).toMatchObject({
      modelVersion: 3,
      previousModel: admitted.model?.record.model,
    });
    const verdicts = entriesOfType(disk, 'verdict').map(({ verdict }) => verdict.record);
    expect(verdicts.map((one) => one.admitted)).toEqual([true, false, true]);
    expect(verdicts[1]?.reference).toEqual(verdicts[0]?.quality);
    // What the second one had to keep up with is not that of the refused one.
    expect(verdicts[2]?.reference).toEqual(verdicts[0]?.quality);
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('K14 an untrained model is the least that a version has to keep up with', async () => {
    const world = await GateWorld.started();
    await world.train(1);
    await world.evaluate(101, 0.249);
    expect(versions(await world.head(world.ranker))).toEqual([0, null, 2]);
    const [entry] = entriesOfType(world.disk, 'verdict');
    expect(entry?.verdict.record).toMatchObject({ admitted: false, reference: { margin: 0 } });
  });

  it('K14 one that was admitted a little below it lowers nothing for the next', async () => {
    const world = await GateWorld.started([
      rankerDraft({ gate: { task: 'quality', sigmas: 10 } }),
      qualityDraft(),
    ]);
    await world.train(1);
    await world.evaluate(101, 0.25 - 2 / ONE);
    await world.train(11);
    await world.evaluate(111, 0.25 - 2 / ONE);
    const [first, second] = entriesOfType(world.disk, 'verdict').map(
      ({ verdict }) => verdict.record,
    );
    expect(first?.quality?.margin).toBeLessThan(0);
    expect([first?.admitted, second?.admitted]).toEqual([true, true]);
    expect(second?.reference).toEqual({ margin: 0, deviation: 0 });
  });

  it('K14 refused after three evaluations without a figure, abandoned or of nothing', async () => {
    const world = await GateWorld.started();
    const { time, ranker, quality, disk } = world;
    await world.train(1);
    time.set(START_MS + 60_000);
    await world.up.service.settled();
    expect((await world.head(quality)).round?.record).toMatchObject({
      round: 2,
      subject: { modelVersion: 1 },
    });
    // Nobody had anything to evaluate: published, and without a figure.
    await world.send(quality, [1, 2, 3, 4, 5], [0, 0, 0, 0]);
    expect((await world.head(quality)).round?.record.round).toBe(3);
    expect(versions(await world.head(ranker))).toEqual([0, 1, null]);
    expect(await world.up.service.abandon(quality)).toBe(3);
    await world.up.service.settled();
    expect(versions(await world.head(ranker))).toEqual([0, null, 2]);
    const [entry] = entriesOfType(disk, 'verdict');
    expect(entry?.verdict.record).toMatchObject({
      ...{ admitted: false, quality: null, evaluateRound: null },
      decidedAtMs: START_MS + 60_000,
    });
    expect((await world.head(quality)).round).toBeNull();
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('K14 refused when the evaluating task opens no round any more', async () => {
    const expiresAtMs = START_MS + 30_000;
    const world = await GateWorld.started([rankerDraft(), qualityDraft({ expiresAtMs })]);
    world.time.set(START_MS + 31_000);
    await world.train(1);
    expect(versions(await world.head(world.ranker))).toEqual([0, null, 2]);
    const [entry] = entriesOfType(world.disk, 'verdict');
    expect(entry?.verdict.record).toMatchObject({
      admitted: false,
      decidedAtMs: START_MS + 31_000,
    });
  });

  it('K12 RD7 RD21 after a refused one, step and momentum go on from the version before it', async () => {
    const server = { name: 'fedavgm', learningRate: 1, decayRounds: 4, momentum: 0.5 } as const;
    const recipe = { steps: 1, learningRate: 0.1, negatives: 0, maxExamples: 9, server };
    const world = await GateWorld.started([rankerDraft({ recipe }), qualityDraft()]);
    const weights = async (): Promise<number[]> => {
      const hash = (await world.head(world.ranker)).model?.record.model ?? '';
      const answer = await world.app.request(PATHS.model(hash));
      return [...decodeModel(new Uint8Array(await answer.arrayBuffer()), WIDE_FEATURES.length)];
    };
    await world.train(1, 6400);
    await world.evaluate(101, 0.5);
    const first = await weights();
    for (const turn of [1, 2, 3]) {
      await world.train(10 * turn, -6400);
      await world.evaluate(100 + 10 * turn, 0.3);
    }
    expect(await weights()).toEqual(first);
    // Only what a later round may start from is kept.
    const states = () => [...world.disk.files().keys()].filter((path) => path.endsWith('.state'));
    expect(states().map((path) => path.split('/').at(-1))).toEqual(['1.state']);
    await world.up.service.stop();
    await world.start();
    await world.train(51, 3200);
    await world.evaluate(151, 0.6);
    const [one, next] = [6400 / 65_536, 3200 / 65_536];
    const step = 1 / (1 + 1 / 4);
    const expected = first.map((weight) => Math.fround(weight + step * (0.5 * one + next)));
    expect(await weights()).toEqual(expected);
    expect(states().map((path) => path.split('/').at(-1))).toEqual(['5.state']);
  });

  it('K12 R10 a restore drops the candidate; what is measured of it later decides nothing', async () => {
    const world = await GateWorld.started();
    const { ranker, disk } = world;
    await world.train(1);
    await world.evaluate(101, 0.5);
    await world.train(11);
    expect(versions(await world.head(ranker))).toEqual([1, 2, null]);
    expect(await world.up.service.restore(ranker, 0)).toBe(3);
    const head = await world.head(ranker);
    expect(versions(head)).toEqual([3, null, 3]);
    expect(head.verdict).toBeNull();
    await world.evaluate(111, 0.9);
    expect(versions(await world.head(ranker))).toEqual([3, null, 3]);
    // Back to the admitted version, by its verdict; its margin is what is to be kept up with.
    expect(await world.up.service.restore(ranker, 1)).toBe(4);
    const again = await world.head(ranker);
    expect(again.verdict?.record).toMatchObject({ modelVersion: 1, admitted: true });
    expect(again.origin?.record.modelVersion).toBe(1);
    await world.train(21);
    await world.evaluate(121, 0.4);
    const verdict = entriesOfType(disk, 'verdict').at(-1)?.verdict.record;
    expect(verdict).toMatchObject({ modelVersion: 5, admitted: false });
    expect(verdict?.reference.margin).toBeCloseTo(0.25, 6);
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('K10 K14 a gate of the intention: the log loss below that of an even guess', async () => {
    const intent = draft('intent', D, { gate: { task: 'loss', sigmas: 1 } });
    const loss = draft('loss', 3, {
      kind: 'evaluate',
      architecture: { name: 'metrics', of: 'head', task: 'intent', head: linearHead(D) },
      clipL2: 2,
      recipe: { server: { name: 'release' } },
      initialWeights: [0, 0, 0],
    });
    const world = await GateWorld.started([intent, loss]);
    const { taskHashes } = await hashesOf(world);
    await world.send(taskHashes.intent as string, [1, 2, 3, 4, 5], new Array(D).fill(1));
    // 0.4 nats, in units of 4.
    await world.send(taskHashes.loss as string, [1, 2, 3, 4, 5], [ONE, 0.1 * ONE, ONE]);
    const [entry] = entriesOfType(world.disk, 'verdict');
    expect(entry?.verdict.record.admitted).toBe(true);
    expect(entry?.verdict.record.quality?.margin).toBeCloseTo(Math.LN2 - 0.4, 3);
  });
});

async function hashesOf(world: GateWorld): Promise<{ taskHashes: Record<string, string> }> {
  const tasks = world.up.service.status().tasks.map(({ name, hash }) => [name, hash] as const);
  return { taskHashes: Object.fromEntries(tasks) };
}
