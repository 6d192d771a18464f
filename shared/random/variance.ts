/** Variance of the noise that each of the two servers adds (shared/privacy/SPEC.md, PR3 and PR4). */
import { normBound } from '../field/fixed.ts';
import { sigmaOf } from '../privacy/mechanism.ts';
import type { Task } from '../protocol/task.ts';
import { exactSigmaSquared } from './gaussian.ts';

/** The parts of a task that decide its servers' noise; any task record has them. */
export type NoiseTask = Pick<Task, 'tier' | 'mechanism' | 'd' | 'scaleBits'>;

/** Above the relative error of B′ and of σB′ in float64, five roundings of 2^-53. */
const SLACK = 2 ** -50;

/**
 * Returns ⌈(σB′)²⌉ of one coordinate, squared integer units, with (σB′)² rounded up.
 * @throws RangeError outside the split tier, and for a mechanism without σ.
 */
export function serverVariance({ tier, mechanism, d, scaleBits }: NoiseTask): bigint {
  const sigma = sigmaOf(mechanism);
  if (tier !== 'split' || sigma === 0) {
    throw new RangeError('task must be of the split tier, with discrete Gaussian noise');
  }
  return exactSigmaSquared(sigma * normBound(2 ** scaleBits, d) * (1 + SLACK));
}
