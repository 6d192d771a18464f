/** A plan from a shop's size and its budget: the tier where it is left open, and the accountant. */
import { LOCAL_DEFAULTS } from '../shared/plan/defaults.ts';
import { PARTICIPATIONS } from '../shared/plan/parts.ts';
import { type Plan, plan } from '../shared/plan/planner.ts';
import {
  type GoodsFields,
  PlanError,
  type PlanTier,
  USUAL_CONTENT,
  USUAL_DEGREE,
} from '../shared/plan/request.ts';
import { epsilonOf, type Mechanism } from '../shared/privacy/mechanism.ts';
import { planAccounting } from './plan-accounting.ts';

export type TierChoice = PlanTier | 'auto';

export interface PlanInput {
  readonly shoppers: number;
  /** The whole budget of one browser in one storage epoch, as its ledger composes it. */
  readonly epsilon: number;
  readonly delta?: number;
  readonly participations?: number;
  readonly items: number;
  /** Of the catalogue, where there is one; as the build step would make it when left out. */
  readonly edges?: number;
  readonly content?: number;
  readonly has: GoodsFields;
  /** Goods of the catalogue that the shop says sell best. */
  readonly bestSellers?: number;
  readonly visitsPerWeek?: number;
  readonly tier: TierChoice;
}

export interface AutoPlan {
  readonly plan: Plan<Mechanism>;
  /** Why this tier. */
  readonly reason: string;
  readonly epsilonPerParticipation: number;
  /** Order at which the budget is composed (PR13). */
  readonly order: number;
}

function planned(input: PlanInput, tier: PlanTier): Omit<AutoPlan, 'reason'> {
  const { shoppers, epsilon, items, has, bestSellers, visitsPerWeek = 1 } = input;
  const { delta = LOCAL_DEFAULTS.delta, participations = PARTICIPATIONS[tier] } = input;
  if (!(Number.isInteger(shoppers) && shoppers >= 1 && shoppers <= 1e9)) {
    throw new PlanError('bad-request', 'shoppers must be an integer from 1 to 1e9');
  }
  if (!(Number.isInteger(items) && items >= 1 && items <= 1 << 24)) {
    throw new PlanError('bad-request', 'items must be an integer from 1 to 2^24');
  }
  if (!(visitsPerWeek >= 0.01 && visitsPerWeek <= 1000)) {
    throw new PlanError('bad-request', 'visits must be from 0.01 to 1000');
  }
  const accounting = planAccounting({ epsilon, delta, participations, tier });
  // Of n goods the vectors have n − 1 components at most.
  const usual = has.texts ? Math.min(USUAL_CONTENT, items - 1) : 0;
  const { content = usual, edges = items * USUAL_DEGREE } = input;
  const made = plan(
    {
      ...{ shoppers, items, edges, content, has, tier, visitsPerWeek },
      ...(bestSellers !== undefined && { bestSellers }),
    },
    accounting,
  );
  const one = accounting.choose({
    ...{ tier, units: 1, reports: 1, d: 11, clipL2: 1, scaleBits: LOCAL_DEFAULTS.scaleBits },
  });
  const epsilonPerParticipation = one === null ? 0 : epsilonOf(one.mechanism, accounting.delta, 1);
  return { plan: made, epsilonPerParticipation, order: accounting.order };
}

const namesOn = ({ parts }: Plan<unknown>): string[] =>
  parts.filter(({ on }) => on).map(({ name }) => name);

/**
 * Plans in the tier that is asked for. `auto` takes one server where a second would switch nothing
 * more on: it is other people's machine, and a second thing that can be down.
 *
 * @throws PlanError
 */
export function autoPlan(input: PlanInput): AutoPlan {
  if (input.tier !== 'auto') {
    return { ...planned(input, input.tier), reason: 'the tier was asked for' };
  }
  const split = planned(input, 'split');
  let local: Omit<AutoPlan, 'reason'> | null = null;
  try {
    local = planned(input, 'local');
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
  }
  const own = local === null ? [] : namesOn(local.plan);
  const more = namesOn(split.plan).filter((name) => !own.includes(name));
  if (local !== null && more.length === 0) {
    return { ...local, reason: 'one server: a second one would switch nothing more on' };
  }
  return { ...split, reason: `two servers: only so ${more.join(', ')} can be had` };
}
