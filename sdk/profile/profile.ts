/** The profile: what the sums of this browser's history (tally.ts) say of its shopper. */
import { Heads, type HeadView } from './heads.ts';
import { KINDS } from './interests.ts';
import type { Basics, Estimate, NextCategory, Profile, Rhythm, ValueTier } from './result.ts';
import { churnRule, NO_ESTIMATE, priceRule, valueRule } from './rules.ts';
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

const NO_RHYTHM: Rhythm = {
  hours: new Array<number>(24).fill(0),
  weekdays: new Array<number>(7).fill(0),
  visitsPerWeek: null,
  daysBetweenVisits: null,
  daysBetweenPurchases: null,
};

const NO_CATEGORY: NextCategory = { source: 'none', version: 0, categories: [] };

/** Before consent, or where nothing can be read. */
export const NO_PROFILE: Profile = {
  state: 'empty',
  events: 0,
  sessions: 0,
  basics: { device: null, locale: null, visitor: null, traits: {} },
  interests: { category: [], brand: [], priceBand: [] },
  rhythm: NO_RHYTHM,
  value: { ...NO_ESTIMATE, tier: null },
  priceSensitivity: NO_ESTIMATE,
  intent: NO_ESTIMATE,
  churn: NO_ESTIMATE,
  nextCategory: NO_CATEGORY,
  vector: null,
};

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
