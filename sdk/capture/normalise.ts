/** GA4 ecommerce calls become events: names and fields unchanged, impossible values left out. */
import { EVENT_NAMES, type EventItem, type EventName, type ShopEvent } from './event.ts';
import { readNumber } from './number.ts';

export const PROBLEMS = {
  'unknown-event': 'no event of this name is known; it was dropped',
  'bad-parameters': 'the parameters are not a readable object; the event was dropped',
  'no-items': 'the event needs at least one item with an item_id; it was dropped',
  'no-term': 'a search needs a search_term; it was dropped',
  'no-rating': 'rate_item needs a rating from 1 to 5; it was dropped',
  'no-promotion':
    'view_promotion needs a promotion_id and a creative_name or creative_slot; it was dropped',
  'no-dwell': 'dwell needs a positive dwell_ms; it was dropped',
  'bad-item': 'an item without a usable item_id was left out',
  'bad-price': 'a price that is not a number from 0 to 1e9 was left out',
  'bad-discount': 'a discount that is not a number from 0 to 1e9 was left out',
  'bad-quantity': 'a quantity that is not a number from 1 to 1e6 was taken as 1',
  'bad-value': 'a value that is not a number from 0 to 1e9 was left out',
  'bad-currency': 'a currency that is not an ISO 4217 code was left out',
  'bad-page': 'an unknown kind of page was left out',
  'too-many-items': 'items beyond the first 200 were left out',
  'text-cut': 'a text was cut at its greatest length',
} as const;

export type Problem = keyof typeof PROBLEMS;

const PAGE_KINDS = [
  'product',
  'list',
  'account',
  'info',
  'home',
  'search',
  'basket',
  'checkout',
] as const;

export interface CaptureContext {
  readonly atMs: number;
  readonly session: number;
  /** Called once or more for what was dropped, left out or mended. */
  readonly problem?: (problem: Problem) => void;
}

/** GA4's own limit on `items`. */
const MAX_ITEMS = 200;
const MAX_AMOUNT = 1e9;
const MAX_DWELL_MS = 30 * 60_000;
/** UTF-16 code units. */
const LENGTHS = { id: 200, name: 300, word: 100, term: 200, text: 4000 } as const;

const NEEDS_ITEMS: ReadonlySet<EventName> = new Set<EventName>([
  'view_item',
  'view_item_list',
  'add_to_cart',
  'remove_from_cart',
  'begin_checkout',
  'purchase',
  'add_to_wishlist',
  'rate_item',
]);

