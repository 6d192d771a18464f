/**
 * Co-occurrence among the best-known goods alone: the statistic `popular-pairs` and its entries; what
 * their sums are worth under noise is in pair-prior.ts. Under noise a table over every pair of a
 * catalogue is lost, and the item graph by content holds few of the pairs that shoppers make; a few
 * hundred goods hold many, and a browser's whole norm goes to them (test/bench/quality).
 */

/** Unordered pairs of different goods of a list, for gaps of 1 to `gaps` places; L2 norm 1. */
export interface PopularPairsStatistic {
  readonly name: 'popular-pairs';
  /** Item indices of the task's catalogue, ascending; from a published popularity, or the shop's. */
  readonly among: readonly number[];
  /** Places between two items of a sequence that still count as a pair. */
  readonly gaps: number;
  /** Of the weight from one place of the sequence to the one before, in (0, 1]; 1 when absent. */
  readonly decay?: number;
}

/** Unordered pairs of m goods: the length of the statistic. */
export function popularPairCount(m: number): number {
  return (m * (m - 1)) / 2;
}

/** Most goods whose pairs fit into `d` entries. */
export function mostPopular(d: number): number {
  return Math.floor((1 + Math.sqrt(1 + 8 * d)) / 2);
}

/** Entry of the pair of places i < k of the list of m goods. */
function entryOf(i: number, k: number, m: number): number {
  return i * m - (i * (i + 1)) / 2 + (k - i - 1);
}

/**
 * decay^(places from the end to the later one)/√gap for each two different listed goods of the
 * sequence that are `gap` places apart, scaled to L2 norm 1. Zeros where there is no such pair.
 *
 * @param sequence item indices, oldest first
 */
export function popularPairs(
  statistic: PopularPairsStatistic,
  sequence: readonly number[],
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(popularPairCount(statistic.among.length));
  for (const [entry, weight] of popularPairEntries(statistic, sequence)) out[entry] = weight;
  return out;
}

/** Entries of `popularPairs` that are not zero. */
export function popularPairEntries(
  { among, gaps, decay = 1 }: PopularPairsStatistic,
  sequence: readonly number[],
): ReadonlyMap<number, number> {
  const m = among.length;
  const place = new Map(among.map((item, at) => [item, at]));
  const weights = new Map<number, number>();
  // Places count from the newest pair: the norm is 1 all the same, and no old pair comes to 0/0.
  let newest = -1;
  let weight = 1;
  for (let later = sequence.length - 1; later > 0 && weight > 0; later--) {
    if (newest !== -1) weight = decay ** (newest - later);
    const b = place.get(sequence[later] as number);
    if (b === undefined) continue;
    for (let gap = 1; gap <= gaps && gap <= later; gap++) {
      const a = place.get(sequence[later - gap] as number);
      if (a === undefined || a === b) continue;
      if (newest === -1) newest = later;
      const entry = entryOf(Math.min(a, b), Math.max(a, b), m);
      weights.set(entry, (weights.get(entry) ?? 0) + weight / Math.sqrt(gap));
    }
  }
  let squares = 0;
  for (const weight of weights.values()) squares += weight * weight;
  for (const [entry, weight] of weights) weights.set(entry, weight / Math.sqrt(squares));
  return weights;
}
