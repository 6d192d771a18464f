/** RD8 and RD21: a server optimiser with state, over three versions, and a crash anywhere. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { initialState, serverStep } from '../../aggregator/publish/optimizer.ts';
import { decodeState } from '../../aggregator/publish/state.ts';
import type { ServerOptimizer } from '../../shared/model/recipe.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { serverOptimizerSteps } from '../oracles/server-optimizer.ts';
import {
  boot,
  draft,
  headOf,
  ManualTime,
  openRound,
  post,
  type Running,
  report,
  site,
} from './fixture.ts';
import { Crash, SimulatedDisk, testRandom } from './simulated-disk.ts';

const D = 3;
const ROUNDS = 3;
const REPORTS = 3;
const YOGI: ServerOptimizer = {
  name: 'fedyogi',
  learningRate: 0.1,
  decayRounds: 4,
  beta1: 0.9,
  beta2: 0.99,
  tau: 0.001,
};
const coordinatesOf = (id: number): number[] => [id * 1000 - 7, -id * 31, (id * 7919) % 60_000];

interface Ended {
  readonly disk: SimulatedDisk;
  readonly taskHash: string;
  readonly crashes: number;
}

/** Three full rounds, with a crash at each of `crashAt`, counted anew after every restart. */
async function play(
  crashAt: readonly number[],
  seed: number,
  kind: 'power' | 'kill',
  server: ServerOptimizer = YOGI,
): Promise<Ended> {
  const random = testRandom(seed);
  const time = new ManualTime();
  const prepared = new SimulatedDisk();
  const one = draft('intent', D, { minReports: REPORTS, maxReports: REPORTS });
  const recipe = { ...one.recipe, server } as typeof one.recipe;
  const { taskHashes } = await site(prepared, [{ ...one, recipe }]);
  const taskHash = taskHashes.intent as string;
  let disk = prepared.recovered(random, 'kill');
  const points = [...crashAt];
  disk.crashAt = points.shift() ?? Number.POSITIVE_INFINITY;
  let running: Running | null = null;
  let crashes = 0;
  const acked = new Set<number>();
  for (let turn = 0; turn < 100; turn++) {
    try {
      running ??= await boot(disk, time);
      await running.service.settled();
      if (!disk.crashed && running.service.status().model.version === ROUNDS) {
        await running.service.stop();
        return { disk, taskHash, crashes };
      }
      const round = running.service.status().tasks[0]?.round ?? 0;
      const roundHash = await openRound(running.app, taskHash);
      for (let i = 0; i < REPORTS && !disk.crashed; i++) {
        const id = REPORTS * (round - 1) + i + 1;
        if (acked.has(id)) continue;
        const body = report({ taskHash, roundHash, id, coordinates: coordinatesOf(id) });
        const { status } = await post(running.app, body);
        if (status === 201) acked.add(id);
      }
      await running.service.settled();
    } catch (error) {
      if (!(error instanceof Crash) && !disk.crashed) throw error;
    }
    if (!disk.crashed) continue;
    crashes += 1;
    running = null;
    disk = disk.recovered(random, kind);
    disk.crashAt = points.shift() ?? Number.POSITIVE_INFINITY;
  }
  throw new Error('the rounds did not end');
}

/** Means of the three rounds over plain numbers. */
const MEANS = Array.from({ length: ROUNDS }, (_, round) =>
  Array.from({ length: D }, (_, i) => {
    const ids = Array.from({ length: REPORTS }, (_, k) => REPORTS * round + k + 1);
    return ids.reduce((sum, id) => sum + (coordinatesOf(id)[i] ?? 0), 0) / (REPORTS * 65_536);
  }),
);
const INITIAL = Array.from({ length: D }, (_, i) => i / 8);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function statesOf(disk: SimulatedDisk): string[] {
  const paths = [...disk.files().keys()];
  return paths
    .filter((path) => path.endsWith('.state'))
    .map((path) => path.split('/').at(-1) ?? '');
}

