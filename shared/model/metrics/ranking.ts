/**
 * Ranking metrics of one relevant item per list: HR@K, NDCG@K (Järvelin and Kekäläinen 2002, with one
 * relevant item: 1 / log2(rank + 1)), reciprocal rank and recall. Ties are broken at random: every
 * value is the exact expectation over the orders of the tied items.
 */

/** Where a target stands in a list: after `greater` items, among `tied` equal ones, itself counted. */
export interface Rank {
  readonly greater: number;
  readonly tied: number;
}

/**
 * Rank of item `target` by `scores`, one per item; the items of `excluded` are not ranked, the
 * target always is. A score that is NaN stands behind the target.
 *
 * @throws RangeError when the target has no score, or NaN.
 */
export function rankOf(
  scores: ArrayLike<number>,
  target: number,
  excluded: Iterable<number> = [],
): Rank {
  const own = scores[target];
  if (own === undefined || Number.isNaN(own)) throw new RangeError('target has no score');
  let greater = 0;
  let tied = 0;
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item] as number;
    if (score > own) greater++;
    else if (score === own) tied++;
  }
  for (const item of new Set(excluded)) {
    const score = scores[item];
    if (item === target || score === undefined) continue;
    if (score > own) greater--;
    else if (score === own) tied--;
  }
  return { greater, tied };
}

/** Rank of item `target` among `others` alone, items that differ from it, each counted once. */
export function rankAmong(
  scores: ArrayLike<number>,
  target: number,
  others: Iterable<number>,
): Rank {
  const own = scores[target];
  if (own === undefined || Number.isNaN(own)) throw new RangeError('target has no score');
  let greater = 0;
  let tied = 1;
  for (const item of others) {
    const score = scores[item] as number;
    if (score > own) greater++;
    else if (score === own) tied++;
  }
  return { greater, tied };
}

/** Chance that the target is among the first k, 0 to 1. */
export function hitRate({ greater, tied }: Rank, k: number): number {
  return Math.min(1, Math.max(0, k - greater) / tied);
}

/** 1 / log2(rank + 1) inside the first k, else 0. */
export function ndcg(rank: Rank, k: number): number {
  return meanOver(rank, k, (place) => 1 / Math.log2(place + 1));
}

/** 1 / rank inside the first k, else 0. */
export function reciprocalRank(rank: Rank, k: number = Number.POSITIVE_INFINITY): number {
  return meanOver(rank, k, (place) => 1 / place);
}

/** Share of several relevant items of one list that are among its first k; 0 where there are none. */
export function recall(ranks: readonly Rank[], k: number): number {
  if (ranks.length === 0) return 0;
  return ranks.reduce((sum, rank) => sum + hitRate(rank, k), 0) / ranks.length;
}

function meanOver({ greater, tied }: Rank, k: number, value: (place: number) => number): number {
  let sum = 0;
  for (let place = greater + 1; place <= Math.min(k, greater + tied); place++) {
    sum += value(place) / tied;
  }
  return sum;
}
