/** Quantiles of χ², by bisection on its distribution function. */
import { assertInteger, assertPositive } from '../../shared/assert/assert.ts';
import { logGamma, normalQuantile } from '../../shared/privacy/special.ts';

/** Terms of the series or fraction; some 10·√freedom are needed. */
const MAX_TERMS = 1_000_000;

/** Returns P(a, x) and Q(a, x), the regularised incomplete gamma functions. */
function incompleteGamma(a: number, x: number): { readonly below: number; readonly above: number } {
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    // NIST DLMF 8.11.4.
    let term = 1 / a;
    let sum = 0;
    for (let n = 1; n < MAX_TERMS && term > sum * 1e-17; n++) {
      sum += term;
      term *= x / (a + n);
    }
    return { below: front * sum, above: 1 - front * sum };
  }
  // NIST DLMF 8.9.2 by Lentz's method.
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return { below: 1 - front * fraction, above: front * fraction };
}

/** The x that a χ² variable with `freedom` degrees stays below with probability `probability`. */
function quantile(freedom: number, probability: number): number {
  const spread = 10 * Math.sqrt(2 * freedom) * Math.max(1, -normalQuantile(probability) / 5);
  let low = Math.max(0, freedom - spread);
  let high = freedom + spread + 1000;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (incompleteGamma(freedom / 2, middle / 2).below < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** As `quantile`, by the probability of the upper tail. */
function upperQuantile(freedom: number, tail: number): number {
  let low = freedom;
  let high = freedom + 20 * Math.sqrt(2 * freedom) + 1000;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (incompleteGamma(freedom / 2, middle / 2).above > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The interval outside which a χ² variable falls with probability `alarm`, half on each side. */
export function chiSquaredInterval(freedom: number, alarm: number): readonly [number, number] {
  assertInteger('freedom', freedom, 1, 2 ** 31);
  assertPositive('alarm', alarm);
  if (alarm >= 1) throw new RangeError('alarm must be below 1');
  return [quantile(freedom, alarm / 2), upperQuantile(freedom, alarm / 2)];
}
