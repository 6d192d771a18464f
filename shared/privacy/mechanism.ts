/** Mechanisms as frozen records; an accountant that does not know a record throws. */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { RdpCurve } from './curve.ts';
import { epsilonOfCurve, gaussianCurve, infiniteCurve, pureCurve, scaleCurve } from './curve.ts';
import { privUnitClaim, type SeededParameters } from './seeded.ts';
import { assertDelta, epsilonOfZcdp, zcdpOfGaussian } from './zcdp.ts';

/** Seeded PrivUnitG in integers: local tier alone, δ = 0. */
export interface PrivUnitMechanism extends SeededParameters {
  readonly name: 'privunit';
}

/**
 * What is done to a clipped vector before it leaves.
 *
 * `sigma` is the noise multiplier: standard deviation over L2 sensitivity, which is Δ = 2B′
 * (replace-one) in the local tier and B′ (zero-out) in the split tier.
 */
export type Mechanism =
  | { readonly name: 'discrete-gaussian'; readonly sigma: number }
  | PrivUnitMechanism
  | { readonly name: 'none' };

/** No noise: for the test tier, which claims nothing. */
export const NO_MECHANISM: Mechanism = Object.freeze({ name: 'none' });

/** Returns the frozen record of discrete Gaussian noise with multiplier `sigma`. */
export function discreteGaussian(sigma: number): Mechanism {
  assertPositive('sigma', sigma);
  return Object.freeze({ name: 'discrete-gaussian', sigma });
}

/** Noise multiplier of a mechanism that adds noise; 0 for one that adds none to the vector. */
export function sigmaOf(mechanism: Mechanism): number {
  return mechanism.name === 'discrete-gaussian' ? mechanism.sigma : 0;
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
    case 'privunit':
      return pureCurve(privUnitClaim(mechanism).epsilon);
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
    case 'privunit':
      return pureEpsilon(privUnitClaim(mechanism).epsilon, delta, participations);
    default:
      return unknown(mechanism);
  }
}

/**
 * ε at `delta` of `k` uses of an ε-DP mechanism: kε (so at δ = 0 too), or its curve's if less. One
 * use is claimed at δ = 0, so that no δ lowers its ε.
 */
function pureEpsilon(epsilon: number, delta: number, k: number): number {
  if (k === 1) return epsilon;
  // A multiple of 1e-9 (PR9) stays one: 2^-50 takes back what its float64 may be above it.
  const pure = (Math.ceil(epsilon * 1e9 * (1 - 2 ** -50)) * k) / 1e9;
  return Math.min(pure, epsilonOfCurve(scaleCurve(pureCurve(epsilon), k), delta));
}

function unknown(mechanism: never): never {
  const { name } = mechanism as { name: unknown };
  throw new RangeError(`mechanism '${String(name).slice(0, 64)}' is unknown`);
}
