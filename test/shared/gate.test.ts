import { describe, expect, it } from 'vitest';
import { INTENT as INTENT_HEAD } from '../../shared/model/heads/intent.ts';
import { NEXT_CATEGORY } from '../../shared/model/heads/next-category.ts';
import { predictedTaskError } from '../../shared/privacy/guard.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { type Attempt, decide, keepsUp, qualityOf } from '../../shared/protocol/gate.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import { ShapeError } from '../../shared/protocol/shape.ts';
import type { Quality, Task } from '../../shared/protocol/task.ts';
import { testRandom } from '../aggregator/simulated-disk.ts';
import { newWorld } from '../sdk/round-world.ts';

const { task: TRAIN } = await newWorld();

function evaluation(of: 'ranking' | 'head'): Task {
  return decodeTask({
    ...TRAIN,
    name: 'quality',
    kind: 'evaluate',
    architecture:
      of === 'ranking'
        ? { name: 'metrics', of, task: 'wide', historyLength: 10 }
        : { name: 'metrics', of, task: 'intent', head: INTENT_HEAD.architecture },
    d: of === 'ranking' ? 4 : 3,
    clipL2: 2,
    mechanism: discreteGaussian(0.7),
    recipe: { server: { name: 'release' } },
  });
}

const RANKING = evaluation('ranking');
const INTENT = evaluation('head');
/** Reports of the local tier at which an entry's noise is about a hundredth. */
const N = 80_000;
const noiseOf = (task: Task): number => predictedTaskError(task, N) / Math.sqrt(task.d);

describe('the quality of a version', () => {
  it('K13 the margin over the start weights, and over an even guess', () => {
    const ranking = qualityOf(RANKING, [0.8, 0.5, 0.4, 0.36], N);
    expect(ranking?.margin).toBeCloseTo(0.05, 12);
    const tau = noiseOf(RANKING);
    expect(ranking?.deviation).toBeCloseTo((tau * Math.sqrt(2 + 0.05 ** 2)) / 0.8, 12);
    const intent = qualityOf(INTENT, [0.5, 0.05, 0.4], N);
    expect(intent?.margin).toBeCloseTo(Math.LN2 - 0.4, 12);
    const deviation = (4 * noiseOf(INTENT) * Math.sqrt(1 + 0.1 ** 2)) / 0.5;
    expect(intent?.deviation).toBeCloseTo(deviation, 12);
    const head = NEXT_CATEGORY.architecture;
    const next = { ...INTENT, architecture: { ...INTENT.architecture, head } } as Task;
    expect(qualityOf(next, [0.5, 0.05, 0.4], N)?.margin).toBeCloseTo(Math.log(16) - 0.4, 12);
  });

  it('K13 the deviation is that of the noise, by simulation', () => {
    const random = testRandom(3);
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    for (const [task, means] of [
      [RANKING, [0.6, 0.5, 0.45, 0.3]],
      [INTENT, [0.6, 0.09, 0.5]],
    ] as const) {
      const tau = noiseOf(task);
      const margins = Array.from({ length: 20_000 }, () => {
        const noised = means.map((one) => one + tau * normal());
        return qualityOf(task, noised, N)?.margin ?? Number.NaN;
      });
      const mean = margins.reduce((sum, one) => sum + one, 0) / margins.length;
      const spread = Math.sqrt(
        margins.reduce((sum, one) => sum + (one - mean) ** 2, 0) / margins.length,
      );
      const stated = qualityOf(task, means, N) as Quality;
      expect(Math.abs(mean - stated.margin)).toBeLessThan(stated.deviation / 20);
      expect(Math.abs(spread / stated.deviation - 1)).toBeLessThan(0.03);
    }
  });

  it('K13 has no figure where too few had something to evaluate for the noise', () => {
    const tau = noiseOf(RANKING);
    expect(qualityOf(RANKING, [5.01 * tau, 0, 0, 0], N)).not.toBeNull();
    expect(qualityOf(RANKING, [4.99 * tau, 0, 0, 0], N)).toBeNull();
    expect(qualityOf(RANKING, [-1, 0, 0, 0], N)).toBeNull();
    const bare = { ...RANKING, tier: 'test', mechanism: { name: 'none' } } as const;
    expect(qualityOf(bare, [0, 0, 0, 0], 5)).toBeNull();
    expect(() => qualityOf(TRAIN, new Float32Array(11), 5)).toThrow(RangeError);
    expect(() => qualityOf(RANKING, [1, 1, 1], 5)).toThrow(RangeError);
  });
});

describe('the verdict', () => {
  const NONE: Quality = { margin: 0, deviation: 0 };
  const at = (round: number, margin: number | null): Attempt => ({
    round,
    endedAtMs: 100 * round,
    quality: margin === null ? null : { margin, deviation: 0.03 },
  });

  it('K14 weighs both deviations', () => {
    const reference = { margin: 0.2, deviation: 0.04 };
    const candidate = (margin: number): Quality => ({ margin, deviation: 0.03 });
    // √(0.03² + 0.04²) = 0.05.
    expect(keepsUp(candidate(0.101), reference, 2)).toBe(true);
    expect(keepsUp(candidate(0.099), reference, 2)).toBe(false);
    expect(keepsUp(candidate(0.2), reference, 0)).toBe(true);
    expect(keepsUp(candidate(0.199), reference, 0)).toBe(false);
  });

  it('K14 the first figure decides; three without one refuse; else it waits', () => {
    expect(decide(1, NONE, [], null)).toBeNull();
    expect(decide(1, NONE, [at(1, null), at(2, null)], null)).toBeNull();
    expect(decide(1, NONE, [at(1, null), at(2, 0.1), at(3, -9)], null)).toEqual({
      ...{ admitted: true, evaluateRound: 2, decidedAtMs: 200 },
      quality: { margin: 0.1, deviation: 0.03 },
    });
    expect(decide(1, NONE, [at(1, -0.1)], null)).toMatchObject({ admitted: false });
    const none = { admitted: false, evaluateRound: null, quality: null };
    const three = [at(1, null), at(2, null), at(3, null)];
    expect(decide(1, NONE, three, null)).toEqual({ ...none, decidedAtMs: 300 });
    expect(decide(1, NONE, [...three, at(4, 0.5)], null)).toEqual({ ...none, decidedAtMs: 300 });
    expect(decide(1, NONE, [at(1, null)], 777)).toEqual({ ...none, decidedAtMs: 777 });
    expect(decide(1, NONE, [at(1, 0.1)], 777)).toMatchObject({ admitted: true });
  });
});

describe('a gate in a task', () => {
  it('K12 R3 goes with training alone, is strict, and a task without one stays what it was', () => {
    const gate = { task: 'quality', sigmas: 2 };
    expect(decodeTask({ ...TRAIN, gate }).gate).toEqual(gate);
    expect(decodeTask(TRAIN).gate).toBeUndefined();
    for (const bad of [
      null,
      {},
      { ...gate, sigmas: -1 },
      { ...gate, sigmas: 11 },
      { ...gate, k: 1 },
    ]) {
      expect(() => decodeTask({ ...TRAIN, gate: bad })).toThrow(ShapeError);
    }
    expect(() => decodeTask({ ...RANKING, gate })).toThrow(/task.gate/);
  });
});
