/**
 * How far the opened mean lies from the true mean, before anybody has reported.
 *
 * DESIGN.md §2, "Tiers": the discrete Gaussian of each tier, and stochastic rounding. All figures
 * are L2 norms over d coordinates in the units of the update, those of the clip C.
 */
import { assertFinite, assertInteger, assertPositive } from '../assert/assert.ts';
import { normBound } from '../field/fixed.ts';

/** What decides the error of a round's mean. */
export interface ErrorInput {
  readonly tier: 'local' | 'split' | 'test';
  /** Coordinates of the vector. */
  readonly d: number;
  /** Clip C, an L2 norm. */
  readonly clipL2: number;
  /** B = 2^scaleBits integer units stand for C. */
  readonly scaleBits: number;
  /** Noise multiplier: of Δ = 2B′ in the local tier, of B′ in the split tier, unused in test. */
  readonly sigma: number;
  /** n, the reports that are averaged. */
  readonly reports: number;
  /** n_min, which fixes the clients' share of noise in the split tier. */
  readonly minReports: number;
}

/**
 * Returns the predicted L2 error of the mean of `reports` reports, root mean square.
 *
 * - `local`: √d·2σ·C·(B′/B)/√n
 * - `split`: √d·σ·C·(B′/B)·√(2 + n/(½·n_min))/n
 * - `test`: no noise
 *
 * plus, in quadrature, the rounding's √d·C/(2B·√n) at most, a coordinate's variance being at
 * most ¼. At the default scale it is a few millionths of the noise and matters in `test` alone.
 */
export function predictedError(input: ErrorInput): number {
  const { d, clipL2, scaleBits, reports } = input;
  assertInteger('d', d, 1);
  assertPositive('clipL2', clipL2);
  assertInteger('scaleBits', scaleBits, 0, 30);
  assertInteger('reports', reports, 1);
  assertInteger('minReports', input.minReports, 1);
  const B = 2 ** scaleBits;
  const noise = noiseMultiplier(input) * clipL2 * (normBound(B, d) / B);
  const rounding = clipL2 / (2 * B * Math.sqrt(reports));
  return Math.sqrt(d) * Math.hypot(noise, rounding);
}

/** Standard deviation of a coordinate of the mean, over B′ in the units of the update. */
function noiseMultiplier({ tier, sigma, reports, minReports }: ErrorInput): number {
  switch (tier) {
    case 'local':
      assertPositive('sigma', sigma);
      return (2 * sigma) / Math.sqrt(reports);
    case 'split':
      assertPositive('sigma', sigma);
      return (sigma * Math.sqrt(2 + reports / (minReports / 2))) / reports;
    case 'test':
      assertFinite('sigma', sigma);
      return 0;
    default:
      throw new RangeError('tier is unknown');
  }
}

/** What a guard of this error says, with both figures for the reason that is shown. */
export interface ErrorVerdict {
  readonly ok: boolean;
  readonly predictedL2: number;
  readonly clipL2: number;
}
