/** Plans for tests: a usual shop, and what is on in its plan. */
import { autoPlan, type PlanInput } from '../../aggregator/plan-auto.ts';
import type { Plan, PlannedPart } from '../../shared/plan/planner.ts';
import { PlanError } from '../../shared/plan/request.ts';
import type { PlannedTask } from '../../shared/plan/weigh.ts';
import type { Mechanism } from '../../shared/privacy/mechanism.ts';

const ALL = { prices: true, texts: true, brands: true, categories: true };
export const USUAL: PlanInput = {
  shoppers: 3000,
  epsilon: 8,
  items: 3686,
  has: ALL,
  tier: 'split',
};

export function planOf(input: Partial<PlanInput>): Plan<Mechanism> | null {
  try {
    return autoPlan({ ...USUAL, ...input }).plan;
  } catch (error) {
    if (error instanceof PlanError && error.code !== 'bad-request') return null;
    throw error;
  }
}

export const on = (plan: Plan<Mechanism> | null): PlannedPart<Mechanism>[] =>
  (plan?.parts ?? []).filter((part) => part.on);
export const names = (plan: Plan<Mechanism> | null): string[] => on(plan).map(({ name }) => name);
export const part = (plan: Plan<Mechanism> | null, name: string): PlannedPart<Mechanism> => {
  const found = plan?.parts.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no part ${name}`);
  return found;
};
export const tasksOf = (plan: Plan<Mechanism> | null): PlannedTask<Mechanism>[] =>
  on(plan).flatMap(({ task }) => task ?? []);
