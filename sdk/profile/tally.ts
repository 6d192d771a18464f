/**
 * What is known of a history, kept as sums that one more event costs a few microseconds to bring up
 * to date: nothing here is computed again from the events. An event that comes late counts like any
 * other; where order matters (the newest visit, the sequence of items), the order of arrival holds.
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { EventItem, EventName, ShopEvent } from '../capture/event.ts';
import { isAmount } from '../features/intent.ts';
import { ITEM_EVENTS, indexOf } from '../features/sequence.ts';
import { HALF_LIFE_MS, Interests, interestOf } from './interests.ts';
import type { Cause, ContentVector } from './result.ts';

const DAY_MS = 86_400_000;
/** Items that a ranking looks back on: more than the longest history that a task reads. */
const MAX_SEQUENCE = 256;
/** Visits whose items are remembered together, and items of one. */
const MAX_VISITS = 64;
const MAX_VISIT_ITEMS = 50;
const CAUSES = 3;
const TOP_ITEMS = 5;

/** Begin of the first and newest, and how many: enough for a mean gap. */
interface Span {
  count: number;
  firstMs: number;
  lastMs: number;
}

export class Tally {
  readonly catalogue: Catalogue;
  readonly interests: Interests;
  readonly counts: Map<EventName, number> = new Map();
  /** The newest events of each name, newest last. */
  readonly latest: Map<EventName, Cause[]> = new Map();
  events = 0;
  readonly visits: Span = { count: 0, firstMs: Infinity, lastMs: -Infinity };
  readonly orders: Span = { count: 0, firstMs: Infinity, lastMs: -Infinity };
  firstMs = Infinity;
  /** Newest event before the newest visit began; null in the first. */
  beforeMs: number | null = null;
  spend = 0;
  /** Orders with a value. */
  valued = 0;
  /** Of what was bought: paid, and saved by discounts. */
  paid = 0;
  saved = 0;
  /** Put into the basket less taken out, in the newest visit, since its last purchase. */
  basket = 0;
  readonly hours: Float64Array = new Float64Array(24);
  readonly weekdays: Float64Array = new Float64Array(7);
  /** Indices of the items dealt with, oldest first, consecutive repeats joined; the newest 256. */
  readonly sequence: number[] = [];
  /** Items that were bought. */
  readonly bought: Set<number> = new Set();
  /** Items of the newest visits, each once. */
  readonly together: number[][] = [];

  readonly #epochMs: number;
  readonly #vector: Float64Array;
  readonly #pull: Map<number, number> = new Map();
  #session: number | null = null;
  #newestMs = -Infinity;

  /** @param nowMs of about now: weights count from there, whatever clocks say later */
  constructor(catalogue: Catalogue, nowMs: number) {
    this.catalogue = catalogue;
    this.interests = new Interests(catalogue);
    this.#epochMs = nowMs;
    this.#vector = new Float64Array(catalogue.k);
  }

