import { describe, expect, it } from 'vitest';
import { type LabelTables, labelTables } from '../../shared/model/baselines/tables.ts';
import {
  correlation,
  informationGain,
  type JointCounts,
  selectInputs,
} from '../../shared/model/select.ts';
import { entryCount, type InputLabelStatistic, tablesOf } from '../../shared/model/statistic.ts';
import { SeededRandom } from '../simulate/random.ts';

const joint = (counts: readonly number[], columns = 2): JointCounts => ({
  counts,
  rows: counts.length / columns,
  columns,
});

describe('information gain', () => {
  it('has known answers', () => {
    expect(informationGain(joint([5, 5, 5, 5]))).toBe(0);
    expect(informationGain(joint([8, 0, 0, 8]))).toBeCloseTo(1, 12);
    expect(informationGain(joint([8e-180, 0, 0, 8e-180]))).toBeCloseTo(1, 12);
    // Quinlan's weather data (1986): the outlook of 14 days and whether there was play.
    expect(informationGain(joint([2, 3, 4, 0, 3, 2]))).toBeCloseTo(0.2467, 4);
    expect(informationGain(joint([3, 4, 6, 1]))).toBeCloseTo(0.1518, 4);
    expect(informationGain(joint([0, 4, 0, 4, 0, 0], 3))).toBeCloseTo(1, 12);
  });

  it('takes negative counts as none, and an empty table tells nothing', () => {
    expect(informationGain(joint([8, -3, -1, 8]))).toBeCloseTo(1, 12);
    expect(informationGain(joint([0, 0, -4, 0]))).toBe(0);
    expect(informationGain(joint([]))).toBe(0);
    expect(() => informationGain(joint([1, Number.NaN]))).toThrow(RangeError);
    expect(() => informationGain({ counts: [1], rows: 1, columns: 2 })).toThrow(RangeError);
  });
});

describe('correlation', () => {
  it('has known answers', () => {
    expect(correlation(joint([8, 0, 0, 8]))).toBeCloseTo(1, 12);
    expect(correlation(joint([0, 8, 8, 0]))).toBeCloseTo(-1, 12);
    expect(correlation(joint([5, 5, 5, 5]))).toBe(0);
    // φ of a 2 × 2 table: (ad − bc)/√((a+b)(c+d)(a+c)(b+d)).
    expect(correlation(joint([9, 1, 4, 6]))).toBeCloseTo(50 / Math.sqrt(10 * 10 * 13 * 7), 12);
    expect(correlation(joint([4, 0, 0, 4, 4, 0]), [0, 1, 5])).toBeCloseTo(-0.327_326_835, 8);
    expect(correlation(joint([7, 0]))).toBe(0);
    expect(correlation(joint([]))).toBe(0);
  });
});

