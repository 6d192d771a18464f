/** Page views and the time that each page was visible, from what the shop tracks. */
import type { Clock } from './clock.ts';
import type { EventName, ShopEvent } from './event.ts';

/** Below this a page was passed through, not read. */
const MIN_DWELL_MS = 500;
/** Beyond this nobody reads; `normalise` cuts a dwell there. */
const MAX_DWELL_MS = 30 * 60_000;

const KIND_OF: Partial<Record<EventName, string>> = {
  view_item: 'product',
  view_item_list: 'list',
  search: 'search',
  begin_checkout: 'checkout',
  purchase: 'checkout',
};

/**
 * GA4-shaped calls that this tracker makes itself. A dwell that `continues` takes the place of the
 * one before it.
 */
export type Emit = (
  name: 'page_view' | 'dwell',
  parameters: Record<string, unknown>,
  continues: boolean,
  atMs: number,
) => void;

interface Page {
  kind: string | undefined;
  /** Ids of the product that the page shows. */
  items: readonly string[];
  /** Whether the shop itself reported the page. */
  reported: boolean;
}

/**
 * One page at a time: a `page_view` of the shop begins one, and so does the first event of a
 * document or another product without a `page_view`. Ending or hiding a page emits its dwell.
 *
 * What is written while a page goes may be lost, so the dwell so far is emitted at 0.5, 1, 2, 4 …
 * seconds too: what a lost last dwell leaves is more than half of the time.
 */
export class PageTracker {
  readonly #clock: Clock;
  readonly #emit: Emit;
  #page: Page | null = null;
  #visible: boolean;
  #sinceMs: number;
  /** When the dwell so far is told next, and whether it has been. */
  #nextMs = MIN_DWELL_MS;
  #told = false;

  constructor(clock: Clock, emit: Emit, visible: boolean) {
    this.#clock = clock;
    this.#emit = emit;
    this.#visible = visible;
    this.#sinceMs = clock.now();
  }

  /** Before an event is kept. False when the event repeats what was already counted. */
  observe(event: ShopEvent): boolean {
    // A banner is seen on a page, and may be told of before the page is.
    if (event.name === 'dwell' || event.name === 'view_promotion') return true;
    if (event.name === 'page_view') return this.#reported(event);
    const ids = event.name === 'view_item' ? event.items.map((item) => item.id) : [];
    const other = ids.length > 0 && this.#page !== null && this.#page.items.length > 0;
    if (this.#page === null || (other && ids.join('\n') !== this.#page.items.join('\n'))) {
      const sinceMs = this.#begin(
        { kind: KIND_OF[event.name], items: ids, reported: false },
        event.atMs,
      );
      this.#view(sinceMs);
    } else if (ids.length > 0) this.#page.items = ids;
    return true;
  }

  /** The page is no longer visible, or is about to be left. */
  hide(): void {
    if (this.#visible && this.#page === null && this.#elapsed() >= MIN_DWELL_MS) {
      this.#page = { kind: undefined, items: [], reported: false };
      this.#view(this.#clock.now());
    }
    if (this.#visible) this.#dwell();
    this.#since(this.#clock.now());
    this.#visible = false;
  }

  show(): void {
    if (!this.#visible) this.#since(this.#clock.now());
    this.#visible = true;
  }

  /** Milliseconds until `look` is to be called; null while nothing is to be told. */
  dueMs(): number | null {
    if (!this.#visible || this.#page === null || this.#nextMs > MAX_DWELL_MS) return null;
    return Math.max(0, this.#nextMs - this.#elapsed());
  }

  /** Emits the dwell so far if it is due. */
  look(): void {
    if (this.dueMs() !== 0) return;
    this.#dwell();
    this.#told = true;
    while (this.#nextMs <= this.#elapsed()) this.#nextMs *= 2;
  }

  /** Forgets the page without an event: consent was withdrawn. */
  reset(): void {
    this.#page = null;
    this.#since(this.#clock.now());
  }

  #reported(event: ShopEvent): boolean {
    if (this.#page !== null && !this.#page.reported) {
      this.#page.reported = true;
      this.#page.kind = event.page ?? this.#page.kind;
      return false;
    }
    const items = event.items.map((item) => item.id);
    this.#begin({ kind: event.page, items, reported: true }, event.atMs);
    return true;
  }

  /** @param atMs when it was told, which may be a while ago: no earlier than what is known to be */
  #begin(page: Page, atMs: number): number {
    if (this.#visible) this.#dwell();
    const sinceMs = this.#page === null ? atMs : Math.max(atMs, this.#sinceMs);
    this.#page = page;
    this.#since(Math.min(sinceMs, this.#clock.now()));
    return this.#sinceMs;
  }

  #since(atMs: number): void {
    this.#sinceMs = atMs;
    this.#nextMs = MIN_DWELL_MS;
    this.#told = false;
  }

  #view(atMs: number): void {
    const { kind } = this.#page as Page;
    this.#emit('page_view', kind === undefined ? {} : { page: kind }, false, atMs);
  }

  #elapsed(): number {
    return this.#clock.now() - this.#sinceMs;
  }

  #dwell(): void {
    const dwellMs = this.#elapsed();
    if (this.#page === null || dwellMs < MIN_DWELL_MS) return;
    const { kind, items } = this.#page;
    const parameters = {
      dwell_ms: dwellMs,
      items: items.map((id) => ({ item_id: id })),
      ...(kind !== undefined && { page: kind }),
    };
    this.#emit('dwell', parameters, this.#told, this.#clock.now());
  }
}
