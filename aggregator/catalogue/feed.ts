/** A shop's feed: a JSON list of goods, or an object with it under `items`. */
import { isWellFormed } from '../../shared/bytes/utf8.ts';
import type { CatalogueItem } from './build.ts';

/** The feed holds something that is no good; `message` says where. */
export class FeedError extends Error {
  readonly code = 'bad-feed';

  constructor(message: string, options?: ErrorOptions) {
    super(`bad-feed: ${message}`, options);
    this.name = 'FeedError';
  }
}

const NAMES = [
  'id',
  'title',
  'description',
  'brand',
  'category',
  'price',
  'priceCents',
  'attributes',
  'imageVector',
];

const MAX_ATTRIBUTE = 199;
const MAX_ID = 200;

/** A feed for a catalogue of one item ranks nothing. */
const MIN_ITEMS = 2;

/**
 * @param text JSON: `id` and `title` of each good, and where there are any `description`, `brand`,
 * `category`, `price` in the currency's major unit or `priceCents` in its minor one, `attributes`
 * (ids as words; a good that has some needs no title) and `imageVector`.
 * @throws FeedError
 */
export function readFeed(text: string): readonly CatalogueItem[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FeedError(`not JSON: ${(cause as Error).message}`, { cause });
  }
  const list = Array.isArray(json) ? json : (json as { items?: unknown } | null)?.items;
  if (!Array.isArray(list)) throw new FeedError('a list of goods is needed, or { "items": list }');
  if (list.length < MIN_ITEMS) throw new FeedError(`at least ${MIN_ITEMS} goods are needed`);
  const items = list.map((one: unknown, i) => itemOf(one, `items[${i}]`));
  const lengths = new Set(items.flatMap((item) => item.imageVector?.length ?? []));
  if (lengths.size > 1) throw new FeedError('every imageVector must be of one length');
  const seen = new Set<string>();
  for (const [i, { id }] of items.entries()) {
    if (seen.has(id)) throw new FeedError(`items[${i}].id '${id}' was met before`);
    seen.add(id);
  }
  return items;
}

function itemOf(value: unknown, said: string): CatalogueItem {
  if (typeof value !== 'object' || value === null) throw new FeedError(`${said} must be an object`);
  const item = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(item)) {
    if (!NAMES.includes(name)) throw new FeedError(`${said}.${name} is no field of a good`);
  }
  const text = (name: string, needed = false): string => {
    const given = item[name];
    if (given === undefined && !needed) return '';
    if (typeof given === 'string' && !(needed && given === '')) return given;
    throw new FeedError(`${said}.${name} must be a string${needed ? ' that is not empty' : ''}`);
  };
  const id = text('id', true);
  if (id.length > MAX_ID || !isWellFormed(id)) {
    throw new FeedError(`${said}.id must be of at most ${MAX_ID} whole characters`);
  }
  const [brand, category] = [text('brand'), text('category')];
  const cents = centsOf(item, said);
  const attributes = attributesOf(item.attributes, said);
  const imageVector = vectorOf(item.imageVector, said);
  return {
    id,
    title: text('title', attributes.length === 0),
    description: text('description'),
    ...(brand !== '' && { brand }),
    ...(category !== '' && { category }),
    ...(cents !== null && { priceCents: cents }),
    ...(attributes.length > 0 && { attributes }),
    ...(imageVector !== null && { imageVector }),
  };
}

function attributesOf(value: unknown, said: string): string[] {
  if (value === undefined) return [];
  const list = Array.isArray(value)
    ? value.map((one) => (typeof one === 'number' ? String(one) : one))
    : [''];
  if (list.every((one) => typeof one === 'string' && one !== '' && one.length <= MAX_ATTRIBUTE)) {
    return list;
  }
  throw new FeedError(
    `${said}.attributes must be a list of words of 1 to ${MAX_ATTRIBUTE} characters`,
  );
}

function vectorOf(value: unknown, said: string): readonly number[] | null {
  if (value === undefined) return null;
  const isNumber = (one: unknown): boolean =>
    typeof one === 'number' && Number.isFinite(Math.fround(one));
  if (Array.isArray(value) && value.length > 0 && value.every(isNumber)) return value;
  throw new FeedError(`${said}.imageVector must be a list of numbers`);
}

function centsOf(
  { price, priceCents }: Readonly<Record<string, unknown>>,
  said: string,
): number | null {
  if (price !== undefined && priceCents !== undefined) {
    throw new FeedError(`${said} has both price and priceCents`);
  }
  const given = priceCents ?? price;
  if (given === undefined) return null;
  if (typeof given !== 'number' || !(given >= 0)) {
    const name = priceCents === undefined ? 'price' : 'priceCents';
    throw new FeedError(`${said}.${name} must be a number of 0 or more`);
  }
  return priceCents === undefined ? Math.round(given * 100) : given;
}
