/** Items of a shop's own objects, in whatever dialect, in GA4's names. */

export type Fields = Readonly<Record<string, unknown>>;

/** A GA4 item: `item_id` is a non-empty text, the rest as the shop wrote it. */
export interface Item extends Fields {
  readonly item_id: string;
}

/** GA4's own limit. */
const MAX_ITEMS = 200;
const MAX_TEXT = 300;

/** GA4's name of a field, and what else it is called: Universal Analytics, Facebook, shop systems. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  item_id: ['item_id', 'id', 'sku', 'productId', 'product_id', 'item_name', 'name'],
  item_name: ['item_name', 'name', 'title'],
  item_brand: ['item_brand', 'brand', 'vendor'],
  item_category: ['item_category', 'category'],
  item_variant: ['item_variant', 'variant'],
  price: ['price', 'item_price'],
  discount: ['discount'],
  quantity: ['quantity', 'qty'],
};

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A short text or a finite number; undefined for anything else. */
export function word(value: unknown): string | number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return value.trim().slice(0, MAX_TEXT);
}

/** The first of these fields that holds a word. */
export function pick(fields: Fields, names: readonly string[]): string | number | undefined {
  for (const name of names) {
    const value = word(fields[name]);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Items of a list, of one item, or of an object that numbers them. */
export function readItems(value: unknown): Item[] {
  const list = Array.isArray(value)
    ? value
    : !isFields(value)
      ? []
      : pick(value, NAMES.item_id as readonly string[]) === undefined
        ? Object.values(value)
        : [value];
  return list.slice(0, MAX_ITEMS).flatMap((one) => readItem(one) ?? []);
}

function readItem(value: unknown): Item | null {
  if (!isFields(value)) return null;
  const item: Record<string, unknown> = {};
  for (const [name, others] of Object.entries(NAMES)) {
    const found = pick(value, others);
    if (found !== undefined) item[name] = found;
  }
  return item.item_id === undefined ? null : { ...item, item_id: String(item.item_id) };
}
