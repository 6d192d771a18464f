/**
 * From what the tag hears of a page to events and products: GA4 calls, each once however many parts
 * of the page tell of it, with quantities that came or went. Pure: no clock, no DOM, no storage.
 */
import type { ShopEvent } from './event.ts';
import type { Heard, Mark, PageHeard, ThemeHeard } from './heard.ts';
import { normalise } from './normalise.ts';
import { basketOf, changes, quantities } from './understand-basket.ts';
import {
  ADDS,
  type Call,
  CLICKED,
  callOf,
  itemOf,
  itemOfLine,
  linesOf,
  NEEDS_ITEMS,
  OF_BASKET,
  parametersOf,
  type Raw,
  rawOfMark,
  rawOfView,
  rawsOfVisit,
  UNKEPT,
} from './understand-calls.ts';
import { type Fields, isFields, readItems } from './understand-items.ts';
import { Judge } from './understand-judge.ts';
import { DataLayer } from './understand-layer.ts';
import { RANKS } from './understand-names.ts';
import type { KnownProduct, PageProduct } from './understand-product.ts';
import { type BasketNews, type Line, type Meta, readMeta, readTheme } from './understand-theme.ts';
import { addressId, readUrl } from './understand-url.ts';
import { Visits } from './understand-visit.ts';

export const HEARING_PROBLEMS = {
  'bad-json-ld': 'structured data of this page could not be read, not even mended',
} as const;

export interface Understood {
  readonly calls: readonly Call[];
  readonly products: readonly PageProduct[];
  readonly problems: readonly (keyof typeof HEARING_PROBLEMS)[];
}

export interface UnderstandingOptions {
  /** The history as it is now, oldest first. Without it only what this object has told counts. */
  readonly past?: () => readonly ShopEvent[];
}

interface Out {
  readonly calls: Call[];
  readonly products: PageProduct[];
  readonly problems: (keyof typeof HEARING_PROBLEMS)[];
}

/** What a page shows, until it is told. */
interface Held {
  readonly dueMs: number;
  readonly raws: Raw[];
  readonly products: PageProduct[];
  view: KnownProduct | null;
}

/** What a page shows is told after this time, unless the shop itself tells of it meanwhile. */
const HOLD_MS = 1000;
const MAX_KNOWN = 2000;
const MAX_OUT = 250;
const MAX_OWN = 2000;
export class Understanding {
  readonly #past: () => readonly ShopEvent[];
  readonly #own: ShopEvent[] = [];
  readonly #layer = new DataLayer();
  readonly #visits = new Visits();
  readonly #judge: Judge;
  /** Every product that was heard of, by each of its names and addresses. */
  #known = new Map<string, PageProduct>();
  #main: KnownProduct | null = null;
  #meta: Meta | null = null;
  #marked = new Set<string>();
  /** The last totals of a whole basket. */
  #lines: readonly Line[] | null = null;
  #held: Held | null = null;

  constructor(options: UnderstandingOptions = {}) {
    this.#past = options.past ?? (() => this.#own);
    this.#judge = new Judge(this.#past);
  }

  /** What this comes to, and what was held until now. Never throws. */
  hear(heard: Heard, nowMs: number): Understood {
    const out: Out = { calls: [], products: [], problems: [] };
    this.#release(nowMs, false, out);
    try {
      this.#dispatch(heard, nowMs, out);
    } catch {
      // What cannot be read is not heard, but for what the shop tracks itself.
      if (heard?.kind === 'call') out.calls.push(callOf(heard));
    }
    return this.#close(out, nowMs);
  }

