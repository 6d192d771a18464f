/** The profile: what the sums of this browser's history (tally.ts) say of its shopper. */
import { Heads, type HeadView } from './heads.ts';
import { KINDS } from './interests.ts';
import { NO_CATEGORY, NO_ESTIMATE, NO_PROFILE } from './none.ts';
import type { Basics, Estimate, Profile, Rhythm, ValueTier } from './result.ts';
import { churnRule, priceRule, valueRule } from './rules.ts';
import { meanGap, type Tally } from './tally.ts';

export interface ProfileInput {
  readonly tally: Tally;
  /** Published heads, and the events that they look at. */
  readonly view: HeadView;
  readonly basics: Omit<Basics, 'visitor'>;
  readonly automated: boolean;
}

const MIDDLE = 1 / 3;
const HIGH = 2 / 3;

/** Takes time about linear in the categories, brands and goods that were dealt with. */
export function profileOf({ tally, view, basics, automated }: ProfileInput): Profile {
  if (tally.events === 0) return { ...NO_PROFILE, basics: { ...basics, visitor: null } };
  const [category = [], brand = [], priceBand = []] = KINDS.map((kind) =>
    tally.interests.shares(kind),
  );
  const { nowMs } = view;
  const heads = new Heads(view, tally);
  const said = (name: string, rule: () => Estimate): Estimate => heads.estimate(name) ?? rule();
  return {
    state: automated ? 'automated' : 'ready',
    events: tally.events,
    sessions: tally.visits.count,
    basics: { ...basics, visitor: tally.visits.count < 2 ? 'new' : 'returning' },
    interests: { category, brand, priceBand },
    rhythm: rhythmOf(tally),
    value: tiered(said('value', () => valueRule(tally, priceBand, nowMs))),
    priceSensitivity: said('price-sensitivity', () => priceRule(tally, priceBand)),
    intent: said('intent', () => NO_ESTIMATE),
    churn: said('churn', () => churnRule(tally, nowMs)),
    nextCategory: heads.nextCategory() ?? NO_CATEGORY,
    vector: tally.vector(),
  };
}

function tiered(estimate: Estimate): ValueTier {
  const { probability } = estimate;
  if (probability === null) return { ...estimate, tier: null };
  return {
    ...estimate,
    tier: probability >= HIGH ? 'high' : probability >= MIDDLE ? 'middle' : 'low',
  };
}

function rhythmOf({ hours, weekdays, visits, orders }: Tally): Rhythm {
  const shares = (counts: Float64Array): number[] => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Array.from(counts, (count) => (total === 0 ? 0 : count / total));
  };
  const between = meanGap(visits);
  return {
    hours: shares(hours),
    weekdays: shares(weekdays),
    // Visits of one day are no week's habit: a gap of less than an hour does not count as a rate.
    visitsPerWeek: between === null ? null : 7 / Math.max(between, 1 / 24),
    daysBetweenVisits: between,
    daysBetweenPurchases: meanGap(orders),
  };
}
