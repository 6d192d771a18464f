/**
 * What is said before a head has been published: plain rules, in the open, with no figure taken from
 * anybody's shoppers. Each gives a number from 0 to 1 and the parts that it is made of.
 *
 *   churn              r/(r + 2), r = time since the last purchase (or visit, before there is one)
 *                      over the mean gap between them (at least a day): 1/2 after twice the usual
 *                      gap. Nothing before there are two purchases or three visits.
 *   value              0.4·min(1, orders/6) + 0.3·share of interest in the two dearest price bands
 *                      + 0.3·2^(−days since the last purchase/90). Nothing before a purchase.
 *   price sensitivity  half from what was saved of what was bought (a quarter saved is full), half
 *                      from the share of interest in the two cheapest price bands; one of them alone
 *                      counts whole. Nothing before three looks at goods with a price band, or a
 *                      purchase with prices.
 */
import { NO_ESTIMATE } from './none.ts';
import type { Cause, Estimate, Interest, Reason } from './result.ts';
import { meanGap, type Tally } from './tally.ts';

const DAY_MS = 86_400_000;
const USUAL_GAPS = 2;
const MANY_ORDERS = 6;
const HALF_LIFE_DAYS = 90;
const FULL_SAVING = 0.25;
const MIN_VIEWS = 3;
const MIN_VISITS = 3;

export function churnRule(tally: Tally, nowMs: number): Estimate {
  const { orders, visits } = tally;
  const bought = orders.count >= 2;
  if (!bought && visits.count < MIN_VISITS) return NO_ESTIMATE;
  const span = bought ? orders : visits;
  const gap = Math.max(1, meanGap(span) ?? 1);
  const since = Math.max(0, nowMs - span.lastMs) / DAY_MS;
  const r = since / gap;
  const input = bought ? 'days-since-purchase' : 'days-since-visit';
  return rule([[input, r / (r + USUAL_GAPS), causes(tally, bought ? 'purchase' : 'page_view')]]);
}

export function valueRule(tally: Tally, bands: readonly Interest[], nowMs: number): Estimate {
  const { orders } = tally;
  if (orders.count === 0) return NO_ESTIMATE;
  const days = Math.max(0, nowMs - orders.lastMs) / DAY_MS;
  const bought = causes(tally, 'purchase');
  return rule([
    ['orders', 0.4 * Math.min(1, orders.count / MANY_ORDERS), bought],
    ['high-price-share', 0.3 * (shareOf(bands, ['3', '4']) ?? 0), causes(tally, 'view_item')],
    ['days-since-purchase', 0.3 * 2 ** (-days / HALF_LIFE_DAYS), bought],
  ]);
}

export function priceRule(tally: Tally, bands: readonly Interest[]): Estimate {
  const looked = bands.reduce((sum, { why }) => sum + why.reduce((n, one) => n + one.count, 0), 0);
  const low = looked >= MIN_VIEWS ? shareOf(bands, ['0', '1']) : null;
  const saved = discountShare(tally);
  const both = low !== null && saved !== null ? 0.5 : 1;
  const parts: Part[] = [];
  if (saved !== null) {
    const amount = both * Math.min(1, saved / FULL_SAVING);
    parts.push(['discount-share', amount, causes(tally, 'purchase')]);
  }
  if (low !== null) parts.push(['low-price-share', both * low, causes(tally, 'view_item')]);
  return parts.length === 0 ? NO_ESTIMATE : rule(parts);
}

/** Of what was paid and saved, the share saved; null before a purchase with prices. */
export function discountShare({ paid, saved }: Pick<Tally, 'paid' | 'saved'>): number | null {
  return paid + saved > 0 ? saved / (paid + saved) : null;
}

/** Null without any interest. */
export function shareOf(bands: readonly Interest[], ids: readonly string[]): number | null {
  if (bands.length === 0) return null;
  return bands.filter((band) => ids.includes(band.id)).reduce((sum, band) => sum + band.weight, 0);
}

/** The newest events of a name, newest first. */
export function causes(tally: Tally, ...names: readonly Cause['event'][]): Cause[] {
  return names
    .flatMap((name) => tally.latest.get(name) ?? [])
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, 3);
}

type Part = readonly [input: string, amount: number, events: readonly Cause[]];

function rule(parts: readonly Part[]): Estimate {
  const why: Reason[] = parts.map(([input, amount, events]) => ({ input, amount, events }));
  const probability = why.reduce((sum, { amount }) => sum + amount, 0);
  return {
    probability: Math.min(1, Math.max(0, probability)),
    source: 'rule',
    version: 0,
    method: 'rule',
    why: why.filter(({ amount }) => amount !== 0).sort((a, b) => b.amount - a.amount),
  };
}
