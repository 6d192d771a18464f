/** The planner: what it spends, what browsers think of its tasks, and that more is never worse. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetOf } from '../../aggregator/site.ts';
import type { LedgerEntry } from '../../sdk/database/database.ts';
import { type LedgerState, refusalOf } from '../../sdk/database/ledger.ts';
import { assertNoWrap } from '../../shared/field/fixed.ts';
import type { Plan, PlannedPart } from '../../shared/plan/planner.ts';
import { taskErrorGuard } from '../../shared/privacy/guard.ts';
import { curveOf, epsilonOf, type Mechanism, sigmaOf } from '../../shared/privacy/mechanism.ts';
import { MAX_EVALUATIONS } from '../../shared/privacy/seeded.ts';
import { names, on, planOf, tasksOf } from './planned.ts';

/** Any shop: a third of them small, goods from a handful to a warehouse, best sellers known to most. */
const sizes = fc.record({
  shoppers: fc.oneof(
    fc.integer({ min: 90, max: 2000 }),
    fc.integer({ min: 2000, max: 60_000 }),
    fc.integer({ min: 60_000, max: 2_000_000 }),
  ),
  epsilon: fc.double({ min: 0.2, max: 32, noNaN: true }),
  items: fc.integer({ min: 1, max: 60_000 }),
  participations: fc.integer({ min: 1, max: 60 }),
  visitsPerWeek: fc.constantFrom(0.5, 1, 3),
});
const shops = fc.tuple(sizes, fc.option(fc.integer({ min: 0, max: 700 }))).map(([shop, best]) => ({
  ...shop,
  ...(best !== null && { bestSellers: Math.min(best, shop.items) }),
}));

function unacceptable(plan: Plan<Mechanism>): string[] {
  const { tier } = plan.request;
  return on(plan).flatMap(({ name, task }) => {
    if (task === null) return [`${name}: no task`];
    const { mechanism, d, minReports, maxReports, scaleBits, participations } = task;
    const B = 2 ** scaleBits;
    const sigma = sigmaOf(mechanism);
    assertNoWrap({ tier, maxReports, minReports, B, d, sigma });
    const candidates = mechanism.name === 'privunit' ? mechanism.candidates : 0;
    const faults: (readonly [boolean, string])[] = [
      [taskErrorGuard(task).ok, 'PR7'],
      [minReports >= 50, 'n_min'],
      [tier === 'local' || maxReports <= 2 * minReports, 'n_max'],
      [tier === 'local' || sigma * B >= 1000, 'PR26'],
      [mechanism.name !== 'none', 'noise'],
      [candidates * d <= MAX_EVALUATIONS, 'PR42'],
      [epsilonOf(mechanism, plan.delta, 1) <= 8, 'ε'],
      [task.coin >= 1 && task.coin <= 65_536, 'coin'],
      [participations >= 1 && task.rounds >= 1, 'rounds'],
      [task.windowMs <= 24 * 86_400_000, 'R7'],
      [task.rounds * task.windowMs <= 365 * 86_400_000, 'a year'],
    ];
    return faults.filter(([ok]) => !ok).map(([, what]) => `${name}: ${what}`);
  });
}

describe('what a plan spends', () => {
  it('PR13 all reports of one browser compose to at most the budget that was asked for', () => {
    fc.assert(
      fc.property(shops, (shop) => {
        const plan = planOf(shop);
        if (plan === null) return;
        const { epsilon } = budgetOf(tasksOf(plan), plan.delta);
        expect(epsilon).toBeLessThanOrEqual(shop.epsilon);
      }),
      { numRuns: 60, seed: 1 },
    );
    // 100 times these is above a whole number in float64, or below it.
    for (const [epsilon, shoppers, participations] of [
      [0.14, 11_000_000, 4],
      [0.56, 900_000, 4],
      [0.29, 5_000_000, 4],
      [1.1, 3000, 7],
    ] as const) {
      const plan = planOf({ epsilon, shoppers, participations });
      expect(budgetOf(tasksOf(plan), 1e-6).epsilon).toBe(epsilon);
    }
    const below = planOf({ epsilon: 2.6 - 1e-11, shoppers: 60_000, participations: 1 });
    expect(budgetOf(tasksOf(below), 1e-6).epsilon).toBe(2.59);
  });

  it('PR13 and, with every participation in use, to nearly all of it', () => {
    const plan = planOf({ shoppers: 200_000 });
    expect(plan?.spare).toBe(0);
    expect(on(plan).reduce((sum, { units }) => sum + units, 0)).toBe(24);
    expect(budgetOf(tasksOf(plan), 1e-6).epsilon).toBeGreaterThan(7.9);
    const local = planOf({ shoppers: 1_000_000, tier: 'local' });
    const spent = budgetOf(tasksOf(local), 1e-6).epsilon;
    expect(local?.spare).toBe(0);
    expect([spent > 7.5, spent <= 8]).toEqual([true, true]);
  });

  it('PR13 PR15 a ledger takes every planned report, in any order, and no further one', () => {
    for (const tier of ['split', 'local'] as const) {
      const plan = planOf({ shoppers: 1_000_000, tier });
      const tasks = tasksOf(plan).toReversed();
      const consent = { personalise: true, contribute: true } as LedgerState['consent'];
      const budget = budgetOf(tasks, 1e-6);
      const entries: LedgerEntry[] = [];
      const charge = (task: number, round: number): string | null => {
        const { mechanism, participations } = tasks[task] as (typeof tasks)[number];
        const entry = { taskHash: `${task}`, roundHash: `${task}/${round}`, round, atMs: 0 };
        const whole = { ...entry, curve: curveOf(mechanism) } as LedgerEntry;
        const request = { entry: whole, nowMs: 0, participations, separationMs: 0 };
        const refused = refusalOf({ consent, budget, entries }, request);
        if (refused === null) entries.push(whole);
        return refused;
      };
      tasks.forEach(({ participations }, task) => {
        for (let round = 0; round < participations; round++) {
          expect([tier, task, round, charge(task, round)]).toEqual([tier, task, round, null]);
        }
        expect(charge(task, participations)).toBe('cap-spent');
      });
    }
  });

  it('gives every participation to a part or calls it spare', () => {
    fc.assert(
      fc.property(shops, (shop) => {
        const plan = planOf(shop);
        if (plan === null) return;
        const used = on(plan).reduce((sum, { units }) => sum + units, 0);
        expect(used + plan.spare).toBe(shop.participations);
        for (const { name, task, units } of on(plan)) {
          const isCount = name === 'pop' || name === 'pair';
          expect([name, task?.participations]).toEqual([name, isCount ? 1 : units]);
        }
      }),
      { numRuns: 30, seed: 2 },
    );
  });
});

