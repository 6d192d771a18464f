/**
 * From zero-concentrated to (ε, δ) differential privacy and back: the provable conversion.
 *
 * Canonne, Kamath and Steinke, arXiv:2004.00010v5: a discrete Gaussian of standard deviation σ
 * times the L2 sensitivity is 1/(2σ²)-zCDP in any dimension (Theorem 14), and ρ-zCDP implies
 * (ε, δ)-DP with ε = min over α > 1 of ρα + ln(1 − 1/α) − ln(δα)/(α − 1) (Proposition 12).
 * Any α gives a valid ε, so that the search decides how tight the figure is, never whether it
 * holds.
 */
import { assertFinite, assertPositive } from '../assert/assert.ts';

/**
 * Part of its terms' magnitudes that is added to every ε. It outweighs the rounding of a few
 * additions and logarithms (each below 2^-51) and of thousands of additions of curves.
 */
const SLACK = 2 ** -39;

/** An ε is a multiple of a billionth, rounded up, so that engines agree on it. */
const STEPS_PER_UNIT = 1e9;

/** Throws unless 0 < δ < 1. */
export function assertDelta(delta: number): void {
  assertPositive('delta', delta);
  if (delta >= 1) throw new RangeError('delta must be below 1');
}

/** Returns ρ = 1/(2σ²) of Gaussian noise of σ times the L2 sensitivity. */
export function zcdpOfGaussian(sigma: number): number {
  assertPositive('sigma', sigma);
  return 1 / (2 * sigma * sigma);
}

/**
 * Returns the ε at `delta` that a Rényi divergence of `rdp` at order 1 + `beta` implies, rounded
 * up to a billionth and never below 0.
 *
 * Proposition 12 of arXiv:2004.00010v5 at one order.
 */
export function epsilonOfRdp(beta: number, rdp: number, delta: number): number {
  if (rdp === Number.POSITIVE_INFINITY) return rdp;
  const shrink = -Math.log1p(1 / beta);
  const tail = -(Math.log(delta) + Math.log1p(beta)) / beta;
  const slack = SLACK * (rdp - shrink + Math.abs(tail) + Math.abs(Math.log(delta)) / beta);
  const epsilon = rdp + shrink + tail + slack;
  return epsilon <= 0 ? 0 : Math.ceil(epsilon * STEPS_PER_UNIT) / STEPS_PER_UNIT;
}

/**
 * Returns the smallest provable ε at `delta` of ρ-zCDP, rounded up.
 *
 * The derivative in β = α − 1 is ρ + ln(δ(1 + β))/β², so the minimum is where
 * ρβ² + ln(1 + β) = ln(1/δ); the left side only rises.
 *
 * @param rho ρ ≥ 0; infinity gives infinity
 * @param delta 0 < δ < 1
 */
export function epsilonOfZcdp(rho: number, delta: number): number {
  assertDelta(delta);
  if (rho === Number.POSITIVE_INFINITY) return rho;
  assertFinite('rho', rho);
  if (rho < 0) throw new RangeError('rho must not be negative');
  if (rho === 0) return 0;
  const beta = bestBeta(rho, -Math.log(delta), 1 / delta - 1);
  return epsilonOfRdp(beta, rho * (1 + beta), delta);
}

function bestBeta(rho: number, target: number, most: number): number {
  let low = 0;
  let high = Math.min(most, Math.sqrt(target / rho));
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (rho * middle * middle + Math.log1p(middle) < target) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Returns the smallest noise multiplier σ (relative to the L2 sensitivity) whose provable ε at
 * `delta` is at most `epsilon`, to a relative 1e-12 above it.
 *
 * @throws RangeError where the target cannot be met by any σ below 2^60.
 */
export function sigmaOfEpsilon(epsilon: number, delta: number): number {
  assertPositive('epsilon', epsilon);
  assertDelta(delta);
  const meets = (sigma: number): boolean => epsilonOfZcdp(zcdpOfGaussian(sigma), delta) <= epsilon;
  let high = 1;
  while (!meets(high)) {
    high *= 2;
    if (high > 2 ** 60) throw new RangeError('epsilon is too small to be met');
  }
  while (high > 2 ** -60 && meets(high / 2)) high /= 2;
  let low = high / 2;
  while (high - low > high * 1e-12) {
    const middle = (low + high) / 2;
    if (meets(middle)) high = middle;
    else low = middle;
  }
  if (!meets(high)) throw new Error('calibration does not meet its target');
  return high;
}
