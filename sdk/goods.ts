/**
 * Goods that the shop's pages told of, on this device alone: kept sealed in the database, ranked by a
 * catalogue of their own (features/page-catalogue.ts), or behind the published one.
 */
import { type Card, isAddress } from '../shared/model/cards.ts';
import type { Catalogue } from '../shared/model/catalogue.ts';
import type { ShopEvent } from './capture/event.ts';
import type { PageProduct } from './capture/understand-product.ts';
import type { Database, Retention } from './database/database.ts';
import type { Environment, Undo } from './environment.ts';
import { type Good, PageCatalogue } from './features/page-catalogue.ts';
import { ITEM_EVENTS } from './features/sequence.ts';
import type { History } from './history.ts';
import { NO_CATALOGUE } from './knowledge.ts';
import { Follower } from './profile/follower.ts';
import type { Tally } from './profile/tally.ts';

/** As many as the database keeps (sdk/database/goods.ts). */
const MAX_GOODS = 5000;
const DAY_MS = 86_400_000;
/** Goods of one page come together. */
const BATCH_MS = 0;

interface Kept {
  readonly good: Good;
  readonly day: number;
  /** Of what is stored of it; null before. */
  readonly key: number | null;
}

export interface GoodsOptions {
  readonly environment: Pick<Environment, 'after' | 'clock'>;
  readonly history: History;
  readonly retention: Retention;
  /** There are other goods than before. */
  onChange(): void;
  onFailure(error: unknown): void;
}

export class Goods {
  readonly #options: GoodsOptions;
  readonly #follower: Follower;
  readonly #kept = new Map<string, Kept>();
  /** Waiting to be written. */
  readonly #queue = new Set<string>();
  #database: Database | null = null;
  /** The published catalogue that was asked about last. */
  #base: Catalogue | null = null;
  #loaded: Promise<void> = Promise.resolve();
  #timer: Undo | null = null;
  #page: { readonly base: Catalogue | null; readonly of: PageCatalogue } | null = null;