describe('what browsers think of its tasks', () => {
  it('PR6 PR7 PR26 PR42 PR44 takes none that a browser would refuse', () => {
    fc.assert(
      fc.property(shops, (shop) => {
        const plan = planOf(shop);
        expect(plan === null ? [] : unacceptable(plan)).toEqual([]);
      }),
      { numRuns: 60, seed: 3 },
    );
    fc.assert(
      fc.property(shops, (shop) => {
        const plan = planOf({ ...shop, tier: 'local' });
        expect(plan === null ? [] : unacceptable(plan)).toEqual([]);
      }),
      { numRuns: 8, seed: 4 },
    );
  });
});

/** More parts, and at an equal size none that is noisier by more than `slack`. */
function worse(less: Plan<Mechanism> | null, more: Plan<Mechanism> | null, slack = 1): string[] {
  const after = new Map(on(more).map((one) => [one.name, one]));
  return on(less).flatMap((before): string[] => {
    const { name, figure } = before;
    const its = after.get(name);
    if (its === undefined) return [`${name} was switched off`];
    const d = (one: PlannedPart<Mechanism>): number => one.task?.d ?? 0;
    if (name !== 'gate' && d(its) < d(before)) return [`${name} became smaller`];
    if (its.size !== before.size || figure === null || its.figure === null) return [];
    const noise = (one: typeof figure): number => {
      if (one.kind === 'mean') return one.ratio;
      return one.kind === 'gate' ? one.gain : one.z / one.expected;
    };
    return noise(its.figure) <= noise(figure) * slack ? [] : [`${name} became noisier`];
  });
}

describe('more is never worse', () => {
  it('with more shoppers no part is lost, none is smaller, none noisier', () => {
    fc.assert(
      fc.property(shops, fc.double({ min: 1, max: 20, noNaN: true }), (shop, factor) => {
        const shoppers = Math.ceil(shop.shoppers * factor);
        expect(worse(planOf(shop), planOf({ ...shop, shoppers }))).toEqual([]);
        expect(worse(planOf(shop), planOf({ ...shop, shoppers: shop.shoppers + 1 }))).toEqual([]);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('with a larger budget neither', () => {
    fc.assert(
      fc.property(shops, fc.double({ min: 1, max: 4, noNaN: true }), (shop, factor) => {
        const epsilon = Math.min(32, shop.epsilon * factor);
        expect(worse(planOf(shop), planOf({ ...shop, epsilon }))).toEqual([]);
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  it('in the local tier too, but for the steps of PrivUnitG’s integers', () => {
    const sizes = [1000, 3000, 10_000, 100_000];
    const plans = sizes.map((shoppers) => planOf({ shoppers, tier: 'local' }));
    plans.slice(1).forEach((plan, i) => {
      expect(worse(plans[i] ?? null, plan)).toEqual([]);
    });
    const budgets = [2, 4, 8, 16].map((epsilon) =>
      planOf({ shoppers: 20_000, epsilon, tier: 'local' }),
    );
    budgets.slice(1).forEach((plan, i) => {
      expect(worse(budgets[i] ?? null, plan, 1.01)).toEqual([]);
    });
    expect(names(budgets[3] ?? null)).toContain('intent');
  });
});
