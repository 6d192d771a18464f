/** Special functions and root finding that the accountant's families share. */
import { assertFinite, assertPositive } from '../assert/assert.ts';
import { logNormalCdf } from './analytic.ts';

/** Returns ln Σ exp(terms); minus infinity for none. */
export function logSum(terms: ArrayLike<number>): number {
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < terms.length; i++) high = Math.max(high, terms[i] as number);
  if (!Number.isFinite(high)) return high;
  let sum = 0;
  for (let i = 0; i < terms.length; i++) sum += Math.exp((terms[i] as number) - high);
  return high + Math.log(sum);
}

/** B_2k/(2k(2k − 1)), k = 1 … 7. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];

/** Returns ln Γ(x), x > 0, by Stirling's series from 10 upwards (NIST DLMF 5.11.1, 5.5.1). */
export function logGamma(x: number): number {
  assertPositive('x', x);
  let shift = 1;
  let y = x;
  while (y < 10) {
    shift *= y;
    y += 1;
  }
  let series = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) series = series / (y * y) + (STIRLING[k] ?? 0);
  const core = (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series / y;
  return core - Math.log(shift);
}

/** Returns ln of the probability of `k` successes in `n` trials of probability `p`. */
export function logBinomial(n: number, k: number, p: number): number {
  const ways = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const hits = k === 0 ? 0 : k * Math.log(p);
  const misses = n === k ? 0 : (n - k) * Math.log1p(-p);
  return ways + hits + misses;
}

/** Lentz's method needs some √max(a, b) steps; this allows for parameters of 10^9. */
const MAX_FRACTION = 200_000;

/**
 * Returns the regularised incomplete beta function I_x(a, b), 0 ≤ x ≤ 1.
 *
 * Continued fraction of NIST DLMF 8.17.22 by Lentz's method.
 */
export function betaRegularised(x: number, a: number, b: number): number {
  assertFinite('x', x);
  assertPositive('a', a);
  assertPositive('b', b);
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaRegularised(1 - x, b, a);
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < MAX_FRACTION; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) return Math.min(1, (Math.exp(front) * fraction) / a);
  }
  throw new RangeError('a and b are too large');
}

/** Returns the x with Φ(x) = `p`, 0 < p < 1, by bisection on ln Φ. */
export function normalQuantile(p: number): number {
  assertPositive('p', p);
  if (p >= 1) throw new RangeError('p must be below 1');
  if (p > 0.5) return -normalQuantile(1 - p);
  const target = Math.log(p);
  let low = -40;
  let high = 0;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (logNormalCdf(middle) < target) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Returns the smallest x > 0, to a relative `tolerance`, from which on `excess` ≤ 0; `excess`
 * must fall (or rise, for the largest x up to which it is ≤ 0, with `falls` false).
 *
 * Bracketed by doubling, then by the Illinois variant of false position on ln x; what is
 * returned has been tested to meet the target.
 *
 * @throws RangeError where no x between 2^-60 and 2^60 meets the target.
 */
export function solve(
  excess: (x: number) => number,
  falls = true,
  tolerance = 1e-12,
  start = 1,
): number {
  const direction = falls ? 1 : -1;
  let good = Math.log(start);
  let goodExcess = excess(start);
  let bad = good;
  let badExcess = goodExcess;
  const limit = Math.LN2 * 60;
  while (goodExcess > 0) {
    [bad, badExcess] = [good, goodExcess];
    good += direction * Math.LN2;
    if (Math.abs(good) > limit) throw new RangeError('the target cannot be met');
    goodExcess = excess(Math.exp(good));
  }
  while (badExcess <= 0) {
    [good, goodExcess] = [bad, badExcess];
    bad -= direction * Math.LN2;
    if (Math.abs(bad) > limit) throw new RangeError('the target is met by any value');
    badExcess = excess(Math.exp(bad));
  }
  let [weightGood, weightBad] = [goodExcess, badExcess];
  let side = 0;
  for (let i = 0; i < 200 && Math.abs(good - bad) > tolerance; i++) {
    const secant = bad - (weightBad * (good - bad)) / (weightGood - weightBad);
    const inside = Number.isFinite(secant) && (secant - good) * (secant - bad) < 0;
    const middle = !inside || i % 3 === 2 ? (good + bad) / 2 : secant;
    const value = excess(Math.exp(middle));
    if (value <= 0) {
      if (side === 1) weightBad /= 2;
      [good, weightGood, side] = [middle, value, 1];
    } else {
      if (side === -1) weightGood /= 2;
      [bad, weightBad, side] = [middle, value, -1];
    }
  }
  return Math.exp(good);
}
