/**
 * What a shelf shows of the goods: public files beside the catalogue, the same for all shoppers,
 * named by the site's record (SPEC.md of shared/protocol, G rules). They change with every price;
 * the catalogue, and the tasks that name it, need not.
 *
 * A part is canonical JSON. Addresses are written behind the beginning that all of a part share.
 */
import { assertBytes } from '../assert/assert.ts';
import { canonicalBytes } from '../bytes/canonical.ts';
import { fromUtf8 } from '../bytes/utf8.ts';
import { CatalogueError } from './varint.ts';

export interface Card {
  readonly id: string;
  readonly title: string;
  /** http or https. */
  readonly url: string | null;
  readonly image: string | null;
  /** In the currency's major unit; 0 or more. */
  readonly price: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly brand: string | null;
  readonly category: string | null;
}

type Row = readonly [
  id: string,
  title: string,
  url: string | null,
  image: string | null,
  price: number | null,
  currency: string | null,
  brand: number,
  category: number,
];

interface Part {
  readonly type: 'cards';
  readonly version: 1;
  readonly url: string;
  readonly image: string;
  readonly brands: readonly string[];
  readonly categories: readonly string[];
  readonly cards: readonly Row[];
}

/** Longest part that is read. */
export const MAX_CARD_BYTES: number = 4 << 20;
const KEYS = 'brands,cards,categories,image,type,url,version';

/** Parts of about `maxBytes`, in the order of the cards. */
export function encodeCards(cards: readonly Card[], maxBytes: number = 1 << 20): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < cards.length; ) {
    let to = from;
    let size = 0;
    while (to < cards.length && (to === from || size < maxBytes))
      size += sizeOf(cards[to++] as Card);
    parts.push(canonicalBytes(partOf(cards.slice(from, to))));
    from = to;
  }
  return parts;
}

/** About as many bytes as it takes, without what all have in common. */
const sizeOf = ({ id, title, url, image }: Card): number =>
  40 + 3 * (id.length + title.length) + (url?.length ?? 0) / 2 + (image?.length ?? 0) / 2;

function partOf(cards: readonly Card[]): Part {
  const [brands, categories] = [new Map<string, number>(), new Map<string, number>()];
  const place = (names: Map<string, number>, name: string | null): number => {
    if (name === null) return -1;
    if (!names.has(name)) names.set(name, names.size);
    return names.get(name) as number;
  };
  const url = beginning(cards.map((card) => card.url));
  const image = beginning(cards.map((card) => card.image));
  const rows = cards.map(
    (card): Row => [
      card.id,
      card.title,
      card.url?.slice(url.length) ?? null,
      card.image?.slice(image.length) ?? null,
      card.price,
      card.currency,
      place(brands, card.brand),
      place(categories, card.category),
    ],
  );
  return {
    ...{ type: 'cards', version: 1, url, image },
    ...{ brands: [...brands.keys()], categories: [...categories.keys()], cards: rows },
  };
}

function beginning(texts: readonly (string | null)[]): string {
  let common: string | null = null;
  for (const text of texts) {
    if (text === null) continue;
    if (common === null) common = text;
    while (!text.startsWith(common)) common = common.slice(0, -1);
  }
  return (common ?? '').replace(/\p{Surrogate}$/u, '');
}

/**
 * The cards of a part, whose hash the caller has verified.
 * @throws CatalogueError for bytes that are none, and for an address that is not http(s).
 */
export function decodeCards(bytes: Uint8Array): Card[] {
  assertBytes('bytes', bytes);
  let part: Part;
  try {
    part = JSON.parse(fromUtf8(bytes)) as Part;
  } catch (error) {
    throw new CatalogueError(`cards must be JSON (${(error as Error).name})`);
  }
  const lists = [part?.brands, part?.categories, part?.cards];
  const fits =
    Object.keys(part ?? {})
      .sort()
      .join() === KEYS &&
    part.type === 'cards' &&
    part.version === 1 &&
    lists.every(Array.isArray) &&
    [part.url, part.image].every((one) => typeof one === 'string');
  if (!fits) throw new CatalogueError(`cards must have the fields ${KEYS}`);
  return part.cards.map((row, i) => {
    if (!Array.isArray(row) || row.length !== 8) throw new CatalogueError(`cards[${i}] is no card`);
    return cardOf(row as unknown as Row, part, i);
  });
}

function cardOf(
  [id, title, url, image, price, currency, brand, category]: Row,
  part: Part,
  i: number,
): Card {
  const refuse = (what: string): never => {
    throw new CatalogueError(`cards[${i}] has ${what}`);
  };
  const address = (front: string, rest: unknown): string | null => {
    if (rest === null) return null;
    const whole = typeof rest === 'string' ? front + rest : '';
    return isAddress(whole) ? whole : refuse('an address that is none');
  };
  const name = (names: readonly string[], at: unknown): string | null => {
    if (at === -1) return null;
    const found = names[at as number];
    return typeof found === 'string' ? found : refuse('a name that is none');
  };
  const isPrice = price === null || (typeof price === 'number' && price >= 0 && price < Infinity);
  if (typeof id !== 'string' || id === '' || typeof title !== 'string') refuse('no id or title');
  if (!isPrice) refuse('a price that is none');
  if (currency !== null && !/^[A-Z]{3}$/.test(currency)) refuse('a currency that is none');
  return {
    ...{ id, title, url: address(part.url, url), image: address(part.image, image) },
    ...{ price, currency, brand: name(part.brands, brand) },
    category: name(part.categories, category),
  };
}

/** An address that a page may link to: no script and no data. */
export function isAddress(text: string): boolean {
  return /^https?:\/\/[^\s<>"]+$/i.test(text) && URL.canParse(text);
}
