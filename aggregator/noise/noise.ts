/** A server's own noise, from a seed, so that a restart makes the same vector. */
import { assertBytes } from '../../shared/assert/assert.ts';
import { fillSeeded } from '../../shared/random/seeded.ts';
import { type NoiseTask, serverVariance } from '../../shared/random/variance.ts';

/** A seed is a ChaCha20 key, used for one vector only. */
export const NOISE_SEED_BYTES = 32;

export interface ServerNoise {
  /** Integer units, d coordinates. */
  readonly noise: Int32Array<ArrayBuffer>;
  /** Of one coordinate: a whole number in decimal digits. */
  readonly variance: string;
}

/**
 * Exact discrete Gaussian noise of `serverVariance(task)` in every coordinate.
 * @param seed 32 bytes, secret, never used before.
 * @throws RangeError for a coordinate beyond int32, which no task that may be accepted has.
 */
export function serverNoise(task: NoiseTask, seed: Uint8Array): ServerNoise {
  assertBytes('seed', seed, NOISE_SEED_BYTES);
  const variance = serverVariance(task);
  const noise = new Int32Array(task.d);
  fillSeeded(noise, variance, seed);
  return { noise, variance: variance.toString() };
}