  /** @param event mended (sdk/features/mend.ts) and not later than now */
  add(event: ShopEvent): void {
    const { name, atMs } = event;
    this.events++;
    this.#visit(event);
    this.firstMs = Math.min(this.firstMs, atMs);
    this.#newestMs = Math.max(this.#newestMs, atMs);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    remember(this.latest, event);
    if (name === 'purchase') this.#purchase(event);
    if (event.session === this.#session) {
      if (name === 'add_to_cart') this.basket += worth(event.items);
      if (name === 'remove_from_cart') this.basket -= worth(event.items);
    }
    // Of the past: a weight of 2^-1000 is 0, and one of the future there is not.
    const weight = interestOf(event) * 2 ** Math.min(1000, (atMs - this.#epochMs) / HALF_LIFE_MS);
    if (weight !== 0 && Number.isFinite(weight)) this.interests.add(event, weight);
    this.#items(event, weight);
  }

  count(name: EventName): number {
    return this.counts.get(name) ?? 0;
  }

  /** Null without anything that the catalogue has. */
  vector(): ContentVector | null {
    const norm = Math.sqrt(this.#vector.reduce((sum, value) => sum + value * value, 0));
    const top: [number, number][] = [];
    let total = 0;
    let least = 0;
    for (const [item, weight] of this.#pull) {
      if (weight > 0) total += weight;
      if (!(weight > least)) continue;
      top.push([item, weight]);
      top.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      if (top.length > TOP_ITEMS) top.pop();
      if (top.length === TOP_ITEMS) least = (top[TOP_ITEMS - 1] as [number, number])[1];
    }
    if (!(norm > 0) || !(total > 0)) return null;
    return {
      values: Array.from(this.#vector, (value) => value / norm),
      why: top.map(([item, weight]) => ({
        item: this.catalogue.ids[item] as string,
        share: weight / total,
      })),
    };
  }

  #visit({ session, atMs }: ShopEvent): void {
    const first = this.#session === null;
    if (!first && session <= (this.#session as number)) return;
    this.beforeMs = first ? null : this.#newestMs;
    this.#session = session;
    this.basket = 0;
    this.together.push([]);
    if (this.together.length > MAX_VISITS) this.together.shift();
    extend(this.visits, atMs);
    const date = new Date(atMs);
    const hour = date.getHours();
    const weekday = date.getDay();
    if (Number.isNaN(hour)) return;
    this.hours[hour] = (this.hours[hour] as number) + 1;
    this.weekdays[weekday] = (this.weekdays[weekday] as number) + 1;
  }

  #purchase({ session, atMs, value, items }: ShopEvent): void {
    extend(this.orders, atMs);
    if (session === this.#session) this.basket = 0;
    if (isAmount(value)) {
      this.spend += value;
      this.valued++;
    }
    for (const { price, quantity, discount } of items as readonly Priced[]) {
      if (!isAmount(price)) continue;
      this.paid += price * quantity;
      if (isAmount(discount)) this.saved += discount * quantity;
    }
  }

  #items(event: ShopEvent, weight: number): void {
    if (!ITEM_EVENTS.has(event.name)) return;
    const index = indexOf(this.catalogue);
    const visit = this.together[this.together.length - 1] as number[];
    for (const { id } of event.items) {
      const item = index.get(id);
      if (item === undefined) continue;
      if (item !== this.sequence[this.sequence.length - 1]) this.sequence.push(item);
      if (this.sequence.length > MAX_SEQUENCE) this.sequence.shift();
      if (event.name === 'purchase') this.bought.add(item);
      if (visit.length < MAX_VISIT_ITEMS && !visit.includes(item)) visit.push(item);
      if (weight === 0) continue;
      this.#pull.set(item, (this.#pull.get(item) ?? 0) + weight);
      const { k, vectors } = this.catalogue;
      for (let c = 0; c < k; c++) {
        const moved = weight * (vectors[item * k + c] as number);
        this.#vector[c] = (this.#vector[c] as number) + moved;
      }
    }
  }
}

/** GA4 `discount`: what was taken off the price of one. */
type Priced = EventItem & { readonly discount?: number };

/** Days between the first and the newest, over the gaps between them; null before there are two. */
export function meanGap({ count, firstMs, lastMs }: Span): number | null {
  return count < 2 ? null : Math.max(0, lastMs - firstMs) / DAY_MS / (count - 1);
}

function extend(span: Span, atMs: number): void {
  span.count++;
  span.firstMs = Math.min(span.firstMs, atMs);
  span.lastMs = Math.max(span.lastMs, atMs);
}

function remember(latest: Map<EventName, Cause[]>, { name, atMs, items }: ShopEvent): void {
  let list = latest.get(name);
  if (list === undefined) {
    list = [];
    latest.set(name, list);
  }
  list.push({ event: name, atMs, item: items[0]?.id ?? null });
  if (list.length > CAUSES) list.shift();
}

function worth(items: readonly EventItem[]): number {
  return items.reduce(
    (sum, { price, quantity }) => sum + (isAmount(price) ? price * quantity : 0),
    0,
  );
}
