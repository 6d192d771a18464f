/** Events in GA4's form, made of what marks, lines, pages and products say. */
import type { Mark, Marked } from './heard.ts';
import { type Fields, type Item, isFields, pick, readItems, word } from './understand-items.ts';
import type { Names } from './understand-names.ts';
import type { KnownProduct, PageProduct } from './understand-product.ts';
import type { Line } from './understand-theme.ts';
import type { Visit } from './understand-visit.ts';

/** One event in GA4's form, as `track` takes it. */
export interface Call {
  readonly name: string;
  readonly parameters: Record<string, unknown>;
  readonly from: 'call' | 'layer' | 'page' | 'mark' | 'theme';
}

/** An event before it is known whether it was told already. */
export interface Raw {
  readonly name: string;
  readonly parameters: Fields;
  readonly from: Call['from'];
  /** Ways in which the same event may be told of twice. */
  readonly path: string;
}

/** GA4's ecommerce events that the history has no use for. */
export const UNKEPT: ReadonlySet<string> = new Set([
  'select_item',
  'select_promotion',
  'add_payment_info',
  'add_shipping_info',
  'refund',
]);
/** Marks that speak of what a click does; all others speak of what is shown. */
export const CLICKED: ReadonlySet<string> = new Set([
  'add_to_cart',
  'remove_from_cart',
  'add_to_wishlist',
  'begin_checkout',
]);
export const NEEDS_ITEMS: ReadonlySet<string> = new Set([
  ...CLICKED,
  'view_item',
  'view_item_list',
  'purchase',
  'rate_item',
]);
/** Events that change what the basket holds. */
export const OF_BASKET: ReadonlySet<string> = new Set([
  'add_to_cart',
  'remove_from_cart',
  'purchase',
]);
/** Labels of buttons that put the page's product into the basket. */
export const ADDS =
  /^\W*(add|put)\b.{0,12}\b(to|in)\b.{0,12}\b(cart|bag|basket|trolley)|in den (waren|einkaufs)korb|ajouter au panier|añadir (al carrito|a la cesta)|agregar al carrito|aggiungi al carrello|adicionar ao carrinho|in winkelwagen|do koszyka|加入购物车|加入購物車|放入购物车|カートに(入れる|追加)|장바구니/i;
const MAX_LISTED = 50;
/** GA4's automatic event is what a shop tracks as `search`. */
export const SAME_AS: Readonly<Record<string, string>> = { view_search_results: 'search' };

/** What the shop tracks stays as it is, readable or not. */
export function callOf({ name, parameters }: { name: unknown; parameters: unknown }): Call {
  const known = typeof name === 'string' ? (SAME_AS[name] ?? name) : typeof name;
  return { name: known, parameters: parameters as Record<string, unknown>, from: 'call' };
}

export function parametersOf(items: readonly Item[], currency: unknown): Fields {
  const known = word(currency);
  return { ...(known !== undefined && { currency: known }), items };
}

export function itemOf(product: PageProduct, names: Names, quantity: number, variant = ''): Item {
  const { brand, category, price } = product;
  return {
    item_id: names.of(product.id),
    item_name: product.title,
    ...(brand !== null && { item_brand: brand }),
    ...(category !== null && { item_category: category }),
    ...(variant !== '' && { item_variant: variant }),
    ...(price !== null && { price }),
    quantity,
  };
}

/** A line in GA4's form, with what pages told of the product where the line is silent. */
export function itemOfLine(
  id: string,
  line: Line | null,
  known: PageProduct | undefined,
  names: Names,
  quantity: number,
): Item {
  const item = known === undefined ? {} : itemOf(known, names, quantity);
  const { name, brand, category, price } = line ?? {};
  return {
    ...item,
    ...(name !== undefined && { item_name: name }),
    ...(brand !== undefined && { item_brand: brand }),
    ...(category !== undefined && { item_category: category }),
    ...(price !== undefined && { price }),
    item_id: id,
    quantity,
  };
}

/** The basket that GA4's `view_cart` shows. */
export function linesOf(parameters: Fields): Line[] {
  return readItems(parameters.items).map((item) => ({
    ids: [item.item_id],
    quantity: Number(item.quantity ?? 1) || 1,
    name: word(item.item_name),
    brand: word(item.item_brand),
    category: word(item.item_category),
    price: typeof item.price === 'number' ? item.price : undefined,
  }));
}

/** What a page that was opened tells of itself beside the product that it shows. */
export function rawsOfVisit({ kind, term, products }: Visit, names: Names): Raw[] {
  const raws: Raw[] = [];
  const tell = (name: string, parameters: Fields): void => {
    raws.push({ name, parameters, from: 'page', path: 'page' });
  };
  tell('page_view', kind === undefined ? {} : { page: kind });
  if (term !== null) tell('search', { search_term: term });
  if (products.main === null && products.all.length > 1) {
    const shown = products.all.slice(0, MAX_LISTED);
    const items = shown.map(({ product }) => itemOf(product, names, 1));
    tell('view_item_list', parametersOf(items, shown[0]?.product.currency));
  }
  return raws;
}

export function rawOfView({ product, variant }: KnownProduct, names: Names): Raw {
  const item = itemOf(product, names, 1, variant);
  const parameters = parametersOf([item], product.currency);
  const value = product.price === null ? {} : { value: product.price };
  return { name: 'view_item', parameters: { ...parameters, ...value }, from: 'page', path: 'page' };
}

/** @param main the page's product, for a mark that names none */
export function rawOfMark({ own, items }: Mark, main: Item | null): Raw {
  const marked: Marked = isFields(own) ? own : {};
  const named = (Array.isArray(items) ? items : []).flatMap((one) => itemOfMark(one, marked));
  const quantity = word(marked.quantity);
  const fallback = main === null ? [] : [{ ...main, ...(quantity !== undefined && { quantity }) }];
  const currency = pick(marked, ['currency']) ?? pick(items[0] ?? {}, ['currency']);
  const others = {
    value: word(marked.value),
    search_term: word(marked.term),
    transaction_id: word(marked.transaction),
    rating: word(marked.rating),
    promotion_id: word(marked.promotion),
    creative_name: word(marked.creative),
    page: word(marked.page),
  };
  const given = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== undefined),
  );
  const about = named.length > 0 ? named : fallback;
  const parameters = { ...parametersOf(about, currency), ...given };
  return { name: String(marked.event), parameters, from: 'mark', path: 'mark' };
}

function itemOfMark(one: Marked, own: Marked): Item[] {
  const id = word(one.item);
  if (id === undefined) return [];
  const item: Record<string, unknown> = { item_id: String(id) };
  for (const name of ['name', 'brand', 'category', 'variant']) {
    const value = word(one[name]);
    if (value !== undefined) item[`item_${name}`] = value;
  }
  const price = word(one.price);
  const quantity = word(one.quantity) ?? word(own.quantity);
  if (price !== undefined) item.price = price;
  if (quantity !== undefined) item.quantity = quantity;
  return [item as Item];
}
