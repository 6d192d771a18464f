/** Scaled heads: K22 and K24, from counts to a record. */
import { describe, expect, it } from 'vitest';
import { type Architecture, parameterCount } from '../../shared/model/architecture.ts';
import { type LabelTables, labelTables } from '../../shared/model/baselines/tables.ts';
import { CHURN } from '../../shared/model/heads/churn.ts';
import { CUSTOMER } from '../../shared/model/heads/customer.ts';
import { columnsOf, WINDOW_INPUTS } from '../../shared/model/heads/inputs.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { NEXT_CATEGORY } from '../../shared/model/heads/next-category.ts';
import { PRICE_SENSITIVITY } from '../../shared/model/heads/price-sensitivity.ts';
import { type HeadRecord, headTask } from '../../shared/model/heads/record.ts';
import {
  headCounts,
  type InputScales,
  inputScales,
  SCALE_EDGES,
  scaledHead,
} from '../../shared/model/heads/scales.ts';
import { VALUE } from '../../shared/model/heads/value.ts';
import { entryCount, type InputLabelStatistic } from '../../shared/model/statistic.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { newWorld } from '../sdk/round-world.ts';

const { task } = await newWorld();
const statisticOf = (record: HeadRecord): InputLabelStatistic =>
  (headCounts(record) as NonNullable<ReturnType<typeof headCounts>>).architecture.statistic;
const COUNTED = [INTENT, CHURN, VALUE, PRICE_SENSITIVITY, CUSTOMER];

/** Sums of shoppers whose inputs all lie in these bins, so many with each outcome. */
function sumsOf(
  statistic: InputLabelStatistic,
  cells: readonly (readonly [bin: number, none: number, some: number])[],
): Float64Array {
  const sums = new Float64Array(entryCount(statistic));
  const share = 1 / Math.sqrt(statistic.inputs.length);
  for (const place of statistic.inputs.keys()) {
    for (const [bin, none, some] of cells) {
      sums[16 * place + 2 * bin] = none * share;
      sums[16 * place + 2 * bin + 1] = some * share;
    }
  }
  return sums;
}

describe('what a head looks at, counted', () => {
  it.each(COUNTED.map((one) => [one.name, one] as const))('K24 %s has a statistic', (_, record) => {
    const counts = headCounts(record) as NonNullable<ReturnType<typeof headCounts>>;
    const { initialWeights, ...parts } = counts;
    const d = parameterCount(counts.architecture);
    expect(decodeTask({ ...task, ...parts, d })).toMatchObject({ kind: 'measure' });
    expect(initialWeights).toEqual(new Float32Array(d));
    expect(counts.name).toBe(`${record.name}-inputs`);
    expect(statisticOf(record).inputs.every(({ edges }) => edges === SCALE_EDGES)).toBe(true);
  });

  it('is each single value once, by its plain name, and no bins', () => {
    const inputs = ['~orders', 'orders', 'spend@7~0.2/0.1', '~recency*spend:4', 'category#8'];
    const record = { ...CHURN, architecture: { ...CHURN.architecture, inputs } } as HeadRecord;
    expect(statisticOf(record).inputs.map(({ input }) => input)).toEqual([
      'orders',
      'spend@7',
      'recency',
    ]);
    expect(headCounts(NEXT_CATEGORY)).toBeNull();
    const many = WINDOW_INPUTS.flatMap((name) => [7, 30, 90].map((days) => `${name}@${days}`));
    const wide = { ...CHURN.architecture, inputs: many } as HeadRecord['architecture'];
    expect(statisticOf({ ...CHURN, architecture: wide }).inputs).toHaveLength(64);
    const bins = { ...CHURN.architecture, inputs: ['recency:8'] };
    expect(headCounts({ ...CHURN, architecture: bins } as HeadRecord)).toBeNull();
  });
});

const known = (published: LabelTables): InputScales => {
  const scales = inputScales(published);
  if (scales === null) throw new Error('noise drowned the counts');
  return scales;
};