  /** Milliseconds until `settle` has something to tell; null while nothing is held. */
  dueMs(nowMs: number): number | null {
    if (this.#held === null) return null;
    return Math.min(HOLD_MS, Math.max(0, this.#held.dueMs - nowMs));
  }

  /** What was held and is due; all of it when the page is about to go. */
  settle(nowMs: number, leaving = false): Understood {
    const out: Out = { calls: [], products: [], problems: [] };
    this.#release(nowMs, leaving, out);
    return this.#close(out, nowMs);
  }

  #close(out: Out, nowMs: number): Understood {
    const calls = out.calls.slice(0, MAX_OUT);
    for (const { name, parameters } of calls) {
      if (!OF_BASKET.has(name)) continue;
      const event = normalise(name, parameters, { atMs: nowMs, session: 1 });
      if (event !== null) this.#own.push(event);
    }
    if (this.#own.length > MAX_OWN) this.#own.splice(0, this.#own.length - MAX_OWN);
    return { calls, products: out.products.slice(0, MAX_OUT), problems: out.problems };
  }

  #dispatch(heard: Heard, nowMs: number, out: Out): void {
    if (heard.kind === 'call') {
      this.#call(callOf(heard), nowMs, out);
    } else if (heard.kind === 'layer') {
      for (const { totals, ...told } of this.#layer.hear(heard.entry)) {
        if (totals) {
          const lines = linesOf(told.parameters);
          this.#totals({ kind: 'totals', whole: true, lines }, 'layer', nowMs, out);
        } else this.#offer({ ...told, from: 'layer' }, nowMs, out);
      }
    } else if (heard.kind === 'page') this.#page(heard, nowMs, out);
    else if (heard.kind === 'mark') this.#mark(heard.mark, true, nowMs, out);
    else if (heard.kind === 'theme') this.#theme(heard, nowMs, out);
    else if (heard.kind === 'click' && ADDS.test(String(heard.text))) {
      const address = readUrl(heard.url);
      const listed = address === null ? undefined : this.#known.get(addressId(address));
      const product = listed ?? this.#main?.product;
      if (product === undefined) return;
      const items = [itemOf(product, this.#judge.names, 1)];
      const parameters = parametersOf(items, product.currency);
      this.#offer({ name: 'add_to_cart', parameters, from: 'mark', path: 'click' }, nowMs, out);
    }
  }

  #call(call: Call, nowMs: number, out: Out): void {
    const parameters: Fields = isFields(call.parameters) ? call.parameters : {};
    if (call.name === 'view_cart') {
      const lines = linesOf(parameters);
      this.#totals({ kind: 'totals', whole: true, lines }, 'call', nowMs, out);
    } else if (!UNKEPT.has(call.name)) {
      const raw: Raw = { name: call.name, parameters, from: 'call', path: 'call' };
      const kept = this.#judge.judge(raw, readItems(parameters.items), nowMs);
      if (kept !== null) out.calls.push(call);
    }
  }

  /** An event that the shop did not track itself, with those items that were not told before. */
  #offer(raw: Raw, nowMs: number, out: Out): void {
    const items = readItems(raw.parameters.items);
    if (NEEDS_ITEMS.has(raw.name) && items.length === 0) return;
    const kept = this.#judge.judge(raw, items, nowMs);
    if (kept === null) return;
    const parameters = { ...raw.parameters, ...(items.length > 0 && { items: kept }) };
    out.calls.push({ name: raw.name, parameters, from: raw.from });
  }

  #page(page: PageHeard, nowMs: number, out: Out): void {
    const visit = this.#visits.next(page, this.#meta);
    if (visit === null) return;
    if (visit.broken > 0) out.problems.push('bad-json-ld');
    if (visit.fresh) {
      this.#release(nowMs, true, out);
      this.#marked = new Set();
    }
    const { main, all } = visit.products;
    for (const { product, aliases } of all) this.#learn(product, aliases);
    if (visit.fresh || main !== null) this.#main = main;
    this.#judge.turn(main, visit.fresh, visit.shown !== null, nowMs);
    this.#held ??= { dueMs: nowMs + HOLD_MS, raws: [], view: null, products: [] };
    this.#held.products.push(...all.map(({ product }) => product));
    this.#held.view = visit.shown ?? this.#held.view;
    if (visit.fresh) this.#held.raws.push(...rawsOfVisit(visit, this.#judge.names));
    for (const mark of page.marks) this.#mark(mark, false, nowMs, out);
  }

  #learn(product: PageProduct, aliases: readonly string[]): void {
    this.#judge.names.learn([product.id, ...aliases], RANKS.page);
    this.#judge.names.title(product.id, product.title);
    if (this.#known.size > MAX_KNOWN) this.#known = new Map();
    const address = readUrl(product.url);
    const addresses = address === null ? [] : [addressId(address)];
    for (const name of [product.id, ...aliases, ...addresses]) this.#known.set(name, product);
  }

  #release(nowMs: number, leaving: boolean, out: Out): void {
    const held = this.#held;
    if (held === null || (!leaving && this.dueMs(nowMs) !== 0)) return;
    this.#held = null;
    const view = held.view === null ? [] : [rawOfView(held.view, this.#judge.names)];
    for (const raw of [...held.raws, ...view]) this.#offer(raw, nowMs, out);
    const named = held.products.map((one) => ({ ...one, id: this.#judge.names.of(one.id) }));
    out.products.push(...new Map(named.map((one) => [one.id, one])).values());
  }

  #mark(mark: Mark, clicked: boolean, nowMs: number, out: Out): void {
    const name = String(mark.own.event);
    const on = mark.own.on ?? (CLICKED.has(name) ? 'click' : 'view');
    if ((on === 'click') !== clicked) return;
    const shown = clicked ? '' : JSON.stringify(mark);
    if (this.#marked.has(shown)) return;
    if (!clicked) this.#marked.add(shown);
    const main = this.#main && itemOf(this.#main.product, this.#judge.names, 1);
    this.#offer(rawOfMark(mark, main), nowMs, out);
  }

  #theme(heard: ThemeHeard, nowMs: number, out: Out): void {
    if (heard.name === 'meta') {
      this.#meta = readMeta(heard.detail);
      for (const names of this.#meta.names) this.#judge.names.learn(names, RANKS.page);
      return;
    }
    const news = readTheme(heard);
    if (news === null) return;
    const path = heard.name === 'form' ? 'form' : 'theme';
    if (news.kind === 'totals') this.#totals(news, 'theme', nowMs, out);
    else this.#moved(news, path, nowMs, out);
  }

  #moved({ kind, lines, currency }: BasketNews, path: string, nowMs: number, out: Out): void {
    const name = kind === 'added' ? 'add_to_cart' : 'remove_from_cart';
    const basket = basketOf(this.#past(), nowMs);
    const main = this.#main?.product;
    const items = lines.flatMap((line) => {
      // The form of a product's page: its number is another name of what the page shows.
      const strange = !line.ids.some((one) => this.#known.has(one) || basket.has(one));
      if (main !== undefined && line.parents !== undefined && strange) {
        this.#judge.names.learn([main.id, ...line.ids, ...line.parents], RANKS.page);
      }
      const id = this.#nameOf(line, basket) || main?.id;
      if (id === undefined) return [];
      const quantity = line.quantity || (kind === 'removed' ? (basket.get(id) ?? 1) : 1);
      return [itemOfLine(id, line, this.#knownAs(id, line), this.#judge.names, quantity)];
    });
    const known = currency ?? main?.currency;
    this.#offer({ name, parameters: parametersOf(items, known), from: 'theme', path }, nowMs, out);
  }

  /** The basket as the shop has it, against the history's account of it. */
  #totals(news: BasketNews, from: Call['from'], nowMs: number, out: Out): void {
    const { whole, lines, currency } = news;
    const basket = basketOf(this.#past(), nowMs);
    const known = lines.some((line) => basket.has(this.#nameOf(line, basket)));
    // Nothing in common: the history's basket is long gone, or it has other names for the same.
    const foreign = whole && !known && basket.size > 0 && lines.length > 0;
    const before = this.#lines;
    this.#lines = whole ? lines : before;
    if (foreign && this.#judge.justTold(nowMs)) return;
    const base = foreign ? quantities(before ?? [], (line) => this.#nameOf(line, basket)) : basket;
    const found = changes(base, lines, whole, (line) => this.#nameOf(line, basket));
    for (const { name, id, quantity, line } of found) {
      this.#judge.pass(name, id, nowMs);
      const product = this.#knownAs(id, line);
      const item = itemOfLine(id, line, product, this.#judge.names, quantity);
      const parameters = parametersOf([item], currency ?? product?.currency);
      out.calls.push({ name, parameters: { ...parameters }, from });
    }
  }

  /** As the basket of the history names it, else as the shop does. */
  #nameOf({ ids }: Line, basket: ReadonlyMap<string, number>): string {
    const { names } = this.#judge;
    const held = [...ids, ...ids.map((id) => names.of(id))].find((id) => basket.has(id));
    return held ?? names.among(ids) ?? '';
  }

  #knownAs(id: string, line: Line | null): PageProduct | undefined {
    const names = [id, ...(line?.ids ?? []), ...(line?.parents ?? [])];
    const found = names.find((name) => this.#known.has(name));
    return found === undefined ? undefined : this.#known.get(found);
  }
}
