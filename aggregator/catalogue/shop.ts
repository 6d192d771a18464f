/** A shop's public side from its feed: catalogue, in parts where it is large, and cards. */
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { type Card, encodeCards } from '../../shared/model/cards.ts';
import { type SplitCatalogue, splitCatalogue } from '../../shared/model/shards.ts';
import { type BuiltCatalogue, buildCatalogue, type CatalogueItem } from './build.ts';
import { givenVectors, hashedNgrams } from './embedder.ts';
import { FeedError, readFeed } from './feed.ts';
import type { Chunks } from './feed-encoding.ts';
import type { FeedItem } from './feed-record.ts';
import { inMemory } from './feed-rows.ts';
import { MatrixError, readMatrix } from './matrix.ts';
import { type FeedReport, type ProductOptions, readProducts } from './products.ts';

/** Enough for thousands of goods, and reduced before it is sent. */
const DIMENSIONS = 512;
/** A catalogue of more than four parts of about this length is published in parts. */
const PART_BYTES = 1 << 20;
const WHOLE_PARTS = 4;

export interface ShopFiles {
  /** A feed of any form (products.ts), or its text. */
  readonly feed: string | Uint8Array;
  /** Vectors of the goods' texts and pictures that the shop made itself, .npy; rows as in the feed. */
  readonly textVectors?: Uint8Array;
  readonly imageVectors?: Uint8Array;
}

export interface PublicSide extends BuiltCatalogue {
  /** Null where it is published whole; else `hash` is that of the index. */
  readonly split: SplitCatalogue | null;
  readonly cards: readonly CardPart[];
}

/** What the site's record names of the cards (G5). */
export interface CardPart {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

export interface SideOptions {
  readonly textVectors?: Uint8Array;
  readonly imageVectors?: Uint8Array;
  /** Longest content vector; the build step's when left out. */
  readonly maxK?: number;
  /** Of a part; 1 MiB. */
  readonly partBytes?: number;
}

/** @throws FeedError, MatrixError */
export async function buildShop(files: ShopFiles): Promise<PublicSide> {
  const { feed, ...vectors } = files;
  const items = await goodsOf(feed);
  const side = await publicSide(items, vectors);
  return side;
}

/**
 * Goods of our own JSON are read strictly; of another feed what is no good is left out.
 * @throws FeedError
 */
export async function goodsOf(feed: string | Uint8Array): Promise<readonly CatalogueItem[]> {
  const text = typeof feed === 'string' ? feed : new TextDecoder().decode(feed);
  let strict: FeedError | null = null;
  if (/^\s*[[{]/.test(text)) {
    try {
      return readFeed(text);
    } catch (error) {
      if (!(error instanceof FeedError)) throw error;
      strict = error;
    }
  }
  const bytes = typeof feed === 'string' ? new TextEncoder().encode(feed) : feed;
  const { items, report } = await productsOf(inMemory(bytes), strict);
  if (strict !== null && report.counts.size > 0) throw strict;
  if (items.length < 2) throw new FeedError('at least 2 goods are needed');
  return items;
}

async function productsOf(
  chunks: Chunks,
  strict: FeedError | null,
): Promise<{ readonly items: readonly FeedItem[]; readonly report: FeedReport }> {
  const options: ProductOptions = {};
  try {
    return await readProducts(chunks, options);
  } catch (error) {
    throw strict ?? error;
  }
}

/** @throws MatrixError for vectors of other goods. */
export async function publicSide(
  items: readonly CatalogueItem[],
  { textVectors, imageVectors, maxK, partBytes = PART_BYTES }: SideOptions,
): Promise<PublicSide> {
  const rows = (name: string, file: Uint8Array): Float32Array[] => {
    const matrix = readMatrix(file);
    if (matrix.length === items.length) return matrix;
    throw new MatrixError(`${matrix.length} ${name} vectors for ${items.length} goods`);
  };
  const built = await buildCatalogue(items, {
    embedder: textVectors ? givenVectors(rows('text', textVectors)) : hashedNgrams(DIMENSIONS),
    embedText: ({ title, description }) => `${title} ${description}`,
    ...(maxK !== undefined && { maxK }),
    ...(imageVectors && { imageVectors: rows('image', imageVectors) }),
  });
  const cards = await cardParts(items);
  if (built.bytes.length <= WHOLE_PARTS * partBytes) return { ...built, split: null, cards };
  const split = await splitCatalogue(built.bytes, partBytes);
  return { ...built, hash: split.hash, split, cards };
}

/** The cards of the goods in parts, each with its hash. */
export async function cardParts(items: readonly CatalogueItem[]): Promise<CardPart[]> {
  const parts: CardPart[] = [];
  for (const bytes of encodeCards(items.map(cardOf))) {
    parts.push({ hash: await sha256Hex(bytes), bytes });
  }
  return parts;
}

/** What a shelf shows of a good. */
export function cardOf(item: CatalogueItem): Card {
  const { url = null, image = null, currency = null } = item as Partial<FeedItem>;
  const cents = item.priceCents ?? -1;
  const price = (item as Partial<FeedItem>).price ?? (cents >= 0 ? cents / 100 : null);
  const name = (text = ''): string | null =>
    text
      .trim()
      .slice(0, 200)
      .replace(/\p{Surrogate}/gu, '') || null;
  return {
    ...{ id: item.id, title: item.title === '' ? item.id : item.title, url, image },
    ...{ price, currency, brand: name(item.brand), category: name(item.category) },
  };
}
