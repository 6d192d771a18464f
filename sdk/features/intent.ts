/**
 * Inputs of the purchase-intention head, in the order of `INTENT_INPUTS`: what a session looks
 * like so far. Scaling is fixed and public: counts, seconds and money enter as
 * log(1 + x)/log(1 + cap), at most 1; shares and flags lie in [0, 1] already. Times are UTC.
 *
 * The measures follow Sakar et al., "Real-time prediction of online shoppers' purchasing
 * intention", 2019, as far as one browser can see them:
 *
 *   account-pages, -seconds   pages 'account' and 'info'                        caps 20, 1800 s
 *   list-pages, -seconds      pages 'list' and 'search', or view_item_list       caps 50, 3600 s
 *   product-pages, -seconds   pages 'product', or view_item                     caps 50, 3600 s
 *   bounce-share              earlier sessions that saw at most one page
 *   exit-share                earlier sessions that put nothing into the basket
 *   basket-value              price × quantity added less removed               cap 1000
 *   special-day               1 on a gift day, falling to 0 ten days before it
 *   basket-adds, searches     add_to_cart, search                               caps 20, 20
 *   month-1 … month-12, weekend, new-visitor (no earlier session), returning-visitor
 */
import type { ShopEvent } from '../capture/event.ts';

const DAY_MS = 86_400_000;
/** Valentine's, Women's Day, the June 18 and November 11 sales, Christmas Eve: month, day. */
const GIFT_DAYS = [
  [2, 14],
  [3, 8],
  [6, 18],
  [11, 11],
  [12, 24],
] as const;
const GIFT_DAYS_AHEAD = 10;
/** Idle time that ends a session, as capture counts it. */
export const SESSION_MS = 30 * 60_000;

const ACCOUNT = new Set(['account', 'info']);
const LIST = new Set(['list', 'search']);
const PRODUCT = new Set(['product']);

/** Inputs of the newest session, or of an empty one before the first event. */
export function intentInputs(events: readonly ShopEvent[], nowMs: number): Float32Array {
  const sessions = sessionsOf(events);
  const current = sessions.pop() ?? [];
  return inputsOf(current, sessions, nowMs);
}

function sessionsOf(events: readonly ShopEvent[]): ShopEvent[][] {
  const sessions: ShopEvent[][] = [];
  let number: number | null = null;
  for (const event of events) {
    if (event === null || typeof event !== 'object') continue;
    if (event.session !== number) sessions.push([]);
    number = event.session;
    sessions[sessions.length - 1]?.push(event);
  }
  return sessions;
}

function inputsOf(
  session: readonly ShopEvent[],
  earlier: readonly (readonly ShopEvent[])[],
  nowMs: number,
): Float32Array {
  const count = (name: string): number => session.filter((one) => one.name === name).length;
  const pages = (kinds: Set<string>): number => pagesOf(session, kinds);
  const seconds = (kinds: Set<string>): number => dwellSeconds(session, kinds);
  const share = (holds: (one: readonly ShopEvent[]) => boolean): number =>
    earlier.length === 0 ? 0 : earlier.filter(holds).length / earlier.length;
  const date = new Date(Number.isFinite(nowMs) ? nowMs : 0);
  const month = Array.from({ length: 12 }, (_, m) => (date.getUTCMonth() === m ? 1 : 0));
  const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  return Float32Array.of(
    scaled(pages(ACCOUNT), 20),
    scaled(seconds(ACCOUNT), 1800),
    scaled(Math.max(pages(LIST), count('view_item_list')), 50),
    scaled(seconds(LIST), 3600),
    scaled(Math.max(pages(PRODUCT), count('view_item')), 50),
    scaled(seconds(PRODUCT), 3600),
    share((one) => pagesSeen(one) <= 1),
    share((one) => !one.some((event) => event.name === 'add_to_cart')),
    scaled(basketValue(session), 1000),
    giftDay(date),
    scaled(count('add_to_cart'), 20),
    scaled(count('search'), 20),
    ...month,
    earlier.length === 0 ? 1 : 0,
    earlier.length === 0 ? 0 : 1,
    weekend ? 1 : 0,
  );
}

/** min(1, log(1 + x)/log(1 + cap)); 0 below 0. */
export function scaled(value: number, cap: number): number {
  return Math.min(1, Math.log1p(Math.max(0, value)) / Math.log1p(cap));
}

function pagesOf(session: readonly ShopEvent[], kinds: Set<string>): number {
  return session.filter((one) => one.name === 'page_view' && kinds.has(one.page ?? '')).length;
}

function pagesSeen(session: readonly ShopEvent[]): number {
  const views = session.filter((one) => one.name === 'page_view').length;
  return Math.max(views, session.filter((one) => one.name === 'view_item').length);
}

function dwellSeconds(session: readonly ShopEvent[], kinds: Set<string>): number {
  let total = 0;
  for (const one of session) {
    const isOne = one.name === 'dwell' && kinds.has(one.page ?? '');
    if (isOne && isAmount(one.dwellMs)) total += one.dwellMs / 1000;
  }
  return total;
}

/** What was put into the basket less what was taken out, in the shop's currency. */
export function basketValue(session: readonly ShopEvent[]): number {
  let total = 0;
  for (const event of session) {
    const sign = event.name === 'add_to_cart' ? 1 : event.name === 'remove_from_cart' ? -1 : 0;
    if (sign === 0) continue;
    for (const item of event.items ?? []) {
      const quantity = isAmount(item?.quantity) ? item.quantity : 1;
      if (isAmount(item?.price)) total += sign * item.price * quantity;
    }
  }
  return Math.max(0, total);
}

/** A finite number of 0 or more: prices and times of a page may be anything. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

function giftDay(date: Date): number {
  const today = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  let nearest = GIFT_DAYS_AHEAD;
  for (const [month, day] of GIFT_DAYS) {
    const ahead = (Date.UTC(date.getUTCFullYear(), month - 1, day) - today) / DAY_MS;
    if (ahead >= 0) nearest = Math.min(nearest, ahead);
  }
  return 1 - nearest / GIFT_DAYS_AHEAD;
}
