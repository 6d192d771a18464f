import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../simulate/random.ts';
import { factorised, itemNeighbours, markov } from './baselines.ts';
import { solve } from './central.ts';
import { cohortsOf } from './federate.ts';
import { byGroup, coldRows, meansOf, rowOf } from './figures.ts';
import { FormError, formOf } from './forms.ts';
import { sampledNegatives } from './negatives.ts';
import { addPairScores, everyPair, pairTable } from './pairs.ts';
import { spendings } from './plan.ts';
import { epsilonAfter, meanOpened, noiseTask, openSums, sourceOf, sparse } from './privacy.ts';
import { runRanking } from './ranking.ts';
import { readSet } from './sets.ts';
import { syntheticFolder } from './synthetic.ts';

const FORMS = ['text-items', 'attributes', 'recbole', 'sessions'] as const;
const made = FORMS.map((form) => ({ form, ...syntheticFolder(form) }));
afterAll(() => {
  for (const { remove } of made) remove();
});

/** The real sets, where they lie beside the project. */
const DATA = join(import.meta.dirname, '../../../../shared/data');

describe('forms', () => {
  it.each(made)('tells $form by its files and reads the held-out items', ({ form, folder }) => {
    expect(formOf(folder)).toBe(form);
    const set = readSet(folder);
    expect(set.items).toHaveLength(60);
    const whole = [...set.train, ...set.valid.map(({ history }) => history)].flat();
    expect(Math.max(...whole)).toBeLessThan(60);
    const [first] = set.test;
    if (form !== 'sessions') {
      expect(first?.history.slice(0, -1)).toEqual(set.valid[0]?.history);
      expect(set.train[0]).toEqual(first?.history.slice(0, -1));
      expect(first?.history.at(-1)).toBe(set.valid[0]?.target);
    } else {
      expect(first?.history).toHaveLength(1);
    }
  });

  it('refuses a folder of another form, with what lies in it', () => {
    expect(() => formOf(join(made[0]?.folder ?? '', 'nowhere'))).toThrow(FormError);
    expect(() => formOf(join(made[0]?.folder ?? '', '..'))).toThrow(/tiny-text-items/);
  });
});

describe('sampled negatives', () => {
  it('are 99 different unseen items, the same for ever', () => {
    const seen = new Set([1, 2, 3]);
    const items = sampledNegatives(1, 500, seen);
    expect(new Set(items).size).toBe(99);
    expect(items.some((item) => seen.has(item))).toBe(false);
    expect(sampledNegatives(1, 500, seen)).toEqual(items);
    expect(sampledNegatives(1, 12, seen)).toHaveLength(9);
  });

  it.skipIf(!existsSync(DATA)).each([
    ['amazon-beauty', [9360, 5558, 9531, 4419, 7619], 13_403_691_703],
    ['ml-100k', [1301, 773, 1325, 615, 1059], 81_351_868],
  ] as const)(
    'have the check sum that the set states (skipped without the data): %s',
    (name, first, sum) => {
      const set = readSet(join(DATA, name));
      let total = 0;
      for (const { number, history, target } of set.test) {
        const items = sampledNegatives(number, set.items.length, new Set([...history, target]));
        if (number === 1) expect(items.slice(0, 5).map((item) => item + 1)).toEqual(first);
        for (const item of items) total += item + 1;
      }
      expect(total).toBe(sum);
    },
  );
});

