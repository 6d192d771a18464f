import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestPrivUnitMechanism, chooseMechanism } from '../../shared/privacy/choose.ts';
import {
  epsilonOfCurve,
  gaussianCurve,
  ORDERS,
  pureCurve,
  scaleCurve,
} from '../../shared/privacy/curve.ts';
import { predictedTaskError, taskErrorGuard, unitsOf } from '../../shared/privacy/guard.ts';
import {
  curveOf,
  discreteGaussian,
  epsilonOf,
  type PrivUnitMechanism,
} from '../../shared/privacy/mechanism.ts';
import { MAX_EVALUATIONS, privUnitClaim, privUnitVariance } from '../../shared/privacy/seeded.ts';
import { statementOf } from '../../shared/privacy/statement.ts';

const D = 20_000;
const PLAN = { delta: 1e-6, participations: 1, d: D, clipL2: 1, scaleBits: 16 } as const;

function best(epsilon: number, d: number): PrivUnitMechanism {
  const found = bestPrivUnitMechanism(epsilon, d);
  if (found === null) throw new Error('there is one');
  return found;
}

describe('bestPrivUnitMechanism', () => {
  it('PR42 known answers: std of a coordinate of a mean of n at d = 20,000', () => {
    // reference/privacy.md §1.4, PrivUnitG columns; to their last digit and the price of integers.
    for (const [epsilon, n, std] of [
      [1, 100, 0.252],
      [2, 100, 0.127],
      [8, 100, 0.0365],
      [1, 1000, 0.0796],
      [8, 10_000, 0.00365],
    ] as const) {
      const its = Math.sqrt(privUnitVariance(best(epsilon, D), D) / D / n);
      expect(its / std).toBeGreaterThan(0.997);
      expect(its / std).toBeLessThan(1.004);
    }
  });

  it('PR42 stays within ε and N·d, with 20 expected hits where they are affordable', () => {
    for (const [epsilon, d] of [
      [0.5, 11],
      [4, 28],
      [4, D],
      [8, D],
      [8, 500_000],
      [12, 1],
    ] as const) {
      const mechanism = best(epsilon, d);
      const { epsilon: truth, qLow } = privUnitClaim(mechanism);
      expect(truth).toBeLessThanOrEqual(epsilon);
      expect(truth).toBeGreaterThan(epsilon - 1e-3);
      expect(mechanism.candidates * d).toBeLessThanOrEqual(MAX_EVALUATIONS);
      if (d <= D) expect(mechanism.candidates * (1 - qLow)).toBeGreaterThan(19.9);
    }
    expect(best(4, D).candidates).toBe(308);
    expect(bestPrivUnitMechanism(1e-7, 5)).toBeNull();
  });
});

describe('chooseMechanism', () => {
  it('PR42 takes PrivUnitG for few reports, by the factor that the evidence has', () => {
    const { mechanism, variance, reason } = chooseMechanism({ ...PLAN, epsilon: 2 });
    expect(mechanism.name).toBe('privunit');
    // (0.446·1.068/0.127)² of the same table.
    expect(variance['discrete-gaussian'] / variance.privunit).toBeCloseTo(
      (0.4764 / 0.1271) ** 2,
      1,
    );
    expect(reason).toMatch(
      /^seeded PrivUnitG has the smaller variance, 3\.23e\+4 against 4\.54e\+5/,
    );
  });

  it('PR42 takes the discrete Gaussian where many reports compose', () => {
    const many = { ...PLAN, epsilon: 4, participations: 50 };
    const { mechanism, variance, reason } = chooseMechanism(many);
    expect(mechanism.name).toBe('discrete-gaussian');
    expect(variance['discrete-gaussian']).toBeLessThan(variance.privunit);
    expect(reason).toMatch(/^the discrete Gaussian/);
  });

  it('PR42 meets the total of every plan, whichever wins', () => {
    const input = fc.record({
      epsilon: fc.double({ min: 0.5, max: 20, noNaN: true }),
      delta: fc.constantFrom(1e-5, 1e-6, 1e-9),
      participations: fc.integer({ min: 1, max: 60 }),
      d: fc.integer({ min: 1, max: 5000 }),
      clipL2: fc.constantFrom(0.5, 1, 8),
      scaleBits: fc.constant(16),
    });
    fc.assert(
      fc.property(input, (plan) => {
        const { mechanism, variance } = chooseMechanism(plan);
        const total = epsilonOf(mechanism, plan.delta, plan.participations);
        expect(total).toBeLessThanOrEqual(plan.epsilon);
        // PR13: all k reports fit a budget of the plan's total, and hardly more would.
        const charged = epsilonOfCurve(
          scaleCurve(curveOf(mechanism), plan.participations),
          plan.delta,
        );
        expect(charged).toBeLessThanOrEqual(plan.epsilon);
        expect(charged).toBeGreaterThan(plan.epsilon * 0.998 - 1e-3);
        expect(variance[mechanism.name as 'privunit']).toBe(
          Math.min(variance.privunit, variance['discrete-gaussian']),
        );
      }),
      { numRuns: 25, seed: 7 },
    );
    expect(() => chooseMechanism({ ...PLAN, epsilon: 0 })).toThrow(RangeError);
    expect(() => chooseMechanism({ ...PLAN, epsilon: 1, participations: 0 })).toThrow(
      'participations',
    );
  });
});

