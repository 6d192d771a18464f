/**
 * Pairs of Gaussian mixtures in one dimension: P has its centres at or above 0, Q at or below,
 * so that the likelihood ratio rises with x.
 *
 * The Gaussian mechanism is P = N(Δ, σ²), Q = N(0, σ²); random contributions under a known law
 * are Choquette-Choo, Ganesh, Steinke and Thakurta, arXiv:2310.15526, §3 (mixture of Gaussians
 * mechanism); Poisson sampling under replacement has the record's sampled share on both sides.
 */
import { assertFinite, assertPositive } from '../assert/assert.ts';
import { logNormalCdf } from './analytic.ts';
import type { HockeyStick, RatioLaw } from './ratio.ts';
import { assertProbability } from './sampled.ts';
import { logSum } from './special.ts';

/** Σ weight·N(centre, σ²). */
interface Mixture {
  readonly centres: readonly number[];
  readonly weights: readonly number[];
}

/** A mixture pair in units of σ. */
export interface MixturePair {
  readonly upper: Mixture;
  readonly lower: Mixture;
}

/** What lies beyond 14 standard deviations of every centre is below 8e-45. */
const REACH = 14;
const CUT = 1e-44;
const LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

const CENTRED: Mixture = Object.freeze({ centres: [0], weights: [1] });

function assertMixture(name: string, { centres, weights }: Mixture): void {
  if (!Array.isArray(centres) || !Array.isArray(weights) || centres.length === 0) {
    throw new TypeError(`${name} must have arrays of centres and weights`);
  }
  if (centres.length !== weights.length) throw new RangeError(`${name} must have equal lengths`);
  for (const centre of centres) assertFinite(`${name} centre`, centre);
  for (const weight of weights) assertProbability(`${name} weight`, weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) > 1e-9) throw new RangeError(`${name} weights must add up to 1`);
}

/** Returns a pair scaled to σ = 1, checked for the order of its centres. */
function pairOf(sigma: number, upper: Mixture, lower: Mixture): MixturePair {
  assertPositive('sigma', sigma);
  assertMixture('upper', upper);
  assertMixture('lower', lower);
  if (Math.min(...upper.centres) < 0) throw new RangeError('upper centres must not be negative');
  if (Math.max(...lower.centres) > 0) throw new RangeError('lower centres must not be positive');
  if (Math.max(...upper.centres) === Math.min(...lower.centres)) {
    throw new RangeError('sensitivities must not all be 0');
  }
  const scaled = ({ centres, weights }: Mixture): Mixture => ({
    centres: centres.map((centre) => centre / sigma),
    weights,
  });
  return Object.freeze({ upper: scaled(upper), lower: scaled(lower) });
}

/** Returns the pair of Gaussian noise of σ times the sensitivity. */
export function gaussianPair(sigma: number): MixturePair {
  return pairOf(sigma, { centres: [1], weights: [1] }, CENTRED);
}

/** Returns the pair of Gaussian noise of deviation `sigma` on a sum whose change is random. */
export function mixturePair(
  sigma: number,
  sensitivities: readonly number[],
  probabilities: readonly number[],
): MixturePair {
  return pairOf(sigma, { centres: sensitivities, weights: probabilities }, CENTRED);
}

/** Returns the pair of a record replaced under Poisson sampling; σ over the sensitivity. */
export function replacementPair(sigma: number, q: number): MixturePair {
  assertProbability('q', q);
  const weights = [1 - q, q];
  return pairOf(sigma, { centres: [0, 1], weights }, { centres: [0, -1], weights });
}

/** ln Σ weight·exp(centre·x − centre²/2): the density over that of N(0, 1). */
function logTilt({ centres, weights }: Mixture, x: number): number {
  if (centres.length === 1) {
    const centre = centres[0] as number;
    return centre * x - (centre * centre) / 2;
  }
  return logSum(centres.map((c, i) => Math.log(weights[i] as number) + c * x - (c * c) / 2));
}

/** The mean centre, given x: the derivative of `logTilt`. */
function meanCentre(mixture: Mixture, x: number): number {
  const { centres, weights } = mixture;
  if (centres.length === 1) return centres[0] as number;
  const total = logTilt(mixture, x);
  return centres.reduce(
    (sum, c, i) => sum + c * Math.exp(Math.log(weights[i] as number) + c * x - (c * c) / 2 - total),
    0,
  );
}

