/**
 * What a noisy count of a pair is worth: its posterior mean under a prior of spike and slab, of
 * which the share of the slab is estimated from the counts themselves (Johnstone and Silverman 2004,
 * "Needles and straw in haystacks", Annals of Statistics 32(4)), for goods that are more and less
 * alike apart. Most pairs are made by nobody, and alike goods are bought together more often.
 *
 * Observed is x = y + N(0, σ²); y is 0 with probability 1 − π, else exponential with mean s. A
 * threshold loses every pair below the noise; this keeps its expectation (test/bench/quality).
 */
import { assertDeviation } from './parts.ts';

/**
 * Mean of a pair that anybody makes, in whole reports of norm 1: chosen on the validation lists of
 * amazon-beauty (test/bench/quality), of which the sums are of so many reports. It grows with them.
 */
export const PAIR_SCALE = 1.5;
export const PAIR_REPORTS = 22_363;

/** Cosines of content vectors that part the bands: finer where few goods are. */
const EDGES = [-0.1, 0, 0.1, 0.2, 0.35, 0.5, 0.7] as const;

/** A band's mean may come out negative, or above s, all the same. */
const LEAST_SHARE = 1e-5;
const MOST_SHARE = 0.95;

/**
 * Estimates of at most this much of one report are left out, or of the noise where that is less:
 * under noise every pair has one, and what most of them say moves no ranking.
 */
const LEAST = 0.3;

/** Deviations below 0 that no noise reaches. */
const FAR = 40;

/** Below −3, 60 levels of the continued fraction reach float64 precision. */
const TAIL = -3;
const LEVELS = 60;
const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);

/** The band of two goods, 0 to 7. @param cosine of their content vectors; of none it is 0. */
export function likenessBand(cosine: number): number {
  let band = 0;
  while (band < EDGES.length && cosine >= (EDGES[band] as number)) band++;
  return band;
}

/**
 * Estimates of all pairs, at least 0 and aligned with `sums`; 0 where one is left out. Without noise
 * they are the sums, where above 0.
 *
 * @param sums observed, in whole reports; one that is no number counts as nothing
 * @param bands of each pair, see `likenessBand`
 * @param deviation standard deviation σ of the noise in one sum
 * @param scale mean s of the slab
 * @throws RangeError where the deviation is negative or not finite, or the scale is not above 0.
 */
export function pairEstimates(
  sums: ArrayLike<number>,
  bands: Uint8Array,
  deviation: number,
  scale: number = PAIR_SCALE,
): Float64Array {
  assertDeviation(deviation);
  if (!(scale > 0 && scale < Infinity)) throw new RangeError('scale must be above 0');
  if (bands.length !== sums.length) throw new RangeError(`bands must be of ${sums.length} pairs`);
  const shares = slabShares(sums, bands, deviation, scale);
  const priors = Array.from(shares, (share): PairPrior => ({ deviation, share, scale }));
  const cuts = priors.map((prior) => leastSum(Math.min(LEAST, deviation), prior));
  // Float64Array.from would lay millions of sums out as a list first.
  const estimates = new Float64Array(sums.length);
  for (let pair = 0; pair < estimates.length; pair++) {
    const [sum, band] = [sums[pair] as number, bands[pair] as number];
    if (!(sum > (cuts[band] as number) && sum < Infinity)) continue;
    estimates[pair] = posteriorMean(sum, priors[band] as PairPrior);
  }
  return estimates;
}

/**
 * The sum above which estimates are above `least`, by bisection: they grow with their sums, so that
 * none has to be made of the many that are left out.
 */
function leastSum(least: number, prior: PairPrior): number {
  if (prior.deviation === 0) return 0;
  let low = -FAR * prior.deviation;
  let high = prior.deviation;
  while (posteriorMean(high, prior) <= least) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (posteriorMean(middle, prior) > least) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * π of each band: E[x] = π·s, of the band's mean less its own noise σ/√pairs, clipped. So a band of
 * few pairs needs more than luck to be believed.
 */
function slabShares(
  sums: ArrayLike<number>,
  bands: Uint8Array,
  deviation: number,
  scale: number,
): Float64Array {
  const totals = new Float64Array(EDGES.length + 1);
  const pairs = new Float64Array(EDGES.length + 1);
  for (let pair = 0; pair < sums.length; pair++) {
    const band = bands[pair] as number;
    const sum = sums[pair] as number;
    if (!Number.isFinite(sum)) continue;
    totals[band] = (totals[band] as number) + sum;
    pairs[band] = (pairs[band] as number) + 1;
  }
  return totals.map((total, band) => {
    const count = Math.max(1, pairs[band] as number);
    const share = (total / count - deviation / Math.sqrt(count)) / scale;
    return Math.min(MOST_SHARE, Math.max(LEAST_SHARE, share));
  });
}

/** What is known before a sum is seen. */
export interface PairPrior {
  /** Standard deviation σ of the noise. */
  readonly deviation: number;
  /** Probability π of the slab. */
  readonly share: number;
  /** Mean s of the slab. */
  readonly scale: number;
}

/**
 * E[y | x], which grows with x. With t = x/σ − σ/s the slab's density over the spike's is
 * (σ/s)·Φ(t)/φ(t), and E[y | x, slab] = σ·(t + φ(t)/Φ(t)).
 */
export function posteriorMean(x: number, { deviation, share, scale }: PairPrior): number {
  if (deviation === 0) return Math.max(0, x);
  const { ratio, mean } = aboveZero(x / deviation - deviation / scale);
  const spike = ((1 - share) * scale) / (share * deviation * ratio);
  return (deviation * mean) / (1 + spike);
}

/**
 * Φ(t)/φ(t), and t + φ(t)/Φ(t): the mean of N(t, 1) where it is above 0. Far below 0 both come from
 * one continued fraction, since the difference of t and its opposite would leave nothing of the mean.
 *
 * Tail: Laplace's continued fraction of Mills' ratio (NIST DLMF 7.9.1). Centre: Φ(t)/φ(t) = ½/φ(t) +
 * t + t³/3 + t⁵/(3·5) + … (NIST DLMF 7.6.2).
 */
function aboveZero(t: number): { readonly ratio: number; readonly mean: number } {
  if (t < TAIL) {
    let level = -t;
    for (let k = LEVELS; k >= 2; k--) level = -t + k / level;
    return { ratio: 1 / (1 / level - t), mean: 1 / level };
  }
  const inverse = SQRT_TWO_PI * Math.exp((t * t) / 2);
  const ratio = t > -TAIL ? inverse - aboveZero(-t).ratio : inverse / 2 + oddSeries(t);
  return { ratio, mean: t + 1 / ratio };
}

/** t + t³/3 + t⁵/(3·5) + … */
function oddSeries(t: number): number {
  let sum = 0;
  for (let term = t, odd = 3; Math.abs(term) > Number.EPSILON * Math.abs(sum); odd += 2) {
    sum += term;
    term *= (t * t) / odd;
  }
  return sum;
}
