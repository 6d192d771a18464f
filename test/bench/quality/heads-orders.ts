/**
 * Tables of orders as the purchases of shoppers, one history each, as a browser would hold it. Which
 * column says what is told by its name; what a table lacks drops out.
 */
import type { EventItem, ShopEvent } from '../../../sdk/capture/event.ts';
import { FormError } from './forms.ts';
import type { Table } from './heads-read.ts';

/** What the columns of a table of orders are called; the first that fits counts. */
const ROLES = {
  shopper: /^(customer|household|user|client|shopper|visitor)[ _]?id$/i,
  time: /timestamp|date|^time$/i,
  order: /^(invoice|order|basket|transaction)[ _]?(no|id|number)$/i,
  good: /^(stock[ _]?code|(product|item|article)[ _]?id|sku)$/i,
  units: /quantity|qty|^units|^number_of/i,
  price: /^(unit)?[ _]?price$/i,
  value: /value|amount|revenue|total/i,
  week: /^week$/i,
  category: /category|department/i,
  brand: /brand/i,
} as const;

/** Money let off a line. */
const DISCOUNT = /disc(ount)?s?$/i;

type Role = keyof typeof ROLES;

const DAY_MS = 86_400_000;

export interface Shopper {
  readonly id: string;
  /** Purchases, oldest first. */
  readonly events: readonly ShopEvent[];
}

export interface Orders {
  readonly file: string;
  readonly shoppers: readonly Shopper[];
  /** The last moment that inputs may know, and how many whole days follow it. */
  readonly cutMs: number;
  readonly days: number;
  /** What the tables tell besides time and value. */
  readonly has: {
    readonly goods: boolean;
    readonly categories: boolean;
    readonly brands: boolean;
    readonly discounts: boolean;
    readonly hours: boolean;
  };
}

function find(table: Table, role: Role): number {
  return table.columns.findIndex((column) => ROLES[role].test(column));
}

/** The table that names a shopper, a time and what was paid, or null. */
export function ordersTable(tables: readonly Table[]): Table | null {
  const isOne = (table: Table): boolean =>
    find(table, 'shopper') >= 0 &&
    find(table, 'time') >= 0 &&
    (find(table, 'value') >= 0 || find(table, 'price') >= 0);
  return tables.filter(isOne).sort((a, b) => b.rows.length - a.rows.length)[0] ?? null;
}

/** UTC milliseconds of `yyyymmdd`, `yyyy-mm-dd` or either with a time; NaN for anything else. */
export function timeOf(text: string): number {
  const found = /^(\d{4})-?(\d\d)-?(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?/.exec(text);
  if (found === null) return Number.NaN;
  const [year, month, day, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((n) => Number(n ?? 0));
  return Date.UTC(year as number, (month as number) - 1, day, hour, minute, second);
}

interface Line {
  readonly shopper: string;
  readonly order: string;
  readonly atMs: number;
  readonly value: number;
  readonly week: number;
  readonly item: EventItem;
}

/** @throws FormError when no row of the table can be read. */
export function readOrders(table: Table, others: readonly Table[]): Orders {
  const at = Object.fromEntries(
    (Object.keys(ROLES) as Role[]).map((role) => [role, find(table, role)]),
  ) as Record<Role, number>;
  const off = table.columns.flatMap((name, i) => (DISCOUNT.test(name) ? [i] : []));
  const goods = others.find((one) => find(one, 'good') >= 0 && find(one, 'category') >= 0);
  const about = new Map(goods?.rows.map((row) => [row[find(goods, 'good')], row]));
  const places = goods && { category: find(goods, 'category'), brand: find(goods, 'brand') };
  const isService = servicesOf(table, at.good);
  const lines: Line[] = [];
  for (const [i, row] of table.rows.entries()) {
    const cell = (role: Role): string => row[at[role]] ?? '';
    const shopper = cell('shopper');
    const atMs = timeOf(cell('time'));
    const units = at.units < 0 ? 1 : Number(cell('units'));
    const paid = at.price >= 0 ? Number(cell('price')) * units : Number(cell('value'));
    const id = at.good < 0 ? 'good' : cell('good');
    const isSale = shopper !== '' && units >= 0 && paid >= 0 && !Number.isNaN(atMs);
    // A price of its own says that a line without one is no sale.
    if (!isSale || (at.price >= 0 && paid === 0) || isService(id)) continue;
    const count = Math.max(1, units);
    const row2 = about.get(id);
    const category = places && row2?.[places.category];
    const brand = places && row2?.[places.brand];
    const letOff = off.reduce((sum, column) => sum + Math.abs(Number(row[column])), 0);
    lines.push({
      shopper,
      order: at.order < 0 ? String(i) : cell('order'),
      atMs,
      value: paid,
      week: Number(cell('week')),
      item: {
        id,
        quantity: count,
        price: paid / count,
        ...(letOff > 0 && { discount: letOff / count }),
        ...(category && { category }),
        ...(brand && { brand }),
      },
    });
  }
  if (lines.length === 0) throw new FormError(`${table.file}: no row holds an order`);
  lines.sort((a, b) => a.atMs - b.atMs);
  const has = {
    goods: at.good >= 0,
    categories: lines.some(({ item }) => item.category !== undefined),
    brands: lines.some(({ item }) => item.brand !== undefined),
    discounts: off.length > 0,
    hours: lines.some(({ atMs }) => atMs % DAY_MS !== 0),
  };
  return { file: table.file, shoppers: shoppersOf(lines), ...cutOf(lines, at.week >= 0), has };
}

/** Where almost all ids begin with a digit, the others are postage, fees and samples. */
function servicesOf({ rows }: Table, good: number): (id: string) => boolean {
  const numbered = rows.filter((row) => /^\d{5}/.test(row[good] ?? '')).length;
  return good >= 0 && numbered > 0.9 * rows.length ? (id) => !/^\d{5}/.test(id) : () => false;
}

/**
 * The protocol's cut: between the weeks where rows name one, the earlier half known; else the middle
 * of a span of a year or more, and the last eight weeks of a shorter one.
 */
function cutOf(
  lines: readonly Line[],
  weeks: boolean,
): { readonly cutMs: number; readonly days: number } {
  const dayOf = (line: Line | undefined): number => Math.floor((line?.atMs ?? 0) / DAY_MS);
  const last = dayOf(lines.at(-1));
  const end = (last + 1) * DAY_MS;
  const span = last + 1 - dayOf(lines[0]);
  let cut =
    span >= 360 ? end - Math.floor(span / 2) * DAY_MS : end - Math.min(57, span / 2) * DAY_MS;
  if (weeks) {
    const half = Math.floor(Math.max(...lines.slice(-1000).map(({ week }) => week)) / 2);
    cut = lines.find(({ week }) => week > half)?.atMs ?? cut;
  }
  return { cutMs: cut - 1, days: Math.max(1, Math.floor((end - cut) / DAY_MS)) };
}

function shoppersOf(lines: readonly Line[]): Shopper[] {
  const orders = new Map<
    string,
    Map<string, { atMs: number; value: number; items: EventItem[] }>
  >();
  for (const { shopper, order, atMs, value, item } of lines) {
    const own = orders.get(shopper) ?? new Map();
    orders.set(shopper, own);
    const one = own.get(order) ?? { atMs, value: 0, items: [] };
    own.set(order, one);
    one.value += value;
    one.items.push(item);
  }
  return [...orders].map(([id, own]) => ({
    id,
    events: [...own.values()]
      .sort((a, b) => a.atMs - b.atMs)
      .map((order, i) => ({ name: 'purchase' as const, session: i + 1, ...order })),
  }));
}
