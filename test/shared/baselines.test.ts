/** Naive Bayes and a small tree from joint counts: K24, by known answers and under the real noise. */
import { describe, expect, it } from 'vitest';
import { fitNaiveBayes, predictNaiveBayes } from '../../shared/model/baselines/naive-bayes.ts';
import { binOf, labelTables } from '../../shared/model/baselines/tables.ts';
import { fitTree, predictTree, type Split, type Tree } from '../../shared/model/baselines/tree.ts';
import { auc } from '../../shared/model/metrics/binary.ts';
import { entryCount, type InputLabelStatistic, tablesOf } from '../../shared/model/statistic.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { DiscreteGaussian, exactSigmaSquared } from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const statistic = (ways: 1 | 2): InputLabelStatistic => ({
  name: 'input-label',
  label: { name: 'no-purchase', days: 30 },
  inputs: ['recency', 'spend', 'views'].map((input) => ({ input, edges: [0.25, 0.5, 0.75] })),
  ways,
});

type Row = readonly [values: readonly number[], label: 0 | 1];

/** What the browsers of these rows send, added up. */
function sumsOf(one: InputLabelStatistic, rows: readonly Row[]): Float64Array {
  const sums = new Float64Array(entryCount(one));
  const tables = tablesOf(one);
  for (const [values, label] of rows) {
    let begin = 0;
    for (const table of tables) {
      const cell = table.reduce(
        (at, input) => 4 * at + binOf(input.edges, values[one.inputs.indexOf(input)] as number),
        0,
      );
      const entry = begin + 2 * cell + label;
      sums[entry] = (sums[entry] as number) + 1 / Math.sqrt(tables.length);
      begin += 2 * 4 ** table.length;
    }
  }
  return sums;
}

const times = (count: number, row: Row): Row[] => Array.from({ length: count }, () => row);

describe('tables', () => {
  it('are counts of shoppers again, with the noise that this gives them', () => {
    const rows = [...times(3, [[0.1, 0.6, 0.9], 1]), ...times(2, [[0.3, 0.6, 0.2], 0])];
    const single = labelTables(statistic(1), sumsOf(statistic(1), rows), 2);
    expect(single.deviation).toBeCloseTo(2 * Math.sqrt(3), 12);
    expect([...(single.tables[0]?.counts ?? [])].map(Math.round)).toEqual([0, 3, 2, 0, 0, 0, 0, 0]);
    const pairs = labelTables(statistic(2), sumsOf(statistic(2), rows), 0);
    expect(pairs.tables.map(({ inputs }) => inputs)).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    const [first] = pairs.tables;
    // recency 0 and spend 2 with outcome 1: three shoppers.
    expect(first?.counts[2 * (4 * 0 + 2) + 1]).toBeCloseTo(3, 9);
    expect([...(first?.counts ?? [])].reduce((a, b) => a + b)).toBeCloseTo(5, 9);
  });

  it('refuse other lengths, NaN and a deviation below 0', () => {
    const sums = new Float64Array(24);
    expect(() => labelTables(statistic(1), sums.subarray(1), 0)).toThrow(/24/);
    expect(() =>
      labelTables(
        statistic(1),
        sums.map(() => Number.NaN),
        0,
      ),
    ).toThrow(/finite/);
    expect(() => labelTables(statistic(1), sums, -1)).toThrow(/deviation/);
  });

  it('an edge belongs to the bin above it', () => {
    expect([0, 0.2499, 0.25, 0.5, 0.9].map((v) => binOf([0.25, 0.5, 0.75], v))).toEqual([
      0, 0, 1, 2, 3,
    ]);
  });
});

describe('naive Bayes', () => {
  it('is the textbook’s, by hand', () => {
    // 30 with and 10 without the outcome; recency splits them 24/6 low and 6/4 high.
    const rows = [
      ...times(24, [[0.1, 0.1, 0.1], 1]),
      ...times(6, [[0.9, 0.1, 0.1], 1]),
      ...times(6, [[0.1, 0.1, 0.1], 0]),
      ...times(4, [[0.9, 0.1, 0.1], 0]),
    ];
    const model = fitNaiveBayes(labelTables(statistic(1), sumsOf(statistic(1), rows), 0));
    expect(model.prior).toBeCloseTo(Math.log(30.5 / 10.5), 9);
    const share = (30 + 1) / (40 + 4);
    const low = Math.log((24 + share) / 31 / ((6 + share) / 11));
    expect(model.inputs[0]?.amounts[0]).toBeCloseTo(low, 9);
    // An empty bin tells nothing but what the pseudo-counts say.
    const empty = Math.log(1 / 31 / (1 / 11));
    expect(model.inputs[0]?.amounts[1]).toBeCloseTo(empty, 9);
    const { probability, why } = predictNaiveBayes(model, [0.1, 0.1, 0.1]);
    expect(why.map(({ input }) => input)).toEqual(['recency', 'spend', 'views']);
    const logit = why.reduce((sum, { amount }) => sum + amount, model.prior);
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12);
    expect(() => predictNaiveBayes(model, [0.1])).toThrow(/values/);
  });

  it('is the same from pairs as from single tables, and finite from nothing but noise', () => {
    const rows = [...times(24, [[0.1, 0.6, 0.1], 1]), ...times(9, [[0.9, 0.1, 0.8], 0])];
    const [one, two] = ([1, 2] as const).map((ways) =>
      fitNaiveBayes(labelTables(statistic(ways), sumsOf(statistic(ways), rows), 0)),
    );
    one?.inputs.forEach(({ amounts }, i) => {
      amounts.forEach((amount, bin) => {
        expect(two?.inputs[i]?.amounts[bin]).toBeCloseTo(amount, 9);
      });
    });
    const negative = new Float64Array(24).fill(-50);
    const model = fitNaiveBayes(labelTables(statistic(1), negative, 30));
    expect(predictNaiveBayes(model, [0.1, 0.5, 0.9]).probability).toBeCloseTo(0.5, 9);
  });
});

