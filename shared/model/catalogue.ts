/**
 * The catalogue's public side: what the shop's build step makes of its goods and every browser
 * downloads whole. Rows are items; the row number is the item's index everywhere else.
 */

/** Rows of a sparse matrix in compressed form; each row has L2 norm 1, or is empty. */
export interface SparseRows {
  /** Row i holds entries starts[i] to starts[i + 1]; length n + 1. */
  readonly starts: Uint32Array;
  /** Column of each entry, ascending inside a row. */
  readonly columns: Uint32Array;
  readonly values: Float32Array;
  readonly width: number;
}

/** Vectors of the goods' pictures, from the shop's own embedder: n × k unit rows, or zero rows. */
export interface ImageVectors {
  readonly vectors: Float32Array;
  readonly k: number;
}

/** What a browser needs to place a text of its own among the goods: terms.ts. */
export interface TermHashes {
  /** `termHash` of the term of each column of `title`, and of `text`. */
  readonly title: Uint32Array;
  readonly text: Uint32Array;
}

export interface Catalogue {
  /** SHA-256 of the encoded catalogue, hex. */
  readonly hash: string;
  /** The shop's item ids; ids[i] is item i. */
  readonly ids: readonly string[];
  /** Content vectors, n × k, unit rows. */
  readonly vectors: Float32Array;
  readonly k: number;
  /** tf-idf of the title, and of title and description. */
  readonly title: SparseRows;
  readonly text: SparseRows;
  /** Index into `brands`, or −1: an item without a brand matches only itself. */
  readonly brand: Int32Array;
  readonly brands: readonly string[];
  /** Index into `categories`, or −1. */
  readonly category: Int32Array;
  readonly categories: readonly string[];
  /** Price in the shop's minor unit (cents), or −1 where the feed has none. */
  readonly priceCents: Int32Array;
  /** Public price band 0 (cheap) to 4 inside the item's category, or −1. */
  readonly priceBand: Int8Array;
  /** The 10 nearest items of each item and itself first: n × `degree`; missing entries are n. */
  readonly graph: Uint32Array;
  readonly degree: number;
  /** Only where the build step gave it: version 2 of the codec. */
  readonly terms?: TermHashes;
  readonly image?: ImageVectors;
}
