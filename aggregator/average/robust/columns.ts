/**
 * Statistics of one coordinate at a time: median and trimmed mean. Yin, Chen, Ramchandran and
 * Bartlett, "Byzantine-Robust Distributed Learning", arXiv:1803.01498, Definitions 1 and 2.
 */
import { assertRows, pause } from './rows.ts';

/** Columns that are gathered in one pass over the rows: a cache line of int32. */
const COLUMNS = 16;

/** A statistic of every column, of its values in ascending order. */
async function ofColumns(
  rows: readonly Int32Array[],
  statistic: (ascending: Int32Array) => number,
): Promise<Float64Array> {
  assertRows(rows);
  const d = rows[0]?.length ?? 0;
  const columns = Array.from({ length: COLUMNS }, () => new Int32Array(rows.length));
  const result = new Float64Array(d);
  for (let start = 0; start < d; start += COLUMNS) {
    const width = Math.min(COLUMNS, d - start);
    for (const [r, row] of rows.entries()) {
      for (let k = 0; k < width; k++) (columns[k] as Int32Array)[r] = row[start + k] as number;
    }
    for (let k = 0; k < width; k++)
      result[start + k] = statistic((columns[k] as Int32Array).sort());
    await pause();
  }
  return result;
}

/** Mean of a column without its f least and f largest values, f = ⌊hostile·n⌋; integer units. */
export async function trimmedMean(
  rows: readonly Int32Array[],
  hostile: number,
): Promise<Float64Array> {
  if (!(hostile >= 0 && hostile < 0.5)) throw new RangeError('hostile must be in [0, ½)');
  const f = Math.floor(hostile * rows.length);
  return ofColumns(rows, (ascending) => {
    let sum = 0;
    for (let i = f; i < ascending.length - f; i++) sum += ascending[i] as number;
    return sum / (ascending.length - 2 * f);
  });
}

/** Middle value of every column, or the mean of the middle two; integer units. */
export async function coordinateMedian(rows: readonly Int32Array[]): Promise<Float64Array> {
  return ofColumns(rows, (ascending) => {
    const n = ascending.length;
    const [low, high] = [ascending[(n - 1) >> 1] as number, ascending[n >> 1] as number];
    return (low + high) / 2;
  });
}
