/**
 * Inputs of heads, by name (the grammar is that of shared/model/heads/inputs.ts). Scaling is fixed
 * and public: a count, an amount or a time x with a cap enters as min(1, log(1 + x)/log(1 + cap));
 * shares are in [0, 1] already. Every value is in [0, 1], with '~' in [−½, ½]; with a centre and a
 * spread, which the signed task names, it is the value less the one, over the other.
 *
 *   name                       what it is                                             cap, or without
 *   (intent.ts)                the 27 of the visit under way
 *   orders                     purchases                                              100
 *   spend                      their values, in the shop's currency                   10,000
 *   order-value, largest-order mean and largest value of a purchase                   2,000
 *   goods-bought               units bought                                           1,000
 *   items-per-order            units of a purchase                                    100
 *   views, adds                view_item, add_to_cart                                 1,000, 200
 *   wishes, queries            add_to_wishlist, search                                100, 200
 *   visits, active-days        sessions, days with an event                           500, 365
 *   goods, categories, brands  different ones looked at, chosen, bought or rated      500, 50, 50
 *   price-mean                 mean price of these goods                              1,000
 *   band-0 … band-4            share of these goods in that price band of its category
 *   discount-share             share of the lines bought at a discount
 *   discount-mean              mean share of the price that was let off a line
 *   night … evening            share of events from 0, 6, 12, 18 o'clock on, UTC
 *   weekend-share              share of events on Saturday and Sunday, UTC
 *   ratings, rating-mean       rate_item; mean rating less 1, over 4                  50; without ½
 *   review-sentiment           mean of sentiment.ts over reviews, from [−1, 1]        without ½
 *   category#N, brand#N        shares of these goods by hashed bin
 *   recency, idle              days since the last purchase, the last event           730; without 1
 *   tenure, order-tenure       days since the first event, the first purchase         1,825; without 0
 *   order-gap                  mean days between purchases, at least 1                365; without 1
 *   gap-spread                 x/(1 + x) of the deviation of gaps over their mean     without 0
 *   overdue                    x/(1 + x) of the recency over the mean gap             without 0
 *   order-span                 share of the time since the first purchase until the last one
 *   bought, bought-again       1 with a purchase, with two
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import {
  columnsOf,
  type Factor,
  factorsOf,
  INTENT_INPUTS,
} from '../../shared/model/heads/inputs.ts';
import { hashedBin } from '../../shared/model/statistic.ts';
import type { ShopEvent } from '../capture/event.ts';
import { intentInputs, isAmount, scaled } from './intent.ts';
import { DAY_MS, Past, type Summary } from './rfm.ts';
import { sentiment } from './sentiment.ts';

const SESSION: ReadonlyMap<string, number> = new Map(INTENT_INPUTS.map((name, i) => [name, i]));

const per = (sum: number, count: number): number => (count > 0 ? sum / count : 0);
const bounded = (ratio: number): number => ratio / (1 + ratio);

const OF_WINDOW: Readonly<Record<string, (of: Summary) => number>> = {
  orders: (of) => scaled(of.orderTimes.length, 100),
  spend: (of) => scaled(of.spend, 10_000),
  'order-value': (of) => scaled(per(of.spend, of.orderTimes.length), 2000),
  'largest-order': (of) => scaled(of.largestOrder, 2000),
  'goods-bought': (of) => scaled(of.unitsBought, 1000),
  'items-per-order': (of) => scaled(per(of.unitsBought, of.orderTimes.length), 100),
  views: (of) => scaled(of.counts.view_item, 1000),
  adds: (of) => scaled(of.counts.add_to_cart, 200),
  wishes: (of) => scaled(of.counts.add_to_wishlist, 100),
  queries: (of) => scaled(of.counts.search, 200),
  visits: (of) => scaled(of.visits.size, 500),
  'active-days': (of) => scaled(of.days.size, 365),
  goods: (of) => scaled(of.goods.size, 500),
  categories: (of) => scaled(of.category.size, 50),
  brands: (of) => scaled(of.brand.size, 50),
  'price-mean': (of) => scaled(per(of.prices, of.priced), 1000),
  'discount-share': (of) => per(of.discounted, of.lines),
  'discount-mean': (of) => per(of.discounts, of.lines),
  night: (of) => per(of.quarters[0] as number, of.events),
  morning: (of) => per(of.quarters[1] as number, of.events),
  afternoon: (of) => per(of.quarters[2] as number, of.events),
  evening: (of) => per(of.quarters[3] as number, of.events),
  'weekend-share': (of) => per(of.weekend, of.events),
  ratings: (of) => scaled(of.counts.rate_item, 50),
  'rating-mean': (of) =>
    of.counts.rate_item === 0 ? 0.5 : (of.ratings / of.counts.rate_item - 1) / 4,
  'review-sentiment': (of) =>
    (1 +
      per(
        of.reviews.reduce((sum, text) => sum + sentiment(text), 0),
        of.reviews.length,
      )) /
    2,
};

/** Values of one history at one moment, made as they are asked for. */
class Values {
  readonly #past: Past;
  readonly #end: number;
  readonly #nowMs: number;
  readonly #windows = new Map<number, Summary>();
  #session: Float32Array | null = null;

  constructor(past: Past, end: number, nowMs: number) {
    this.#past = past;
    this.#end = end;
    this.#nowMs = nowMs;
  }

