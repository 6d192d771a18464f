/**
 * JSON without holding all of it: a list of goods, a list under `items` or `products`, JSON Lines,
 * and schema.org (one node, `@graph`, `itemListElement`). Objects of the list are cut out of the
 * text and parsed one by one.
 */
import { FeedError } from './feed.ts';
import type { RawRow } from './feed-rows.ts';

const LISTS: ReadonlySet<string> = new Set([
  'items',
  'products',
  'data',
  'goods',
  '@graph',
  'itemListElement',
]);
/** Units of one object. */
const MAX_OBJECT = 4 << 20;

type Json = Readonly<Record<string, unknown>>;

/** @throws FeedError for a text that is no JSON as a whole. */
export async function* jsonRows(text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  const cutter = new Cutter();
  let row = 0;
  for await (const piece of text) {
    for (const found of cutter.push(piece)) yield* parsed(found, ++row);
  }
  for (const found of cutter.finish()) yield* parsed(found, ++row);
}

function* parsed(text: string | null, row: number): Generator<RawRow> {
  if (text === null) {
    yield { row, entries: null, problem: 'longer than an object of a feed' };
    return;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    yield { row, entries: null, problem: (error as Error).message.slice(0, 80) };
    return;
  }
  for (const node of nodesOf(value, 0)) yield { row, entries: Object.entries(node), problem: null };
}

