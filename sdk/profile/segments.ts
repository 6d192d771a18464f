/**
 * Segments: rules of the site, evaluated in the shopper's browser over a closed list of fields.
 *
 *   events, sessions        kept in this profile
 *   views, searches         view_item, search
 *   basket-adds             add_to_cart
 *   wishlist-adds, ratings  add_to_wishlist, rate_item
 *   orders                  purchase
 *   spend                   sum of purchase values, in the shop's currency
 *   average-order           spend / orders with a value
 *   days-since-purchase     full and part days; no value before a purchase
 *   days-since-first        since the oldest event that is kept
 *   basket-value            put into the basket less taken out, in the newest session
 *   low-price-share         share of interest in price bands 0 and 1, 0 to 1
 *   high-price-share        the same for bands 3 and 4
 *   top-category, top-brand name of the strongest interest; only with ==
 *   intent                  probability of a purchase; no value before the head is here
 *
 * Fields on age, sex or gender, health, religion, ethnicity, politics or sexuality are refused by
 * name: the profile has none of them, and no rule may ask.
 */
import type { SegmentRule, SegmentTest } from '../../shared/protocol/task.ts';
import type { ShopEvent } from '../capture/event.ts';
import { basketValue, isAmount } from '../features/intent.ts';
import { wellFormed } from './profile.ts';
import type { Interest, Profile, Segment, TestProblem } from './result.ts';

const DAY_MS = 86_400_000;

type SegmentField =
  | 'events'
  | 'sessions'
  | 'views'
  | 'searches'
  | 'basket-adds'
  | 'wishlist-adds'
  | 'ratings'
  | 'orders'
  | 'spend'
  | 'average-order'
  | 'days-since-purchase'
  | 'days-since-first'
  | 'basket-value'
  | 'low-price-share'
  | 'high-price-share'
  | 'top-category'
  | 'top-brand'
  | 'intent';

export type SegmentFields = Readonly<Record<SegmentField, number | string | null>>;

const SENSITIVE =
  /(^|[^a-z])(ages?|birth\w*|gender|sex\w*|health\w*|medic\w*|disab\w*|pregnan\w*|religio\w*|faith|ethnic\w*|race|racial|politic\w*|union)($|[^a-z])/;

/** Values of all fields; null where there is none yet. */
export function segmentFields(
  profile: Profile,
  input: { readonly events: readonly ShopEvent[]; readonly nowMs: number },
): SegmentFields {
  const events = wellFormed(input.events);
  const { nowMs } = input;
  const count = (name: ShopEvent['name']): number =>
    events.filter((event) => event.name === name).length;
  const purchases = events.filter((event) => event.name === 'purchase');
  const values = purchases.map((event) => event.value).filter(isAmount);
  const spend = values.reduce((sum, value) => sum + value, 0);
  const newest = events[events.length - 1]?.session;
  const session = events.filter((event) => event.session === newest);
  const bought = session.findLastIndex((event) => event.name === 'purchase');
  const days = (fromMs: number | undefined): number | null =>
    fromMs === undefined ? null : Math.max(0, nowMs - fromMs) / DAY_MS;
  const bands = profile.interests.priceBand;
  return {
    events: profile.events,
    sessions: profile.sessions,
    views: count('view_item'),
    searches: count('search'),
    'basket-adds': count('add_to_cart'),
    'wishlist-adds': count('add_to_wishlist'),
    ratings: count('rate_item'),
    orders: purchases.length,
    spend,
    'average-order': values.length === 0 ? null : spend / values.length,
    'days-since-purchase': days(purchases[purchases.length - 1]?.atMs),
    'days-since-first': days(events[0]?.atMs),
    'basket-value': basketValue(session.slice(bought + 1)),
    'low-price-share': shareOf(bands, ['0', '1']),
    'high-price-share': shareOf(bands, ['3', '4']),
    'top-category': profile.interests.category[0]?.id ?? null,
    'top-brand': profile.interests.brand[0]?.id ?? null,
    intent: profile.intent.probability,
  };
}

/**
 * Evaluates each rule: a member meets all of its tests, and a rule without tests has no members.
 * Never throws: a test that cannot be made does not hold, and `problem` says why.
 */
export function segmentsOf(
  rules: readonly SegmentRule[],
  profile: Profile,
  input: { readonly events: readonly ShopEvent[]; readonly nowMs: number },
): Segment[] {
  const fields = segmentFields(profile, input);
  return rules.map((rule) => {
    const why = rule.when.map((test) => evaluate(test, fields));
    const holding = why.filter((one) => one.holds).length;
    return {
      id: rule.id,
      label: rule.label,
      member: why.length > 0 && holding === why.length,
      score: why.length === 0 ? 0 : holding / why.length,
      why,
    };
  });
}

function evaluate(test: SegmentTest, fields: SegmentFields): Segment['why'][number] {
  const { field, op, value } = test;
  const refuse = (problem: TestProblem): Segment['why'][number] => {
    return { field, op, value, actual: null, holds: false, problem };
  };
  if (!Object.hasOwn(fields, field)) {
    return refuse(
      SENSITIVE.test(String(field).toLowerCase()) ? 'sensitive-field' : 'unknown-field',
    );
  }
  const actual = fields[field as SegmentField];
  if (actual === null) return refuse('no-value');
  const comparable = typeof actual === typeof value && !Number.isNaN(value);
  if (!comparable || (typeof actual === 'string' && op !== '==')) {
    return { field, op, value, actual, holds: false, problem: 'wrong-kind' };
  }
  return { field, op, value, actual, holds: compare(actual, op, value), problem: null };
}

function compare(actual: number | string, op: SegmentTest['op'], value: number | string): boolean {
  switch (op) {
    case '>=':
      return actual >= value;
    case '<=':
      return actual <= value;
    case '==':
      return actual === value;
    default:
      return false;
  }
}

function shareOf(bands: readonly Interest[], ids: readonly string[]): number | null {
  if (bands.length === 0) return null;
  return bands.filter((band) => ids.includes(band.id)).reduce((sum, band) => sum + band.weight, 0);
}