describe('opened sums', () => {
  const reports = Array.from({ length: 400 }, (_, i) =>
    sparse(
      Float32Array.from({ length: 50 }, (_, at) => (at === i % 5 ? 0.8 : at === 10 ? 0.6 : 0)),
    ),
  );

  it('are the sums of the reports, but for rounding, without noise', () => {
    const { sums, deviation } = openSums(reports, 50, { noised: false, source: sourceOf('a') });
    expect(deviation).toBe(0);
    expect(sums[0]).toBeCloseTo(0.8 * 80, 3);
    expect(sums[10]).toBeCloseTo(0.6 * 400, 3);
    expect(sums[20]).toBe(0);
  });

  it('carry the noise of both servers and of the shoppers, as deep as they say', () => {
    const openings = Array.from({ length: 200 }, (_, i) =>
      openSums(reports, 50, { noised: true, source: sourceOf(`b/${i}`) }),
    );
    const claimed = openings[0]?.deviation as number;
    // σ of ε 2 at δ 1e-6 by the provable conversion is 2.3816; four variances of it: twice σ.
    expect(claimed).toBeCloseTo(2 * 2.3816, 2);
    const empty = openings.flatMap(({ sums }) => [...sums.slice(20)]);
    const measured = Math.sqrt(empty.reduce((sum, x) => sum + x * x, 0) / empty.length);
    expect(measured / claimed).toBeGreaterThan(0.96);
    expect(measured / claimed).toBeLessThan(1.04);
    expect(meanOpened(openings).deviation).toBeCloseTo(claimed / Math.sqrt(200), 12);
    const tenth = openSums(reports, 50, { noised: true, noiseShare: 0.1, source: sourceOf('b/0') });
    expect(tenth.deviation).toBeCloseTo(claimed / 10, 12);
    expect(((tenth.sums[30] as number) * 10) / (openings[0]?.sums[30] as number)).toBeCloseTo(1, 6);
  });

  it('of hundreds of thousands of shoppers do not wrap', () => {
    const source = sourceOf('c');
    for (const shoppers of [3285, 22_363, 32_700, 168_003, 400_000]) {
      const own = sparse(Float32Array.of(1, 0));
      const opened = openSums(new Array(shoppers).fill(own), 2, { noised: true, source });
      expect(Math.abs((opened.sums[0] as number) - shoppers)).toBeLessThan(10 * opened.deviation);
      expect(opened.deviation).toBeCloseTo(2 * 2.3816, 1);
    }
    expect(noiseTask(2, 1, 22_363, true).scaleBits).toBe(16);
    expect(noiseTask(2, 1, 168_003, true).scaleBits).toBe(13);
  });

  it('cost ε 2 once and 7.2 ten times', () => {
    expect(epsilonAfter(1)).toBeLessThanOrEqual(2);
    expect(epsilonAfter(1)).toBeGreaterThan(1.999);
    expect(epsilonAfter(10)).toBeCloseTo(7.2194, 3);
    expect(epsilonAfter(0)).toBe(0);
  });
});

describe('plans', () => {
  it('spend ten participations at most, whatever the size', () => {
    for (const shoppers of [80, 943, 3285, 22_363, 168_003]) {
      for (const { wide, pop, pair } of spendings(shoppers, false)) {
        expect(wide.participations + pop + pair).toBeLessThanOrEqual(10);
        const asked = cohortsOf(shoppers, wide, 's').flat();
        const times = new Uint32Array(shoppers);
        for (const shopper of asked) times[shopper] = (times[shopper] as number) + 1;
        expect(times.some((count) => count > wide.participations)).toBe(false);
      }
    }
  });
});

describe('plans of large shops', () => {
  it('ask as many browsers as eleven weights need, and no more', () => {
    const [few] = spendings(22_363, false).map(({ wide }) => wide);
    expect(few).toEqual({ participations: 1, rounds: 40, cohort: 559 });
    const [many] = spendings(10_000_000, false).map(({ wide }) => wide);
    expect(many).toEqual({ participations: 1, rounds: 40, cohort: 1000 });
  });

  it('of ten times the shoppers have the rounds of such a shop in cohorts of this one', () => {
    const [own] = spendings(3285, false).map(({ wide }) => wide);
    const [larger] = spendings(3285, false, 10).map(({ wide }) => wide);
    expect(own).toEqual({ participations: 7, rounds: 42, cohort: 547 });
    expect(larger).toEqual({ participations: 1, rounds: 40, cohort: 82 });
  });
});

describe('references', () => {
  it('markov counts transitions by place, and backward by half', () => {
    const rows = [[0, 1, 2]];
    const scores = markov(rows, 4, { window: 2, twoWay: true })([0]);
    expect(scores[1]).toBeCloseTo(1, 2);
    expect(scores[2]).toBeCloseTo(0.5, 2);
    expect(markov(rows, 4, { window: 2, twoWay: true })([1])[0]).toBeCloseTo(0.5, 2);
    expect(markov(rows, 4, { window: 1, twoWay: false })([1])[0]).toBeLessThan(0.01);
  });

  it('item-kNN is the cosine of who has both', () => {
    const scores = itemNeighbours(
      [
        [0, 1],
        [0, 1],
        [0, 2],
      ],
      3,
    )([0]);
    expect(scores[1]).toBeCloseTo(2 / Math.sqrt(3 * 2), 4);
    expect(scores[2]).toBeCloseTo(1 / Math.sqrt(3), 4);
  });

  it('matrix factorisation puts goods of the same taste together', () => {
    const random = new SeededRandom('als');
    const rows = Array.from({ length: 60 }, (_, u) =>
      Array.from({ length: 5 }, () => 2 * random.below(6) + (u % 2)),
    );
    const scores = factorised(rows, 12, { factors: 4, sweeps: 8, seed: '0' })([0, 2]);
    const mean = (side: number): number =>
      [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + (scores[2 * i + side] as number), 0) / 6;
    expect(mean(0)).toBeGreaterThan(4 * Math.abs(mean(1)));
  });

  it('solves what Cholesky solves', () => {
    const x = solve(Float64Array.of(4, 2, 2, 3), [10, 8], 2);
    expect(x[0]).toBeCloseTo(1.75, 12);
    expect(x[1]).toBeCloseTo(1.5, 12);
  });
});

