/** A shop's goods to the catalogue's public side; run by the shop's build step, never per shopper. */
import { assertInteger, assertString } from '../../shared/assert/assert.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { priceBands } from '../../shared/model/bands.ts';
import type { Catalogue, ImageVectors } from '../../shared/model/catalogue.ts';
import { decodeCatalogue, encodeCatalogue } from '../../shared/model/codec.ts';
import { termHash } from '../../shared/model/terms.ts';
import { attributeBlock, joinBlocks, priceBlock } from './blocks.ts';
import type { Embedder } from './embedder.ts';
import { nearestItems } from './graph.ts';
import { MANY_ITEMS, nearestOfMany } from './graph-many.ts';
import { readPrice } from './price.ts';
import { reduceVectors, type VectorRows } from './reduce.ts';
import { type TermRows, tfidf } from './tfidf.ts';
import { termsOf } from './words.ts';

export interface CatalogueItem {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly brand?: string;
  readonly category?: string;
  /** Minor unit (cents). What is not a finite number of 0 or more counts as no price. */
  readonly priceCents?: number;
  /** Ids of what the shop says of a good beside its text; each is one word, and need be no text. */
  readonly attributes?: readonly string[];
  /** Of the good's picture, from the shop's own embedder; all of one length. */
  readonly imageVector?: ArrayLike<number>;
}

export interface BuildOptions {
  readonly embedder: Embedder;
  /** What is embedded; the title by default, as in the recipe. */
  readonly embedText?: (item: CatalogueItem) => string;
  /** Longest content vector; default 128, or 64 where goods have attributes and no text. */
  readonly maxK?: number;
  /** Neighbours of an item in the graph; default 10. */
  readonly neighbours?: number;
  /** Characters of a description that are read; default 400, as in the recipe. */
  readonly maxDescription?: number;
  /** Row i is of the picture of item i, zeros where there is none; in place of `imageVector`. */
  readonly imageVectors?: readonly Float32Array[];
  /** Longest vector of a picture; default 64. */
  readonly maxImageK?: number;
  /**
   * How much the price counts among the content vectors: its part of a vector whose text, and whose
   * attributes, count 1. Default 0: the reference figures are without it.
   */
  readonly priceWeight?: number;
  /** Hashes of the terms, by which a browser places its own texts; default true. */
  readonly terms?: boolean;
}

/** models.md §1. */
const TEXT_K = 128;
/**
 * Attributes are few, and half whitening lifts the rare ones above what they tell: on validation lists
 * of amazon-beauty 64 components gain 0.1 to 0.2 NDCG@10 over 128.
 */
const ATTRIBUTES_K = 64;

export interface BuiltCatalogue {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, hex. */
  readonly hash: string;
  /** What a browser reads from `bytes`. */
  readonly catalogue: Catalogue;
  /** Values that were left out, in words: a price that is none. */
  readonly problems: readonly string[];
}

/**
 * Builds the public side of a catalogue.
 *
 * @throws RangeError for an item without id, an id met twice, or vectors of the wrong shape;
 * TypeError for a title or description that is no string.
 */
export async function buildCatalogue(
  items: readonly CatalogueItem[],
  options: BuildOptions,
): Promise<BuiltCatalogue> {
  const { neighbours = 10, maxDescription = 400, priceWeight = 0, terms = true } = options;
  assertInteger('neighbours', neighbours, 0, 255);
  assertInteger('maxDescription', maxDescription, 0);
  if (!(priceWeight >= 0 && priceWeight <= 10)) {
    throw new RangeError('priceWeight must be a number from 0 to 10');
  }
  checkItems(items);
  const problems: string[] = [];
  const attributes = items.map(attributesOf);
  const at = (i: number): CatalogueItem => items[i] as CatalogueItem;
  const { length } = items;
  const titleTerms = (i: number): string[] => [
    ...termsOf(at(i).title, 1),
    ...(at(i).title === '' ? (attributes[i] as string[]) : []),
  ];
  const textTerms = (i: number): string[] => [
    ...termsOf(`${at(i).title} ${at(i).description.slice(0, maxDescription)}`, 2),
    ...(attributes[i] as string[]),
  ];
  const title = tfidf({ length, terms: titleTerms }, 1);
  const text = tfidf({ length, terms: textTerms }, 2);
  const priceCents = Int32Array.from(items, (item) => readPrice(item, problems));
  const content = await contentRows(items, priceCents, options);
  const { vectors, k } = reduceVectors(content.rows, options.maxK ?? content.maxK);
  const brand = indexNames(items.map((item) => item.brand));
  const category = indexNames(items.map((item) => item.category));
  const image = reducedImages(items, options);
  const bytes = encodeCatalogue({
    ids: items.map((item) => item.id),
    vectors,
    k,
    title,
    text,
    brand: brand.indices,
    brands: brand.names,
    category: category.indices,
    categories: category.names,
    priceCents,
    priceBand: priceBands(priceCents, category.indices),
    graph: (length > MANY_ITEMS ? nearestOfMany : nearestItems)(vectors, k, title, neighbours),
    degree: neighbours + 1,
    ...(terms &&
      title.width + text.width > 0 && { terms: { title: hashed(title), text: hashed(text) } }),
    ...(image && { image }),
  });
  const hash = await sha256Hex(bytes);
  return { bytes, hash, catalogue: decodeCatalogue(bytes, hash), problems };
}

