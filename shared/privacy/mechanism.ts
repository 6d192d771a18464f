/** Mechanisms as frozen records; an accountant that does not know a record throws. */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { RdpCurve } from './curve.ts';
import { gaussianCurve, infiniteCurve } from './curve.ts';
import { assertDelta, epsilonOfZcdp, zcdpOfGaussian } from './zcdp.ts';

/**
 * What is done to a clipped vector before it leaves.
 *
 * `sigma` is the noise multiplier: standard deviation over L2 sensitivity, which is Δ = 2B′
 * (replace-one) in the local tier and B′ (zero-out) in the split tier.
 */
export type Mechanism =
  | { readonly name: 'discrete-gaussian'; readonly sigma: number }
  | { readonly name: 'none' };

/** No noise: for the test tier, which claims nothing. */
export const NO_MECHANISM: Mechanism = Object.freeze({ name: 'none' });

/** Returns the frozen record of discrete Gaussian noise with multiplier `sigma`. */
export function discreteGaussian(sigma: number): Mechanism {
  assertPositive('sigma', sigma);
  return Object.freeze({ name: 'discrete-gaussian', sigma });
}

/**
 * Returns the curve of one use.
 *
 * @throws RangeError that names a mechanism which this accountant does not know.
 */
export function curveOf(mechanism: Mechanism): RdpCurve {
  switch (mechanism.name) {
    case 'discrete-gaussian':
      return gaussianCurve(mechanism.sigma);
    case 'none':
      return infiniteCurve();
    default:
      return unknown(mechanism);
  }
}

/**
 * Returns the provable ε at `delta` of `participations` uses, rounded up; infinity for `none`.
 *
 * @throws RangeError that names a mechanism which this accountant does not know.
 */
export function epsilonOf(mechanism: Mechanism, delta: number, participations: number): number {
  assertDelta(delta);
  assertInteger('participations', participations, 1);
  switch (mechanism.name) {
    case 'discrete-gaussian':
      return epsilonOfZcdp(participations * zcdpOfGaussian(mechanism.sigma), delta);
    case 'none':
      return Number.POSITIVE_INFINITY;
    default:
      return unknown(mechanism);
  }
}

function unknown(mechanism: never): never {
  const { name } = mechanism as { name: unknown };
  throw new RangeError(`mechanism '${String(name).slice(0, 64)}' is unknown`);
}
