/** A task that begins where another one has come to: K25. */
import { describe, expect, it } from 'vitest';
import { serverStep } from '../../aggregator/publish/optimizer.ts';
import { taskOf } from '../../aggregator/site.ts';
import { warmStartFrom } from '../../aggregator/warm-start.ts';
import type { HeadExamples } from '../../sdk/features/examples.ts';
import { headExamples } from '../../sdk/features/heads.ts';
import { headLogits } from '../../sdk/features/score.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import type { HeadArchitecture } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { headTask } from '../../shared/model/heads/record.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { ModelRecord, Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { draft } from '../aggregator/fixture.ts';
import { makeShopper } from '../simulate/behaviour.ts';
import { demoCatalogue, demoWorld } from '../simulate/demo-world.ts';
import { nodeLearner } from './learn-node.ts';
import { newSigner, newWorld, START_MS } from './round-world.ts';

const learner = await nodeLearner('cpu');
const source = (): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(2));

describe('K25 a warm start', () => {
  /** Examples of these shoppers, one behind the other. */
  function crowd(name: string, shoppers: number, catalogue: Catalogue): HeadExamples {
    const each = Array.from({ length: shoppers }, (_, i) => {
      const { events } = makeShopper(demoWorld(), `${name}/${i}`, START_MS);
      return headExamples(INTENT.architecture, events, catalogue, 30, START_MS);
    });
    const features = Float32Array.from(each.flatMap((one) => [...one.features]));
    const labels = Float32Array.from(each.flatMap((one) => [...one.labels]));
    return { ...(each[0] as HeadExamples), features, labels, examples: labels.length };
  }

  function lossOf(weights: Float32Array, x: HeadExamples): number {
    const losses = Array.from(x.labels, (label, e) => {
      const row = x.features.slice(e * x.width, (e + 1) * x.width);
      const [logit = 0] = headLogits(INTENT.architecture as HeadArchitecture, weights, row);
      return Math.log1p(Math.exp(label === 1 ? -logit : logit));
    });
    return losses.reduce((a, b) => a + b) / losses.length;
  }

  /** Rounds of one step each, in which the mean over the shoppers is the step of all their examples. */
  async function train(start: Float32Array, examples: HeadExamples, rounds: number) {
    const { architecture } = INTENT;
    const recipe = { ...INTENT.recipe, steps: 1, learningRate: 1 };
    const server = { name: 'fedavg', learningRate: 1, decayRounds: null } as const;
    const versions = [start];
    for (let round = 0; round < rounds; round++) {
      const weights = versions.at(-1) as Float32Array;
      const { delta } = await learner.train({ architecture, weights, examples, recipe });
      const mean = Float64Array.from(delta);
      versions.push(serverStep(null, weights, mean, server, round).weights);
    }
    return versions;
  }

  it('from another task’s signed model takes fewer rounds to the same loss than from zero', async () => {
    const { catalogue } = await demoCatalogue();
    const [one, two, fresh] = ['one', 'two', 'fresh'].map((name) => crowd(name, 15, catalogue)) as [
      HeadExamples,
      HeadExamples,
      HeadExamples,
    ];
    const cold = headTask(INTENT, source()).initialWeights;
    const first = (await train(cold, one, 12)).at(-1) as Float32Array;
    const warm = await warmStartFrom(await publish(first), INTENT.architecture);
    const begun = Float32Array.from(warm.weights);
    expect(begun).toEqual(first);
    const from = async (weights: Float32Array): Promise<number[]> =>
      (await train(weights, two, 12)).map((version) => lossOf(version, fresh));
    const [slow, quick] = [await from(cold), await from(begun)];
    const goal = Math.min(...slow);
    const roundsTo = (losses: readonly number[]): number =>
      losses.findIndex((loss) => loss <= goal);
    expect(roundsTo(slow)).toBeGreaterThanOrEqual(8);
    expect(roundsTo(quick)).toBeGreaterThanOrEqual(0);
    expect(roundsTo(quick)).toBeLessThan(4);
  });

  const aggregator = newSigner();

  async function publish(weights: Float32Array, signer = aggregator) {
    const world = await newWorld();
    const { initialWeights: _, ...head } = headTask(INTENT, source());
    const task: Task = {
      ...world.task,
      ...head,
      d: weights.length,
      aggregatorKey: aggregator.publicKey,
    };
    const bytes = encodeModel(weights);
    const record: ModelRecord = {
      version: 1,
      type: 'model',
      task: await recordHash(task),
      modelVersion: 7,
      model: await sha256Hex(bytes),
      previousModel: 'a'.repeat(64),
      round: 7,
      roundHash: 'b'.repeat(64),
      reports: 100,
      batch: 'c'.repeat(64),
      closedAtMs: START_MS,
      openings: null,
    };
    return { task, bytes, model: signRecord(record, signer) };
  }

  const WEIGHTS = Float32Array.from({ length: 28 }, (_, i) => i / 7);
  const SITE = {
    site: 'shop',
    catalogue: { bytes: new Uint8Array(1), hash: 'd'.repeat(64) },
    aggregatorKey: aggregator.publicKey,
  };

  it('is a task whose initial model is the published one, by hash', async () => {
    const published = await publish(WEIGHTS);
    const warmStart = await warmStartFrom(published, INTENT.architecture);
    const { initialWeights, ...head } = headTask(INTENT, source());
    const made = await taskOf(SITE, { ...draft('intent', 28), ...head, initialWeights, warmStart });
    expect(made.task.initialModel).toBe(published.model.record.model);
    expect(made.model).toEqual(published.bytes);
    const cold = await taskOf(SITE, { ...draft('intent', 28), ...head, initialWeights });
    expect(cold.task.initialModel).not.toBe(made.task.initialModel);
    const other = { ...warmStart, modelHash: 'e'.repeat(64) };
    await expect(
      taskOf(SITE, { ...draft('intent', 28), ...head, initialWeights, warmStart: other }),
    ).rejects.toThrow(/not the model of modelHash/);
  });

  it('refuses another architecture, task, signature or other bytes', async () => {
    const published = await publish(WEIGHTS);
    const mlp = { ...INTENT.architecture, hidden: 8 } as HeadArchitecture;
    await expect(warmStartFrom(published, mlp)).rejects.toThrow(/another architecture/);
    const task = { ...published.task, label: 'other' };
    await expect(warmStartFrom({ ...published, task }, INTENT.architecture)).rejects.toThrow(
      /not one of task/,
    );
    const bytes = encodeModel(WEIGHTS.map((w) => w + 1));
    await expect(warmStartFrom({ ...published, bytes }, INTENT.architecture)).rejects.toThrow(
      /bytes are not/,
    );
    const forged = await publish(WEIGHTS, newSigner());
    await expect(warmStartFrom(forged, INTENT.architecture)).rejects.toMatchObject({
      name: 'SignatureError',
    });
  });
});
