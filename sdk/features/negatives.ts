/** Uniform draws of catalogue items for sampled softmax. */
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

/** Candidate lists: the target first, then `negatives` uniform items. */
export function drawCandidates(
  target: number,
  negatives: number,
  n: number,
  source: RandomSource,
): Uint32Array {
  const candidates = new Uint32Array(1 + negatives);
  candidates[0] = target;
  for (let c = 1; c <= negatives; c++) candidates[c] = uniformBelow(n, source);
  return candidates;
}
