/** The choice of one seed among N: PrivUnitG in integers, PR38 of shared/privacy/SPEC.md. */
import type { PrivUnitMechanism } from '../../shared/privacy/mechanism.ts';
import type { WordSource } from '../../shared/random/gaussian.ts';
import { dotPrivUnit } from '../../shared/random/privunit.ts';

export const SEED_BYTES = 32;

/** Integer units of a unit vector: rounding turns it by 2^-21·√d at most. */
const UNIT = 2 ** 20;

/** Draws `count` seeds, 32 bytes each. */
export function drawCandidates(count: number, source: WordSource): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SEED_BYTES * count);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, source.nextUint32(), true);
  return bytes;
}

/**
 * Chooses the seed that leaves. Every candidate is tried, whatever the others gave, and three words
 * are drawn, whatever the update: the time depends on d and N alone, as far as an engine without
 * constant-time arithmetic allows.
 *
 * @param clipped d coordinates of norm at most `clipL2`
 * @param candidates of `drawCandidates`; independent, so that the first on a side is as good as one
 * chosen uniformly among those on it
 */
export function chooseSeed(
  clipped: Float64Array,
  clipL2: number,
  { acceptance, threshold }: Pick<PrivUnitMechanism, 'acceptance' | 'threshold'>,
  candidates: Uint8Array,
  source: WordSource,
): Uint8Array<ArrayBuffer> {
  const w = integerDirection(clipped, clipL2, source);
  const bound = sideBound(w, threshold);
  const side = source.nextUint32() >>> 16 < acceptance ? 1 : 0;
  const count = candidates.length / SEED_BYTES;
  let chosen = 0;
  for (let i = count - 1; i >= 0; i--) {
    const seed = candidates.subarray(SEED_BYTES * i, SEED_BYTES * (i + 1));
    const matches = side ^ (dotPrivUnit(seed, w) >= bound ? 0 : 1);
    chosen += matches * (i - chosen);
  }
  return candidates.slice(SEED_BYTES * chosen, SEED_BYTES * (chosen + 1));
}

/**
 * ±u/‖u‖ in integers of norm near 2^20: plus with probability (1 + ‖u‖/C)/2, exactly as the float64
 * says, so that its mean is u/C; the first axis stands for a zero vector.
 */
function integerDirection(
  u: Float64Array,
  clipL2: number,
  source: WordSource,
): Float64Array<ArrayBuffer> {
  const norm = euclidean(u);
  // p is at least ½, so that p·2^53 is an integer and the comparison is exact.
  const p = (1 + Math.min(1, norm / clipL2)) / 2;
  const digits = (source.nextUint32() >>> 11) * 2 ** 32 + source.nextUint32();
  const sign = digits < p * 2 ** 53 ? 1 : -1;
  const w = new Float64Array(u.length);
  if (norm === 0) w[0] = sign * UNIT;
  else
    for (let i = 0; i < w.length; i++) w[i] = sign * Math.round(((u[i] as number) / norm) * UNIT);
  return w;
}

/** The smallest integer that is at least γ·‖w‖ in the units of Σ Gᵢwᵢ: ⌈threshold·√Σwᵢ²⌉. */
function sideBound(w: Float64Array, threshold: number): number {
  let squared = 0;
  for (let i = 0; i < w.length; i++) squared += (w[i] as number) * (w[i] as number);
  const target = BigInt(squared) * BigInt(threshold) ** 2n;
  let root = BigInt(Math.round(Math.sqrt(Number(target))));
  while (root * root < target) root += 1n;
  while (root > 0n && (root - 1n) * (root - 1n) >= target) root -= 1n;
  return Number(root);
}

function euclidean(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (values[i] as number);
  return Math.sqrt(sum);
}
