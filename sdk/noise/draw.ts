/** The noise of one report: rules PR3 and PR4 of shared/privacy/SPEC.md. */
import { assertNoWrap, normBound } from '../../shared/field/fixed.ts';
import type { Task } from '../../shared/protocol/task.ts';
import {
  DiscreteGaussian,
  exactSigmaSquared,
  type WordSource,
} from '../../shared/random/gaussian.ts';
import { NoiseError } from './error.ts';

/** The fields of a task on which its noise depends. */
export type NoiseTask = Pick<
  Task,
  'tier' | 'mechanism' | 'd' | 'clipL2' | 'scaleBits' | 'maxReports'
>;

declare const drawn: unique symbol;

/** The noise of one report, good for one `privatize`; only `drawNoise` makes one. */
export interface Noise {
  readonly [drawn]: true;
  /** d coordinates; zeros in the test tier. */
  readonly coordinates: Int32Array<ArrayBuffer>;
  /** Standard deviation of a coordinate, integer units; 0 in the test tier. */
  readonly std: number;
}

const unused = new WeakSet<object>();

/** Above the rounding of σ·2·B′, so that the deviation is never below what is claimed. */
const UP = 1 + 2 ** -50;

/**
 * Standard deviation of a coordinate's noise, integer units: σ·Δ with Δ = 2B′ (replace-one) in
 * the local tier, 0 in the test tier.
 *
 * @throws NoiseError 'unsupported-tier' in the split tier, which this release does not speak, and
 * 'wrong-mechanism' for a tier without its mechanism; RangeError where int32 could wrap (PR6).
 */
export function noiseStd(task: NoiseTask): number {
  const { tier, mechanism, d, maxReports } = task;
  const B = 2 ** task.scaleBits;
  switch (tier) {
    case 'local': {
      if (mechanism.name !== 'discrete-gaussian') {
        throw new NoiseError('wrong-mechanism', `tier local with mechanism ${mechanism.name}`);
      }
      assertNoWrap({ tier, maxReports, B, d, sigma: mechanism.sigma });
      return mechanism.sigma * 2 * normBound(B, d) * UP;
    }
    case 'test':
      if (mechanism.name !== 'none') {
        throw new NoiseError('wrong-mechanism', `tier test with mechanism ${mechanism.name}`);
      }
      assertNoWrap({ tier, maxReports, B, d, sigma: 0 });
      return 0;
    default:
      throw new NoiseError('unsupported-tier', `tier ${tier}`);
  }
}

/**
 * Draws the whole vector, before training starts: how long it takes depends on the noise alone.
 *
 * @throws NoiseError or RangeError as `noiseStd`.
 */
export function drawNoise(task: NoiseTask, source: WordSource): Noise {
  const std = noiseStd(task);
  const coordinates = new Int32Array(task.d);
  if (std > 0) new DiscreteGaussian(exactSigmaSquared(std)).fill(coordinates, source);
  const noise = { coordinates, std } as Noise;
  unused.add(noise);
  return noise;
}

/**
 * Takes the noise for one report.
 *
 * @throws NoiseError 'reused-noise' when it was taken before or not drawn by `drawNoise`: two
 * reports with the same noise would reveal their difference.
 */
export function takeNoise(noise: Noise): Int32Array<ArrayBuffer> {
  if (!unused.delete(noise)) throw new NoiseError('reused-noise', 'noise is good for one report');
  return noise.coordinates;
}