/** ln Pr[X > x] or, for `side` −1, ln Pr[X < x]. */
function logTail({ centres, weights }: Mixture, x: number, side: 1 | -1): number {
  return logSum(
    centres.map((c, i) => Math.log(weights[i] as number) + logNormalCdf(side * (c - x))),
  );
}

/** The x at which ln(P/Q) is `target`: Newton's method inside a bracket. */
function invert(pair: MixturePair, target: number): number {
  if (pair.upper.centres.length === 1 && pair.lower.centres.length === 1) {
    const [u, l] = [pair.upper.centres[0] as number, pair.lower.centres[0] as number];
    return target / (u - l) + (u + l) / 2;
  }
  const ratio = (x: number): number => logTilt(pair.upper, x) - logTilt(pair.lower, x);
  let low = -1;
  let high = 1;
  while (ratio(low) > target) {
    low *= 2;
    if (low < -1e9) return Number.NEGATIVE_INFINITY;
  }
  while (ratio(high) < target) {
    high *= 2;
    if (high > 1e9) return Number.POSITIVE_INFINITY;
  }
  let x = (low + high) / 2;
  for (let i = 0; i < 200; i++) {
    const excess = ratio(x) - target;
    if (excess > 0) high = x;
    else low = x;
    const slope = meanCentre(pair.upper, x) - meanCentre(pair.lower, x);
    const newton = x - excess / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-14 * (1 + Math.abs(x))) return next;
    x = next;
  }
  return x;
}

/** ln(P/Q) as x falls without end: the weights at 0 where both mixtures have one. */
function infimum({ upper, lower }: MixturePair): number {
  const least = Math.min(...upper.centres);
  const deepest = Math.min(...lower.centres);
  if (least > 0 || deepest < 0) return Number.NEGATIVE_INFINITY;
  const share = (mixture: Mixture): number =>
    mixture.centres.reduce(
      (sum, c, i) => (c === 0 ? sum + (mixture.weights[i] as number) : sum),
      0,
    );
  return Math.log(share(upper)) - Math.log(share(lower));
}

/** Returns δ(ε) of (P, Q), at any real ε. */
export function mixtureDelta(pair: MixturePair): HockeyStick {
  return (epsilon) => {
    assertFinite('epsilon', epsilon);
    if (epsilon <= infimum(pair)) return -Math.expm1(epsilon);
    const x = invert(pair, epsilon);
    if (x === Number.POSITIVE_INFINITY) return 0;
    return difference(logTail(pair.upper, x, 1), epsilon + logTail(pair.lower, x, 1));
  };
}

/** Returns δ(ε) of (Q, P), at any real ε. */
export function reversedMixtureDelta(pair: MixturePair): HockeyStick {
  return (epsilon) => {
    assertFinite('epsilon', epsilon);
    if (-epsilon <= infimum(pair)) return 0;
    const x = invert(pair, -epsilon);
    if (x === Number.POSITIVE_INFINITY) return -Math.expm1(epsilon);
    return difference(logTail(pair.lower, x, -1), epsilon + logTail(pair.upper, x, -1));
  };
}

function difference(first: number, second: number): number {
  return second >= first ? 0 : Math.exp(first) * -Math.expm1(second - first);
}

/** Returns the law of ln(P/Q). */
export function mixtureLaw(pair: MixturePair): RatioLaw {
  const { upper, lower } = pair;
  const top = Math.max(...upper.centres) - Math.min(...lower.centres);
  return {
    atoms: [],
    segments: [
      {
        from: Math.min(...lower.centres) - REACH,
        to: Math.max(...upper.centres) + REACH,
        scale: 1 / Math.max(1, top / 4),
        logDensity: (x) => logTilt(lower, x) - 0.5 * x * x - LOG_SQRT_TWO_PI,
        ratio: (x) => logTilt(upper, x) - logTilt(lower, x),
        slope: (x) => meanCentre(upper, x) - meanCentre(lower, x),
        inverse: (r) => (r <= infimum(pair) ? Number.NEGATIVE_INFINITY : invert(pair, r)),
      },
    ],
    onlyP: 0,
    cut: CUT,
  };
}
