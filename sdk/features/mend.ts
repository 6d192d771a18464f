/** Step 2 of cleaning (clean.ts): what an event may say at all, by the bounds of capture. */
import type { EventItem, ShopEvent } from '../capture/event.ts';

/** Of capture: sdk/capture/normalise.ts. */
const MAX_AMOUNT = 1e9;
const MAX_QUANTITY = 1e6;
const MAX_DWELL_MS = 30 * 60_000;
/** Of a Date: ECMA-262, time values. */
const MAX_TIME_MS = 8.64e15;

const within = (value: unknown, min: number, max: number): value is number =>
  typeof value === 'number' && value >= min && value <= max;

const isText = (value: unknown): boolean => typeof value === 'string';
const isAmount = (value: unknown): boolean => within(value, 0, MAX_AMOUNT);

/** What a field must be where it is there at all. */
const EVENT_FIELDS: readonly (readonly [keyof ShopEvent, (value: unknown) => boolean])[] = [
  ['value', isAmount],
  ['rating', (value) => within(value, 1, 5)],
  ['dwellMs', (value) => within(value, 0, MAX_DWELL_MS)],
  ...(['currency', 'term', 'text', 'promotion', 'creative', 'page'] as const).map(
    (name) => [name, isText] as const,
  ),
];
const ITEM_FIELDS: readonly (readonly [keyof EventItem, (value: unknown) => boolean])[] = [
  ['price', isAmount],
  ['discount', isAmount],
  ...(['name', 'brand', 'category', 'variant'] as const).map((name) => [name, isText] as const),
];

/** The value itself where all its fields are sound, else a copy without those that are not. */
function sound<T extends object>(
  value: T,
  fields: readonly (readonly [keyof T, (value: unknown) => boolean])[],
): T {
  const bad = fields.filter(([name, is]) => value[name] !== undefined && !is(value[name]));
  if (bad.length === 0) return value;
  const copy = { ...value };
  for (const [name] of bad) delete copy[name];
  return copy;
}

/** The event itself where nothing is wrong with it; null where it cannot be. */
export function mended(event: ShopEvent | null | undefined): ShopEvent | null {
  if (typeof event !== 'object' || event === null || typeof event.name !== 'string') return null;
  const { name, atMs, session, items, dwellMs } = event;
  if (!within(atMs, 0, MAX_TIME_MS) || !Number.isFinite(session)) return null;
  if (name === 'dwell' && !within(dwellMs, 0, MAX_DWELL_MS)) return null;
  const list = Array.isArray(items) ? items : [];
  const kept = list.flatMap((item) => mendedItem(item) ?? []);
  const same =
    list === items && list.length === kept.length && list.every((item, i) => item === kept[i]);
  return sound(same ? event : { ...event, items: kept }, EVENT_FIELDS);
}

function mendedItem(item: EventItem | null | undefined): EventItem | null {
  if (typeof item?.id !== 'string' || item.id === '') return null;
  const counted = within(item.quantity, 1, MAX_QUANTITY);
  return sound(counted ? item : { ...item, quantity: 1 }, ITEM_FIELDS);
}
