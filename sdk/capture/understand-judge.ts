/** Whether an event is to be told, or was already: by another part of the page, or before a reload. */
import type { ShopEvent } from './event.ts';
import { readNumber } from './number.ts';
import { SESSION_GAP_MS } from './session.ts';
import type { Raw } from './understand-calls.ts';
import { type Item, word } from './understand-items.ts';
import { Names, RANKS } from './understand-names.ts';
import type { KnownProduct } from './understand-product.ts';
import { Twice } from './understand-twice.ts';

/** A route's own events come before the page has settled. */
const LEAD_MS = 1000;
const JUST_MS = 10_000;
const BY_ITEM: ReadonlySet<string> = new Set([
  'add_to_cart',
  'remove_from_cart',
  'add_to_wishlist',
  'rate_item',
]);
const TELLING = ['search_term', 'promotion_id', 'creative_name', 'creative_slot', 'dwell_ms'];

export class Judge {
  readonly names = new Names();
  readonly #past: () => readonly ShopEvent[];
  readonly #twice = new Twice((a, b) => this.names.same(a, b));
  /** In memory only: they are never kept. */
  readonly #transactions = new Set<string>();
  /** What the shop itself tracks. */
  readonly #called = new Set<string>();
  #startMs: number | null = null;
  #main: KnownProduct | null = null;
  /** Products and variants of the last view, and its title. */
  #viewed = '';
  #title = '';
  /** When the shop last told of a view or a list, and since when page and product are shown. */
  #viewedMs = Number.NEGATIVE_INFINITY;
  #listedMs = Number.NEGATIVE_INFINITY;
  #pageMs = Number.NEGATIVE_INFINITY;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(past: () => readonly ShopEvent[]) {
    this.#past = past;
  }

  /** @returns the items that nobody told of before; null when the event is not to be told */
  judge(raw: Raw, items: readonly Item[], nowMs: number): readonly Item[] | null {
    this.#startMs ??= nowMs;
    const { name, parameters, from, path } = raw;
    for (const item of items) {
      this.names.learn([item.item_id], RANKS[from]);
      this.names.title(item.item_id, item.item_name);
    }
    if (from === 'call') this.#called.add(name);
    if (from === 'page' && this.#told(raw)) {
      // It counts as told, so that the page's next one is seen to be another.
      if (name === 'view_item') this.#admit(raw, items, nowMs);
      return null;
    }
    if (name === 'view_item') return this.#view(raw, items, nowMs);
    if (name === 'purchase') return this.#purchase(raw, items, nowMs) ? items : null;
    if (BY_ITEM.has(name) && items.length > 0) return this.#admit(raw, items, nowMs);
    if (name === 'view_item_list') this.#listedMs = nowMs;
    const words = TELLING.map((part) => word(parameters[part]));
    const id = name === 'begin_checkout' ? '' : [...words, ...idsOf(items)].join(' ');
    return this.#twice.admit(name, id, path, nowMs) ? items : null;
  }

  /** It is told on the authority of the basket itself; who else tells of it comes late. */
  pass(name: string, id: string, nowMs: number): void {
    this.#twice.pass(name, id, nowMs);
  }

  /** Whether somebody has just told of the basket. */
  justTold(nowMs: number): boolean {
    const last = this.#past().findLast(({ name }) => BY_ITEM.has(name));
    return last !== undefined && Math.abs(nowMs - last.atMs) <= JUST_MS;
  }

  /** Another page is shown, or another product on it. */
  turn(main: KnownProduct | null, fresh: boolean, shown: boolean, nowMs: number): void {
    const first = this.#pageMs === Number.NEGATIVE_INFINITY && this.#main === null;
    const sinceMs = first ? Number.MIN_SAFE_INTEGER : nowMs - LEAD_MS;
    if (fresh) this.#pageMs = sinceMs;
    if (fresh || shown) this.#shownMs = sinceMs;
    if (fresh && this.#viewedMs < this.#pageMs) this.#viewed = '';
    if (fresh || main !== null) this.#main = main;
    if (main !== null && this.#viewedMs >= this.#shownMs) this.#join(main);
  }

  /** What the shop tells of a page by itself is not taken from the page too. */
  #told({ name, parameters }: Raw): boolean {
    if (name === 'page_view') return this.#called.has(name);
    if (name === 'view_item_list') return this.#listedMs >= this.#pageMs;
    if (name !== 'view_item' || this.#main === null) return false;
    if (this.#viewedMs >= this.#shownMs) return true;
    const [item] = parameters.items as readonly Item[];
    const plain = item?.item_variant === undefined && this.#viewedMs >= this.#pageMs;
    return plain && alike(this.#title, this.#main.product.title) && this.#join(this.#main);
  }

  /** The shop's own id of the product that was just viewed is the name of the page's. */
  #join({ product }: KnownProduct): boolean {
    const ids = this.#viewed.split('\n');
    const [id = ''] = (ids[0] ?? '').split('\t');
    if (ids.length !== 1 || id === '' || !alike(this.#title, product.title)) return false;
    this.names.prefer(id, product.id, RANKS.layer);
    return true;
  }

  #admit({ name, path }: Raw, items: readonly Item[], nowMs: number): readonly Item[] | null {
    const kept = items.filter((item) => this.#twice.admit(name, item.item_id, path, nowMs));
    return kept.length === 0 ? null : kept;
  }

  #view(raw: Raw, items: readonly Item[], nowMs: number): readonly Item[] | null {
    const kept = items.length === 0 ? items : this.#admit(raw, items, nowMs);
    const viewed = items
      .map((one) => `${this.names.of(one.item_id)}\t${one.item_variant ?? ''}`)
      .join('\n');
    const again = viewed === this.#viewed;
    this.#viewed = viewed;
    this.#title = String(items[0]?.item_name ?? '');
    if (raw.from !== 'page') {
      this.#viewedMs = nowMs;
      if (this.#main !== null && nowMs >= this.#shownMs) this.#join(this.#main);
    }
    return again && raw.from !== 'call' ? null : kept;
  }

  /** By transaction while this page lasts; a reload shows the last purchase of the history again. */
  #purchase({ parameters, from, path }: Raw, items: readonly Item[], nowMs: number): boolean {
    const transaction = word(parameters.transaction_id);
    const content = contentOf(items);
    const reloaded = this.#reloaded(content, nowMs);
    const first = this.#twice.admit('purchase', content, path, nowMs);
    if (transaction === undefined) return first && (from === 'call' || !reloaded);
    const known = this.#transactions.has(String(transaction));
    this.#transactions.add(String(transaction));
    return !known && first && !reloaded;
  }

  #reloaded(content: string, nowMs: number): boolean {
    const past = this.#past();
    const at = past.findLastIndex(({ name }) => name === 'purchase');
    const [last, newest] = [past[at], past.at(-1)];
    if (last === undefined || newest === undefined) return false;
    if (last.atMs >= (this.#startMs ?? nowMs)) return false;
    if (past.slice(at).some(({ name }) => name === 'add_to_cart')) return false;
    if (last.session !== newest.session || nowMs - newest.atMs > SESSION_GAP_MS) return false;
    const items = last.items.map(({ id, quantity }) => ({ item_id: id, quantity }));
    return content === contentOf(items);
  }
}

function idsOf(items: readonly Item[]): string[] {
  return items.map((item) => item.item_id);
}

function contentOf(items: readonly Item[]): string {
  return items
    .map(({ item_id, quantity }) => `${item_id}\t${readNumber(quantity) ?? 1}`)
    .sort()
    .join('\n');
}

/** Whether two titles may be one product's: "Shirt" and "Shirt - Blue". */
function alike(a: string, b: string): boolean {
  const [one, other] = [a.trim().toLowerCase(), b.trim().toLowerCase()];
  return one.includes(other) || other.includes(one);
}
