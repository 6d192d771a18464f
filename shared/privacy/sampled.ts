/**
 * Rényi divergence under Poisson sampling. Nothing that Vitrine claims rests on it (SPEC.md
 * PR11): it serves audits and comparisons.
 *
 * Gaussian: Mironov, Talwar and Zhang, arXiv:1908.10530v1, whose A_α = E[(1 − q + q·e^Y)^α],
 * Y = (2x − 1)/(2σ²), x ~ N(0, σ²), bounds both directions (Theorem 5). Any mechanism, integer
 * orders: Zhu and Wang, "Poisson Subsampled Rényi Differential Privacy", ICML 2019, Theorem 5.
 */
import { assertFinite, assertPositive } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import { logSum } from './special.ts';

/** Throws unless 0 ≤ q ≤ 1. */
export function assertProbability(name: string, q: number): void {
  assertFinite(name, q);
  if (q < 0 || q > 1) throw new RangeError(`${name} must lie in [0, 1]`);
}

/** Throws unless `order` is at least 1; infinity is an order. */
export function assertOrder(order: number): void {
  if (typeof order !== 'number') throw new TypeError('order must be a number');
  if (!(order >= 1)) throw new RangeError('order must be at least 1');
}

/** Returns D_α of Gaussian noise of σ times the sensitivity under Poisson sampling of rate q. */
export function sampledGaussianRdp(sigma: number, q: number): RdpFunction {
  assertPositive('sigma', sigma);
  assertProbability('q', q);
  return (order) => {
    assertOrder(order);
    if (q === 0) return 0;
    if (order === Number.POSITIVE_INFINITY) return order;
    if (q === 1) return order / (2 * sigma * sigma);
    if (order === 1) return moment(sigma, q, 1);
    const log = Number.isInteger(order) ? integer(sigma, q, order) : moment(sigma, q, order);
    return log / (order - 1);
  };
}

/**
 * ln A_α for an integer α: the binomial sum of §3.3, less its first two terms, which with the
 * ones of the rest add up to exactly 1: small figures keep all their digits.
 */
function integer(sigma: number, q: number, order: number): number {
  const terms: number[] = [];
  let ways = Math.log(order);
  for (let i = 2; i <= order; i++) {
    ways += Math.log((order - i + 1) / i);
    const exponent = (i * i - i) / (2 * sigma * sigma);
    const grown = exponent > 40 ? exponent : Math.log(Math.expm1(exponent));
    terms.push(ways + i * Math.log(q) + (order - i) * Math.log1p(-q) + grown);
  }
  const sum = logSum(terms);
  return sum > 40 ? sum : Math.log1p(Math.exp(sum));
}

/** Standard deviations beyond both peaks: what is cut off is below 1e-45 of the integral. */
const REACH = 15;

/**
 * ln A_α for any real α by the trapezoidal rule, and D_1 for α = 1.
 *
 * The integrand is analytic in the strip |Im x| < πσ², so that the rule's error is below
 * exp(−2π²σ²/h) relative (Trefethen and Weideman, SIAM Review 56, 2014), here e^-39. Where A_α
 * is near 1, E[e^Y] = 1 is used to take 1 + αq(e^Y − 1) away before the sum.
 */
function moment(sigma: number, q: number, order: number): number {
  const step = Math.min(sigma / 4, (sigma * sigma) / 2);
  const first = Math.floor((-REACH * sigma) / step);
  const last = Math.ceil((order + REACH * sigma) / step);
  const scale = Math.log(step / (sigma * Math.sqrt(2 * Math.PI)));
  if (order > 1) {
    const terms = new Float64Array(last - first + 1);
    for (let j = first; j <= last; j++) {
      const x = j * step;
      const ratio = logMixture((2 * x - 1) / (2 * sigma * sigma), q);
      terms[j - first] = scale - (x * x) / (2 * sigma * sigma) + order * ratio;
    }
    const log = logSum(terms);
    if (log > 0.5) return log;
  }
  let sum = 0;
  for (let j = first; j <= last; j++) {
    const x = j * step;
    const exponent = (2 * x - 1) / (2 * sigma * sigma);
    const density = scale - (x * x) / (2 * sigma * sigma);
    const power = order * logMixture(exponent, q);
    if (power > 300) sum += (order === 1 ? power : 1) * Math.exp(density + power);
    else sum += Math.exp(density) * remainder(q * Math.expm1(exponent), order);
  }
  return order === 1 ? sum : Math.log1p(sum);
}

/** ln(1 − q + q·e^y). */
function logMixture(y: number, q: number): number {
  return y > 30
    ? y + Math.log(q) + Math.log1p(((1 - q) / q) * Math.exp(-y))
    : Math.log1p(q * Math.expm1(y));
}

/** (1 + u)^α − 1 − αu; for α = 1 the limit of its share of D_1, (1 + u)·ln(1 + u) − u. */
function remainder(u: number, order: number): number {
  if (Math.abs(u) > 0.01) {
    if (order === 1) return (1 + u) * Math.log1p(u) - u;
    return Math.expm1(order * Math.log1p(u)) - order * u;
  }
  let term = order === 1 ? (u * u) / 2 : (order * (order - 1) * u * u) / 2;
  let sum = 0;
  for (let i = 2; i < 60 && sum + term !== sum; i++) {
    sum += term;
    term *= ((order - i) * u) / (i + 1);
  }
  return sum;
}

/**
 * Returns a bound on D_α under Poisson sampling of rate q of any mechanism with divergence
 * `rdp`, at integer orders; never above `rdp` itself.
 */
export function sampledRdp(rdp: RdpFunction, q: number): RdpFunction {
  assertProbability('q', q);
  return (order) => {
    assertOrder(order);
    if (q === 0) return 0;
    if (q === 1) return rdp(order);
    if (!Number.isInteger(order) || order < 2) throw new RangeError('order must be an integer ≥ 2');
    const miss = Math.log1p(-q);
    const terms = [(order - 1) * miss + Math.log1p((order - 1) * q)];
    let ways = Math.log(order);
    for (let l = 2; l <= order; l++) {
      ways += Math.log((order - l + 1) / l);
      const factor = l === 2 ? 0 : Math.log(3);
      const moments = (l - 1) * rdp(l);
      terms.push(factor + ways + (order - l) * miss + l * Math.log(q) + moments);
    }
    return Math.min(rdp(order), Math.max(0, logSum(terms) / (order - 1)));
  };
}