  constructor(options: GoodsOptions) {
    this.#options = options;
    const { environment, history } = options;
    this.#follower = new Follower({
      events: () => history.events(),
      catalogue: () => this.catalogue(this.#base) ?? NO_CATALOGUE,
      now: () => environment.clock.now(),
      pause: () => new Promise((resolve) => void environment.after(0, resolve)),
    });
    history.watch({
      added: (event) => {
        this.#named(event);
        this.#follower.added(event);
      },
      replaced: (before, event) => this.#follower.replaced(before, event),
      reset: () => this.#follower.reset(),
      again: () => undefined,
    });
  }

  /** Begins to read what is stored; what was heard before stays. */
  attach(database: Database): void {
    this.#database = database;
    this.#loaded = database.readGoods().then(
      (stored) => {
        if (this.#database !== database) return;
        const { retention, environment } = this.#options;
        const today = Math.floor(environment.clock.now() / DAY_MS);
        const heard = [...this.#kept.values()];
        this.#kept.clear();
        for (const { key, day, good } of stored) {
          const clean = cleanGood(good);
          const isOld = day < today - Math.ceil(retention.maxAgeMs / DAY_MS);
          if (clean !== null && !isOld) this.#put({ good: clean, day, key });
        }
        for (const one of heard) this.#hear(one.good);
        this.#page = null;
        if (this.#queue.size > 0) this.#schedule();
      },
      (error: unknown) => {
        if (this.#database === database) this.#options.onFailure(error);
      },
    );
  }

  /** Drops everything in memory; nothing is written afterwards. */
  detach(): void {
    this.#timer?.();
    this.#timer = null;
    this.#database = null;
    this.#loaded = Promise.resolve();
    this.#kept.clear();
    this.#queue.clear();
    this.#base = null;
    this.#page = null;
    this.#follower.reset();
  }

  /** What a page says that it shows. Never throws; nothing is kept before `attach`. */
  hear(products: readonly PageProduct[]): void {
    if (this.#database === null) return;
    let changed = false;
    for (const product of products.slice(0, MAX_GOODS)) {
      const good = cleanGood(product);
      if (good !== null && this.#hear(good)) changed = true;
    }
    if (changed) this.#options.onChange();
  }

  /** Resolves when what was stored has been read. */
  settled(): Promise<void> {
    return this.#loaded;
  }

  card(id: string): Card | null {
    return this.#kept.get(id)?.good ?? null;
  }

  /** The published catalogue with the goods behind it that it lacks; null without either. */
  catalogue(base: Catalogue | null): Catalogue | null {
    this.#base = base;
    if (this.#kept.size === 0) return base;
    if (this.#page === null || this.#page.base !== base) {
      const of = new PageCatalogue(base);
      for (const { good } of this.#kept.values()) of.add(good);
      this.#page = { base, of };
    }
    return this.#page.of.catalogue();
  }

  /** The sums of the history by the catalogue that was asked for last. */
  tally(): Promise<Tally> {
    return this.#follower.settled();
  }

  /** Writes what waits. Never rejects. */
  async flush(): Promise<void> {
    this.#timer?.();
    this.#timer = null;
    const database = this.#database;
    const goods = [...this.#queue].flatMap((id) => this.#kept.get(id) ?? []);
    this.#queue.clear();
    if (database === null || goods.length === 0) return;
    const atMs = this.#options.environment.clock.now();
    const replaced = goods.flatMap(({ key }) => key ?? []);
    try {
      const keys = await database.putGoods(
        goods.map(({ good }) => ({ good, atMs })),
        replaced,
        this.#options.retention,
      );
      if (this.#database !== database) return;
      for (const [i, { good, day }] of goods.entries()) {
        const now = this.#kept.get(good.id);
        if (now !== undefined) this.#kept.set(good.id, { ...now, day, key: keys[i] ?? null });
      }
    } catch (error) {
      if (this.#database === database) this.#options.onFailure(error);
    }
  }

  /** An event of the shop's own may name goods that no page has described. */
  #named({ name, items, currency }: ShopEvent): void {
    if (this.#database === null || !ITEM_EVENTS.has(name)) return;
    for (const { id, name: title, brand, category, price } of items) {
      if (title === undefined || this.#kept.has(id)) continue;
      const good = cleanGood({ id, title, brand, category, price, currency });
      if (good !== null) this.#hear(good);
    }
  }

  /** @returns whether it is another good than before */
  #hear(good: Good): boolean {
    const day = Math.floor(this.#options.environment.clock.now() / DAY_MS);
    const before = this.#kept.get(good.id);
    const isSame = before !== undefined && JSON.stringify(before.good) === JSON.stringify(good);
    if (isSame && before.day === day) return false;
    this.#put({ good, day, key: before?.key ?? null });
    this.#queue.add(good.id);
    this.#schedule();
    return !isSame;
  }

  /** The newest stand last; the oldest go. */
  #put(kept: Kept): void {
    const { id } = kept.good;
    const before = this.#kept.get(id);
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    // Two tabs wrote it: the older record goes with the next write.
    if (before?.key != null && before.key !== kept.key) this.#queue.add(id);
    this.#page?.of.add(kept.good);
    if (this.#kept.size <= MAX_GOODS) return;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_GOODS - MAX_GOODS / 64) break;
      this.#kept.delete(oldest);
    }
    this.#page = null;
  }

  #schedule(): void {
    if (this.#database === null) return;
    this.#timer ??= this.#options.environment.after(BATCH_MS, () => {
      this.#timer = null;
      void this.flush();
    });
  }
}

/** A good of what a page or a record says; null for what is none. Unknown fields are dropped. */
export function cleanGood(value: unknown): Good | null {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const text = (name: string, most: number): string => {
    const given = fields[name];
    if (typeof given !== 'string') return '';
    return given
      .trim()
      .slice(0, most)
      .replace(/\p{Surrogate}/gu, '');
  };
  const address = (name: string): string | null => {
    const given = text(name, 2000);
    return isAddress(given) ? given : null;
  };
  const { id, price } = fields;
  const title = text('title', 300);
  if (typeof id !== 'string' || id === '' || id.length > 200 || title === '') return null;
  const amount = typeof price === 'number' && price >= 0 && price < 1e9 ? price : null;
  const currency = text('currency', 3);
  return {
    ...{ id, title, description: text('description', 400) },
    ...{ url: address('url'), image: address('image'), price: amount },
    currency: /^[A-Z]{3}$/.test(currency) ? currency : null,
    brand: text('brand', 200) || null,
    category: text('category', 200) || null,
  };
}