/** The event of one `track` call, or null when it was dropped. Never throws. */
export function normalise(
  name: unknown,
  parameters: unknown,
  context: CaptureContext,
): ShopEvent | null {
  const problem = context.problem ?? (() => undefined);
  try {
    return read(name, parameters ?? {}, context, problem);
  } catch {
    problem('bad-parameters');
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Report = (problem: Problem) => void;

function read(
  name: unknown,
  parameters: unknown,
  { atMs, session }: CaptureContext,
  problem: Report,
): ShopEvent | null {
  const drop = (why: Problem): null => {
    problem(why);
    return null;
  };
  if (!EVENT_NAMES.includes(name as EventName)) return drop('unknown-event');
  const known = name as EventName;
  if (typeof parameters !== 'object' || Array.isArray(parameters)) return drop('bad-parameters');
  const fields = parameters as Fields;

  const items = readItems(fields.items, problem);
  if (NEEDS_ITEMS.has(known) && items.length === 0) return drop('no-items');
  const term = cut(fields.search_term, LENGTHS.term, problem);
  if (known === 'search' && term === undefined) return drop('no-term');
  const rating = amount(fields.rating, 1, 5);
  if (known === 'rate_item' && rating === undefined) return drop('no-rating');
  const shown = known === 'view_promotion' ? readPromotion(fields, problem) : {};
  if (shown === null) return drop('no-promotion');
  const dwellMs = amount(fields.dwell_ms, 1, Number.MAX_SAFE_INTEGER);
  if (known === 'dwell' && dwellMs === undefined) return drop('no-dwell');

  const value = amount(fields.value, 0, MAX_AMOUNT);
  if (value === undefined && given(fields.value)) problem('bad-value');
  const currency = readCurrency(fields.currency, problem);
  const page = readPage(known, fields.page, problem);
  const text = known === 'rate_item' ? cut(fields.text, LENGTHS.text, problem) : undefined;
  return {
    name: known,
    atMs,
    session,
    items,
    ...(value !== undefined && { value }),
    ...(currency !== undefined && { currency }),
    ...(known === 'search' && { term }),
    ...(known === 'rate_item' && { rating }),
    ...(text !== undefined && { text }),
    ...shown,
    ...(known === 'dwell' && { dwellMs: Math.min(Math.round(dwellMs as number), MAX_DWELL_MS) }),
    ...(page !== undefined && { page }),
  };
}

/** Which arm of which campaign was seen, or null where the event does not say. */
function readPromotion(
  fields: Fields,
  problem: Report,
): Pick<ShopEvent, 'promotion' | 'creative'> | null {
  const promotion = cut(fields.promotion_id, LENGTHS.word, problem);
  const creative =
    cut(fields.creative_name, LENGTHS.word, problem) ??
    cut(fields.creative_slot, LENGTHS.word, problem);
  return promotion === undefined || creative === undefined ? null : { promotion, creative };
}

function readItems(value: unknown, problem: Report): EventItem[] {
  if (!Array.isArray(value)) return [];
  if (value.length > MAX_ITEMS) problem('too-many-items');
  return value.slice(0, MAX_ITEMS).flatMap((one) => {
    const item = readItem(one, problem);
    return item === null ? [] : [item];
  });
}

function readItem(value: unknown, problem: Report): EventItem | null {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Fields;
  const raw = typeof fields.item_id === 'number' ? String(fields.item_id) : fields.item_id;
  if (typeof raw !== 'string' || raw.trim() === '' || raw.length > LENGTHS.id) {
    problem('bad-item');
    return null;
  }
  const price = amount(fields.price, 0, MAX_AMOUNT);
  if (price === undefined && given(fields.price)) problem('bad-price');
  const discount = amount(fields.discount, 0, MAX_AMOUNT);
  if (discount === undefined && given(fields.discount)) problem('bad-discount');
  const quantity = amount(fields.quantity, 1, 1e6);
  if (quantity === undefined && given(fields.quantity)) problem('bad-quantity');
  const name = cut(fields.item_name, LENGTHS.name, problem);
  const brand = cut(fields.item_brand, LENGTHS.word, problem);
  const category = cut(fields.item_category, LENGTHS.word, problem);
  const variant = cut(fields.item_variant, LENGTHS.word, problem);
  return {
    id: raw.trim(),
    ...(name !== undefined && { name }),
    ...(brand !== undefined && { brand }),
    ...(category !== undefined && { category }),
    ...(variant !== undefined && { variant }),
    ...(price !== undefined && { price }),
    ...(discount !== undefined && { discount }),
    quantity: quantity ?? 1,
  };
}

function readCurrency(value: unknown, problem: Report): string | undefined {
  if (!given(value)) return undefined;
  if (typeof value === 'string' && /^[A-Za-z]{3}$/.test(value)) return value.toUpperCase();
  problem('bad-currency');
  return undefined;
}

function readPage(name: EventName, value: unknown, problem: Report): string | undefined {
  if (!given(value) || (name !== 'page_view' && name !== 'dwell')) return undefined;
  if ((PAGE_KINDS as readonly unknown[]).includes(value)) return value as string;
  problem('bad-page');
  return undefined;
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function amount(value: unknown, min: number, max: number): number | undefined {
  const number = readNumber(value);
  return number !== null && number >= min && number <= max ? number : undefined;
}

/** A non-empty text, cut between characters. */
function cut(value: unknown, maxLength: number, problem: Report): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  const trimmed = text.trim();
  if (trimmed.length <= maxLength) return trimmed;
  problem('text-cut');
  return trimmed.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');
}
