/** A row of any feed to a good, and to what a shelf shows of it; or the reason why it is none. */
import { isWellFormed } from '../../shared/bytes/utf8.ts';
import type { CatalogueItem } from './build.ts';
import type { Field, Fields } from './feed-names.ts';
import { type Money, readMoney } from './feed-price.ts';
import { address, cut, decodeEntities, plainText } from './feed-text.ts';

/** A good of a feed: what the catalogue is built from, and its card. */
export interface FeedItem extends CatalogueItem {
  readonly groupId: string | null;
  readonly url: string | null;
  readonly image: string | null;
  /** In the currency's major unit. */
  readonly price: number | null;
  readonly currency: string | null;
  readonly isAvailable: boolean;
}

export type RowProblem =
  | 'no-id'
  | 'bad-id'
  | 'no-title'
  | 'duplicate-id'
  | 'bad-price'
  | 'bad-address'
  | 'bad-vector'
  | 'hidden'
  | 'out-of-stock'
  | 'bad-row';

export interface RecordOptions {
  /** Addresses without a host are below this one. */
  readonly base: string | null;
  /** Of prices that name none. */
  readonly currency: string | null;
  readonly nowMs: number;
}

/** What a row said, and what of it could not be used. */
export interface RowResult {
  /** Null where the row gives no good; the last problem says why. */
  readonly item: FeedItem | null;
  readonly problems: readonly (readonly [RowProblem, string])[];
}

const MAX_ID = 200;
const MAX_TITLE = 500;
/** More than the recipe reads (400), for embedders that look further. */
const MAX_DESCRIPTION = 1000;
const MAX_NAME = 200;
const MAX_ATTRIBUTES = 100;
const MAX_LEVELS = 5;

/** What a value says where a text is meant: of a list the first that says anything. */
export function textOf(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null || depth > 4) return '';
  if (Array.isArray(value)) {
    for (const one of value) {
      const text = textOf(one, depth + 1);
      if (text !== '') return text;
    }
    return '';
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name of [
    'name',
    'value',
    '@value',
    'amount',
    'src',
    'url',
    'contentUrl',
    '#text',
    '@id',
  ]) {
    const text = textOf(fields[name], depth + 1);
    if (text !== '') return text;
  }
  return '';
}

const words = (value: unknown): string => plainText(textOf(value));

export function readRecord(fields: Fields, options: RecordOptions): RowResult {
  const problems: (readonly [RowProblem, string])[] = [];
  const fail = (problem: RowProblem, detail: string): RowResult => ({
    item: null,
    problems: [...problems, [problem, detail]],
  });
  const field = (name: Field): string => words(fields.get(name));
  const id = decodeEntities(textOf(fields.get('id')).trim());
  if (id === '') return fail('no-id', '');
  if (id.length > MAX_ID || !isWellFormed(id)) return fail('bad-id', id.slice(0, 40));
  if (isHidden(field('status'))) return fail('hidden', id);
  const title = cut(field('title'), MAX_TITLE);
  const attributes = attributesOf(fields.get('attributes'));
  if (title === '' && attributes.length === 0) return fail('no-title', id);
  const money = moneyOf(fields, options, (said) => problems.push(['bad-price', `${id}: ${said}`]));
  const link = (name: Field): string | null => {
    const given = firstOf(textOf(fields.get(name)));
    const url = address(given, options.base);
    if (url === null && given !== '') problems.push(['bad-address', `${id}: ${cut(given, 60)}`]);
    return url;
  };
  const imageVector = vectorOf(fields.get('vector'));
  if (imageVector === null && fields.has('vector')) problems.push(['bad-vector', id]);
  const [brand, category] = [cut(field('brand'), MAX_NAME), categoryOf(fields.get('category'))];
  const description = cut(`${field('short')} ${field('description')}`.trim(), MAX_DESCRIPTION);
  const item: FeedItem = {
    ...{ id, title, description },
    ...(brand !== '' && { brand }),
    ...(category !== '' && { category }),
    ...(money !== null && { priceCents: Math.round(money.amount * 100) }),
    ...(attributes.length > 0 && { attributes }),
    ...(imageVector !== null && { imageVector }),
    groupId: cut(field('group').replace(/^id:/, ''), MAX_ID) || null,
    url: link('url'),
    image: link('image'),
    price: money?.amount ?? null,
    currency: money?.currency ?? null,
    isAvailable: isAvailable(field('availability')),
  };
  return { item, problems };
}

