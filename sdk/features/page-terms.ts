/**
 * Tf-idf rows that grow by one document at a time (the formula of aggregator/catalogue/tfidf.ts).
 * A row is weighted by what was counted when it came; whoever holds it adds all again when the number
 * of documents has doubled, so that a document costs its own terms, twice at most.
 */
import type { SparseRows } from '../../shared/model/catalogue.ts';
import { termHash } from '../../shared/model/terms.ts';
import { wordsOf } from '../../shared/model/words.ts';

export class GrowingTerms {
  readonly #minLength: number;
  readonly #maxText: number;
  readonly #columnOf = new Map<number, number>();
  /** Documents of each column. */
  readonly #documents: number[] = [];
  #counted: number;
  #starts: Uint32Array;
  #columns: Uint32Array;
  #values: Float32Array;
  #rows: number;
  #entries: number;

  /**
   * @param base rows before the first, whose columns `hashes` names
   * @param minLength of a word; @param maxText of a text, in UTF-16 units
   */
  constructor(
    base: SparseRows | null,
    hashes: Uint32Array | null,
    minLength: number,
    maxText: number,
  ) {
    this.#minLength = minLength;
    this.#maxText = maxText;
    const rows = base === null ? 0 : base.starts.length - 1;
    this.#rows = rows;
    this.#counted = rows;
    this.#entries = base?.columns.length ?? 0;
    this.#starts = grown(base?.starts ?? new Uint32Array(1), rows + 64, Uint32Array);
    this.#columns = grown(base?.columns ?? null, this.#entries + 1024, Uint32Array);
    this.#values = grown(base?.values ?? null, this.#entries + 1024, Float32Array);
    this.#documents = new Array<number>(base?.width ?? 0).fill(0);
    for (const column of base?.columns ?? []) {
      this.#documents[column] = (this.#documents[column] as number) + 1;
    }
    for (const [column, hash] of hashes?.entries() ?? []) {
      if (!this.#columnOf.has(hash)) this.#columnOf.set(hash, column);
    }
  }

  /** Counts a document whose row comes later, so that the first rows know of the last. */
  count(text: string): void {
    this.#counted++;
    for (const column of this.#terms(text).keys()) {
      this.#documents[column] = (this.#documents[column] as number) + 1;
    }
  }

  /** Adds the row of a document that was counted. */
  add(text: string): void {
    const entries = [...this.#terms(text)]
      .map(([column, times]) => ({ column, weight: this.#weight(column, times) }))
      .sort((a, b) => a.column - b.column);
    const norm = Math.hypot(...entries.map(({ weight }) => weight));
    if (this.#rows + 2 > this.#starts.length) {
      this.#starts = grown(this.#starts, 2 * this.#rows + 2, Uint32Array);
    }
    if (this.#entries + entries.length > this.#columns.length) {
      const length = 2 * (this.#entries + entries.length);
      this.#columns = grown(this.#columns, length, Uint32Array);
      this.#values = grown(this.#values, length, Float32Array);
    }
    for (const { column, weight } of entries) {
      this.#columns[this.#entries] = column;
      this.#values[this.#entries] = weight / norm;
      this.#entries++;
    }
    this.#rows++;
    this.#starts[this.#rows] = this.#entries;
  }

  /** The rows so far; what is added later does not change it. */
  view(): SparseRows {
    return {
      starts: this.#starts.subarray(0, this.#rows + 1),
      columns: this.#columns.subarray(0, this.#entries),
      values: this.#values.subarray(0, this.#entries),
      width: this.#documents.length,
    };
  }

  #weight(column: number, times: number): number {
    const documents = this.#documents[column] as number;
    return (1 + Math.log(times)) * (1 + Math.log((1 + this.#counted) / (1 + documents)));
  }

  /** Counts of a text by column; a term that is new gets the next. */
  #terms(text: string): Map<number, number> {
    const counts = new Map<number, number>();
    for (const term of wordsOf(text.slice(0, this.#maxText), this.#minLength)) {
      const hash = termHash(term);
      let column = this.#columnOf.get(hash);
      if (column === undefined) {
        column = this.#documents.length;
        this.#columnOf.set(hash, column);
        this.#documents.push(0);
      }
      counts.set(column, (counts.get(column) ?? 0) + 1);
    }
    return counts;
  }
}

/** A longer copy. */
export function grown<T extends Uint32Array | Float32Array | Int32Array>(
  from: T | null,
  length: number,
  kind: new (length: number) => T,
): T {
  const to = new kind(Math.max(length, from?.length ?? 0));
  if (from !== null) to.set(from);
  return to;
}
