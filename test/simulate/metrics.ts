/**
 * Full-ranking metrics: HR@K and NDCG@K of one target per row (Järvelin, Kekäläinen 2002, with one
 * relevant item: 1 / log2(rank + 1)), and the paired bootstrap of a difference of means.
 */
import { SeededRandom } from './random.ts';

export interface Quality {
  /** Share of rows whose target is among the first K, percent. */
  readonly hr10: number;
  /** Mean of 1 / log2(rank + 1) of targets among the first K, percent. */
  readonly ndcg10: number;
}

const CUTOFF = 10;

export interface RowQuality {
  readonly hit: number;
  readonly gain: number;
}

/**
 * Quality of one row. Ties are broken at random: the value is the exact expectation over the
 * orders of the tied items.
 * @param scores one score per item.
 * @param target index of the item that came next.
 * @param excluded items that are not ranked.
 */
export function rowQuality(
  scores: ArrayLike<number>,
  target: number,
  excluded: readonly number[] = [],
): RowQuality {
  const own = scores[target];
  if (own === undefined || Number.isNaN(own)) throw new RangeError('target: has no score');
  let greater = 0;
  let tied = 0;
  for (let j = 0; j < scores.length; j++) {
    const score = scores[j] as number;
    if (score < own) continue;
    if (j !== target && excluded.includes(j)) continue;
    if (score > own) greater++;
    else tied++;
  }
  let hit = 0;
  let gain = 0;
  for (let rank = greater + 1; rank <= Math.min(CUTOFF, greater + tied); rank++) {
    hit += 1 / tied;
    gain += 1 / Math.log2(rank + 1) / tied;
  }
  return { hit, gain };
}

export function meanQuality(rows: readonly RowQuality[]): Quality {
  if (rows.length === 0) throw new RangeError('rows: empty');
  let hit = 0;
  let gain = 0;
  for (const row of rows) {
    hit += row.hit;
    gain += row.gain;
  }
  return { hr10: (100 * hit) / rows.length, ndcg10: (100 * gain) / rows.length };
}

/**
 * Area under the ROC curve, 0 to 1: the chance that a positive row scores above a negative one, ties
 * half (Mann–Whitney). 0.5 when a class is missing.
 */
export function auc(scores: readonly number[], labels: readonly number[]): number {
  if (scores.length !== labels.length) throw new RangeError('scores, labels: not paired');
  const order = scores.map((_, i) => i).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    const rank = (from + 1 + to) / 2;
    for (const i of order.slice(from, to)) if (labels[i] === 1) rankSum += rank;
    from = to;
  }
  const positives = labels.filter((label) => label === 1).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return 0.5;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean of a − b with its 95% percentile interval (Efron, Tibshirani 1993, §13.3), rows resampled
 * in pairs.
 */
export function pairedBootstrap(
  a: readonly number[],
  b: readonly number[],
  seed: string,
  resamples = 2000,
): Interval {
  if (a.length !== b.length || a.length === 0) throw new RangeError('a, b: not paired rows');
  const differences = a.map((value, i) => value - (b[i] as number));
  const n = differences.length;
  const random = new SeededRandom(seed);
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[random.below(n)] as number;
    return sum / n;
  }).sort((x, y) => x - y);
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / n,
    low: means[Math.floor(0.025 * resamples)] as number,
    high: means[Math.ceil(0.975 * resamples) - 1] as number,
  };
}