/** Goods of one object: itself, or of schema.org those that it holds. */
export function* nodesOf(value: unknown, depth: number): Generator<Json> {
  if (typeof value !== 'object' || value === null || depth > 6) return;
  if (Array.isArray(value)) {
    for (const one of value) yield* nodesOf(one, depth + 1);
    return;
  }
  const node = value as Json;
  const types = [node['@type']].flat().map((type) => String(type).replace(/^.*[/:#]/, ''));
  const isTyped = node['@type'] !== undefined;
  if (types.includes('ListItem')) return void (yield* nodesOf(node.item, depth + 1));
  for (const list of ['@graph', 'itemListElement', 'mainEntity']) {
    if (isTyped || node['@graph'] !== undefined) yield* nodesOf(node[list], depth + 1);
  }
  if (types.includes('ProductGroup')) {
    const variants = [node.hasVariant].flat().filter((one) => typeof one === 'object');
    const groupId = node.productGroupID ?? node.productID ?? node.sku;
    if (variants.length === 0) yield offered({ ...node, productID: node.productID ?? groupId });
    for (const variant of variants) {
      yield offered({
        ...node,
        url: undefined,
        ...(variant as Json),
        groupId,
        hasVariant: undefined,
      });
    }
    return;
  }
  if (types.some((type) => /^(Product|IndividualProduct|ProductModel|Vehicle|Book)$/.test(type))) {
    yield offered(node);
  } else if (!isTyped && node['@graph'] === undefined) yield merged(node);
}

/** A node with the price of its offer beside it; without an id its address is one. */
function offered(node: Json): Json {
  const offers = [node.offers].flat().filter((one) => typeof one === 'object' && one !== null);
  const offer = (offers[0] ?? {}) as Json;
  const nested = [offer.priceSpecification].flat()[0];
  const { price, priceCurrency } = (nested ?? {}) as Json;
  const id = node.productID ?? node.sku ?? node.mpn ?? node['@id'] ?? node.url ?? offer.url;
  return {
    ...node,
    productID: id,
    price: offer.price ?? offer.lowPrice ?? price,
    priceCurrency: offer.priceCurrency ?? priceCurrency,
    availability: node.availability ?? offer.availability,
    url: node.url ?? offer.url,
  };
}

/** Shopify's products.json: price and stock stand with the variants. */
function merged(node: Json): Json {
  const variants = [node.variants].flat().filter((one) => typeof one === 'object' && one !== null);
  if (variants.length === 0) return node;
  const first = variants[0] as Json;
  const available = variants.some((one) => (one as Json).available !== false);
  return {
    ...{ price: first.price, sku: first.sku, available },
    ...node,
  };
}

/** Cuts whole objects out of a text that comes in pieces; null for one that is too long. */
class Cutter {
  #text = '';
  #at = 0;
  /** Opening brackets that are open, and whether the innermost is the list of goods. */
  readonly #open: string[] = [];
  #inText = false;
  #escaped = false;
  /** Where the object that is cut begins; -1 outside. */
  #from = -1;
  #depth = 0;
  /** Open brackets around the list's objects; null before a list. */
  #list: number | null = null;
  #key = '';
  #keyFrom = -1;
  #tooLong = false;
  #any = false;
  #lineEnded = false;

  *push(piece: string): Generator<string | null> {
    this.#text += piece;
    while (this.#at < this.#text.length) {
      const found = this.#step(this.#text[this.#at] as string);
      this.#at++;
      if (found !== undefined) yield found;
    }
    this.#forget();
  }

  *finish(): Generator<string | null> {
    if (this.#open.length > 0 || this.#inText) {
      if (this.#list === null && !this.#any) throw new FeedError('not JSON: it ends early');
      yield '{"ends early';
    }
  }

  #step(char: string): string | null | undefined {
    const isFirst = this.#lineEnded;
    this.#lineEnded = char === '\n';
    if (isFirst && char === '{' && this.#isLines()) return this.#breakLine();
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (char === '\\') this.#escaped = true;
      else if (char === '"') this.#endText();
      return undefined;
    }
    if (char === '"') {
      this.#inText = true;
      this.#keyFrom = this.#at + 1;
    } else if (char === '{' || char === '[') this.#push(char);
    else if (char === '}' || char === ']') return this.#pop(char);
    else if (this.#open.length === 0 && !/[\s,]/.test(char)) {
      throw new FeedError(`not JSON: ${JSON.stringify(this.#text.slice(this.#at, this.#at + 20))}`);
    }
    return undefined;
  }

  /** Whether objects stand one after the other, and one of them is open. */
  #isLines(): boolean {
    return this.#list === null && this.#any && this.#from !== -1 && this.#depth === 0;
  }

  /** A line that was cut off takes none of those after it with it. */
  #breakLine(): string | null {
    const text = this.#tooLong ? null : this.#text.slice(this.#from, this.#at);
    this.#open.length = 0;
    this.#inText = false;
    this.#escaped = false;
    this.#from = -1;
    this.#push('{');
    return text;
  }

  #endText(): void {
    this.#inText = false;
    // Only the names of the outermost object matter.
    if (this.#open.length === 1 && this.#at - this.#keyFrom < 40) {
      this.#key = this.#text.slice(this.#keyFrom, this.#at);
    }
  }

  #push(char: string): void {
    const depth = this.#open.length;
    const inObject = this.#open.at(-1) === '{';
    this.#open.push(char);
    if (char === '[' && this.#list === null) {
      if (depth === 0 || (depth === 1 && inObject && LISTS.has(this.#key))) {
        this.#list = depth + 1;
        this.#from = -1;
        this.#tooLong = false;
      }
      return;
    }
    if (char === '{' && this.#from === -1 && (this.#list ?? 0) === depth) {
      this.#from = this.#at;
      this.#depth = depth;
      this.#tooLong = false;
    }
  }

  #pop(char: string): string | null | undefined {
    const opened = this.#open.pop();
    if ((opened === '{') !== (char === '}'))
      throw new FeedError(`not JSON: '${char}' closes nothing`);
    const depth = this.#open.length;
    if (this.#list !== null && depth === this.#list - 1 && char === ']') this.#list = null;
    if (char !== '}' || this.#from === -1 || depth !== this.#depth) {
      // What is left of an object whose list was read.
      if (depth === 0) this.#from = -1;
      return undefined;
    }
    const text = this.#tooLong ? null : this.#text.slice(this.#from, this.#at + 1);
    this.#from = -1;
    this.#any = true;
    return text;
  }

  /** What lies before the object that is being cut is done with. */
  #forget(): void {
    if (this.#from !== -1 && this.#at - this.#from > MAX_OBJECT) {
      this.#tooLong = true;
      this.#from = this.#at;
    }
    const start = this.#from === -1 ? (this.#inText ? this.#keyFrom : this.#at) : this.#from;
    const gone = Math.min(start, this.#at);
    this.#text = this.#text.slice(gone);
    this.#at -= gone;
    if (this.#from !== -1) this.#from -= gone;
    this.#keyFrom -= gone;
  }
}
