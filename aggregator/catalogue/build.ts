/** A shop's goods to the catalogue's public side; run by the shop's build step, never per shopper. */
import { assertInteger, assertString } from '../../shared/assert/assert.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { decodeCatalogue, encodeCatalogue } from '../../shared/model/codec.ts';
import type { Embedder } from './embedder.ts';
import { nearestItems } from './graph.ts';
import { priceBands, readPrice } from './price.ts';
import { reduceVectors } from './reduce.ts';
import { tfidf } from './tfidf.ts';
import { termsOf } from './words.ts';

export interface CatalogueItem {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly brand?: string;
  readonly category?: string;
  /** Minor unit (cents). What is not a finite number of 0 or more counts as no price. */
  readonly priceCents?: number;
}

export interface BuildOptions {
  readonly embedder: Embedder;
  /** What is embedded; the title by default, as in the recipe. */
  readonly embedText?: (item: CatalogueItem) => string;
  /** Longest content vector; default 128. */
  readonly maxK?: number;
  /** Neighbours of an item in the graph; default 10. */
  readonly neighbours?: number;
  /** Characters of a description that are read; default 400, as in the recipe. */
  readonly maxDescription?: number;
}

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
  const { embedder, embedText = (item) => item.title } = options;
  const { maxK = 128, neighbours = 10, maxDescription = 400 } = options;
  assertInteger('neighbours', neighbours, 0, 255);
  assertInteger('maxDescription', maxDescription, 0);
  checkItems(items);
  const problems: string[] = [];
  const titles = items.map((item) => item.title);
  const texts = items.map((item) => `${item.title} ${item.description.slice(0, maxDescription)}`);
  const title = tfidf(
    titles.map((one) => termsOf(one, 1)),
    1,
  );
  const text = tfidf(
    texts.map((one) => termsOf(one, 2)),
    2,
  );
  const { vectors, k } = reduceVectors(await embedder.embed(items.map(embedText)), maxK);
  if (vectors.length !== items.length * k) {
    throw new RangeError(`embedder ${embedder.name} must return ${items.length} vectors`);
  }
  const brand = indexNames(items.map((item) => item.brand));
  const category = indexNames(items.map((item) => item.category));
  const priceCents = Int32Array.from(items, (item) => readPrice(item, problems));
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
    graph: nearestItems(vectors, k, title, neighbours),
    degree: neighbours + 1,
  });
  const hash = await sha256Hex(bytes);
  return { bytes, hash, catalogue: decodeCatalogue(bytes, hash), problems };
}

function checkItems(items: readonly CatalogueItem[]): void {
  const ids = new Set<string>();
  for (const [i, item] of items.entries()) {
    assertString(`items[${i}].id`, item.id, 200);
    assertString(`items[${i}].title`, item.title);
    assertString(`items[${i}].description`, item.description);
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
    const name = typeof value === 'string' ? value.trim().slice(0, 200) : '';
    if (name === '') return -1;
    const index = known.get(name) ?? known.size;
    known.set(name, index);
    return index;
  });
  return { names: [...known.keys()], indices };
}