function moneyOf(
  fields: Fields,
  { currency, nowMs }: RecordOptions,
  problem: (said: string) => void,
): Money | null {
  const cents = fields.get('cents');
  if (typeof cents === 'number' && cents >= 0) return { amount: cents / 100, currency };
  const listed = priceOf(fields.get('price'), problem);
  const sale = isOn(textOf(fields.get('saleDates')), nowMs)
    ? priceOf(fields.get('sale'), () => undefined)
    : null;
  const money = sale !== null && !(sale.amount > (listed?.amount ?? Infinity)) ? sale : listed;
  if (money === null) return null;
  const named = words(fields.get('currency')).toUpperCase();
  const own = money.currency ?? listed?.currency ?? null;
  return { amount: money.amount, currency: own ?? (/^[A-Z]{3}$/.test(named) ? named : currency) };
}

/** JSON's numbers are amounts; all else is read as text. */
function priceOf(value: unknown, problem: (said: string) => void): Money | null {
  if (value === undefined) return null;
  if (typeof value === 'number') {
    if (value >= 0 && value <= 2e7) return { amount: value, currency: null };
    problem(String(value));
    return null;
  }
  const { currency } = (value ?? {}) as { currency?: unknown };
  const text = words(value);
  const money = text === '' ? null : readMoney(text);
  if (money === null && text !== '') problem(cut(text, 40));
  return money === null || typeof currency !== 'string' ? money : { ...money, currency };
}

/** "2026-11-01T00:00+0100/2026-11-30": between the two; without dates always. */
function isOn(dates: string, nowMs: number): boolean {
  const [from = '', to = ''] = dates.split('/').map((one) => one.trim());
  const start = Date.parse(from.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  const end = Date.parse(to.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return !(nowMs < start) && !(nowMs > end);
}

/** The levels of a path; of several paths the deepest, the first of them. */
export function categoryOf(value: unknown): string {
  const texts = (Array.isArray(value) ? value : [value]).map((one) => plainKept(textOf(one)));
  const paths = texts.flatMap((text) => text.split(/,(?=\s*[^,]*>)|[;|]/));
  let best: string[] = [];
  for (const path of paths) {
    const levels = path
      .split(/\s*(?:>|›|»|::|\/(?=\s))\s*/)
      .map((level) => plainText(level))
      .filter((level) => level !== '');
    if (levels.length > best.length) best = levels;
  }
  const path = best.slice(0, MAX_LEVELS).join(' > ');
  return /^(simple|variable|variation|grouped|external)$/i.test(path) ? '' : cut(path, MAX_NAME);
}

/** Entities, but not tags: ">" parts the levels. */
const plainKept = (text: string): string => decodeEntities(decodeEntities(text));

/** WooCommerce lists several pictures with commas between them. */
const firstOf = (text: string): string => text.split(/,\s*(?=https?:)|\s\|\s/)[0]?.trim() ?? '';

function isAvailable(text: string): boolean {
  const said = text.toLowerCase().replace(/[^\p{L}\p{N}-]/gu, '');
  if (
    /outofstock|soldout|discontinued|unavailable|缺货|售罄|无货|غيرمتوفر|ausverkauft|rupture|agotado|esaurito/.test(
      said,
    )
  ) {
    return false;
  }
  return !(/^(no|false|nein|non|否)$/.test(said) || (said !== '' && Number(said) <= 0));
}

const isHidden = (status: string): boolean =>
  /^(draft|archived|hidden|private|0|-1|false|no)$/i.test(status);

function attributesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const texts = value.map((one) => (typeof one === 'number' ? String(one) : one));
  return texts
    .filter((one): one is string => typeof one === 'string' && one !== '' && one.length < MAX_ID)
    .slice(0, MAX_ATTRIBUTES);
}

function vectorOf(value: unknown): readonly number[] | null {
  const isNumber = (one: unknown): boolean =>
    typeof one === 'number' && Number.isFinite(Math.fround(one));
  return Array.isArray(value) && value.length > 0 && value.every(isNumber) ? value : null;
}