  /** Columns of one factor. */
  columns({ name, days, form, columns, centre, spread }: Factor): readonly number[] {
    if (form === 'hashed') {
      const summary = this.#window(days);
      return sharesOf(name === 'brand' ? summary.brand : summary.category, columns);
    }
    const value = clamped(this.#value(name, days));
    if (form === 'value') return [(value - centre) / spread];
    const bin = Math.min(columns - 1, Math.floor(value * columns));
    return Array.from({ length: columns }, (_, i) => (i === bin ? 1 : 0));
  }

  #value(name: string, days: number): number {
    const place = SESSION.get(name);
    if (place !== undefined) {
      this.#session ??= intentInputs(this.#past.events.slice(0, this.#end), this.#nowMs);
      return this.#session[place] as number;
    }
    const ofWindow = OF_WINDOW[name];
    if (ofWindow !== undefined) return ofWindow(this.#window(days));
    if (name.startsWith('band-')) return per(...shareOfBand(this.#window(days), name));
    const [first, last] = [this.#past.events[0], this.#past.events[this.#end - 1]];
    const { orderTimes } = this.#window(0);
    return ofHistory(name, orderTimes, first?.atMs, last?.atMs, this.#nowMs);
  }

  #window(days: number): Summary {
    if (days === 0) return this.#past.upTo(this.#end);
    let summary = this.#windows.get(days);
    if (summary === undefined) {
      summary = this.#past.since(this.#end, this.#nowMs - days * DAY_MS);
      this.#windows.set(days, summary);
    }
    return summary;
  }
}

function shareOfBand({ bands }: Summary, name: string): [number, number] {
  return [bands[Number(name.slice(5))] as number, bands.reduce((sum, count) => sum + count, 0)];
}

function ofHistory(
  name: string,
  orders: readonly number[],
  firstMs: number | undefined,
  lastMs: number | undefined,
  nowMs: number,
): number {
  const ago = (atMs: number | undefined): number =>
    atMs === undefined ? Number.NaN : Math.max(0, nowMs - atMs) / DAY_MS;
  const [first, last] = [orders[0], orders.at(-1)];
  const gaps = orders.length - 1;
  // The gaps add up to the time from the first purchase to the last one.
  const gap = Math.max(1, gaps < 1 ? 0 : (ago(first) - ago(last)) / gaps);
  switch (name) {
    case 'recency':
      return last === undefined ? 1 : scaled(ago(last), 730);
    case 'idle':
      return lastMs === undefined ? 1 : scaled(ago(lastMs), 730);
    case 'tenure':
      return lastMs === undefined ? 0 : scaled(ago(firstMs), 1825);
    case 'order-tenure':
      return first === undefined ? 0 : scaled(ago(first), 1825);
    case 'order-gap':
      return gaps < 1 ? 1 : scaled(gap, 365);
    case 'gap-spread':
      return bounded(spreadOf(orders, gap) / gap);
    case 'overdue':
      return gaps < 1 ? 0 : bounded(ago(last) / gap);
    case 'order-span':
      return first === undefined ? 0 : per(ago(first) - ago(last), ago(first));
    case 'bought':
      return orders.length > 0 ? 1 : 0;
    case 'bought-again':
      return orders.length > 1 ? 1 : 0;
    default:
      throw new RangeError(`inputs: unknown input ${JSON.stringify(name)}`);
  }
}

/** Standard deviation of the days between purchases around their mean; 0 without two gaps. */
function spreadOf(orders: readonly number[], mean: number): number {
  let squares = 0;
  for (let i = 1; i < orders.length; i++) {
    squares += (((orders[i] as number) - (orders[i - 1] as number)) / DAY_MS - mean) ** 2;
  }
  return orders.length < 3 ? 0 : Math.sqrt(squares / (orders.length - 1));
}

function sharesOf(values: ReadonlyMap<string, number>, bins: number): number[] {
  const shares = new Array<number>(bins).fill(0);
  let total = 0;
  for (const count of values.values()) total += count;
  for (const [value, count] of values) {
    const bin = hashedBin(value, bins);
    shares[bin] = (shares[bin] as number) + count / total;
  }
  return shares;
}

function clamped(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(1, Math.max(0, value));
}

/**
 * Columns of the inputs for the first `end` events; what is known is not checked against `nowMs`
 * (see `headInputs`).
 *
 * @throws RangeError for an unknown input, with its name
 */
export function inputsOf(
  inputs: readonly string[],
  past: Past,
  end: number,
  nowMs: number,
): Float32Array<ArrayBuffer> {
  const values = new Values(past, end, nowMs);
  const out = new Float32Array(columnsOf(inputs));
  let at = 0;
  for (const input of inputs) {
    const [first, second] = factorsOf(input).map((factor) => values.columns(factor));
    for (const a of first as readonly number[]) {
      for (const b of second ?? [1]) out[at++] = a * b;
    }
  }
  return out;
}

/**
 * Inputs of a head at `nowMs`, from the events up to then alone, oldest first.
 *
 * @returns columns in the order of `inputs`, never NaN: in [0, 1], with '~' in [−½, ½], with a spread
 *   within 20 of 0; products of these
 * @throws RangeError for an unknown input, with its name
 */
export function headInputs(
  inputs: readonly string[],
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  nowMs: number,
): Float32Array<ArrayBuffer> {
  const known = knownAt(events, nowMs);
  return inputsOf(inputs, new Past(known, catalogue), known.length, nowMs);
}

/** Events that have a name and a time up to `nowMs`. */
export function knownAt(events: readonly ShopEvent[], nowMs: number): ShopEvent[] {
  return events.filter(
    (event) => typeof event?.name === 'string' && isAmount(event.atMs) && event.atMs <= nowMs,
  );
}
