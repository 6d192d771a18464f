/**
 * The planner's choice in the local tier: the mechanism of the smaller variance at a task's total
 * (ε, δ) over its k reports (PR42), and what PrivUnitG's integers are for an ε.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import { normBound } from '../field/fixed.ts';
import { logNormalCdf } from './analytic.ts';
import { epsilonOfCurve, gaussianCurve, pureCurve, type RdpCurve, scaleCurve } from './curve.ts';
import { discreteGaussian, type Mechanism, type PrivUnitMechanism } from './mechanism.ts';
import { MAX_EVALUATIONS, privUnitClaim, privUnitVariance } from './seeded.ts';
import { sigmaOfEpsilon } from './zcdp.ts';

/** N = 20/(1 − q) candidates all miss the cap with probability e^-20. */
const EXPECTED_HITS = 20;

const MAX_CANDIDATES = 1 << 20;

/** γ in table units from 0 to 5 in coarse steps; then single units about the best. */
const COARSE = 128;
const HIGHEST_THRESHOLD = 5 * 4096;

function candidatesFor(threshold: number, d: number): number {
  const tail = Math.exp(logNormalCdf(-threshold / 4096));
  const most = Math.min(MAX_CANDIDATES, Math.floor(MAX_EVALUATIONS / d));
  return Math.min(most, Math.ceil(EXPECTED_HITS / tail));
}

/** The largest acceptance whose proven ε is within the target, or null. */
function withThreshold(epsilon: number, d: number, threshold: number): PrivUnitMechanism | null {
  const candidates = candidatesFor(threshold, d);
  if (candidates < 2) return null;
  const of = (acceptance: number): PrivUnitMechanism =>
    Object.freeze({ name: 'privunit', acceptance, threshold, candidates });
  const meets = (acceptance: number): boolean => privUnitClaim(of(acceptance)).epsilon <= epsilon;
  let low = 32_768;
  let high = 65_536;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (meets(middle)) low = middle;
    else high = middle;
  }
  return low === 32_768 ? null : of(low);
}

/**
 * Returns PrivUnitG of the smallest variance in `d` coordinates whose proven ε is at most
 * `epsilon`, with N·d within `MAX_EVALUATIONS`; null where there is none.
 */
export function bestPrivUnitMechanism(epsilon: number, d: number): PrivUnitMechanism | null {
  assertPositive('epsilon', epsilon);
  assertInteger('d', d, 1, 1 << 24);
  let best: PrivUnitMechanism | null = null;
  let variance = Number.POSITIVE_INFINITY;
  const look = (threshold: number): void => {
    if (threshold < 0 || threshold > HIGHEST_THRESHOLD) return;
    const found = withThreshold(epsilon, d, threshold);
    if (found === null || privUnitClaim(found).gain <= 0) return;
    const its = privUnitVariance(found, d);
    if (its < variance) [best, variance] = [found, its];
  };
  for (let threshold = 0; threshold <= HIGHEST_THRESHOLD; threshold += COARSE) look(threshold);
  for (let step = COARSE / 4; step >= 1; step /= 4) {
    const centre: number = (best as PrivUnitMechanism | null)?.threshold ?? 0;
    for (let i = -4; i <= 4; i++) look(centre + i * step);
  }
  return best;
}

/** What a plan depends on: ε and δ are the task's totals over all reports of one browser. */
export interface ChoiceInput {
  readonly epsilon: number;
  readonly delta: number;
  readonly participations: number;
  readonly d: number;
  readonly clipL2: number;
  readonly scaleBits: number;
}

export interface MechanismChoice {
  readonly mechanism: Mechanism;
  /** E‖report − update‖² in squared units of the update, at most; infinity where there is none. */
  readonly variance: { readonly 'discrete-gaussian': number; readonly privunit: number };
  readonly reason: string;
}

/** What the ledger makes of k uses, never below `epsilonOf`: a plan fits a budget of its total. */
function charged(curve: RdpCurve, { delta, participations }: ChoiceInput): number {
  return epsilonOfCurve(scaleCurve(curve, participations), delta);
}

/** The discrete Gaussian whose k reports compose by zCDP to (ε, δ); the ledger's grid costs 0.1%. */
function gaussianFor(input: ChoiceInput): number {
  const { epsilon, delta, participations } = input;
  let sigma = sigmaOfEpsilon(epsilon, delta) * Math.sqrt(participations);
  while (charged(gaussianCurve(sigma), input) > epsilon) sigma *= 1 + 1e-4;
  return sigma;
}

/** The largest ε of one report of a pure mechanism whose k reports are (ε, δ), within 2^-30. */
function pureShare(input: ChoiceInput): number {
  let [low, high] = [0, input.epsilon];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (charged(pureCurve(middle), input) <= input.epsilon) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Chooses between the exact discrete Gaussian (Δ = 2B′, composed by zCDP) and seeded PrivUnitG
 * (pure, composed by the curve of randomised response, as the ledger does).
 *
 * @throws TypeError or RangeError for an input out of range.
 */
export function chooseMechanism(input: ChoiceInput): MechanismChoice {
  const { participations } = input;
  assertInteger('participations', participations, 1, 1000);
  return chooseBetween({ ...input, sigma: gaussianFor(input), pureEpsilon: pureShare(input) });
}

/** Two mechanisms of equal cost: Gaussian noise of σ, and an ε-DP one at δ = 0. */
interface Contest {
  readonly sigma: number;
  /** ε of one report of PrivUnitG; 0: none. */
  readonly pureEpsilon: number;
  readonly d: number;
  readonly clipL2: number;
  readonly scaleBits: number;
}

/**
 * Chooses the one of smaller variance, whatever its cost is by.
 *
 * @throws TypeError or RangeError for an input out of range.
 */
export function chooseBetween(contest: Contest): MechanismChoice {
  const { sigma, pureEpsilon, d, clipL2, scaleBits } = contest;
  assertPositive('clipL2', clipL2);
  assertInteger('scaleBits', scaleBits, 0, 30);
  const gaussian = discreteGaussian(sigma);
  const B = 2 ** scaleBits;
  const noise = (2 * sigma * normBound(B, d) * clipL2) / B;
  const gaussianVariance = d * (noise ** 2 + (clipL2 / (2 * B)) ** 2);
  const seeded = pureEpsilon > 0 ? bestPrivUnitMechanism(pureEpsilon, d) : null;
  const seededVariance =
    seeded === null ? Number.POSITIVE_INFINITY : clipL2 ** 2 * privUnitVariance(seeded, d);
  const wins = seeded !== null && seededVariance < gaussianVariance;
  const [less, more] = wins
    ? [seededVariance, gaussianVariance]
    : [gaussianVariance, seededVariance];
  const names = wins
    ? ['seeded PrivUnitG', 'the discrete Gaussian']
    : ['the discrete Gaussian', 'seeded PrivUnitG'];
  const figures = `${less.toPrecision(3)} against ${more.toPrecision(3)}`;
  return Object.freeze({
    mechanism: wins ? seeded : gaussian,
    variance: Object.freeze({ 'discrete-gaussian': gaussianVariance, privunit: seededVariance }),
    reason: `${names[0]} has the smaller variance, ${figures} of ${names[1]}, in ${d} coordinates`,
  });
}
