/**
 * Segments: the site's rules (shared/model/expression), evaluated in the shopper's browser over the
 * profile. Fields on age, sex or gender, health, religion, ethnicity or politics are refused by
 * name: the profile has none of them, and no rule may ask.
 */
import { evaluate, type Facts } from '../../shared/model/expression/evaluate.ts';
import type { FieldName } from '../../shared/model/expression/fields.ts';
import { type Expression, parseExpression } from '../../shared/model/expression/parse.ts';
import type { SegmentRule } from '../../shared/protocol/task.ts';
import type { Profile, Segment } from './result.ts';
import { discountShare, shareOf } from './rules.ts';
import type { Tally } from './tally.ts';

const DAY_MS = 86_400_000;

export type SegmentFields = Readonly<Record<FieldName, number | string | null>>;

/** Values of all fields; null where there is none yet. */
export function segmentFields(profile: Profile, tally: Tally, nowMs: number): SegmentFields {
  const { interests, rhythm, basics } = profile;
  const { orders, spend, valued } = tally;
  const days = (fromMs: number | null): number | null =>
    fromMs === null || !Number.isFinite(fromMs) ? null : Math.max(0, nowMs - fromMs) / DAY_MS;
  return {
    events: tally.events,
    sessions: tally.visits.count,
    views: tally.count('view_item'),
    searches: tally.count('search'),
    'basket-adds': tally.count('add_to_cart'),
    'wishlist-adds': tally.count('add_to_wishlist'),
    ratings: tally.count('rate_item'),
    orders: orders.count,
    spend,
    'average-order': valued === 0 ? null : spend / valued,
    'discount-share': discountShare(tally),
    'days-since-purchase': days(orders.lastMs),
    'days-since-visit': days(tally.beforeMs),
    'days-since-first': days(tally.firstMs),
    'days-between-purchases': rhythm.daysBetweenPurchases,
    'days-between-visits': rhythm.daysBetweenVisits,
    'visits-per-week': rhythm.visitsPerWeek,
    'basket-value': Math.max(0, tally.basket),
    'low-price-share': shareOf(interests.priceBand, ['0', '1']),
    'high-price-share': shareOf(interests.priceBand, ['3', '4']),
    intent: profile.intent.probability,
    churn: profile.churn.probability,
    'price-sensitivity': profile.priceSensitivity.probability,
    'top-category': interests.category[0]?.id ?? null,
    'top-brand': interests.brand[0]?.id ?? null,
    'value-tier': profile.value.tier,
    visitor: basics.visitor,
    device: basics.device,
    language: basics.locale?.split('-')[0]?.toLowerCase() ?? null,
  };
}

/** Never throws: a rule that cannot be read has no members, and `problem` says why. */
export function segmentsOf(
  rules: readonly SegmentRule[],
  profile: Profile,
  tally: Tally,
  nowMs: number,
): Segment[] {
  const facts = factsOf(profile, segmentFields(profile, tally, nowMs));
  return rules.map(({ id, label, when }) => {
    const rule = parsed(when);
    if (typeof rule === 'string') {
      return { id, label, member: false, score: 0, why: [], problem: rule };
    }
    const { holds, score, why } = evaluate(rule, facts);
    return { id, label, member: holds === true, score, why, problem: null };
  });
}

function factsOf(profile: Profile, fields: SegmentFields): Facts {
  const { category, brand, priceBand } = profile.interests;
  const interests = { category, brand, 'price-band': priceBand };
  return {
    field: (name) => fields[name],
    interest: (kind, name) => interests[kind].find(({ id }) => id === name)?.weight ?? 0,
    trait: (name) => {
      const { traits } = profile.basics;
      return Object.hasOwn(traits, name) ? (traits[name] ?? null) : null;
    },
  };
}

/** A site has few rules, and they change seldom. */
const read = new Map<string, Expression | string>();
const MAX_READ = 256;

function parsed(when: string): Expression | string {
  const before = read.get(when);
  if (before !== undefined) return before;
  let rule: Expression | string;
  try {
    rule = parseExpression(when);
  } catch (error) {
    rule = (error as Error).message;
  }
  if (read.size >= MAX_READ) read.clear();
  read.set(when, rule);
  return rule;
}