describe('an optimiser with state', () => {
  it('RD21 publishes the versions of exact arithmetic, and keeps the state of the last alone', async () => {
    const { disk, taskHash } = await play([], 1, 'power');
    const files = disk.files();
    const steps = serverOptimizerSteps(YOGI, INITIAL, MEANS);
    const models = [...files].filter(([path]) => path.startsWith('models/'));
    for (const { weights } of steps) {
      const found = models.filter(([, bytes]) =>
        decodeModel(bytes, D).every((w, i) => w === weights[i]),
      );
      expect(found).toHaveLength(1);
    }
    expect(statesOf(disk)).toEqual(['3.state']);
    const bytes = files.get(`rounds/${taskHash}/3.state`) as Uint8Array;
    const like = { m: new Float64Array(D), v: new Float64Array(D) };
    const last = models.find(([, one]) =>
      decodeModel(one, D).every((w, i) => w === steps[2]?.weights[i]),
    );
    const state = await decodeState(bytes, like, sha256(last?.[1] ?? new Uint8Array()));
    for (const [i, one] of (state?.m ?? []).entries())
      expect(one).toBeCloseTo(steps[2]?.m[i] ?? NaN, 14);
    for (const [i, one] of (state?.v ?? []).entries())
      expect(one).toBeCloseTo(steps[2]?.v[i] ?? NaN, 14);
    expect(state).not.toBeNull();
  });

  it('RD8 RD21 every crash point: the bytes of the uninterrupted run, state and all', async () => {
    const plain = (await play([], 1, 'power')).disk;
    const expected = plain.files();
    let crashes = 0;
    for (let point = 1; point <= plain.points; point += 2) {
      const run = await play([point, 3 + (point % 7)], point, point % 4 === 1 ? 'power' : 'kill');
      const files = run.disk.files();
      expect([...files.keys()], `point ${point}`).toEqual([...expected.keys()]);
      for (const [path, bytes] of files) {
        expect(Buffer.compare(bytes, expected.get(path) as Uint8Array), path).toBe(0);
      }
      crashes += run.crashes;
    }
    expect(plain.points).toBeGreaterThan(100);
    expect(crashes).toBeGreaterThan(plain.points / 2);
  }, 120_000);

  it('R10 RD21 a restored version begins anew, and the next one goes on from there', async () => {
    const { disk, taskHash } = await play([], 1, 'power');
    let copy = disk.recovered(testRandom(1), 'kill');
    let { app, service } = await boot(copy, new ManualTime());
    expect(await service.restore(taskHash, 1)).toBe(4);
    const weights: Float32Array[] = [];
    for (let version = 5; version <= 6; version++) {
      // In between the server starts anew: what it goes on from is on disk.
      await service.stop();
      copy = copy.recovered(testRandom(version), 'power');
      ({ app, service } = await boot(copy, new ManualTime()));
      const roundHash = await openRound(app, taskHash);
      for (let k = 1; k <= REPORTS; k++) {
        const body = report({ taskHash, roundHash, id: 100 * version + k, coordinates: [7, 8, k] });
        expect((await post(app, body)).status).toBe(201);
      }
      await service.settled();
      const { model } = await headOf(app, taskHash);
      expect(model?.record.modelVersion).toBe(version);
      weights.push(decodeModel(await copy.read(`models/${model?.record.model}.bin`), D));
    }
    await service.stop();
    const mean = Float64Array.of(7, 8, 2).map((one) => one / 65_536);
    const first = serverOptimizerSteps(YOGI, INITIAL, MEANS)[0]?.weights ?? [];
    const fresh = initialState(YOGI, D);
    const fifth = serverStep(fresh, Float32Array.from(first), mean, YOGI, 1);
    const sixth = serverStep(fifth.state, fifth.weights, mean, YOGI, 5);
    expect(weights).toEqual([fifth.weights, sixth.weights]);
  });

  it('RD21 fails closed without its state, and with another one', async () => {
    const { disk, taskHash } = await play([], 1, 'power');
    const path = `rounds/${taskHash}/3.state`;
    const whole = disk.files().get(path) as Uint8Array;
    const changed = whole.slice();
    changed[60] = (changed[60] as number) ^ 1;
    for (const bytes of [null, changed, whole.slice(0, 40)]) {
      const copy = disk.recovered(testRandom(1), 'kill');
      await copy.remove(path);
      if (bytes !== null) {
        const file = await copy.open(path);
        await file.append([bytes]);
        await file.sync();
        await file.close();
        await copy.syncFolder(`rounds/${taskHash}`);
      }
      const time = new ManualTime();
      const { app, service } = await boot(copy, time);
      const roundHash = await openRound(app, taskHash);
      for (const id of [101, 102, 103]) {
        const body = report({ taskHash, roundHash, id, coordinates: [1, 2, 3] });
        expect((await post(app, body)).status).toBe(201);
      }
      await service.settled();
      expect(service.status().model.version).toBe(3);
      expect(service.notReady).toBe('CorruptState');
      await service.stop();
    }
  });
});
