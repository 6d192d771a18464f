/**
 * Which inputs tell of a label, from DP histograms: information gain and correlation of joint counts,
 * and a choice that noise alone does not pass.
 *
 * Under independence 2N·gain in nats is about Σ (O − E)²/E over the cells, with O observed and E
 * expected from the margins (Kullback, Information Theory and Statistics, 1959, ch. 8). Noise of
 * variance τ² in each cell adds τ²/E to the 1 of the drawing itself, less what fitting the margins
 * takes away: an expectation that is Σ (1 + τ²/E)·(1 − p_row)·(1 − p_column).
 */
import { type LabelTables, meanMargin } from './baselines/tables.ts';

/** Counts of two things at once, row by row; noise may have made some negative. */
export interface JointCounts {
  readonly counts: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

/** Mutual information of row and column in bits, at least 0; negative counts are taken as none. */
export function informationGain(joint: JointCounts): number {
  const { total, rowSums, columnSums, at } = margins(joint);
  if (total === 0) return 0;
  let bits = 0;
  for (const [row, rowSum] of rowSums.entries()) {
    for (const [column, columnSum] of columnSums.entries()) {
      const count = at(row, column);
      if (count > 0) bits += (count / total) * Math.log2((count / rowSum) * (total / columnSum));
    }
  }
  return Math.max(0, bits);
}

/**
 * Pearson's correlation of row and column, in [−1, 1]; by default a row's value is its number, and
 * so a column's. 0 where one of the two does not vary.
 */
export function correlation(
  joint: JointCounts,
  rowValues: ArrayLike<number> = Array.from({ length: joint.rows }, (_, row) => row),
  columnValues: ArrayLike<number> = Array.from({ length: joint.columns }, (_, column) => column),
): number {
  const { total, rowSums, columnSums, at } = margins(joint);
  if (total === 0) return 0;
  const mean = (sums: Float64Array, values: ArrayLike<number>): number =>
    sums.reduce((sum, count, i) => sum + count * (values[i] as number), 0) / total;
  const x = mean(rowSums, rowValues);
  const y = mean(columnSums, columnValues);
  const spread = (sums: Float64Array, values: ArrayLike<number>, centre: number): number =>
    sums.reduce((sum, count, i) => sum + count * ((values[i] as number) - centre) ** 2, 0);
  const scale = Math.sqrt(spread(rowSums, rowValues, x) * spread(columnSums, columnValues, y));
  if (!(scale > 0)) return 0;
  let sum = 0;
  for (let row = 0; row < joint.rows; row++) {
    for (let column = 0; column < joint.columns; column++) {
      const dx = (rowValues[row] as number) - x;
      sum += at(row, column) * dx * ((columnValues[column] as number) - y);
    }
  }
  return Math.max(-1, Math.min(1, sum / scale));
}

export interface InputScore {
  readonly input: string;
  /** Bits that the input tells of the label, with what noise and drawing add to them. */
  readonly gain: number;
  /** Bits that an input which tells nothing does not pass, but for about one in a hundred. */
  readonly threshold: number;
  /** Of the input's bin and the label. */
  readonly correlation: number;
  readonly chosen: boolean;
  /** The chosen input that this one says again; null where there is none, or it cannot be told. */
  readonly repeats: string | null;
}

/** Deviations above the expectation without any relation. */
const SIGMAS = 3;
/** Inputs that are correlated by more tell the same. */
const REPEATED = 0.9;

/**
 * Scores of all inputs of a published `input-label` statistic (rule K24), most gain above the
 * threshold first. Chosen are the first `k` above it that repeat no chosen one, which tables of two
 * inputs can tell. Bins with fewer than two deviations of noise in them do not take part: what they
 * say is noise.
 *
 * @throws RangeError for a k that is no whole number.
 */
export function selectInputs(published: LabelTables, k: number): InputScore[] {
  const { statistic, tables, bins } = published;
  if (!(Number.isInteger(k) && k >= 0)) throw new RangeError('k must be a whole number');
  const scores = statistic.inputs.map(({ input }, place) => {
    const { counts, deviation } = meanMargin(published, place);
    const kept: number[] = [];
    for (let bin = 0; bin < bins; bin++) {
      const shoppers = (counts[2 * bin] as number) + (counts[2 * bin + 1] as number);
      if (shoppers > 2 * deviation * Math.SQRT2) kept.push(bin);
    }
    const joint = {
      counts: kept.flatMap((bin) => [...counts.subarray(2 * bin, 2 * bin + 2)]),
      rows: kept.length,
      columns: 2,
    };
    return {
      input,
      place,
      gain: informationGain(joint),
      threshold: nullGain(joint, deviation),
      correlation: correlation(joint, kept),
    };
  });
  scores.sort((a, b) => b.gain - b.threshold - (a.gain - a.threshold));
  const chosen: number[] = [];
  return scores.map(({ place, ...score }) => {
    const other = chosen.find((one) => likeness(tables, bins, one, place) > REPEATED);
    const taken = chosen.length < k && other === undefined && score.gain > score.threshold;
    if (taken) chosen.push(place);
    const repeats = other === undefined ? null : (statistic.inputs[other]?.input ?? null);
    return { ...score, chosen: taken, repeats };
  });
}

/** How far two inputs are correlated, in [0, 1]; 0 without a table of both. */
function likeness(tables: LabelTables['tables'], bins: number, a: number, b: number): number {
  const table = tables.find(({ inputs }) => inputs.includes(a) && inputs.includes(b));
  if (table === undefined || a === b) return 0;
  const counts = Array.from(
    { length: bins * bins },
    (_, cell) => (table.counts[2 * cell] as number) + (table.counts[2 * cell + 1] as number),
  );
  return Math.abs(correlation({ counts, rows: bins, columns: bins }));
}

/** Bits that independence with this noise stays below: its expectation and `SIGMAS` deviations. */
function nullGain(joint: JointCounts, deviation: number): number {
  const { total, rowSums, columnSums } = margins(joint);
  if (total === 0) return 0;
  let mean = 0;
  let squares = 0;
  for (const rowSum of rowSums) {
    for (const columnSum of columnSums) {
      const expected = Math.max((rowSum * columnSum) / total, 1);
      const free = (1 - rowSum / total) * (1 - columnSum / total);
      const term = (1 + deviation ** 2 / expected) * free;
      mean += term;
      squares += term * term;
    }
  }
  const freedom = Math.max(1, (joint.rows - 1) * (joint.columns - 1));
  // Cells share their margins: with c cells and f degrees of freedom, c/f of the terms' own spread.
  const spread = Math.sqrt((2 * squares * joint.rows * joint.columns) / freedom);
  return (mean + SIGMAS * spread) / (2 * total * Math.LN2);
}

interface Margins {
  readonly total: number;
  readonly rowSums: Float64Array;
  readonly columnSums: Float64Array;
  /** The count of a cell, at least 0. */
  at(row: number, column: number): number;
}

/** @throws RangeError for counts of another length, or one that is not finite. */
function margins({ counts, rows, columns }: JointCounts): Margins {
  if (counts.length !== rows * columns) throw new RangeError(`counts must hold ${rows * columns}`);
  const at = (row: number, column: number): number =>
    Math.max(0, counts[row * columns + column] as number);
  const rowSums = new Float64Array(rows);
  const columnSums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const count = at(row, column);
      if (!Number.isFinite(count)) throw new RangeError('counts must be finite');
      rowSums[row] = (rowSums[row] as number) + count;
      columnSums[column] = (columnSums[column] as number) + count;
    }
  }
  return { total: rowSums.reduce((a, b) => a + b, 0), rowSums, columnSums, at };
}
