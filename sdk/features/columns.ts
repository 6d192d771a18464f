/** Cosines of history items with the catalogue, remembered: one new event costs one new column. */
import type { Catalogue, SparseRows } from '../../shared/model/catalogue.ts';
import {
  type InvertedRows,
  invert,
  sparseColumn,
  vectorColumn,
  vectorDot,
} from '../../shared/model/similarity.ts';

/** Cosines of one item with every item, by similarity; each of length n. */
export interface Columns {
  readonly vector: Float32Array;
  readonly text: Float32Array;
  readonly title: Float32Array;
}

/** Columns take 12 bytes per item of the catalogue; this much is kept. */
const DEFAULT_CACHE_BYTES = 16 * 2 ** 20;

export class ColumnCache {
  readonly #catalogue: Catalogue;
  readonly #text: InvertedRows;
  readonly #title: InvertedRows;
  readonly #textPairs: Pairs;
  readonly #titlePairs: Pairs;
  /** In order of last use, oldest first. */
  readonly #columns = new Map<number, Columns>();
  readonly #capacity: number;

  constructor(catalogue: Catalogue, cacheBytes: number = DEFAULT_CACHE_BYTES) {
    this.#catalogue = catalogue;
    this.#text = invert(catalogue.text);
    this.#title = invert(catalogue.title);
    this.#textPairs = new Pairs(catalogue.text);
    this.#titlePairs = new Pairs(catalogue.title);
    this.#capacity = Math.max(32, Math.floor(cacheBytes / (12 * catalogue.ids.length + 1)));
  }

  /** True when `get` will not compute. */
  has(item: number): boolean {
    return this.#columns.has(item);
  }

  get(item: number): Columns {
    let columns = this.#columns.get(item);
    if (columns === undefined) {
      columns = this.#compute(item);
      if (this.#columns.size >= this.#capacity) {
        for (const oldest of this.#columns.keys()) {
          this.#columns.delete(oldest);
          break;
        }
      }
    } else {
      this.#columns.delete(item);
    }
    this.#columns.set(item, columns);
    return columns;
  }

  /** The same cosines for a few items: out.vector[c] belongs to candidates[c]. */
  gather(item: number, candidates: ArrayLike<number>): Columns {
    const count = candidates.length;
    const vector = new Float32Array(count);
    const text = new Float32Array(count);
    const title = new Float32Array(count);
    const { vectors, k, ids } = this.#catalogue;
    // An item stands in several prefixes, so that a column soon costs less than pairs.
    const whole = this.has(item) || ids.length <= 8 * count ? this.get(item) : null;
    if (whole === null) {
      for (let c = 0; c < count; c++) {
        vector[c] = vectorDot(vectors, k, item, candidates[c] as number);
      }
      this.#textPairs.write(item, candidates, text);
      this.#titlePairs.write(item, candidates, title);
      return { vector, text, title };
    }
    for (let c = 0; c < count; c++) {
      const other = candidates[c] as number;
      vector[c] = whole.vector[other] as number;
      text[c] = whole.text[other] as number;
      title[c] = whole.title[other] as number;
    }
    return { vector, text, title };
  }

  #compute(item: number): Columns {
    const { vectors, k, ids, text, title } = this.#catalogue;
    const columns = {
      vector: new Float32Array(ids.length),
      text: new Float32Array(ids.length),
      title: new Float32Array(ids.length),
    };
    vectorColumn(vectors, k, item, columns.vector);
    sparseColumn(text, this.#text, item, columns.text);
    sparseColumn(title, this.#title, item, columns.title);
    return columns;
  }
}

/** Inner products of one sparse row with a few others, through that row written out. */
class Pairs {
  readonly #matrix: SparseRows;
  /** Zeros between two calls. */
  readonly #row: Float32Array;

  constructor(matrix: SparseRows) {
    this.#matrix = matrix;
    this.#row = new Float32Array(matrix.width);
  }

  write(item: number, others: ArrayLike<number>, out: Float32Array): void {
    const { starts, columns, values } = this.#matrix;
    const row = this.#row;
    const [begin, end] = [starts[item] as number, starts[item + 1] as number];
    for (let e = begin; e < end; e++) row[columns[e] as number] = values[e] as number;
    for (let c = 0; c < out.length; c++) {
      const other = others[c] as number;
      let sum = 0;
      for (let e = starts[other] as number; e < (starts[other + 1] as number); e++) {
        sum += (row[columns[e] as number] as number) * (values[e] as number);
      }
      out[c] = sum;
    }
    for (let e = begin; e < end; e++) row[columns[e] as number] = 0;
  }
}
