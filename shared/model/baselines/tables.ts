/**
 * Read back what an `input-label` statistic published: counts of shoppers by binned inputs and
 * label, with the deviation of their noise. Counts may be negative, as the noise has them.
 */
import { entryCount, type InputLabelStatistic, tablesOf } from '../statistic.ts';

export interface LabelTable {
  /** Places of its inputs in the statistic: one, or two. */
  readonly inputs: readonly number[];
  /** Bins of the first, (of the second,) then the outcome; row-major. */
  readonly counts: Float64Array;
}

export interface LabelTables {
  readonly statistic: InputLabelStatistic;
  readonly tables: readonly LabelTable[];
  readonly bins: number;
  /** Standard deviation of the noise in each count. */
  readonly deviation: number;
}

/**
 * @param sums published means times reports, in the order of the statistic's entries
 * @param deviation of the noise in a sum
 * @throws RangeError for another number of sums, one that is not finite, or a deviation below 0
 */
export function labelTables(
  statistic: InputLabelStatistic,
  sums: ArrayLike<number>,
  deviation: number,
): LabelTables {
  if (sums.length !== entryCount(statistic)) {
    throw new RangeError(`sums must hold ${entryCount(statistic)} numbers`);
  }
  if (!(deviation >= 0 && deviation < Infinity))
    throw new RangeError('deviation must be 0 or more');
  const all = tablesOf(statistic);
  const bins = (statistic.inputs[0]?.edges.length ?? 0) + 1;
  // Each browser puts 1/√t into one cell of each table.
  const scale = Math.sqrt(all.length);
  let at = 0;
  const tables = all.map((inputs): LabelTable => {
    const counts = Float64Array.from({ length: 2 * bins ** inputs.length }, () => {
      const count = scale * (sums[at++] as number);
      if (!Number.isFinite(count)) throw new RangeError('sums must be finite');
      return count;
    });
    return { inputs: inputs.map((one) => statistic.inputs.indexOf(one)), counts };
  });
  return { statistic, tables, bins, deviation: scale * deviation };
}

/** Place of a value among the edges of an input: how many of them it has reached. */
export function binOf(edges: readonly number[], value: number): number {
  return edges.filter((edge) => value >= Math.fround(edge)).length;
}

/** A table of two inputs as that of one of them (0 or 1). */
export function marginOf(table: LabelTable, bins: number, kept: number): Float64Array {
  if (table.inputs.length === 1) return table.counts;
  const margin = new Float64Array(2 * bins);
  for (const [cell, count] of table.counts.entries()) {
    const pair = cell >> 1;
    const bin = kept === 0 ? Math.floor(pair / bins) : pair % bins;
    const at = 2 * bin + (cell & 1);
    margin[at] = (margin[at] as number) + count;
  }
  return margin;
}

/**
 * One input's counts, bins × 2: the mean over the tables that hold it, and the deviation of what
 * noise is left in a count.
 */
export function meanMargin(
  { tables, bins, deviation }: LabelTables,
  place: number,
): { readonly counts: Float64Array; readonly deviation: number } {
  const own = tables.filter(({ inputs }) => inputs.includes(place));
  const counts = new Float64Array(2 * bins);
  for (const table of own) {
    for (const [i, count] of marginOf(table, bins, table.inputs.indexOf(place)).entries()) {
      counts[i] = (counts[i] as number) + count / own.length;
    }
  }
  const cells = own[0]?.inputs.length === 2 ? bins : 1;
  return { counts, deviation: deviation * Math.sqrt(cells / Math.max(1, own.length)) };
}

/** Shoppers with each outcome, at least 0: the mean over the inputs, each of which holds them all. */
export function outcomeTotals(published: LabelTables): {
  readonly none: number;
  readonly some: number;
} {
  const { statistic } = published;
  const totals: [number, number] = [0, 0];
  for (const place of statistic.inputs.keys()) {
    for (const [i, count] of meanMargin(published, place).counts.entries()) {
      totals[i % 2 === 0 ? 0 : 1] += count / statistic.inputs.length;
    }
  }
  return { none: Math.max(0, totals[0]), some: Math.max(0, totals[1]) };
}
