/**
 * Cosines of one item with all items of a catalogue: dense by rows, sparse by an inverted index.
 * Rows have norm 1 or are empty, so that a cosine is an inner product.
 */
import type { Catalogue, SparseRows } from './catalogue.ts';

/** The same matrix by column: which rows hold a term, and with what value. */
export interface InvertedRows {
  /** Column c holds entries starts[c] to starts[c + 1]; length width + 1. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

export function invert(matrix: SparseRows): InvertedRows {
  const { starts, columns, values, width } = matrix;
  const columnStarts = new Uint32Array(width + 1);
  for (const column of columns) columnStarts[column + 1] = (columnStarts[column + 1] ?? 0) + 1;
  for (let c = 0; c < width; c++) {
    columnStarts[c + 1] = (columnStarts[c + 1] as number) + (columnStarts[c] as number);
  }
  const next = columnStarts.slice(0, width);
  const rows = new Uint32Array(columns.length);
  const inverted = new Float32Array(columns.length);
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let e = starts[row] as number; e < (starts[row + 1] as number); e++) {
      const column = columns[e] as number;
      const at = next[column] as number;
      next[column] = at + 1;
      rows[at] = row;
      inverted[at] = values[e] as number;
    }
  }
  return { starts: columnStarts, rows, values: inverted };
}

/** Inner product of two rows of length k of an n × k matrix; bit for bit that of `vectorColumn`. */
export function vectorDot(vectors: Float32Array, k: number, a: number, b: number): number {
  const whole = a * k + (k - (k % 4));
  let [w, x, y, z] = [0, 0, 0, 0];
  let i = a * k;
  let j = b * k;
  for (; i < whole; i += 4, j += 4) {
    w += (vectors[i] as number) * (vectors[j] as number);
    x += (vectors[i + 1] as number) * (vectors[j + 1] as number);
    y += (vectors[i + 2] as number) * (vectors[j + 2] as number);
    z += (vectors[i + 3] as number) * (vectors[j + 3] as number);
  }
  for (; i < a * k + k; i++, j++) w += (vectors[i] as number) * (vectors[j] as number);
  return w + x + (y + z);
}

/** Writes the cosine of `item` with every row of the n × k matrix to `out`, length n. */
export function vectorColumn(
  vectors: Float32Array,
  k: number,
  item: number,
  out: Float32Array,
): void {
  const row = Float64Array.from(vectors.subarray(item * k, item * k + k));
  const whole = k - (k % 4);
  for (let j = 0; j < out.length; j++) {
    const at = j * k;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < whole; i += 4) {
      a += (row[i] as number) * (vectors[at + i] as number);
      b += (row[i + 1] as number) * (vectors[at + i + 1] as number);
      c += (row[i + 2] as number) * (vectors[at + i + 2] as number);
      d += (row[i + 3] as number) * (vectors[at + i + 3] as number);
    }
    for (let i = whole; i < k; i++) a += (row[i] as number) * (vectors[at + i] as number);
    out[j] = a + b + (c + d);
  }
}

/**
 * Writes the cosine of the picture of `item` with every picture to `out`, length n; 0 where one of
 * the two has none. False, with nothing written, where the catalogue or this good has no picture.
 */
export function imageColumn(
  { image }: Pick<Catalogue, 'image'>,
  item: number,
  out: Float32Array,
): boolean {
  if (image === undefined) return false;
  const { vectors, k } = image;
  if (vectors.subarray(item * k, item * k + k).every((value) => value === 0)) return false;
  vectorColumn(vectors, k, item, out);
  return true;
}

/** Writes the cosine of `item` with every row of the sparse matrix to `out`, length n. */
export function sparseColumn(
  matrix: SparseRows,
  inverted: InvertedRows,
  item: number,
  out: Float32Array,
): void {
  out.fill(0);
  const { starts, columns, values } = matrix;
  for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
    const column = columns[e] as number;
    const value = values[e] as number;
    const end = inverted.starts[column + 1] as number;
    for (let at = inverted.starts[column] as number; at < end; at++) {
      const row = inverted.rows[at] as number;
      out[row] = (out[row] as number) + value * (inverted.values[at] as number);
    }
  }
}
