/** A shop's feed: a JSON list of goods, or an object with it under `items`. */
import type { CatalogueItem } from './build.ts';

/** The feed holds something that is no good; `message` says where. */
export class FeedError extends Error {
  readonly code = 'bad-feed';

  constructor(message: string, options?: ErrorOptions) {
    super(`bad-feed: ${message}`, options);
    this.name = 'FeedError';
  }
}

const NAMES = ['id', 'title', 'description', 'brand', 'category', 'price', 'priceCents'];

/** A feed for a catalogue of one item ranks nothing. */
const MIN_ITEMS = 2;

/**
 * @param text JSON: `id` and `title` of each good, and where there are any `description`, `brand`,
 * `category` and `price` in the currency's major unit, or `priceCents` in its minor one.
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
  const [brand, category] = [text('brand'), text('category')];
  const cents = centsOf(item, said);
  return {
    id: text('id', true),
    title: text('title', true),
    description: text('description'),
    ...(brand !== '' && { brand }),
    ...(category !== '' && { category }),
    ...(cents !== null && { priceCents: cents }),
  };
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
