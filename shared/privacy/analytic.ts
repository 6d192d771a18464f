/**
 * The analytic Gaussian mechanism: Balle and Wang, arXiv:1805.06530, Theorem 8.
 *
 * Exact for continuous noise: δ(ε) = Φ(1/(2σ) − εσ) − e^ε·Φ(−1/(2σ) − εσ), sensitivity 1. What
 * leaves a browser is discrete, so these figures are shown as "indicative" and decide nothing.
 */
import { assertFinite, assertPositive } from '../assert/assert.ts';
import { assertDelta } from './zcdp.ts';

const LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Below −3, 60 levels of the continued fraction reach float64 precision. */
const TAIL = -3;
const LEVELS = 60;

/**
 * Returns ln Φ(x), to some 1e-13 relative to Φ.
 *
 * Tail: Laplace's continued fraction of Mills' ratio (NIST DLMF 7.9.1). Centre: Φ(x) = ½ + φ(x)·
 * (x + x³/3 + x⁵/(3·5) + …) (NIST DLMF 7.6.2).
 */
export function logNormalCdf(x: number): number {
  assertFinite('x', x);
  if (x > -TAIL) return Math.log1p(-Math.exp(logNormalCdf(-x)));
  const logDensity = -0.5 * x * x - LOG_SQRT_TWO_PI;
  if (x < TAIL) {
    let level = -x;
    for (let k = LEVELS; k >= 1; k--) level = -x + k / level;
    return logDensity - Math.log(level);
  }
  let sum = 0;
  let term = x;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / odd;
  }
  return Math.log(0.5 + Math.exp(logDensity) * sum);
}

function logDelta(sigma: number, epsilon: number): number {
  const half = 1 / (2 * sigma);
  const first = logNormalCdf(half - epsilon * sigma);
  const second = epsilon + logNormalCdf(-half - epsilon * sigma);
  return second >= first ? Number.NEGATIVE_INFINITY : first + Math.log(-Math.expm1(second - first));
}

/** Returns δ at `epsilon` ≥ 0 of continuous Gaussian noise of σ times the sensitivity. */
export function analyticDelta(sigma: number, epsilon: number): number {
  assertPositive('sigma', sigma);
  assertFinite('epsilon', epsilon);
  if (epsilon < 0) throw new RangeError('epsilon must not be negative');
  return Math.exp(logDelta(sigma, epsilon));
}

/** Returns ε at `delta` of continuous Gaussian noise of σ times the sensitivity; indicative. */
export function analyticEpsilon(sigma: number, delta: number): number {
  assertPositive('sigma', sigma);
  assertDelta(delta);
  const target = Math.log(delta);
  const meets = (epsilon: number): boolean => logDelta(sigma, epsilon) <= target;
  return meets(0) ? 0 : smallest(meets);
}

/** Returns the smallest σ that gives (ε, δ) with continuous Gaussian noise; indicative. */
export function analyticSigma(epsilon: number, delta: number): number {
  assertPositive('epsilon', epsilon);
  assertDelta(delta);
  const target = Math.log(delta);
  return smallest((sigma) => logDelta(sigma, epsilon) <= target);
}

/** The smallest x > 0 from which on `meets` holds, to float64 precision, by bisection. */
function smallest(meets: (x: number) => boolean): number {
  let high = 1;
  while (!meets(high)) {
    high *= 2;
    if (high > 2 ** 100) throw new RangeError('the target cannot be met');
  }
  while (high > 2 ** -100 && meets(high / 2)) high /= 2;
  let low = high / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (meets(middle)) high = middle;
    else low = middle;
  }
  return high;
}