describe('the accountant on PrivUnitG', () => {
  const mechanism = best(4, D);
  const { epsilon } = privUnitClaim(mechanism);

  it('PR40 composes as kε, or by the curve where that is less', () => {
    expect(epsilonOf(mechanism, 1e-6, 1)).toBe(epsilon);
    expect(epsilonOf(mechanism, 1e-6, 2)).toBeCloseTo(2 * epsilon, 8);
    expect(epsilonOf(mechanism, 1e-6, 2)).toBeGreaterThanOrEqual(2 * epsilon);
    // One report is claimed at δ = 0, so that a large δ of the task lowers nothing.
    expect(epsilonOf(mechanism, 0.01, 1)).toBe(epsilon);
    const small = best(0.1, 20);
    const many = epsilonOf(small, 1e-6, 400);
    expect(many).toBeLessThan(0.5 * 400 * privUnitClaim(small).epsilon);
    expect(many).toBeGreaterThan(400 * 0.1 * Math.tanh(0.05));
  });

  it('PR40 has the curve of randomised response: D_2 and D_3 by their sums, ε in the limit', () => {
    for (const one of [0.01, 0.7, 4]) {
      const curve = pureCurve(one);
      const p = Math.exp(one) / (1 + Math.exp(one));
      for (const alpha of [2, 3]) {
        const i = ORDERS.indexOf(alpha);
        const sum = p ** alpha * (1 - p) ** (1 - alpha) + (1 - p) ** alpha * p ** (1 - alpha);
        const exact = Math.log(sum) / (alpha - 1);
        expect(curve[i]).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
        expect(curve[i]).toBeCloseTo(exact, 12);
      }
      expect(curve.at(-1)).toBeLessThanOrEqual(one);
      expect(curve.at(-1)).toBeGreaterThan(one * 0.99 - 1e-3);
      // Never above the Gaussian's that bounds it: ε-DP is ε²/2-zCDP.
      const zcdp = gaussianCurve(1 / one);
      expect(curve.every((value, k) => value <= (zcdp[k] as number) + 1e-12)).toBe(true);
    }
    expect(epsilonOfCurve(curveOf(mechanism), 1e-6)).toBeLessThan(epsilon + 1e-3);
    expect(pureCurve(0).every((value) => value === 0)).toBe(true);
  });

  it('PR40 states δ = 0 and the assumption, replace-one', () => {
    const task = { tier: 'local', mechanism, delta: 1e-6, participations: 2 } as const;
    const statement = statementOf({ ...task, clipL2: 0.5, minReports: 100 });
    expect(statement).toMatchObject({ adjacency: 'replace-one', epsilonPerReport: epsilon });
    expect(statement.text).toContain('(ε = 4.000, 0)-differentially private');
    expect(statement.text).toContain("taking ChaCha20's output for random bits");
    expect(statement.text).not.toMatch(/Gaussian|zCDP/);
    expect(() => statementOf({ ...task, tier: 'split', clipL2: 1, minReports: 9 })).toThrow(
      'sigma',
    );
  });
});

describe('taskErrorGuard', () => {
  const mechanism = best(4, D);
  const task = { tier: 'local', mechanism, d: D, clipL2: 0.5, scaleBits: 16 } as const;

  it('PR7 PR40 predicts C·√((d + γm)/(n·m²)) and refuses what exceeds C', () => {
    const { gain } = privUnitClaim(mechanism);
    const predicted = predictedTaskError({ ...task, minReports: 1 }, 10_000);
    expect(predicted).toBeCloseTo((0.5 / gain) * Math.sqrt(2), 2);
    expect(taskErrorGuard({ ...task, minReports: 8000 }).ok).toBe(false);
    expect(taskErrorGuard({ ...task, minReports: 9000 }).ok).toBe(true);
    expect(unitsOf({ ...task, minReports: 1 })).toBeCloseTo((4096 * gain) / 0.5, 9);
    const noised = { ...task, mechanism: discreteGaussian(1), minReports: 1 };
    expect(unitsOf(noised)).toBe(2 ** 17);
    expect(() => predictedTaskError({ ...task, tier: 'split', minReports: 1 }, 1)).toThrow('tier');
  });
});
