/**
 * The planner's accountant: one budget at one pinned order, cut into participations of equal cost.
 *
 * What browsers compose is Σρᵢ(α) at the order α that the site pins (PR13); a share of it is a share
 * of what (ε, δ) leaves there. In the split tier α is the order at which Gaussian noise may spend
 * the most, in the local tier the one at which a pure mechanism may.
 */
import type { Accounting, Calibrated, NoiseRequest } from '../shared/plan/accounting.ts';
import { PlanError, type PlanTier } from '../shared/plan/request.ts';
import { chooseBetween } from '../shared/privacy/choose.ts';
import { epsilonAtOrder, gaussianOrder, ORDERS, pureCurve } from '../shared/privacy/curve.ts';
import { predictedTaskError } from '../shared/privacy/guard.ts';
import { discreteGaussian, epsilonOf, type Mechanism } from '../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../shared/privacy/zcdp.ts';

/** Of one report, what pages accept unless told otherwise (sdk/settings.ts). */
const MOST_REPORT_EPSILON = 8;

/** Of one browser, likewise. */
export const MOST_EPSILON = 32;
const MOST_DELTA = 1e-5;
const MOST_PARTICIPATIONS = 1000;

/** Outweighs the rounding of the sums of the curves. */
const SLACK = 1 - 2 ** -30;

interface Budget {
  /** Of all reports of one browser in one storage epoch, as the ledger composes them. */
  readonly epsilon: number;
  readonly delta: number;
  /** Into how many the budget is cut. */
  readonly participations: number;
  readonly tier: PlanTier;
}

interface PlanAccounting extends Accounting<Mechanism> {
  /** α, one of the accountant's orders. */
  readonly order: number;
}

function check({ epsilon, delta, participations }: Budget): void {
  const refuse = (what: string): never => {
    throw new PlanError('bad-request', what);
  };
  if (!(epsilon >= 0.01 && epsilon <= MOST_EPSILON)) {
    refuse(`epsilon must be from 0.01 to ${MOST_EPSILON}, what pages allow unless told otherwise`);
  }
  if (!(delta >= 1e-18 && delta <= MOST_DELTA)) {
    refuse(`delta must be from 1e-18 to ${MOST_DELTA}, what browsers allow`);
  }
  if (!(Number.isInteger(participations) && participations >= 1)) {
    refuse('participations must be an integer from 1');
  }
  if (participations > MOST_PARTICIPATIONS) {
    refuse(`participations must be at most ${MOST_PARTICIPATIONS}`);
  }
}

/** The largest x in [0, most] that holds, where holding only ends. */
function largest(most: number, holds: (x: number) => boolean): number {
  if (holds(most)) return most;
  let [low, high] = [0, most];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Rényi divergence at an order that (ε, δ) allows in all; 0 where the order allows none. */
function allowed(order: number, epsilon: number, delta: number): number {
  const fits = (rdp: number): boolean => {
    const curve = ORDERS.map(() => rdp);
    return epsilonAtOrder(curve, order, delta) <= epsilon;
  };
  return SLACK * largest(2 * MOST_EPSILON, fits);
}

/** ε of the pure mechanism whose divergence at an order is at most `rdp`. */
function pureAt(order: number, rdp: number): number {
  const i = ORDERS.indexOf(order);
  return largest(MOST_REPORT_EPSILON, (epsilon) => (pureCurve(epsilon)[i] as number) <= rdp);
}

/** The order at which equal pure participations may have the largest ε. */
function bestPureOrder({ epsilon, delta, participations }: Budget): number {
  const shares = ORDERS.map((order) => allowed(order, epsilon, delta) / participations);
  const indexAt = (pure: number): number => {
    const curve = pureCurve(pure);
    return shares.findIndex((share, i) => (curve[i] as number) <= share);
  };
  const most = largest(MOST_REPORT_EPSILON, (pure) => indexAt(pure) !== -1);
  return ORDERS[Math.max(0, indexAt(most))] as number;
}

/** A site's budget is signed in hundredths (`budgetOf`), and never above what was asked for. */
function hundredths(epsilon: number): number {
  const nearest = Math.round(100 * epsilon);
  return (nearest / 100 > epsilon ? nearest - 1 : nearest) / 100;
}

/**
 * Cuts a budget into participations.
 *
 * @throws PlanError bad-request for a budget out of range.
 */
export function planAccounting(budget: Budget): PlanAccounting {
  check(budget);
  const { delta, participations, tier } = budget;
  const epsilon = hundredths(budget.epsilon);
  const order =
    tier === 'split' ? gaussianOrder(epsilon, delta) : bestPureOrder({ ...budget, epsilon });
  const total = allowed(order, epsilon, delta);
  const least = sigmaOfEpsilon(MOST_REPORT_EPSILON, delta);
  const known = new Map<string, Calibrated<Mechanism> | null>();
  const choose = (request: NoiseRequest): Calibrated<Mechanism> | null => {
    const { units, reports, d, clipL2, scaleBits } = request;
    const rdp = (total * units) / (participations * reports);
    if (!(rdp > 0)) return null;
    const sigma = Math.max(least, Math.sqrt(order / (2 * rdp)));
    if (!(sigma <= 1e6)) return null;
    const mechanism =
      tier === 'split'
        ? discreteGaussian(sigma)
        : chooseBetween({ sigma, pureEpsilon: pureAt(order, rdp), d, clipL2, scaleBits }).mechanism;
    return { mechanism, epsilon: epsilonOf(mechanism, delta, 1) };
  };
  return {
    ...{ epsilon, delta, participations, order },
    choose(request) {
      const key = JSON.stringify(request);
      const before = known.get(key);
      if (before !== undefined) return before;
      const made = choose(request);
      known.set(key, made);
      return made;
    },
    error: predictedTaskError,
  };
}
