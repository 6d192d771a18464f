/**
 * Co-occurrence among the best-known goods alone: the statistic `popular-pairs`, its entries and the
 * scores that it gives. Under noise a table over every pair of a catalogue is lost, and the item
 * graph by content holds few of the pairs that shoppers make; a few hundred goods hold many, and a
 * browser's whole norm goes to them (test/bench/quality).
 */

/** Unordered pairs of different goods of a list, for gaps of 1 to `gaps` places; L2 norm 1. */
export interface PopularPairsStatistic {
  readonly name: 'popular-pairs';
  /** Item indices of the task's catalogue, ascending; from a published popularity, or the shop's. */
  readonly among: readonly number[];
  /** Places between two items of a sequence that still count as a pair. */
  readonly gaps: number;
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
 * 1/√gap for each two different listed goods of the sequence that are `gap` places apart, scaled to
 * L2 norm 1. Zeros where there is no such pair.
 *
 * @param sequence item indices, oldest first
 */
export function popularPairs(
  { among, gaps }: PopularPairsStatistic,
  sequence: readonly number[],
): Float32Array<ArrayBuffer> {
  const m = among.length;
  const place = new Map(among.map((item, at) => [item, at]));
  const weights = new Map<number, number>();
  for (let i = 0; i < sequence.length; i++) {
    const a = place.get(sequence[i] as number);
    if (a === undefined) continue;
    for (let gap = 1; gap <= gaps && i + gap < sequence.length; gap++) {
      const b = place.get(sequence[i + gap] as number);
      if (b === undefined || b === a) continue;
      const entry = entryOf(Math.min(a, b), Math.max(a, b), m);
      weights.set(entry, (weights.get(entry) ?? 0) + 1 / Math.sqrt(gap));
    }
  }
  let squares = 0;
  for (const weight of weights.values()) squares += weight * weight;
  const out = new Float32Array(popularPairCount(m));
  for (const [entry, weight] of weights) out[entry] = weight / Math.sqrt(squares);
  return out;
}

/**
 * Calls `visit` with both directions of every pair whose sum is above `threshold` deviations of the
 * noise; what is below counts as nothing.
 *
 * @param sums mean × reports, one entry per pair
 * @param deviation standard deviation of the noise in one sum
 */
export function visitPopularPairs(
  { among }: Pick<PopularPairsStatistic, 'among'>,
  sums: ArrayLike<number>,
  deviation: number,
  threshold: number,
  visit: (from: number, to: number, sum: number) => void,
): void {
  let entry = 0;
  for (let i = 0; i < among.length; i++) {
    for (let k = i + 1; k < among.length; k++, entry++) {
      const sum = sums[entry] as number;
      if (!(sum > 0 && sum > threshold * deviation)) continue;
      visit(among[i] as number, among[k] as number, sum);
      visit(among[k] as number, among[i] as number, sum);
    }
  }
}
