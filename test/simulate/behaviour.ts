/**
 * How simulated shoppers behave: taste, price band, sessions with a goal, complements that the
 * text does not reveal, and when they buy. The model and its figures are written in BEHAVIOUR.md
 * (rules B1 to B8).
 */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { normalise } from '../../sdk/capture/normalise.ts';
import { SeededRandom } from './random.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** B4: where the next look goes. */
const NEXT = { complement: 0.22, brand: 0.3, back: 0.13, stray: 0.08, shelf: 0.27 } as const;
const WAYS = Object.keys(NEXT) as (keyof typeof NEXT)[];

/** B2: log-odds of a loved brand, and of one price band away from the shopper's own. */
const BRAND_PULL = 2.6;
const BAND_PULL = -0.5;

/** B3: what a session is for, with how often and how many looks it takes at least and on average. */
const PURPOSES = [
  { id: 'glance', weight: 0.15, least: 1, more: 0.5, basket: 0.02, buys: 0.1, dwellMs: 9_000 },
  { id: 'browse', weight: 0.45, least: 2, more: 3, basket: 0.06, buys: 0.25, dwellMs: 22_000 },
  { id: 'compare', weight: 0.25, least: 3, more: 3, basket: 0.12, buys: 0.45, dwellMs: 45_000 },
  { id: 'buy', weight: 0.15, least: 2, more: 2, basket: 0.4, buys: 0.85, dwellMs: 38_000 },
] as const;

type Purpose = (typeof PURPOSES)[number];

interface Taste {
  /** Weight of each category of the world. */
  readonly categories: readonly number[];
  readonly lovedBrands: ReadonlySet<string>;
  /** 0 to 4. */
  readonly band: number;
}

export interface Shopper {
  readonly seed: string;
  readonly taste: Taste;
  /** Everything this shopper did, oldest first; the last event is before `untilMs`. */
  readonly events: readonly ShopEvent[];
}

function makeTaste(world: World, random: SeededRandom): Taste {
  const strength = [0.55, 0.25, 0.15];
  const categories = world.categories.map(() => 0.05 / world.categories.length);
  for (const [place, at] of random
    .shuffled(world.categories.map((_, i) => i))
    .slice(0, strength.length)
    .entries()) {
    categories[at] = (categories[at] ?? 0) + (strength[place] ?? 0);
  }
  const loved = random.shuffled(world.brands).slice(0, 2 + random.below(2));
  return { categories, lovedBrands: new Set(loved), band: random.below(5) };
}

/** B1 to B8: one shopper's whole history, the same for the same world and seed. */
export function makeShopper(world: World, seed: string, untilMs: number): Shopper {
  const random = new SeededRandom(seed);
  const taste = makeTaste(world, random);
  const sessions = 2 + random.below(4);
  const gaps = Array.from({ length: sessions }, () => (0.3 + 6 * random.uniform()) * DAY);
  const walk = new Walk(world, taste, random);
  let startMs = untilMs - gaps.reduce((a, b) => a + b, 0);
  for (const [at, gap] of gaps.entries()) {
    walk.session(at + 1, startMs);
    startMs += gap;
  }
  return { seed, taste, events: walk.events.filter((event) => event.atMs < untilMs) };
}

/** One shopper under way. */
class Walk {
  readonly events: ShopEvent[] = [];
  readonly #world: World;
  readonly #taste: Taste;
  readonly #random: SeededRandom;
  /** Goods looked at, oldest first, over all sessions. */
  readonly #seen: number[] = [];
  #bought: number[] = [];
  #session = 0;
  #nowMs = 0;

  constructor(world: World, taste: Taste, random: SeededRandom) {
    this.#world = world;
    this.#taste = taste;
    this.#random = random;
  }

  session(number: number, startMs: number): void {
    const random = this.#random;
    this.#session = number;
    this.#nowMs = startMs;
    const purpose = PURPOSES[random.weighted(PURPOSES.map((one) => one.weight))] as Purpose;
    const goal = this.#world.categories[random.weighted(this.#taste.categories)] as string;
    this.#page('home', 4_000);
    this.#review();
    if (random.chance(0.12)) this.#page('account', 15_000);
    const looks = purpose.least + Math.floor(-purpose.more * Math.log(1 - random.uniform()));
    const basket: number[] = [];
    let last: number | null = null;
    for (let look = 0; look < Math.min(looks, 14); look++) {
      if (look === 0 || random.chance(0.25)) this.#arrive(goal);
      last =
        last === null ? this.#onShelf(goal, this.#seen.at(-1) ?? null) : this.#next(last, goal);
      this.#look(last, purpose, basket);
    }
    if (random.chance(0.08)) this.#page('info', 12_000);
    this.#checkout(basket, purpose);
  }

  /** B4. */
  #next(last: number, goal: string): number {
    const random = this.#random;
    const complements = this.#world.complements[last] ?? [];
    const brandMates = this.#world.byBrand.get(this.#world.goods[last]?.brand ?? '') ?? [];
    const before = [...new Set(this.#seen.slice(-6))].filter((item) => item !== last);
    const way = WAYS[random.weighted(WAYS.map((one) => NEXT[one]))];
    if (way === 'complement' && complements.length > 0) return random.pick(complements);
    if (way === 'brand' && brandMates.length > 1) return this.#preferred(brandMates, last);
    if (way === 'back' && before.length > 0) return random.pick(before);
    if (way === 'stray') {
      const stray = this.#world.categories[random.weighted(this.#taste.categories)] as string;
      return this.#onShelf(stray, last);
    }
    return this.#onShelf(goal, last);
  }

  #onShelf(category: string, last: number | null): number {
    return this.#preferred(this.#world.byCategory.get(category) ?? [], last);
  }

