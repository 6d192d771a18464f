/**
 * Recency, frequency, money and habits of a history, or of its last days: the sums behind the
 * history inputs of inputs.ts. Never NaN.
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { EventItem, ShopEvent } from '../capture/event.ts';
import { isAmount } from './intent.ts';
import { ITEM_EVENTS, indexOf } from './sequence.ts';

export const DAY_MS = 86_400_000;

/** Shop events counted by name, in the order of their inputs. */
type Counted = 'view_item' | 'add_to_cart' | 'add_to_wishlist' | 'search' | 'rate_item';

export type Summary = Readonly<Omit<Tally, 'add'>>;

/** Sums that grow event by event. */
class Tally {
  events = 0;
  readonly counts: Record<Counted, number> = {
    ...{ view_item: 0, add_to_cart: 0, add_to_wishlist: 0, search: 0, rate_item: 0 },
  };
  /** Times of the purchases, in order. */
  readonly orderTimes: number[] = [];
  spend = 0;
  largestOrder = 0;
  unitsBought = 0;
  /** Lines of purchases, those at a discount, and the sum of their discounts as shares of a price. */
  lines = 0;
  discounted = 0;
  discounts = 0;
  readonly visits: Set<number> = new Set();
  readonly days: Set<number> = new Set();
  /** Goods that were looked at, chosen, bought or rated: by id, category and brand. */
  readonly goods: Set<string> = new Set();
  readonly category: Map<string, number> = new Map();
  readonly brand: Map<string, number> = new Map();
  /** The same goods by price band, and the prices of those that have one. */
  readonly bands: number[] = [0, 0, 0, 0, 0];
  priced = 0;
  prices = 0;
  /** Events by quarter of the day and on weekends, UTC. */
  readonly quarters: number[] = [0, 0, 0, 0];
  weekend = 0;
  ratings = 0;
  readonly reviews: string[] = [];

  add(event: ShopEvent, catalogue: Catalogue): void {
    const { name, atMs } = event;
    const day = Math.floor(atMs / DAY_MS);
    const quarter = Math.floor((atMs - day * DAY_MS) / (DAY_MS / 4));
    this.events++;
    this.visits.add(event.session);
    this.days.add(day);
    this.quarters[quarter] = (this.quarters[quarter] ?? 0) + 1;
    // Day 0 of 1970 was a Thursday.
    if ((day + 4) % 7 === 0 || (day + 4) % 7 === 6) this.weekend++;
    if (Object.hasOwn(this.counts, name)) this.counts[name as Counted]++;
    if (name === 'rate_item' && isAmount(event.rating)) this.ratings += event.rating;
    if (name === 'rate_item' && typeof event.text === 'string') this.reviews.push(event.text);
    if (name === 'purchase') {
      const value = orderValue(event, catalogue);
      this.orderTimes.push(atMs);
      this.spend += value;
      this.largestOrder = Math.max(this.largestOrder, value);
    }
    if (!ITEM_EVENTS.has(name)) return;
    for (const item of event.items ?? []) {
      if (typeof item?.id === 'string') this.#deal(item, name === 'purchase', catalogue);
    }
  }

  #deal(item: EventItem, isBought: boolean, catalogue: Catalogue): void {
    const { category, brand, band, price } = aboutItem(item, catalogue);
    this.goods.add(item.id);
    if (category !== undefined) add(this.category, category);
    if (brand !== undefined) add(this.brand, brand);
    if (band >= 0) this.bands[band] = (this.bands[band] ?? 0) + 1;
    if (price !== undefined) {
      this.priced++;
      this.prices += price;
    }
    if (!isBought) return;
    const share = discountOf(item, catalogue);
    this.unitsBought += unitsOf(item);
    this.lines++;
    if (share > 0) this.discounted++;
    this.discounts += share;
  }
}

/**
 * Summaries of the beginnings of one history. Each event is added to that of the whole past once,
 * as long as what is asked for grows.
 */
export class Past {
  readonly events: readonly ShopEvent[];
  readonly #catalogue: Catalogue;
  #whole = new Tally();
  #end = 0;

  /** @param events in the order of time */
  constructor(events: readonly ShopEvent[], catalogue: Catalogue) {
    this.events = events;
    this.#catalogue = catalogue;
  }

  /** The first `end` events; good until the next call. */
  upTo(end: number): Summary {
    if (end < this.#end) {
      this.#whole = new Tally();
      this.#end = 0;
    }
    while (this.#end < end) {
      this.#whole.add(this.events[this.#end++] as ShopEvent, this.#catalogue);
    }
    return this.#whole;
  }

  /** Of the first `end` events those behind the last one that is not later than `sinceMs`. */
  since(end: number, sinceMs: number): Summary {
    const tally = new Tally();
    let from = end;
    while (from > 0 && (this.events[from - 1] as ShopEvent).atMs > sinceMs) from--;
    for (let i = from; i < end; i++) tally.add(this.events[i] as ShopEvent, this.#catalogue);
    return tally;
  }
}

interface AboutItem {
  readonly category: string | undefined;
  readonly brand: string | undefined;
  /** −1 for none. */
  readonly band: number;
  readonly price: number | undefined;
}

/** What the catalogue says of a good; of one that it lacks, what the event says. */
export function aboutItem(item: EventItem, catalogue: Catalogue): AboutItem {
  const index = indexOf(catalogue).get(item.id);
  const paid = isAmount(item.price) ? item.price : undefined;
  if (index === undefined) {
    return { category: item.category, brand: item.brand, band: -1, price: paid };
  }
  const cents = catalogue.priceCents[index] ?? -1;
  return {
    category: catalogue.categories[catalogue.category[index] ?? -1] ?? item.category,
    brand: catalogue.brands[catalogue.brand[index] ?? -1] ?? item.brand,
    band: catalogue.priceBand[index] ?? -1,
    price: paid ?? (cents < 0 ? undefined : cents / 100),
  };
}

/** What an order came to: the event's own value, or else that of its lines. */
export function orderValue(event: ShopEvent, catalogue: Catalogue): number {
  if (isAmount(event.value)) return event.value;
  let total = 0;
  for (const item of event.items ?? []) {
    if (typeof item?.id !== 'string') continue;
    total += (aboutItem(item, catalogue).price ?? 0) * unitsOf(item);
  }
  return total;
}

/** Share of the full price that was let off a line, in [0, 1]. */
export function discountOf(item: EventItem, catalogue: Catalogue): number {
  const off = isAmount(item.discount) ? item.discount : 0;
  const paid = aboutItem(item, catalogue).price ?? 0;
  return off === 0 ? 0 : Math.min(1, off / (off + paid));
}

function unitsOf(item: EventItem): number {
  return isAmount(item.quantity) ? item.quantity : 1;
}

function add(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}
