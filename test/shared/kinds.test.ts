import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serverStep } from '../../aggregator/publish/optimizer.ts';
import type { TaskDraft } from '../../aggregator/site.ts';
import { type Architecture, parameterCount } from '../../shared/model/architecture.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { releasedVariance } from '../../shared/model/recipe.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { draft, site } from '../aggregator/fixture.ts';
import { newWorld } from '../sdk/round-world.ts';

const RELEASE = { server: { name: 'release' } } as const;
const CAMPAIGN = { name: 'campaign', campaign: 'spring', arms: ['a', 'b'], windowMs: 1000 };
const METRICS = { name: 'metrics', of: 'ranking', task: 'wide', historyLength: 10 };

const { task } = await newWorld();

/** A task record as it would come over the wire. */
function statistic(architecture: object, change: Partial<Task> = {}): unknown {
  const d = parameterCount(architecture as Architecture);
  const kind = 'measure';
  return { ...task, kind, architecture, d, clipL2: 2, recipe: RELEASE, ...change };
}
const counts = (one: object): object => ({ name: 'counts', statistic: one });

describe('kinds', () => {
  it('K1 a kind goes with its architectures and its recipe, and with no other', () => {
    const measure = statistic(counts(CAMPAIGN)) as Task;
    const evaluate = statistic(METRICS, { kind: 'evaluate' }) as Task;
    for (const good of [task, measure, evaluate]) expect(decodeTask(good)).toBe(good);
    const kinds = ['train', 'measure', 'evaluate'] as const;
    for (const good of [task, measure, evaluate]) {
      for (const kind of kinds.filter((one) => one !== good.kind)) {
        expect(() => decodeTask({ ...good, kind })).toThrow(/task.architecture: .*of kind/);
      }
      const recipe = good.kind === 'train' ? RELEASE : task.recipe;
      expect(() => decodeTask({ ...good, recipe })).toThrow(/task.recipe: .*of kind/);
    }
  });

  it('K27 negatives by popularity are of what ranks goods, and a share of them', () => {
    const { recipe } = task;
    const own = (popularNegatives: unknown, change: object = {}): unknown => ({
      ...{ ...task, ...change },
      recipe: { ...recipe, popularNegatives },
    });
    for (const share of [0.75, 1]) expect(() => decodeTask(own(share))).not.toThrow();
    for (const share of [0, 1.1, -0.5, '1', null, Number.NaN]) {
      expect(() => decodeTask(own(share))).toThrow(/task.recipe/);
    }
    const { architecture } = INTENT;
    const d = parameterCount(architecture);
    expect(() => decodeTask({ ...task, architecture, d })).not.toThrow();
    expect(() => decodeTask(own(0.5, { architecture, d }))).toThrow(/popularNegatives: .*none/);
  });

  it.each([
    ['a recipe with both', { recipe: { ...task.recipe, ...RELEASE } }, /task.recipe/],
    ['a release with a step', { recipe: { server: { name: 'release', step: 1 } } }, /task.recipe/],
    ['a release over one round', { recipe: { server: { name: 'release', over: 1 } } }, /recipe/],
    ['over half a round', { recipe: { server: { name: 'release', over: 2.5 } } }, /recipe/],
    ['over too many', { recipe: { server: { name: 'release', over: 101 } } }, /recipe/],
    ['another d', { d: 5 }, /task.d: expected 4/],
    ['a clip that would scale counts', { clipL2: 1.4 }, /task.clipL2: .*1.414/],
  ] as [string, Partial<Task>, RegExp][])('K4 K5 refuses %s', (_, change, words) => {
    expect(() => decodeTask(statistic(counts(CAMPAIGN), change))).toThrow(words);
  });

  it('K5 a statistic may be released over several rounds, an evaluation over one alone', () => {
    const recipe = { server: { name: 'release', over: 6 } } as const;
    const measure = statistic(counts(CAMPAIGN), { recipe });
    expect(decodeTask(measure)).toBe(measure);
    const evaluate = statistic(METRICS, { kind: 'evaluate', recipe });
    expect(() => decodeTask(evaluate)).toThrow(/task.recipe: .*one round/);
  });

  it.each([
    ['an unknown statistic', { ...CAMPAIGN, name: 'events' }],
    ['no arm', { ...CAMPAIGN, arms: [] }],
    ['an arm twice', { ...CAMPAIGN, arms: ['a', 'a'] }],
    ['an arm without a name', { ...CAMPAIGN, arms: ['a', ''] }],
    ['too many arms', { ...CAMPAIGN, arms: Array.from({ length: 17 }, (_, i) => `${i}`) }],
    ['a window of nothing', { ...CAMPAIGN, windowMs: 0 }],
    ['a field too many', { ...CAMPAIGN, users: true }],
    ['a histogram of items', { name: 'histogram', of: 'item', bins: 8 }],
    ['a histogram of one bin', { name: 'histogram', of: 'brand', bins: 1 }],
    ['a bin that is no name', { name: 'histogram', of: 'brand', bins: [1, 2] }],
    ['bins without end', { name: 'pairs', of: 'item', bins: 2 ** 20 }],
    ['pairs of declared bins', { name: 'pairs', of: 'item', bins: ['a', 'b'] }],
  ])('K6 K7 K8 refuses %s', (_, one) => {
    const record = { ...(statistic(counts(CAMPAIGN)) as Task), architecture: counts(one) };
    expect(() => decodeTask(record)).toThrow(/task.architecture/);
  });

  it.each([
    ['an unknown metric', { ...METRICS, of: 'clicks' }],
    ['a head with a history length', { ...METRICS, of: 'head', head: INTENT.architecture }],
    ['a head that is not said', { name: 'metrics', of: 'head', task: 'intent' }],
    ['a ranking without one', { name: 'metrics', of: 'ranking', task: 'wide' }],
  ])('K9 K10 refuses %s', (_, architecture) => {
    const record = { ...(statistic(METRICS, { kind: 'evaluate' }) as Task), architecture };
    expect(() => decodeTask(record)).toThrow(/task.architecture/);
  });

  it.each([
    ['items', { name: 'items', items: 7 }],
    ['popular-pairs', { name: 'popular-pairs', among: [1, 4, 6], gaps: 3 }],
  ])('K16 K17 a decay of %s is above 0 and at most 1', (_, one) => {
    const record = (decay: unknown): object => {
      const architecture = counts({ ...one, decay });
      return { ...(statistic(counts(one)) as Task), architecture };
    };
    for (const decay of [1, 0.7]) {
      const good = record(decay);
      expect(decodeTask(good)).toBe(good);
    }
    for (const decay of [0, 1.1, -0.5, Number.NaN, '0.7', null, undefined]) {
      expect(() => decodeTask(record(decay))).toThrow(/task.architecture/);
    }
  });

  it('K2 d follows from the architecture', () => {
    const lengths = [
      [counts(CAMPAIGN), 4],
      [counts({ name: 'histogram', of: 'brand', bins: ['x', 'y', 'z'] }), 3],
      [counts({ name: 'histogram', of: 'brand', bins: 64 }), 64],
      [counts({ name: 'pairs', of: 'item', bins: 512 }), 512],
      [METRICS, 4],
      [{ name: 'metrics', of: 'head', task: 'intent', head: INTENT.architecture }, 3],
    ] as const;
    for (const [architecture, d] of lengths) {
      expect(parameterCount(architecture as Architecture)).toBe(d);
    }
  });

  it('K5 a statistic starts from zeros', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vitrine-kinds-'));
    const task = (initialWeights: readonly number[]): TaskDraft =>
      draft('campaign', 4, {
        kind: 'measure',
        architecture: counts(CAMPAIGN) as Architecture,
        clipL2: 2,
        recipe: RELEASE,
        initialWeights,
      });
    await expect(site(folder, [task([0, 0, 0.5, 0])])).rejects.toThrow(/campaign.*from zeros/);
    await expect(site(folder, [task([0, 0, 0, 0])])).resolves.toHaveProperty('taskHashes.campaign');
    await rm(folder, { recursive: true });
  });

  it('K5 publishes the mean itself, whatever the base was', () => {
    const mean = Float64Array.of(0.25, -0.1, 3);
    const base = Float32Array.of(9, 9, 9);
    const step = (one: Float64Array) => serverStep(null, base, one, { name: 'release' }, 7);
    expect(step(mean)).toEqual({ weights: Float32Array.from(mean), state: null });
    expect(() => step(mean.subarray(1))).toThrow(/length/);
    expect(() => step(Float64Array.of(1, 2, 1e39))).toThrow(/infinite/);
  });

  it('K5 over several rounds, publishes the mean of them, which older ones leave', () => {
    const release = { name: 'release', over: 3 } as const;
    let weights: Float32Array = Float32Array.of(0, 0);
    const published = [
      [1, -4],
      [3, 8],
      [5, 2],
      [9, 0],
    ].map((one, version) => {
      ({ weights } = serverStep(null, weights, Float64Array.from(one), release, version));
      return [...weights];
    });
    expect(published).toEqual([
      [1, -4],
      [2, 2],
      [3, 2],
      [5, Math.fround(4 / 3)],
    ]);
    expect(() => serverStep(null, weights, Float64Array.of(0, 1e40), release, 9)).toThrow(/inf/);
  });

  it('K5 the variance of its noise is that of weights on the rounds', () => {
    const recipe = { server: { name: 'release', over: 3 } } as const;
    // What one round of 1 among zeros leaves behind is its weight; squares of all weights add up.
    const weightOf = (round: number, version: number): number => {
      let weights: Float32Array = Float32Array.of(0);
      for (let v = 0; v < version; v++) {
        const mean = Float64Array.of(v === round ? 1 : 0);
        ({ weights } = serverStep(null, weights, mean, recipe.server, v));
      }
      return weights[0] as number;
    };
    for (const version of [1, 2, 3, 4, 7, 30]) {
      let squares = 0;
      for (let round = 0; round < version; round++) squares += weightOf(round, version) ** 2;
      expect(releasedVariance(recipe, version)).toBeCloseTo(squares, 6);
    }
    expect(releasedVariance(RELEASE, 9)).toBe(1);
    expect(releasedVariance(task.recipe, 9)).toBe(1);
    expect(releasedVariance(recipe, 1e9)).toBeCloseTo(1 / 5, 12);
  });
});
