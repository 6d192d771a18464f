/** Cross-validation folds and bootstrap intervals, the same for the same seed on every machine. */

/**
 * Uniform numbers in [0, 1) of a 32-bit seed: mulberry32 (Tommy Ettinger, public domain). For
 * protocols of evaluation alone; never for anything that privacy rests on.
 */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Fisher–Yates in place. */
function shuffle(rows: number[], next: () => number): number[] {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const moved = rows[i] as number;
    rows[i] = rows[j] as number;
    rows[j] = moved;
  }
  return rows;
}

/**
 * Rows 0 to n − 1 cut into k folds of sizes that differ by at most one, in random order; with
 * `strata`, one label per row, each label's rows are spread the same way.
 *
 * @returns the rows of each fold, ascending.
 * @throws RangeError unless 2 ≤ k ≤ n, or when the strata are not n.
 */
export function folds(
  n: number,
  k: number,
  seed: number,
  strata?: ArrayLike<number | string>,
): number[][] {
  if (!Number.isInteger(k) || k < 2 || k > n) throw new RangeError('k must be from 2 to n');
  if (strata !== undefined && strata.length !== n) throw new RangeError('strata must be n labels');
  const groups = new Map<number | string, number[]>();
  for (let row = 0; row < n; row++) {
    const label = strata?.[row] ?? 0;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [row]);
    else group.push(row);
  }
  const next = mulberry32(seed);
  const parts: number[][] = Array.from({ length: k }, () => []);
  let dealt = 0;
  // Dealing goes on where the last stratum ended: the folds' sizes stay within one of each other.
  for (const rows of groups.values()) {
    for (const row of shuffle(rows, next)) (parts[dealt++ % k] as number[]).push(row);
  }
  return parts.map((rows) => rows.sort((a, b) => a - b));
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean of a − b with its 95 % percentile interval (Efron and Tibshirani 1993, §13.3), rows resampled
 * in pairs.
 *
 * @throws RangeError for rows that are not paired, or none.
 */
export function pairedBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  samples: number,
  seed: number,
): Interval {
  const n = a.length;
  if (b.length !== n || n === 0) throw new RangeError('a and b are not paired rows');
  const differences = Float64Array.from(
    { length: n },
    (_, i) => (a[i] as number) - (b[i] as number),
  );
  const next = mulberry32(seed);
  const means = Float64Array.from({ length: samples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[Math.floor(next() * n)] as number;
    return sum / n;
  }).sort();
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / n,
    low: means[Math.floor(0.025 * samples)] as number,
    high: means[Math.ceil(0.975 * samples) - 1] as number,
  };
}