  /** B2 and B5: a choice by loved brand and price band, never the good just looked at. */
  #preferred(choice: readonly number[], last: number | null): number {
    const weights = choice.map((item) => {
      const good = this.#world.goods[item];
      if (good === undefined || item === last) return 0;
      const loved = this.#taste.lovedBrands.has(good.brand) ? BRAND_PULL : 0;
      return Math.exp(loved + BAND_PULL * Math.abs(good.band - this.#taste.band));
    });
    return choice[this.#random.weighted(weights)] as number;
  }

  /** A list or a search of the goal's category. */
  #arrive(goal: string): void {
    const shelf = this.#world.byCategory.get(goal) ?? [];
    const shown = this.#random.shuffled(shelf).slice(0, 8);
    if (this.#random.chance(0.4)) {
      this.#page('search', 6_000);
      const word = this.#world.goods[this.#random.pick(shelf)]?.name ?? goal;
      this.#emit('search', { search_term: word });
    } else {
      this.#page('list', 8_000);
      this.#emit('view_item_list', { items: shown.map((item) => this.#item(item)) });
    }
  }

  #look(item: number, purpose: Purpose, basket: number[]): void {
    const items = [this.#item(item)];
    this.#emit('page_view', { page: 'product' });
    this.#emit('view_item', { items, currency: 'EUR', value: this.#price(item) });
    const dwell = purpose.dwellMs * Math.exp(0.6 * this.#random.normal());
    this.#nowMs += Math.round(dwell);
    this.#emit('dwell', { items, dwell_ms: dwell, page: 'product' });
    this.#seen.push(item);
    if (this.#random.chance(0.04)) this.#emit('add_to_wishlist', { items });
    if (!basket.includes(item) && this.#random.chance(purpose.basket)) {
      basket.push(item);
      this.#emit('add_to_cart', { items, currency: 'EUR', value: this.#price(item) });
      if (this.#random.chance(0.1)) {
        basket.pop();
        this.#emit('remove_from_cart', { items, currency: 'EUR', value: this.#price(item) });
      }
    }
  }

  /** B6: only a basket is bought, by purpose, and more often by who has been here before. */
  #checkout(basket: readonly number[], purpose: Purpose): void {
    if (basket.length === 0) return;
    this.#page('basket', 10_000);
    const odds = Math.min(0.95, purpose.buys + (this.#session > 1 ? 0.1 : -0.1));
    if (!this.#random.chance(odds)) return;
    const items = basket.map((item) => this.#item(item));
    const value = basket.reduce((sum, item) => sum + this.#price(item), 0);
    this.#page('checkout', 30_000);
    this.#emit('begin_checkout', { items, currency: 'EUR', value });
    this.#emit('purchase', { items, currency: 'EUR', value });
    this.#bought = [...basket];
  }

  /** A visit after a purchase sometimes begins with a rating. */
  #review(): void {
    const [item] = this.#bought;
    if (item === undefined || !this.#random.chance(0.3)) return;
    this.#emit('rate_item', { items: [this.#item(item)], rating: 2 + this.#random.below(4) });
    this.#bought = [];
  }

  #page(page: string, meanMs: number): void {
    this.#emit('page_view', { page });
    const dwell = Math.round(meanMs * Math.exp(0.5 * this.#random.normal()));
    this.#nowMs += dwell;
    this.#emit('dwell', { dwell_ms: dwell, page });
  }

  #price(item: number): number {
    return (this.#world.goods[item]?.priceCents ?? 0) / 100;
  }

  #item(item: number): Record<string, unknown> {
    const good = this.#world.goods[item];
    return {
      item_id: good?.id,
      item_name: good?.name,
      item_brand: good?.brand,
      item_category: good?.category,
      price: this.#price(item),
      quantity: 1,
    };
  }

  #emit(name: string, parameters: Record<string, unknown>): void {
    this.#nowMs += 400 + this.#random.below(1200);
    const event = normalise(name, parameters, {
      atMs: this.#nowMs,
      session: this.#session,
      problem: (problem) => {
        throw new Error(`behaviour: ${name} is not a valid event: ${problem}`);
      },
    });
    if (event !== null) this.events.push(event);
  }
}

/** A history and the look that came next. */
export interface HeldOut {
  readonly history: readonly ShopEvent[];
  readonly targetId: string;
}

/** B8: everything before the last look, and that look; null with fewer than two looks. */
export function holdOutLast(events: readonly ShopEvent[]): HeldOut | null {
  const looks = events.flatMap((event, at) => (event.name === 'view_item' ? [at] : []));
  const last = looks.at(-1);
  if (last === undefined || looks.length < 2) return null;
  const targetId = events[last]?.items[0]?.id;
  return targetId === undefined ? null : { history: events.slice(0, last), targetId };
}

/**
 * The control: every item of every history is dealt anew over all shoppers, so that lengths, times
 * and popularity stay, and who did what, and what followed what, is gone.
 */
export function shuffledHistories(
  histories: readonly (readonly ShopEvent[])[],
  seed: string,
): ShopEvent[][] {
  const pool = histories.flatMap((events) => events.flatMap((event) => event.items));
  const dealt = new SeededRandom(seed).shuffled(pool);
  let at = 0;
  return histories.map((events) =>
    events.map((event) => {
      const items = dealt.slice(at, at + event.items.length);
      at += event.items.length;
      return { ...event, items };
    }),
  );
}
