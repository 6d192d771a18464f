/** `vitrine new`'s catalogue: a shop's feed, and its own vectors where it has an embedder. */
import { type BuiltCatalogue, buildCatalogue } from './build.ts';
import { givenVectors, hashedNgrams } from './embedder.ts';
import { readFeed } from './feed.ts';
import { MatrixError, readMatrix } from './matrix.ts';

/** Enough for thousands of goods, and reduced before it is sent. */
const DIMENSIONS = 512;

export interface ShopFiles {
  /** JSON: see `readFeed`. */
  readonly feed: string;
  /** Vectors of the goods' texts and pictures that the shop made itself, .npy; rows as in the feed. */
  readonly textVectors?: Uint8Array;
  readonly imageVectors?: Uint8Array;
}

/** @throws FeedError, MatrixError */
export async function buildShop(files: ShopFiles): Promise<BuiltCatalogue> {
  const items = readFeed(files.feed);
  const rows = (name: string, file: Uint8Array): Float32Array[] => {
    const matrix = readMatrix(file);
    if (matrix.length === items.length) return matrix;
    throw new MatrixError(`${matrix.length} ${name} vectors for ${items.length} goods`);
  };
  const { textVectors, imageVectors } = files;
  return buildCatalogue(items, {
    embedder: textVectors ? givenVectors(rows('text', textVectors)) : hashedNgrams(DIMENSIONS),
    embedText: ({ title, description }) => `${title} ${description}`,
    ...(imageVectors && { imageVectors: rows('image', imageVectors) }),
  });
}
