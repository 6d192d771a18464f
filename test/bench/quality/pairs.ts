/** Sparse tables of pairs: from counts of any statistic, or of all pairs where nothing is noised. */
import type { PairForm, PairRows } from '../../../shared/model/pair-rows.ts';

/** Of sums by a·n + b; only those above 0 are kept. */
export function pairTable(sums: ReadonlyMap<number, number>, n: number): PairRows {
  const kept = [...sums.keys()]
    .filter((key) => (sums.get(key) as number) > 0)
    .sort((a, b) => a - b);
  const starts = new Uint32Array(n + 1);
  for (const key of kept) {
    const row = Math.floor(key / n) + 1;
    starts[row] = (starts[row] as number) + 1;
  }
  for (let row = 0; row < n; row++)
    starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
  return {
    starts,
    items: Uint32Array.from(kept, (key) => key % n),
    values: Float32Array.from(kept, (key) => sums.get(key) as number),
  };
}

/**
 * All directed pairs over `gaps` places, 1/gap forward and half as much backward, scaled to norm 1
 * per shopper as the statistic `graph-pairs` is: what co-occurrence could give without noise.
 */
export function everyPair(
  train: readonly (readonly number[])[],
  n: number,
  gaps: number,
): PairRows {
  const sums = new Map<number, number>();
  for (const row of train) {
    const own = new Map<number, number>();
    const add = (key: number, amount: number): void => {
      own.set(key, (own.get(key) ?? 0) + amount);
    };
    for (let gap = 1; gap <= gaps; gap++) {
      for (let i = gap; i < row.length; i++) {
        const a = row[i - gap] as number;
        const b = row[i] as number;
        add(a * n + b, 1 / gap);
        if (a !== b) add(b * n + a, 0.5 / gap);
      }
    }
    let squares = 0;
    for (const value of own.values()) squares += value * value;
    for (const [key, value] of own) {
      sums.set(key, (sums.get(key) ?? 0) + value / Math.sqrt(squares));
    }
  }
  return pairTable(sums, n);
}

/**
 * Adds `weight`·ln(1 + Σ_q decay^q·M[h₋₁₋q, j]) to the scores; without the logarithm if `linear`.
 *
 * @param scratch n zeros, left zero
 */
export function addPairScores(
  scores: Float32Array,
  { starts, items, values }: PairRows,
  history: readonly number[],
  { weight, decay, reach, linear = false }: PairForm & { readonly weight: number },
  scratch: Float32Array,
): void {
  const touched: number[] = [];
  for (let q = 0; q < Math.min(reach, history.length); q++) {
    const item = history[history.length - 1 - q] as number;
    for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
      const j = items[e] as number;
      if (scratch[j] === 0) touched.push(j);
      scratch[j] = (scratch[j] as number) + decay ** q * (values[e] as number);
    }
  }
  for (const j of touched) {
    const sum = scratch[j] as number;
    scores[j] = (scores[j] as number) + weight * (linear ? sum : Math.log1p(sum));
    scratch[j] = 0;
  }
}
