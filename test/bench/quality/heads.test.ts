import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { headRecipe } from '../../../shared/model/heads/record.ts';
import { auc } from '../../../shared/model/metrics/binary.ts';
import { SeededRandom } from '../../simulate/random.ts';
import type { BenchResults } from '../contract.ts';
import { headSet, runHeads } from './heads.ts';
import { adamFit } from './heads-central.ts';
import { bayesScores, treeScores } from './heads-counts.ts';
import { tiers } from './heads-data.ts';
import { type HeadPlan, sigmaFor } from './heads-federate.ts';
import { probabilities } from './heads-local.ts';
import { BUDGET, planFor, startOf, unscaledPlan } from './heads-plan.ts';
import { aucInterval, byTier, figures, Ledger, shares } from './heads-score.ts';

const parent = mkdtempSync(join(tmpdir(), 'vitrine-heads-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
const QUICK = { quick: true, curves: false, seeds: 1 };

function folderOf(name: string, files: Record<string, string>): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

/** Sessions in which pages and money tell how it ends. */
function sessions(n: number): string {
  const random = new SeededRandom('sessions');
  const rows = Array.from({ length: n }, () => {
    const pages = random.below(60);
    const money = random.chance(0.3) ? 1 + random.below(50) : 0;
    const ends = random.chance(1 / (1 + Math.exp(2.5 - pages / 30 - (money > 0 ? 2.5 : 0))));
    const kind = random.pick(['new', 'old']);
    return `${pages},${(random.below(20) / 100).toFixed(2)},${money},${kind},${ends ? 'TRUE' : 'FALSE'}`;
  });
  return `Pages,ExitRates,PageValues,Kind,Revenue\n${rows.join('\n')}\n`;
}

/** Shoppers with habits: how often, how much, how readily at a discount. */
function orders(n: number): string {
  const random = new SeededRandom('orders');
  const rows = ['household_id,basket_id,product_id,quantity,sales_value,retail_disc,timestamp'];
  let basket = 0;
  for (let shopper = 0; shopper < n; shopper++) {
    const every = 4 + random.below(60);
    const spends = 1 + random.below(30);
    const bargains = random.uniform();
    // Half of them leave for good on some day.
    const leaves = random.below(400);
    for (
      let day = random.below(30);
      day < Math.min(200, leaves);
      day += 1 + random.below(2 * every)
    ) {
      basket++;
      const date = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
      for (let line = 0; line < 3; line++) {
        const value = 1 + random.below(2 * spends);
        const off = random.chance(bargains) ? 1 : 0;
        rows.push(`${shopper},${basket},${10_000 + random.below(40)},1,${value},${off},${date}`);
      }
    }
  }
  return `${rows.join('\n')}\n`;
}

const allFinite = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : value === null || typeof value !== 'object' || Object.values(value).every(allFinite);

describe('the quality bench of heads', () => {
  it('judges a table of sessions: under DP better than any constant, central beside it', async () => {
    const folder = folderOf('any-name', { 'visits.csv': sessions(1000) });
    const results = await runHeads(folder, { ...QUICK, curves: true });
    const { summary, rows, targets } = results;
    expect(results).toMatchObject({ set: 'any-name', form: 'heads/session-table' });
    expect(allFinite(results)).toBe(true);
    expect(summary.epsilonTotal).toBeLessThanOrEqual(7.2);
    expect(summary).toMatchObject({ participations: 10, markov: null, untrained: { auc: 50 } });
    expect(summary.underDp.auc).toBeGreaterThan(75);
    expect(summary.noDp.auc).toBeGreaterThan((summary.underDp.auc as number) - 3);
    const names = rows.map(({ name }) => name);
    for (const name of ['majority', 'untrained', 'central logistic', 'federated, DP']) {
      expect(names).toContain(`intent, folds: ${name}`);
      expect(names).toContain(`intent, split: ${name}`);
    }
    for (const name of [
      'naive Bayes, DP counts',
      'tree, DP counts',
      'central MLP',
      'federated MLP, DP',
    ]) {
      expect(names).toContain(`intent, split: ${name}`);
    }
    expect(Object.keys(targets as BenchResults)).toEqual(['intent']);
    // The curves: what a larger budget or more shoppers would buy.
    const curve = (name: string): number =>
      rows.find((row) => row.name === `intent, split: federated, ${name}`)?.mean.auc ?? Number.NaN;
    expect(curve('noise of 100 times n')).toBeGreaterThan(curve('ε 0.5 in all'));
    // Nothing depends on what the folder or its file is called.
    const other = folderOf('other', { 'a.csv': sessions(1000) });
    expect(headSet(other)).toEqual(headSet(folder));
  }, 60_000);

  it('judges orders: churn, value, price sensitivity, and a trunk for the same ε', async () => {
    const folder = folderOf('orders', { 'lines.csv': orders(700) });
    const { form, rows, targets, summary } = await runHeads(folder, QUICK);
    expect(form).toBe('heads/orders');
    const heads = ['churn', 'value', 'price-sensitivity'];
    expect(Object.keys(targets as BenchResults)).toEqual(heads);
    expect(summary.markov?.auc).toBeGreaterThan(50);
    const meanAuc = (name: string): number =>
      rows.find((row) => row.name === name)?.mean.auc ?? Number.NaN;
    for (const head of heads) {
      expect(meanAuc(`${head}, folds: central logistic`)).toBeGreaterThan(60);
      expect(meanAuc(`${head}, folds: federated, DP`)).toBeGreaterThan(55);
      expect(meanAuc(`${head}, split: trunk of 3 heads, DP`)).toBeGreaterThan(50);
      expect(meanAuc(`${head}, split: 3 heads alone, 3 participations each, DP`)).toBeGreaterThan(
        50,
      );
    }
  }, 60_000);

  it('names what it does not know', () => {
    const folder = folderOf('neither', { 'x.csv': 'a,b\n1,2\n' });
    expect(() => headSet(folder)).toThrow('neither orders by shopper nor sessions');
  });
});

it('tells more from counts of two inputs than from none, and less under noise', () => {
  const target = headSet(folderOf('counts', { 'v.csv': sessions(2000) })).targets[0];
  if (target === undefined) throw new Error('no target');
  const { rows } = target;
  for (const of of [bayesScores, treeScores]) {
    const free = of(target, rows, rows, null, 'seed');
    const noised = of(target, rows, rows, sigmaFor(BUDGET, 1), 'seed');
    expect(auc(free.test, rows.labels)).toBeGreaterThan(0.7);
    expect(auc(noised.test, rows.labels)).toBeGreaterThan(0.65);
    expect(noised.test).not.toEqual(free.test);
  }
});

it('fits a network centrally below the loss of its start', () => {
  const target = headSet(folderOf('mlp', { 'v.csv': sessions(800) })).targets[0];
  if (target === undefined) throw new Error('no target');
  const shape = { ...target.rows.shape, hidden: 4 };
  const start = startOf(shape, -1, 'seed');
  const weights = adamFit({ ...target.rows, shape }, start, 60);
  const after = auc(probabilities(shape, weights, target.rows.x), target.rows.labels);
  expect(auc(probabilities(shape, start, target.rows.x), target.rows.labels)).toBe(0.5);
  expect(after).toBeGreaterThan(0.75);
});

it('has known answers: figures, tiers, intervals, means over seeds', () => {
  const labels = Float32Array.of(0, 0, 1, 1);
  const scored = { train: [0.1, 0.4, 0.3, 0.9], test: [0.2, 0.1, 0.35, 0.8] };
  const own = figures(scored, labels, labels);
  // F1 on the training rows is 4/5 at 0.3, which calls all positive rows of the test and no other.
  expect(own).toMatchObject({ auc: 100, f1: 100, accuracy: 100, f1At50: expect.closeTo(66.67, 2) });
  expect(figures({ ...scored, threshold: 2 }, labels, labels).f1).toBe(0);

  const scores = Float64Array.of(1, 0, 0, 1, 5, 6);
  const tier = Uint8Array.of(0, 0, 1, 1, 2, 2);
  const outcome = Float32Array.of(1, 0, 1, 0, 1, 1);
  expect(byTier(scores, outcome, tier)).toEqual({ low: 100, middle: 0, high: null, gap: 100 });
  expect([...tiers(Float64Array.of(5, 1, 3, 4, 2, 6))]).toEqual([2, 0, 1, 1, 0, 2]);
  expect([...tiers(Float64Array.of(0, 0, 0, 0, 0, 7))]).toEqual([0, 0, 0, 0, 0, 2]);
  expect([...shares([5, 1, 5, 9])]).toEqual([0.5, 0.125, 0.5, 0.875]);

  const random = new SeededRandom('interval');
  const many = Float32Array.from({ length: 400 }, () => random.below(2));
  const good = many.map((one) => one + random.normal());
  const bad = many.map((one) => one + 4 * random.normal());
  const { mean, low, high } = aucInterval(good, bad, many, 300, 1);
  expect(mean).toBeCloseTo(100 * (auc(good, many) - auc(bad, many)), 9);
  expect(low).toBeLessThan(mean);
  expect(high).toBeGreaterThan(mean);
  expect(low).toBeGreaterThan(0);
  expect(aucInterval(good, good, many, 20, 1)).toEqual({ mean: 0, low: 0, high: 0 });

  const ledger = new Ledger();
  for (const [seed, value] of [
    [0, 1],
    [0, 3],
    [1, 4],
  ] as const)
    ledger.note('row', seed, { auc: value });
  expect(ledger.rows()).toEqual([
    { name: 'row', seeds: 2, mean: { auc: 3 }, std: { auc: Math.SQRT2 } },
  ]);
  expect(() => ledger.mean('other')).toThrow('no row other');
});

it('plans by sizes alone', () => {
  const of = (shoppers: number): HeadPlan =>
    planFor({ shoppers, participations: 9, columns: 12, rate: 0.5 });
  const sizes = [100, 2000, 5999, 6000, 7891, 100_000].map(of);
  expect(sizes.map(({ rounds }) => rounds)).toEqual([1, 1, 1, 2, 2, 3]);
  expect(sizes.map(({ server }) => server.decayRounds)).toEqual([8, 8, 8, 16, 16, 24]);
  expect(of(100).clipL2).toBeCloseTo(0.85 * Math.sqrt(13), 9);
  const unscaled = [100, 2000, 100_000].map((n) => unscaledPlan(n, 10).rounds);
  expect(unscaled).toEqual([3, 3, 4]);
  const steps = [0, 8].map((hidden) => unscaledPlan(100, 10, hidden).server.learningRate);
  expect(steps).toEqual([0, 8].map((hidden) => headRecipe(1, hidden).server.learningRate));
  expect(new Set(steps).size).toBe(2);
});
