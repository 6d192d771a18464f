/** Draws of catalogue items for sampled softmax. */
import type { RandomSource } from '../../shared/random/source.ts';

/**
 * A uniform integer in [0, n): Lemire's multiplication, arXiv:1805.10941, which draws again with
 * probability below n/2³², so that no item is favoured.
 */
export function uniformBelow(n: number, source: RandomSource): number {
  const reject = 2 ** 32 % n;
  for (;;) {
    // The product has up to 53 bits for n < 2²¹; above that BigInt would be needed.
    const product = source.nextUint32() * n;
    const low = product % 2 ** 32;
    if (low >= reject) return Math.floor(product / 2 ** 32);
  }
}

/** Draws one item. */
export type DrawItem = (source: RandomSource) => number;

/** Draws of n items, each as likely. */
export function uniformItems(n: number): DrawItem {
  return (source) => uniformBelow(n, source);
}

/**
 * Draws of which `share` go by popularity, an item in proportion to its count, and the rest to any of
 * the items alike; all of them where no item is known to be popular (K27). In steps of 2⁻³² of the
 * whole, which no claim of privacy rests on.
 *
 * @param counts by item, 0 or more: `popularCounts` of shared/model/parts.ts
 */
export function popularItems(counts: ArrayLike<number>, share: number): DrawItem {
  const n = counts.length;
  const sums = new Float64Array(n);
  let total = 0;
  for (let item = 0; item < n; item++) {
    total += counts[item] as number;
    sums[item] = total;
  }
  if (!(total > 0)) return uniformItems(n);
  return (source) => {
    if (source.nextUint32() >= share * 2 ** 32) return uniformBelow(n, source);
    const at = (source.nextUint32() / 2 ** 32) * total;
    let [low, high] = [0, n - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Candidate lists: the target first, then `negatives` drawn items. */
export function drawCandidates(
  target: number,
  negatives: number,
  draw: DrawItem,
  source: RandomSource,
): Uint32Array {
  const candidates = new Uint32Array(1 + negatives);
  candidates[0] = target;
  for (let c = 1; c <= negatives; c++) candidates[c] = draw(source);
  return candidates;
}