describe('pairs', () => {
  it('are scaled to norm 1 per shopper and summed', () => {
    const table = everyPair([[0, 1]], 3, 3);
    expect(table.values[0]).toBeCloseTo(1 / Math.sqrt(1.25), 6);
    expect(table.values[1]).toBeCloseTo(0.5 / Math.sqrt(1.25), 6);
  });

  it('add ln(1 + decayed sums), or the sums, and leave the scratch clean', () => {
    const table = pairTable(
      new Map([
        [0 * 3 + 2, 4],
        [1 * 3 + 2, 2],
        [1 * 3 + 0, -1],
      ]),
      3,
    );
    const scratch = new Float32Array(3);
    const scores = new Float32Array(3);
    addPairScores(scores, table, [0, 1], { weight: 2, decay: 0.5, reach: 3 }, scratch);
    expect(scores[2]).toBeCloseTo(2 * Math.log(1 + 2 + 0.5 * 4), 6);
    expect([...scratch, scores[0], scores[1]]).toEqual([0, 0, 0, 0, 0]);
    const linear = { weight: 2, decay: 0.5, reach: 3, linear: true };
    addPairScores(scores.fill(0), table, [0, 1], linear, scratch);
    expect([...scores, ...scratch]).toEqual([0, 0, 8, 0, 0, 0]);
  });
});

describe('figures', () => {
  const ranks = [0, 1, 5, 30].map((greater) => ({
    full: { greater, tied: 1 },
    sampled: { greater: 0, tied: 1 },
  }));
  const cases = [3, 1, 2, 9].map((length, i) => ({
    number: i + 1,
    history: Array.from({ length }, () => 0),
    target: i,
  }));

  it('are percent, with deviations over the seeds', () => {
    const means = meansOf(ranks, [3]);
    expect(means).toMatchObject({ hr10: 75, hr5: 50, coldHr10: 0, sampledHr10: 100 });
    expect(rowOf('x', [{ hr10: 1 }, { hr10: 3 }])).toMatchObject({
      seeds: 2,
      mean: { hr10: 2 },
      std: { hr10: Math.SQRT2 },
    });
    expect(coldRows([[0, 1]], cases)).toEqual([2, 3]);
  });

  it('by thirds name the gap between the best and the worst', () => {
    const groups = byGroup(cases, ranks, ({ history }) => history.length);
    expect(groups).toMatchObject({
      lowFrom: 1,
      lowHr10: 100,
      highFrom: 3,
      highHr10: 50,
      gapHr10: 50,
    });
    expect(byGroup(cases, ranks, () => null)).toBeNull();
  });
});

describe('the whole bench', () => {
  it.each(made)(
    'runs on $form and gives the summary that is promised',
    async ({ folder }) => {
      const { summary, rows } = await runRanking(folder, { quick: true, curves: false, seeds: 1 });
      for (const name of ['underDp', 'noDp', 'untrained', 'popularity', 'markov'] as const) {
        expect(Object.keys(summary[name] ?? {})).toEqual(['hr10', 'ndcg10']);
      }
      expect(summary.participations).toBeLessThanOrEqual(10);
      expect(summary.epsilonTotal).toBeLessThanOrEqual(7.22);
      expect(summary.noDp.hr10).toBeGreaterThan(0);
      expect(rows.length).toBeGreaterThan(12);
      for (const { mean } of rows) {
        for (const value of Object.values(mean)) expect(value).toBeLessThanOrEqual(100);
      }
    },
    120_000,
  );
});