describe('selection', () => {
  const BINS = 4;
  const inputs = Array.from({ length: 20 }, (_, i) => (i === 7 ? 'telling' : `idle-${i}`));
  const statistic = (names: readonly string[], ways: 1 | 2): InputLabelStatistic => ({
    name: 'input-label',
    label: { name: 'purchase-in-session' },
    inputs: names.map((input) => ({ input, edges: [0.25, 0.5, 0.75] })),
    ways,
  });
  /** Sums of 1/√t in one cell of each table, and noise. */
  function published(
    seed: string,
    of: InputLabelStatistic,
    n: number,
    deviation: number,
    draw: (random: () => number, label: number) => readonly number[],
  ): LabelTables {
    const source = new SeededRandom(seed);
    const tables = tablesOf(of);
    const sums = new Float64Array(entryCount(of));
    for (let shopper = 0; shopper < n; shopper++) {
      const label = source.uniform() < 0.3 ? 1 : 0;
      const bins = draw(() => source.uniform(), label);
      let begin = 0;
      for (const table of tables) {
        let cell = 0;
        for (const one of table) cell = cell * BINS + (bins[of.inputs.indexOf(one)] as number);
        const at = begin + 2 * cell + label;
        sums[at] = (sums[at] as number) + 1 / Math.sqrt(tables.length);
        begin += 2 * BINS ** table.length;
      }
    }
    for (const [at, sum] of sums.entries()) {
      sums[at] = sum + (deviation / Math.sqrt(tables.length)) * source.normal();
    }
    return labelTables(of, sums, deviation / Math.sqrt(tables.length));
  }
  /** One input tells `strength` of a label of 30 %, the others nothing; τ is the noise in a count. */
  const table = (seed: string, n: number, strength: number, deviation: number): LabelTables =>
    published(seed, statistic(inputs, 1), n, deviation, (random, label) =>
      inputs.map((input) => {
        const free = Math.min(BINS - 1, Math.floor(random() ** 2 * BINS));
        return input === 'telling' && random() < strength ? 3 * label : free;
      }),
    );

  it.each([
    [2000, 0],
    [2000, 20],
    [20_000, 60],
  ])(
    'with %d shoppers and noise of %d chooses what tells, and hardly ever what does not',
    (n, deviation) => {
      let idle = 0;
      for (let run = 0; run < 20; run++) {
        const scores = selectInputs(table(`${run}`, n, 0.35, deviation), 5);
        expect(scores[0]).toMatchObject({ input: 'telling', chosen: true, repeats: null });
        expect(scores[0]?.correlation).toBeGreaterThan(0.15);
        idle += scores.slice(1).filter(({ chosen }) => chosen).length;
      }
      // Of 380 that tell nothing: about one in a hundred.
      expect(idle).toBeLessThanOrEqual(8);
    },
  );

  it('gives no more than k, and hardly one where noise drowns all', () => {
    expect(selectInputs(table('a', 2000, 0.35, 0), 0).some(({ chosen }) => chosen)).toBe(false);
    const drowned = selectInputs(table('b', 200, 0.35, 500), 20);
    expect(drowned.filter(({ chosen }) => chosen).length).toBeLessThanOrEqual(1);
    for (const score of drowned) expect(Number.isFinite(score.gain)).toBe(true);
  });

  it('knows what noise alone would seem to tell', () => {
    const scores = selectInputs(table('c', 2000, 0, 40), 20);
    expect(scores.some(({ gain }) => gain > 0.002)).toBe(true);
    expect(scores.filter(({ chosen }) => chosen).length).toBeLessThanOrEqual(1);
  });

  it('takes one of two inputs that say the same, where tables of two tell it', () => {
    const names = ['spend', 'orders', 'recency', 'idle'];
    const draw = (random: () => number, label: number): readonly number[] => {
      const spend = random() < 0.6 ? 3 * label : Math.floor(random() * BINS);
      const orders = random() < 0.97 ? spend : Math.floor(random() * BINS);
      const recency = random() < 0.4 ? 3 - 3 * label : Math.floor(random() * BINS);
      return [spend, orders, recency, Math.floor(random() * BINS)];
    };
    const of = (ways: 1 | 2) =>
      selectInputs(published('d', statistic(names, ways), 4000, 15, draw), 4);
    const chosen = (ways: 1 | 2) =>
      of(ways)
        .filter((score) => score.chosen)
        .map(({ input }) => input);
    expect(new Set(chosen(1))).toEqual(new Set(['spend', 'orders', 'recency']));
    const [first = ''] = chosen(2);
    expect(['spend', 'orders']).toContain(first);
    expect(chosen(2)).toEqual([first, 'recency']);
    expect(of(2).find(({ repeats }) => repeats !== null)?.repeats).toBe(first);
    expect(of(2).find(({ input }) => input === 'recency')?.correlation).toBeLessThan(-0.3);
  });

  it('counts on the noise that is left when tables of two are summed up', () => {
    const draw = (random: () => number): readonly number[] =>
      inputs.map(() => Math.floor(random() * BINS));
    const threshold = (ways: 1 | 2, deviation: number): number =>
      selectInputs(published('f', statistic(inputs, ways), 2000, deviation, draw), 1).reduce(
        (sum, score) => sum + score.threshold / inputs.length,
        0,
      );
    // Sums of 4 cells in each of 19 tables.
    const left = threshold(1, 40 * Math.sqrt(4 / 19));
    expect(Math.abs(threshold(2, 40) / left - 1)).toBeLessThan(0.05);
  });

  it('refuses a k that is none', () => {
    expect(() => selectInputs(table('e', 10, 0, 1), 0.5)).toThrow(/k must/);
  });
});
