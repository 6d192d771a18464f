/**
 * ln A_α of the sampled Gaussian at fractional orders by the series of Mironov, Talwar and
 * Zhang, arXiv:1908.10530v1, §3.3, written straight down; used by tests and vectors alone.
 *
 * The series alternates from the term after ⌈α⌉ on. Opacus adds it up with its signs, which
 * gives A_α; dp_accounting adds up absolute values, which is above A_α: a valid bound, looser
 * where q is large or α near 1. Published figures are of both kinds.
 */
import { logNormalCdf } from '../../shared/privacy/analytic.ts';

const MAX_TERMS = 2000;

/** Returns ln A_α, or ln of the bound by absolute values. */
export function logMoment(sigma: number, q: number, order: number, absolute: boolean): number {
  const border = sigma * sigma * Math.log(1 / q - 1) + 0.5;
  const tail = (x: number): number => logNormalCdf(-x / sigma);
  let [high, positive, negative] = [Number.NEGATIVE_INFINITY, 0, 0];
  let [logWays, sign] = [0, 1];
  let last = Number.POSITIVE_INFINITY;
  const add = (term: number): void => {
    if (term > high) {
      const shrink = Math.exp(high - term);
      [positive, negative, high] = [positive * shrink, negative * shrink, term];
    }
    if (absolute || sign > 0) positive += Math.exp(term - high);
    else negative += Math.exp(term - high);
  };
  for (let i = 0; i < MAX_TERMS; i++) {
    const j = order - i;
    const low = i * Math.log(q) + j * Math.log1p(-q) + (i * i - i) / (2 * sigma * sigma);
    const top = j * Math.log(q) + i * Math.log1p(-q) + (j * j - j) / (2 * sigma * sigma);
    const [first, second] = [logWays + low + tail(i - border), logWays + top + tail(border - j)];
    add(first);
    add(second);
    const largest = Math.max(first, second);
    if (i > order && largest < last && largest < high - 40) break;
    last = largest;
    logWays += Math.log(Math.abs(j) / (i + 1));
    if (j < 0) sign = -sign;
  }
  return high + Math.log(positive - negative);
}

/** Returns D_α by absolute values at fractional orders, as dp_accounting has it. */
export function absoluteRdp(sigma: number, q: number, order: number): number {
  return logMoment(sigma, q, order, true) / (order - 1);
}
