import { expect, it } from 'vitest';
import { noiseStd } from '../../../sdk/noise/draw.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { logisticFit } from './heads-central.ts';
import {
  addNoise,
  epsilonFor,
  federate,
  type HeadPlan,
  type HeadRows,
  roundTask,
  sigmaFor,
  sourceOf,
} from './heads-federate.ts';
import { probabilities } from './heads-local.ts';
import { BUDGET, PARTICIPATIONS, startOf } from './heads-plan.ts';

/** Labels of a logistic law with known weights. */
function logisticRows(n: number, truth: readonly number[]): HeadRows {
  const random = new SeededRandom('logistic');
  const columns = truth.length - 1;
  const x = Float32Array.from({ length: n * columns }, () => random.uniform() - 0.5);
  const labels = Float32Array.from({ length: n }, (_, i) => {
    let z = truth[columns] as number;
    for (let k = 0; k < columns; k++) z += (truth[k] as number) * (x[i * columns + k] as number);
    return random.chance(1 / (1 + Math.exp(-z))) ? 1 : 0;
  });
  return { shape: { columns, hidden: 0, heads: 1 }, x, labels };
}

const PLAN: HeadPlan = {
  ...{ participations: 1, rounds: 1, steps: 1, learningRate: 1, clipL2: 0.5 },
  server: { name: 'fedavgm', learningRate: 20, momentum: 0.9, decayRounds: 20 },
};

const angle = (a: ArrayLike<number>, b: ArrayLike<number>, length: number): number => {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const [one, other] = [a[i] as number, b[i] as number];
    ab += one * other;
    aa += one * one;
    bb += other * other;
  }
  return ab / Math.sqrt(aa * bb);
};

it('spends at most ε 7.2 in ten participations, by the accountant, and all of it', () => {
  const sigma = sigmaFor(BUDGET, PARTICIPATIONS);
  const total = epsilonFor(sigma, BUDGET.delta, PARTICIPATIONS);
  expect(total).toBeLessThanOrEqual(7.2);
  expect(total).toBeGreaterThan(7.19);
  expect(epsilonFor(sigma, BUDGET.delta, 1)).toBeLessThan(2);
});

it('adds the noise of the browsers and of both servers: (2σB′)² in a coordinate', () => {
  const d = 4000;
  const sigma = 2.4;
  const task = roundTask({ clipL2: 0.5 }, d, 30, sigma);
  const sum = new Float64Array(d);
  addNoise(sum, task, 30, sourceOf('noise'));
  const variance = sum.reduce((total, one) => total + one * one, 0) / d;
  // n = n_min: the browsers' shares are (σB′)²·n/(½·n_min), each server (σB′)².
  const expected = 4 * 15 * noiseStd(task) ** 2;
  expect(variance / expected).toBeGreaterThan(0.9);
  expect(variance / expected).toBeLessThan(1.1);
});

it('finds the weights of a central fit without noise, and their direction with it', () => {
  const truth = [3, -2, 1, 0, -1];
  const rows = logisticRows(4000, truth);
  const central = logisticFit(rows);
  for (const [k, weight] of truth.entries()) {
    expect(Math.abs((central[k] as number) - weight)).toBeLessThan(0.5);
  }
  const start = startOf(rows.shape, 0, 'start');
  const plan = { ...PLAN, participations: PARTICIPATIONS, rounds: 4 };
  const free = federate(rows, start, plan, null, 'seed');
  const noised = federate(rows, start, plan, sigmaFor(BUDGET, PARTICIPATIONS), 'seed');
  expect(angle(free, central, 4)).toBeGreaterThan(0.98);
  expect(angle(noised, central, 4)).toBeGreaterThan(0.9);
  expect(noised).not.toEqual(free);
  expect(federate(rows, start, plan, null, 'seed')).toEqual(free);
});

it('stands where the gradient of the central fit is the ridge alone', () => {
  const rows = logisticRows(500, [2, -1, 0.5]);
  const weights = logisticFit(rows);
  const scores = probabilities(rows.shape, weights, rows.x);
  for (let k = 0; k < 2; k++) {
    let slope = weights[k] as number;
    for (let i = 0; i < 500; i++) {
      slope += (rows.x[i * 2 + k] as number) * ((scores[i] as number) - (rows.labels[i] as number));
    }
    expect(Math.abs(slope)).toBeLessThan(1e-3);
  }
});

it('takes nothing from rows without a label, and all of them once in a participation', () => {
  const rows = logisticRows(1200, [1, 1, 0]);
  const none = { ...rows, labels: rows.labels.map(() => -1) };
  const start = startOf(rows.shape, -1, 'start');
  const plan = {
    ...PLAN,
    server: { name: 'fedavg', learningRate: 1, decayRounds: null },
  } as const;
  expect(federate(none, start, plan, null, 'seed')).toEqual(start);
  // One cohort of everybody with steps that add up: the mean update is that of all rows.
  const single = { ...plan, clipL2: 2 };
  const moved = federate(rows, start, single, null, 'seed');
  const scores = probabilities(rows.shape, start, rows.x);
  const mean = rows.labels.reduce((sum, label, i) => sum + label - (scores[i] as number), 0) / 1200;
  expect((moved[2] as number) - (start[2] as number)).toBeCloseTo(mean, 3);
});
