import { expect, it } from 'vitest';
import { auc } from '../../../shared/model/metrics/binary.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { logisticFit } from './heads-central.ts';
import type { Columns } from './heads-data.ts';
import { federate, type HeadRows, sigmaFor } from './heads-federate.ts';
import { probabilities } from './heads-local.ts';
import { BUDGET, PARTICIPATIONS, startOf, unscaledPlan } from './heads-plan.ts';
import { scoresBy, type TrainedHead, trainFurther, trainHead } from './heads-train.ts';

const SHOPPERS = 3000;
/** Inputs of very different means and spreads, in [−½, ½] and one in [0, 1]. */
const LAWS = [
  { mean: -0.4, spread: 0.08, slope: 1.5, lowest: -0.5 },
  { mean: 0.35, spread: 0.1, slope: -1, lowest: -0.5 },
  { mean: 0, spread: 0.25, slope: 0.7, lowest: -0.5 },
  { mean: 0.2, spread: 0.12, slope: 0.8, lowest: 0 },
] as const;
/** And the cross of the first two. */
const WIDTH = LAWS.length + 1;
const COLUMNS: Columns = {
  columns: Array.from({ length: WIDTH }, (_, k) => `input ${k}`),
  lowest: [...LAWS.map(({ lowest }) => lowest), -0.5],
  crosses: new Map([[LAWS.length, [0, 1]]]),
};

const random = new SeededRandom('heads-train');
const rows = ((): HeadRows => {
  const x = new Float32Array(SHOPPERS * WIDTH);
  const labels = Float32Array.from({ length: SHOPPERS }, (_, i) => {
    let z = -1.5;
    for (const [k, { mean, spread, slope, lowest }] of LAWS.entries()) {
      const value = Math.min(lowest + 1, Math.max(lowest, mean + spread * random.normal()));
      x[i * WIDTH + k] = value;
      z += (slope * (value - mean)) / spread;
    }
    x[i * WIDTH + LAWS.length] = (x[i * WIDTH] as number) * (x[i * WIDTH + 1] as number);
    return random.chance(1 / (1 + Math.exp(-z))) ? 1 : 0;
  });
  return { shape: { columns: WIDTH, hidden: 0, heads: 1 }, x, labels };
})();
const sigma = sigmaFor(BUDGET, PARTICIPATIONS);
const common = { sigma, participations: PARTICIPATIONS, biases: [0], seed: 'seed' };
const aucOf = (scores: ArrayLike<number>): number => 100 * auc(scores, rows.labels);
const judged = (head: TrainedHead): number => aucOf(scoresBy(head, rows));

it('reaches the central fit under DP, and with two reports what unscaled inputs do not', () => {
  const central = aucOf(probabilities(rows.shape, logisticFit(rows), rows.x));
  expect(judged(trainHead(COLUMNS, rows, common))).toBeGreaterThan(central - 0.5);
  const two = judged(trainHead(COLUMNS, rows, { ...common, participations: 2 }));
  const plan = unscaledPlan(SHOPPERS, 2);
  const plain = federate(rows, startOf(rows.shape, 0, 'seed'), plan, sigma, 'seed');
  expect(two).toBeGreaterThan(aucOf(probabilities(rows.shape, plain, rows.x)) + 2);
});

it('counts where the inputs lie, and the base rate, with the first report and no more', () => {
  const { scaled, weights } = trainHead(COLUMNS, rows, { ...common, participations: 1 });
  expect([...(scaled?.scales.keys() ?? [])]).toEqual([0, 1, 2, 3]);
  for (const [k, { mean, spread }] of LAWS.entries()) {
    const { centre = 0, spread: found = 0 } = scaled?.scales.get(k) ?? {};
    expect(Math.abs(centre - mean)).toBeLessThan(0.03);
    expect(Math.abs(found / Math.sqrt(spread ** 2 + 0.006) - 1)).toBeLessThan(0.15);
  }
  const { rate = 0 } = scaled ?? {};
  const truth = rows.labels.reduce((sum, one) => sum + one, 0) / SHOPPERS;
  expect(Math.abs(rate - truth)).toBeLessThan(0.03);
  expect(weights).toEqual(startOf(rows.shape, Math.log(rate / (1 - rate)), 'seed'));
});

it('does not count rows without a label, and leaves unscaled what noise drowns', () => {
  const half = rows.labels.map((label, i) => (i % 2 === 0 ? label : -1));
  const odd = { ...rows, x: rows.x.map((v, i) => (Math.floor(i / WIDTH) % 2 === 0 ? v : 0.5)) };
  const without = { ...common, sigma: null, participations: 1 };
  const whole = trainHead(COLUMNS, { ...rows, labels: half }, without);
  expect(trainHead(COLUMNS, { ...odd, labels: half }, without)).toEqual(whole);
  const few = {
    ...rows,
    x: rows.x.subarray(0, 60 * WIDTH),
    labels: rows.labels.subarray(0, 60),
  };
  const drowned = trainHead(COLUMNS, few, { ...common, biases: [-1], participations: 1 });
  expect(drowned.scaled).toBeNull();
  expect(drowned.weights).toEqual(startOf(rows.shape, -1, 'seed'));
  const scores = scoresBy({ ...drowned, weights: drowned.weights.fill(1) }, few);
  expect(scores).toEqual(probabilities(rows.shape, drowned.weights, few.x));
});

it('goes on from a model on the scales that it stands on, with a hidden layer too', () => {
  const first = trainHead(COLUMNS, rows, { ...common, participations: 2, hidden: 4 });
  const further = trainFurther(rows, first, { ...common, participations: 6 });
  expect(further.scaled).toBe(first.scaled);
  expect(judged(further)).toBeGreaterThan(judged(first));
});

it('is the same for the same seed, and another for another', () => {
  const once = trainHead(COLUMNS, rows, common);
  expect(trainHead(COLUMNS, rows, common)).toEqual(once);
  expect(trainHead(COLUMNS, rows, { ...common, seed: 'other' })).not.toEqual(once);
});