describe('a decision tree', () => {
  /** Outcome 1 where recency is high, but among those only with little spend: an and. */
  const rows: Row[] = [0, 1, 2, 3].flatMap((recency) =>
    [0, 1, 2, 3].flatMap((spend) => {
      const values = [recency / 4 + 0.1, spend / 4 + 0.1, ((recency + spend) % 4) / 4 + 0.1];
      return times(50, [values, recency >= 2 && spend < 1 ? 1 : 0]);
    }),
  );

  it('finds the two splits that made the labels, and says its way', () => {
    const tree = fitTree(labelTables(statistic(2), sumsOf(statistic(2), rows), 0)) as Split;
    expect([tree.input, tree.edge]).toEqual(['spend', 0.25]);
    const below = tree.below as Split;
    expect([below.input, below.edge]).toEqual(['recency', 0.5]);
    expect('place' in tree.above).toBe(false);
    const yes = predictTree(tree, [0.9, 0.1, 0.5]);
    expect(yes.probability).toBeGreaterThan(0.98);
    expect(yes.why).toEqual([
      { input: 'spend', edge: 0.25, above: false },
      { input: 'recency', edge: 0.5, above: true },
    ]);
    expect(predictTree(tree, [0.1, 0.1, 0.5]).probability).toBeLessThan(0.02);
    expect(predictTree(tree, [0.9, 0.25, 0.5]).why).toHaveLength(1);
  });

  it('of single tables has one split, of labels by chance none', () => {
    const stump = fitTree(labelTables(statistic(1), sumsOf(statistic(1), rows), 0)) as Split;
    expect(stump.input).toBe('spend');
    expect('place' in stump.below || 'place' in stump.above).toBe(false);
    const even: Row[] = rows.flatMap(([values], i) => [[values, (i & 1) as 0 | 1]]);
    const leaf: Tree = fitTree(labelTables(statistic(2), sumsOf(statistic(2), even), 0));
    expect(leaf).toMatchObject({ probability: 0.5, count: expect.closeTo(800, 6) });
    const nothing = fitTree(labelTables(statistic(2), new Float64Array(96).fill(-9), 5));
    expect(nothing).toEqual({ probability: 0.5, count: 0 });
  });
});

describe('under the noise of the split tier', () => {
  const source = new ChaChaSource(new Uint8Array(32).fill(11));
  const random = (): number => source.nextUint32() / 2 ** 32;
  const SHOPPERS = 4000;
  /** One participation of ε 2 at δ 10⁻⁶, both servers' noise and the browsers' shares. */
  const deviation = Math.sqrt(4) * sigmaOfEpsilon(2, 1e-6);

  const SCALE = 2 ** 10;
  const gaussian = new DiscreteGaussian(exactSigmaSquared(deviation * SCALE));
  const noised = (sums: Float64Array): Float64Array =>
    sums.map((sum) => sum + gaussian.sample(source) / SCALE);

  function people(count: number): Row[] {
    return Array.from({ length: count }, () => {
      const values = [random(), random(), random()];
      const [recency = 0, spend = 0] = values;
      const logit = 4 * recency - 3 * spend - 0.5;
      return [values, random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0];
    });
  }

  it('both predict fresh shoppers nearly as well as without it', () => {
    const sums = ([1, 2] as const).map((ways) => sumsOf(statistic(ways), people(SHOPPERS)));
    const fresh = people(4000);
    const labels = fresh.map(([, label]) => label);
    const aucOf = (score: (values: readonly number[]) => number): number =>
      auc(
        fresh.map(([values]) => score(values)),
        labels,
      );
    const scores = [0, 1].map((noise) => {
      const of = (ways: 1 | 2) => {
        const clean = sums[ways - 1] as Float64Array;
        return labelTables(statistic(ways), noise ? noised(clean) : clean, noise * deviation);
      };
      const bayes = fitNaiveBayes(of(1));
      const tree = fitTree(of(2));
      return {
        bayes: aucOf((values) => predictNaiveBayes(bayes, values).probability),
        tree: aucOf((values) => predictTree(tree, values).probability),
      };
    });
    const [clean, noisy] = scores as [(typeof scores)[0], (typeof scores)[0]];
    expect(clean.bayes).toBeGreaterThan(0.78);
    expect(clean.tree).toBeGreaterThan(0.72);
    expect(noisy.bayes).toBeGreaterThan(clean.bayes - 0.02);
    expect(noisy.tree).toBeGreaterThan(clean.tree - 0.04);
  });

  it('a tree does not grow out of noise', () => {
    const rows: Row[] = people(400).map(([values]) => [values, random() < 0.3 ? 1 : 0]);
    for (let i = 0; i < 20; i++) {
      const tables = labelTables(statistic(2), noised(sumsOf(statistic(2), rows)), deviation);
      expect('place' in fitTree(tables)).toBe(false);
    }
  });
});