const attributesOf = (item: CatalogueItem): string[] =>
  (item.attributes ?? []).map((one) => `#${one}`);

/**
 * The rows that content vectors are reduced from, and how long these are by default. An embedder that
 * reads texts one by one is not asked where there are attributes and no text.
 *
 * @param priceCents by item, as the catalogue has them
 */
export async function contentRows(
  items: readonly CatalogueItem[],
  priceCents: Int32Array,
  { embedder, embedText = (item) => item.title, priceWeight = 0 }: BuildOptions,
): Promise<{ rows: readonly Float32Array[] | VectorRows; maxK: number }> {
  const { length } = items;
  const text = (i: number): string => embedText(items[i] as CatalogueItem);
  const tags = tfidf(items.map(attributesOf), 1);
  const blocks = [
    ...(tags.width > 0 ? [{ rows: attributeBlock(tags), weight: 1 }] : []),
    ...(priceWeight > 0 ? [{ rows: priceBlock(priceCents), weight: priceWeight }] : []),
  ];
  const wordless = tags.width > 0 && items.every((_, i) => text(i).trim() === '');
  if (wordless && embedder.rows !== undefined) {
    return { rows: joinBlocks(blocks), maxK: ATTRIBUTES_K };
  }
  const rows =
    blocks.length === 0 && embedder.rows !== undefined
      ? embedder.rows({ length, text })
      : await embedder.embed(items.map(embedText));
  if (rows.length !== length) {
    throw new RangeError(`embedder ${embedder.name} must return ${length} vectors`);
  }
  if ('row' in rows || blocks.length === 0) return { rows, maxK: TEXT_K };
  return { rows: joinBlocks([{ rows, weight: 1 }, ...blocks]), maxK: TEXT_K };
}

const hashed = ({ terms }: TermRows): Uint32Array => Uint32Array.from(terms, termHash);

/** Pictures by the same reduction as texts, among those that there are; null where there is none. */
function reducedImages(
  items: readonly CatalogueItem[],
  { imageVectors, maxImageK = 64 }: BuildOptions,
): ImageVectors | null {
  const given = imageVectors ?? items.map((item) => Float32Array.from(item.imageVector ?? []));
  if (given.length !== items.length) {
    throw new RangeError(`imageVectors must have ${items.length} rows, not ${given.length}`);
  }
  const shown = given.flatMap((row, item) => (row.some((value) => value !== 0) ? [item] : []));
  if (shown.length === 0) return null;
  const { vectors: reduced, k } = reduceVectors(
    shown.map((item) => given[item] as Float32Array),
    maxImageK,
  );
  const vectors = new Float32Array(items.length * k);
  for (const [i, item] of shown.entries()) {
    vectors.set(reduced.subarray(i * k, i * k + k), item * k);
  }
  return { vectors, k };
}

function checkItems(items: readonly CatalogueItem[]): void {
  const ids = new Set<string>();
  for (const [i, item] of items.entries()) {
    assertString(`items[${i}].id`, item.id, 200);
    assertString(`items[${i}].title`, item.title);
    assertString(`items[${i}].description`, item.description);
    for (const one of item.attributes ?? []) assertString(`items[${i}].attributes`, one, 200);
    if (item.id === '') throw new RangeError(`items[${i}].id must not be empty`);
    if (ids.has(item.id)) throw new RangeError(`items[${i}].id was met before`);
    ids.add(item.id);
  }
}

/** Names in the order in which they are met; −1 where there is none. */
function indexNames(values: readonly (string | undefined)[]): {
  names: string[];
  indices: Int32Array;
} {
  const known = new Map<string, number>();
  const indices = Int32Array.from(values, (value) => {
    const text = typeof value === 'string' ? value.trim().slice(0, 200) : '';
    // A cut may leave half of a character, which no catalogue holds.
    const name = text.replace(/\p{Surrogate}/gu, '');
    if (name === '') return -1;
    const index = known.get(name) ?? known.size;
    known.set(name, index);
    return index;
  });
  return { names: [...known.keys()], indices };
}