describe('scales', () => {
  const statistic = statisticOf(VALUE);

  it('are the mean and the spread of the bins, and the share with the outcome', () => {
    // Half at 1/16, half at 3/16: mean ⅛, variance 1/256.
    const sums = sumsOf(statistic, [
      [0, 40, 10],
      [1, 30, 20],
    ]);
    const { scales, rate } = known(labelTables(statistic, sums, 0.01));
    expect(rate).toBeCloseTo(0.3, 12);
    expect(scales).toHaveLength(statistic.inputs.length);
    for (const { centre, spread } of scales) {
      expect(centre).toBe(0.125);
      expect(spread).toBeCloseTo(Math.sqrt(1 / 256 + 0.006), 4);
    }
  });

  it('are read from tables of two inputs too', () => {
    const pairs = { ...statistic, inputs: statistic.inputs.slice(0, 3), ways: 2 } as const;
    const sums = new Float64Array(entryCount(pairs));
    const share = 1 / Math.sqrt(3);
    for (const table of [0, 1, 2]) {
      // The first input of each table in bin 1, the second in bin 6.
      sums[128 * table + 2 * (8 * 1 + 6)] = 60 * share;
      sums[128 * table + 2 * (8 * 1 + 6) + 1] = 40 * share;
    }
    const { scales, rate } = known(labelTables(pairs, sums, 0));
    expect(rate).toBeCloseTo(0.4, 12);
    expect(scales.map(({ centre }) => centre)).toEqual([0.1875, 0.5, 0.8125]);
    // The one in the middle is half the time in either bin: 5/16 off its mean.
    expect(scales.map(({ spread }) => spread)).toEqual([
      0.0775,
      expect.closeTo(Math.sqrt((5 / 16) ** 2 + 0.006), 4),
      0.0775,
    ]);
  });

  it('are none where noise drowns the counts', () => {
    const few = sumsOf(statistic, [[0, 3, 2]]);
    const deviation = 5 / Math.sqrt(statistic.inputs.length) / 19;
    expect(inputScales(labelTables(statistic, few, deviation))).toBeNull();
    expect(inputScales(labelTables(statistic, few, (deviation * 19) / 21))).not.toBeNull();
    for (const sums of [few.map(() => 0), few.map(() => -3)]) {
      expect(inputScales(labelTables(statistic, sums, 0))).toBeNull();
    }
  });

  it('stay in their bounds whatever the noise', () => {
    for (const [bin, other, centre, spread] of [
      [0, 7, 0, 0.0775],
      [7, 0, 1, 0.0775],
    ] as const) {
      const sums = sumsOf(statistic, [
        [bin, 300, 0],
        [other, -100, -150],
      ]);
      const { scales, rate } = known(labelTables(statistic, sums, 0));
      expect(rate).toBe(0.02);
      for (const one of scales) expect(one).toEqual({ centre, spread });
    }
    // Negative in the middle: a variance above any that values of [0, 1] have.
    const hollow = sumsOf(statistic, [
      [0, 900, 900],
      [7, 900, 900],
      [3, -1700, -1700],
    ]);
    const { scales } = known(labelTables(statistic, hollow, 0));
    expect(scales.every(({ spread }) => spread === 1)).toBe(true);
  });
});

describe('a scaled head', () => {
  const tablesOf = (record: HeadRecord, deviation = 0.01): LabelTables => {
    const statistic = statisticOf(record);
    const sums = sumsOf(statistic, [
      [2, 60, 10],
      [3, 20, 10],
    ]);
    return labelTables(statistic, sums, deviation);
  };
  const scaled = (record: HeadRecord): HeadRecord => scaledHead(record, tablesOf(record));

  it.each(COUNTED.map((one) => [one.name, one] as const))('K22 %s is a task', (_, record) => {
    const made = scaled(record);
    const source = new ChaChaSource(new Uint8Array(32));
    const { initialWeights, ...parts } = headTask(made, source);
    const d = parameterCount(made.architecture as Architecture);
    expect(initialWeights).toHaveLength(d);
    expect(decodeTask({ ...task, ...parts, d })).toBeTruthy();
    const { inputs } = made.architecture;
    expect(columnsOf(inputs)).toBe(columnsOf(record.architecture.inputs));
    expect(inputs.some((one) => one.includes('/'))).toBe(true);
    expect(inputs.every((one) => one.includes('/') || /[:#]/.test(one))).toBe(true);
  });

  it('has the values less their mean, the base rate, and steps for both', () => {
    const { architecture, recipe, clipL2, start } = scaled(CHURN);
    expect(architecture.inputs[0]).toMatch(/^recency~0\.35\/0\.09\d+$/);
    expect(architecture.inputs).toContain('recency:8');
    expect(architecture.inputs.find((one) => one.includes('*'))).toMatch(
      /^recency~[\d./]+\*orders~[\d./]+$/,
    );
    expect(start).toBeCloseTo(Math.log(0.2 / 0.8), 9);
    expect(recipe.server).toMatchObject({ learningRate: 0.4 / 0.16, momentum: 0.5 });
    expect(clipL2).toBeCloseTo(0.85 * Math.sqrt(architecture.inputs.length + 1), 9);
    expect(recipe.server).toMatchObject({ decayRounds: 8 });
    expect(scaled(CUSTOMER).start).toBeNull();
  });

  it('takes longer steps for longer where a participation has more rounds', () => {
    const { recipe } = scaledHead(CHURN, tablesOf(CHURN), 3);
    expect(recipe.server).toMatchObject({ decayRounds: 24 });
  });

  it('is the head that it was where noise drowns the counts', () => {
    expect(scaledHead(CHURN, tablesOf(CHURN, 50))).toBe(CHURN);
  });

  it('is not made of counts by another label', () => {
    expect(() => scaledHead(VALUE, tablesOf(CHURN))).toThrow(/label of value/);
    expect(() => scaledHead(NEXT_CATEGORY, tablesOf(CHURN))).toThrow(/label of next-category/);
  });

  it('is itself when it is counted again', () => {
    const once = scaled(CHURN);
    expect(scaled(once).architecture).toEqual(once.architecture);
  });
});
