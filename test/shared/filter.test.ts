/** The budget's filter against a site that chooses its tasks in the light of earlier reports. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetOf } from '../../aggregator/site.ts';
import { analyticDelta } from '../../shared/privacy/analytic.ts';
import {
  addCurves,
  bestOrder,
  epsilonAtOrder,
  epsilonOfCurve,
  gaussianCurve,
  gaussianOrder,
  ORDERS,
  pureCurve,
  type RdpCurve,
  scaleCurve,
} from '../../shared/privacy/curve.ts';
import { curveOf } from '../../shared/privacy/mechanism.ts';
import { demoDrafts } from '../simulate/demo-site.ts';

/** What a site asks for next: its curve, and E(1 − e^(target − L))⁺, L its privacy loss. */
interface Branch {
  readonly curve: RdpCurve;
  readonly deltaAt: (target: number) => number;
}

/** `k` randomised responses of `epsilon`. */
function responses(epsilon: number, k: number): Branch {
  const p = 1 / (1 + Math.exp(-epsilon));
  const deltaAt = (target: number): number => {
    let [sum, choose] = [0, 1];
    for (let j = 0; j <= k; j++) {
      const excess = (2 * j - k) * epsilon - target;
      if (excess > 0) sum -= choose * p ** j * (1 - p) ** (k - j) * Math.expm1(-excess);
      choose *= (k - j) / (j + 1);
    }
    return sum;
  };
  return { curve: scaleCurve(pureCurve(epsilon), k), deltaAt };
}

const gaussian = (sigma: number): Branch => ({
  curve: gaussianCurve(sigma),
  deltaAt: (target) => analyticDelta(sigma, target),
});

/** δ at `epsilon` of a randomised response of `first`, then `high` or `low` by what it said. */
function mixed(first: number, high: Branch, low: Branch, epsilon: number): number {
  const p = 1 / (1 + Math.exp(-first));
  return p * high.deltaAt(epsilon - first) + (1 - p) * low.deltaAt(epsilon + first);
}

const composed = (first: number, { curve }: Branch, order: number, delta: number): number =>
  epsilonAtOrder(addCurves(pureCurve(first), curve), order, delta);

/** The branch of the most privacy loss that still fits, its size within 2^-40. */
function largest(of: (size: number) => Branch, fits: (branch: Branch) => boolean): Branch {
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (fits(of(middle))) low = middle;
    else high = middle;
  }
  return of(low);
}

describe('PR13 a filter at one order', () => {
  it('holds all that the tasks of the demo ask, and no report more', () => {
    const drafts = demoDrafts();
    const { epsilon, delta, order } = budgetOf(drafts, 1e-6);
    const all = drafts.map((one) => scaleCurve(curveOf(one.mechanism), one.participations));
    const total = all.reduce((sum, curve) => addCurves(sum, curve));
    expect(epsilonAtOrder(total, order, delta)).toBeLessThanOrEqual(epsilon);
    expect(epsilonOfCurve(total, delta)).toBeGreaterThan(epsilon - 0.01);
    for (const { mechanism } of drafts) {
      const more = addCurves(total, curveOf(mechanism));
      expect(epsilonAtOrder(more, order, delta)).toBeGreaterThan(epsilon);
    }
  });

  it('refuses a branch that fits at another order, where both together exceed δ', () => {
    const [first, epsilon, delta] = [0.05, 8, 1e-5];
    const few = responses(1.590009, 5);
    const many = responses(0.411, 20);
    for (const branch of [few, many]) {
      const order = bestOrder(addCurves(pureCurve(first), branch.curve), delta);
      expect(composed(first, branch, order, delta)).toBeLessThanOrEqual(epsilon);
      expect(mixed(first, branch, branch, epsilon)).toBeLessThan(delta);
    }
    expect(mixed(first, few, many, epsilon) / delta).toBeCloseTo(1.203, 3);
    for (const order of ORDERS) {
      const both = [few, many].map((branch) => composed(first, branch, order, delta));
      expect(Math.max(...both)).toBeGreaterThan(epsilon);
    }
  });

  it('holds δ, counted out, whatever two branches a site takes', () => {
    let most = 0;
    const kind = fc.oneof(fc.constant('gaussian' as const), fc.integer({ min: 1, max: 60 }));
    const strategy = fc.record({
      first: fc.double({ min: 0.01, max: 3, noNaN: true }),
      epsilon: fc.double({ min: 3.1, max: 20, noNaN: true }),
      delta: fc.constantFrom(1e-5, 1e-6, 1e-9),
      at: fc.integer({ min: -12, max: 12 }),
      kinds: fc.tuple(kind, kind),
    });
    fc.assert(
      fc.property(strategy, ({ first, epsilon, delta, at, kinds }) => {
        // Orders about the one of Gaussian noise: far from it hardly anything fits.
        const order = ORDERS[ORDERS.indexOf(gaussianOrder(epsilon, delta)) + at] as number;
        const fits = (branch: Branch): boolean => composed(first, branch, order, delta) <= epsilon;
        fc.pre(fits(responses(0, 1)));
        const [high, low] = kinds.map((one) =>
          one === 'gaussian'
            ? largest((size) => gaussian(1 / (20 * size + 1e-3)), fits)
            : largest((size) => responses(40 * size, one), fits),
        ) as [Branch, Branch];
        const its = mixed(first, high, low, epsilon);
        expect(its).toBeLessThanOrEqual(delta);
        most = Math.max(most, its / delta);
      }),
      { numRuns: 400, seed: 13 },
    );
    expect(most).toBeGreaterThan(0.5);
  });
});
