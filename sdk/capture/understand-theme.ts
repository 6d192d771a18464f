/** What Shopify's themes and WooCommerce's scripts tell of their baskets. */
import type { ThemeHeard } from './heard.ts';
import { readNumber } from './number.ts';
import { type Fields, isFields, pick, word } from './understand-items.ts';

/** One position of a basket, by every name that it has, the best first. */
export interface Line {
  readonly ids: readonly string[];
  /** Of the product whose variant it is. */
  readonly parents?: readonly string[];
  /** 0 in what was removed: all that there was. */
  readonly quantity: number;
  readonly name?: string | number | undefined;
  readonly brand?: string | number | undefined;
  readonly category?: string | number | undefined;
  readonly price?: number | undefined;
}

export interface BasketNews {
  readonly kind: 'added' | 'removed' | 'totals';
  /** With totals: whether these are all lines of the basket, or some with their new quantities. */
  readonly whole: boolean;
  readonly lines: readonly Line[];
  readonly currency?: string | number | undefined;
}

const MAX_LINES = 200;
const MAX_DEPTH = 4;
/** Where themes put the basket, or the answer of the request that changed it. */
const HOLDERS = [
  'cart',
  'cartData',
  'data',
  'detail',
  'response',
  'result',
  'resource',
  'product',
  'item',
  'variant',
  'items',
];

/** @returns null when nothing of a basket is in it */
export function readTheme({ from, name, detail }: ThemeHeard): BasketNews | null {
  if (name === 'form') return readForm(detail);
  return from === 'shopify' ? readShopify(name, detail, 0) : readWoo(name, detail);
}

/** Fields of a product's form that is sent: what is about to be added. */
function readForm(detail: unknown): BasketNews | null {
  if (!isFields(detail)) return null;
  const grouped = Object.entries(detail).flatMap(([field, count]) => {
    const id = /^quantity\[(\d+)\]$/.exec(field)?.[1];
    const quantity = readNumber(count) ?? 0;
    return id === undefined || quantity <= 0 ? [] : [{ ids: [id], quantity }];
  });
  const variation = word(detail.variation_id);
  const chosen = variation === '0' || variation === undefined ? [] : [String(variation)];
  const parents = ['id', 'add-to-cart', 'product_id'].flatMap((field) => texts(detail[field]));
  const ids = chosen.length > 0 ? chosen : parents;
  const quantity = Math.max(1, readNumber(detail.quantity) ?? 1);
  const lines = grouped.length > 0 ? grouped : [{ ids, parents, quantity }];
  return { kind: 'added', whole: false, lines };
}

function readShopify(name: string, detail: unknown, depth: number): BasketNews | null {
  if (depth > MAX_DEPTH || !isFields(detail)) return null;
  const { items } = detail;
  const currency = word(detail.currency);
  if (Array.isArray(items)) {
    const whole = 'item_count' in detail || 'total_price' in detail || 'token' in detail;
    const lines = items.slice(0, MAX_LINES).flatMap((one) => shopifyLine(one) ?? []);
    return lines.length === 0 && !whole ? null : { kind: 'totals', whole, lines, currency };
  }
  const line = 'variant_id' in detail ? shopifyLine(detail) : null;
  // The answer of /cart/add.js is the line with its new quantity.
  if (line !== null) return { kind: 'totals', whole: false, lines: [line], currency };
  for (const holder of HOLDERS) {
    const inner = readShopify(name, detail[holder], depth + 1);
    if (inner !== null) return inner;
  }
  return null;
}

/** A line of Shopify's cart: prices in hundredths, whatever the currency. */
function shopifyLine(value: unknown): Line | null {
  if (!isFields(value)) return null;
  const ids = ['sku', 'variant_id', 'id', 'product_id'].flatMap((field) => texts(value[field]));
  const quantity = readNumber(value.quantity);
  if (ids.length === 0 || quantity === null || quantity < 0) return null;
  const cents = readNumber(value.final_price ?? value.price);
  return {
    ids,
    quantity,
    name: pick(value, ['product_title', 'title']),
    brand: word(value.vendor),
    category: word(value.product_type),
    price: cents === null ? undefined : cents / 100,
  };
}

function readWoo(name: string, detail: unknown): BasketNews | null {
  if (name === 'wc_cart_emptied') return { kind: 'totals', whole: true, lines: [] };
  const fields = isFields(detail) ? detail : {};
  if (name === 'store') {
    const items = Array.isArray(fields.items) ? fields.items.slice(0, MAX_LINES) : null;
    const lines = items?.flatMap((one) => wooLine(one) ?? []) ?? [];
    const totals = isFields(fields.totals) ? fields.totals : {};
    const currency = pick(totals, ['currencyCode', 'currency_code']);
    return items === null ? null : { kind: 'totals', whole: true, lines, currency };
  }
  const removed = /remove/.test(name);
  if (!removed && !/added/.test(name)) return null;
  const line = wooLine({ ...fields, quantity: fields.quantity ?? (removed ? 0 : 1) });
  const kind = removed ? 'removed' : 'added';
  return { kind, whole: false, lines: [line ?? { ids: [], quantity: removed ? 0 : 1 }] };
}

/** A line or product of the Store API, or the `data-*` of a classic button. */
function wooLine(value: unknown): Line | null {
  if (!isFields(value)) return null;
  const fields = ['sku', 'product_sku', 'variation_id', 'product_id', 'id'];
  const ids = fields.flatMap((field) => texts(value[field]));
  const quantity = readNumber(value.quantity) ?? 1;
  if (ids.length === 0 || quantity < 0) return null;
  const prices = isFields(value.prices) ? value.prices : {};
  const minor = readNumber(prices.price);
  const digits = readNumber(prices.currency_minor_unit ?? prices.currencyMinorUnit) ?? 2;
  return {
    ids,
    quantity,
    name: word(value.name),
    price: minor === null ? undefined : minor / 10 ** Math.min(4, Math.max(0, digits)),
  };
}

function texts(value: unknown): string[] {
  const text = word(value);
  return text === undefined || text === 0 || text === '0' ? [] : [String(text)];
}

/** What Shopify's `ShopifyAnalytics.meta` says of a page. */
export interface Meta {
  /** For each variant of the page's product its names, the best first. */
  readonly names: readonly (readonly string[])[];
  readonly kind: string | undefined;
  readonly product: Fields | null;
}

export function readMeta(detail: unknown): Meta {
  const meta = isFields(detail) ? detail : {};
  const product = isFields(meta.product) ? meta.product : null;
  const variants = Array.isArray(product?.variants) ? product.variants.slice(0, MAX_LINES) : [];
  const names = variants.map((one) =>
    isFields(one) ? ['sku', 'id'].flatMap((field) => texts(one[field])) : [],
  );
  const { pageType } = isFields(meta.page) ? meta.page : {};
  const kind = typeof pageType === 'string' ? PAGES[pageType] : undefined;
  return { names, kind, product: product && { ...product, currency: meta.currency } };
}

const PAGES: Readonly<Record<string, string>> = {
  home: 'home',
  product: 'product',
  collection: 'list',
  searchresults: 'search',
  cart: 'basket',
  page: 'info',
  blog: 'info',
  article: 'info',
};
