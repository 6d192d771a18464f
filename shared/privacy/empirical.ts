/**
 * Lower bounds on ε from an attack's counts: ln of a confidence bound on the ratio of its rates.
 *
 * ε ≥ ln(true positive rate / false positive rate) for every attack on an (ε, 0)-private
 * mechanism. Clopper and Pearson (1934), α/2 on either rate, as in Jagielski, Ullman and Oprea,
 * arXiv:2006.07709; ratios of two binomials as in Aho and Bowyer, Methods Ecol. Evol. 6, 2015
 * (Katz's and Walters's logarithms, Bailey's cube root, Newman's inverse hyperbolic sine).
 */
import { assertInteger } from '../assert/assert.ts';
import { betaRegularised, normalQuantile } from './special.ts';
import { assertDelta } from './zcdp.ts';

/** Ways to bound the ratio. Only Clopper–Pearson's confidence is guaranteed. */
export type RatioMethod = 'KATZ_LOG' | 'ADJUSTED_LOG' | 'BAILEY' | 'INV_SINH' | 'CLOPPER_PEARSON';

/** Counts of an attack on records that were in (positives) and out (negatives). */
export interface Counts {
  readonly truePositives: number;
  readonly falseNegatives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
}

/** Smallest (or largest) chance that leaves `hits` of `trials` a probability of `tail`. */
function quantile(tail: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 200 && high - low > 1e-16 * high; i++) {
    const middle = (low + high) / 2;
    if (betaRegularised(middle, a, b) < tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Returns the two-sided Clopper–Pearson interval of a rate at confidence 1 − `alpha`. */
export function clopperPearson(hits: number, trials: number, alpha: number): [number, number] {
  assertInteger('trials', trials, 1);
  assertInteger('hits', hits, 0, trials);
  assertDelta(alpha);
  const low = hits === 0 ? 0 : quantile(alpha / 2, hits, trials - hits + 1);
  const high = hits === trials ? 1 : 1 - quantile(alpha / 2, trials - hits, hits + 1);
  return [low, high];
}

/** Returns the lower bound on (true positive rate)/(false positive rate); 0 if it says nothing. */
export function ratioLowerBound(counts: Counts, alpha: number, method: RatioMethod): number {
  for (const [name, count] of Object.entries(counts)) assertInteger(name, count, 0);
  assertDelta(alpha);
  if (alpha >= 0.5) throw new RangeError('alpha must be below 0.5');
  const positives = counts.truePositives + counts.falseNegatives;
  const negatives = counts.falsePositives + counts.trueNegatives;
  if (positives === 0 || negatives === 0) throw new RangeError('counts must not be all 0');
  const [x, y] = [counts.truePositives, counts.falsePositives];
  if (method === 'CLOPPER_PEARSON') {
    const low = clopperPearson(x, positives, alpha)[0];
    const high = clopperPearson(y, negatives, alpha)[1];
    return low <= 0 || high >= 1 ? 0 : low / high;
  }
  const z = normalQuantile(alpha);
  const full = x === positives && y === negatives;
  const hits = full ? positives - 0.5 : x;
  const alarms = full ? negatives - 0.5 : y;
  switch (method) {
    case 'KATZ_LOG':
      return x === 0 ? 0 : katz(hits, alarms || 0.5, positives, negatives, z);
    case 'ADJUSTED_LOG':
      return x === 0 && y === 0
        ? 0
        : katz(hits + 0.5, alarms + 0.5, positives + 0.5, negatives + 0.5, z);
    case 'BAILEY':
      return x === 0 ? 0 : bailey(x, y, positives, negatives, z);
    case 'INV_SINH':
      return x === 0 ? 0 : inverseSinh(hits, alarms || z * z, positives, negatives, z);
    default:
      throw new RangeError(`method '${String(method).slice(0, 32)}' is unknown`);
  }
}

/** Returns the lower bound on ε; −infinity if the counts say nothing. */
export function epsilonLowerBound(counts: Counts, alpha: number, method: RatioMethod): number {
  return Math.log(ratioLowerBound(counts, alpha, method));
}

/** Katz, Baptista, Azen and Pike, Biometrics 34, 1978; with halves added, Walters 1985. */
function katz(x: number, y: number, m: number, n: number, z: number): number {
  return (x / m / (y / n)) * Math.exp(z * Math.sqrt(1 / x - 1 / m + 1 / y - 1 / n));
}

/** Bailey, Applied Statistics 36, 1987; a full or empty count is moved by a half. */
function bailey(x: number, y: number, m: number, n: number, z: number): number {
  const a = x === m ? m - 0.5 : x;
  const b = y === 0 ? 0.5 : y === n ? n - 0.5 : y;
  const [missA, missB] = [1 - a / m, 1 - b / n];
  const spread = missA / a + missB / b - (z * z * missA * missB) / (9 * a * b);
  const top = 1 + (z / 3) * Math.sqrt(spread);
  const bottom = 1 - (z * z * missB) / (9 * b);
  return (a / m / (b / n)) * (top / bottom) ** 3;
}

/** Newman, Statistics in Medicine 20, 2001. */
function inverseSinh(x: number, y: number, m: number, n: number, z: number): number {
  const spread = (z / 2) * Math.sqrt(1 / x - 1 / m + 1 / y - 1 / n);
  return (x / m / (y / n)) * Math.exp(2 * Math.asinh(spread));
}
