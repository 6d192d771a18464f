/**
 * Amplification by shuffling, for comparison only: Vitrine claims nothing from it, as the
 * aggregator sees who sends. Imported by the vectors command and by tests alone.
 *
 * Feldman, McMillan and Talwar, "Hiding Among the Clones", arXiv:2012.12803v3: n reports of
 * ε₀-private randomisers, shuffled, are no easier to tell apart than (A + Δ, C − A + 1 − Δ) for
 * C ~ Bin(n − 1, e^(−ε₀)), A ~ Bin(C, ½), Δ ~ Bernoulli(e^ε₀/(e^ε₀ + 1)) (Theorem 3.2).
 */
import { assertFinite, assertInteger, assertPositive } from '../../assert/assert.ts';
import { betaRegularised, logBinomial } from '../special.ts';
import { assertDelta } from '../zcdp.ts';

/** Standard deviations of C that are summed; the rest, below 1e-30, is added to δ. */
const REACH = 12;

/**
 * Returns ε of `reports` shuffled reports at `delta` in closed form (Theorem 3.1, with the proof's
 * sharper last step), or ε₀ itself where ε₀ > ln(n/(16·ln(4/δ))) and the theorem says nothing.
 */
export function shuffledEpsilonClosed(reports: number, epsilon0: number, delta: number): number {
  assertInteger('reports', reports, 1);
  assertPositive('epsilon0', epsilon0);
  assertDelta(delta);
  const log = Math.log(4 / delta);
  if (epsilon0 > Math.log(reports / (16 * log))) return epsilon0;
  const grown = Math.exp(epsilon0);
  const term = (8 * Math.sqrt(grown * log)) / Math.sqrt(reports) + (8 * grown) / reports;
  const first = Math.log(1 + term);
  const factor = (1 - Math.exp(-epsilon0)) / (1 + Math.exp(-epsilon0 - first));
  return Math.log(1 + factor * term);
}

/** Pr[Bin(c, ½) ≤ k]. */
function halfCdf(k: number, c: number): number {
  if (k < 0) return 0;
  return k >= c ? 1 : betaRegularised(0.5, c - k, k + 1);
}

/**
 * Returns δ at `epsilon` ≥ 0, exact but for what lies beyond 12 standard deviations of C, which
 * is added. Exchanging the two counts exchanges the neighbours: both directions are equal.
 */
export function shuffledDelta(reports: number, epsilon0: number, epsilon: number): number {
  assertInteger('reports', reports, 1);
  assertPositive('epsilon0', epsilon0);
  assertFinite('epsilon', epsilon);
  if (epsilon < 0) throw new RangeError('epsilon must not be negative');
  if (epsilon >= epsilon0) return 0;
  const keep = 1 / (1 + Math.exp(-epsilon0));
  const growth = Math.exp(epsilon);
  // The likelihood ratio falls with A; it is e^ε where A/(C + 1) is `share`.
  const gain = keep - growth * (1 - keep);
  const share = gain / (gain + growth * keep - (1 - keep));
  const chance = Math.exp(-epsilon0);
  const [mean, deviation] = [
    (reports - 1) * chance,
    Math.sqrt((reports - 1) * chance * (1 - chance)),
  ];
  const first = Math.max(0, Math.floor(mean - REACH * deviation - REACH * REACH));
  const last = Math.min(reports - 1, Math.ceil(mean + REACH * deviation + REACH * REACH));
  let delta = 0;
  for (let c = first; c <= last; c++) {
    const weight = Math.exp(logBinomial(reports - 1, c, chance));
    if (weight < 1e-40) continue;
    const cutoff = Math.floor(share * (c + 1));
    const [whole, less] = [halfCdf(cutoff, c), halfCdf(cutoff - 1, c)];
    const p = keep * whole + (1 - keep) * less;
    const q = (1 - keep) * whole + keep * less;
    delta += weight * Math.max(0, p - growth * q);
  }
  return Math.min(1, delta + 1e-30);
}

/** Returns the smallest ε of `reports` shuffled reports at `delta`, by bisection. */
export function shuffledEpsilon(reports: number, epsilon0: number, delta: number): number {
  assertDelta(delta);
  let [low, high] = [0, shuffledEpsilonClosed(reports, epsilon0, delta)];
  if (shuffledDelta(reports, epsilon0, 0) <= delta) return 0;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (shuffledDelta(reports, epsilon0, middle) <= delta) high = middle;
    else low = middle;
  }
  return high;
}
