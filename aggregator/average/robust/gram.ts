/** Gram matrix of integer vectors: the only part of a robust statistic that costs n²·d. */
import { pause } from './rows.ts';

/**
 * @param rows n vectors, of which `d` little-endian int32 from byte `offset` on are meant.
 * @returns the n × n matrix of their inner products, row by row. Which rows multi-Krum leaves out
 * hangs on it, so that a GPU's takes the place of `gramOf` only where it is as exact (RD8).
 */
export type Gram = (
  rows: readonly Uint8Array[],
  offset: number,
  d: number,
) => Float64Array | Promise<Float64Array>;

/** Rows that are multiplied with each other one in one pass. */
const BLOCK = 4;

/**
 * Gram matrix in float64, summed in the order of coordinates: exact while sums stay below 2^53, and
 * the same whatever the order of rows. Lets the event loop turn after every 4 rows.
 */
export const gramOf: Gram = async (rows, offset, d) => {
  const n = rows.length;
  const gram = new Float64Array(n * n);
  const wide = new Float64Array(d);
  const left = Array.from({ length: BLOCK }, () => new Float64Array(d));
  for (let first = 0; first < n; first += BLOCK) {
    for (let k = 0; k < BLOCK; k++) {
      read(rows[Math.min(first + k, n - 1)] as Uint8Array, offset, left[k] as Float64Array);
    }
    for (let j = first; j < n; j++) {
      read(rows[j] as Uint8Array, offset, wide);
      const products = fourProducts(left, wide);
      for (let k = 0; k < BLOCK && first + k < n; k++) {
        gram[(first + k) * n + j] = products[k] as number;
        gram[j * n + first + k] = products[k] as number;
      }
    }
    await pause();
  }
  return gram;
};

function read(row: Uint8Array, offset: number, into: Float64Array): void {
  const view = new DataView(row.buffer, row.byteOffset + offset, 4 * into.length);
  for (let i = 0; i < into.length; i++) into[i] = view.getInt32(4 * i, true);
}

function fourProducts(
  left: readonly Float64Array[],
  right: Float64Array,
): readonly [number, number, number, number] {
  const [a, b, c, e] = left as [Float64Array, Float64Array, Float64Array, Float64Array];
  let [p, q, r, s] = [0, 0, 0, 0];
  for (let i = 0; i < right.length; i++) {
    const x = right[i] as number;
    p += (a[i] as number) * x;
    q += (b[i] as number) * x;
    r += (c[i] as number) * x;
    s += (e[i] as number) * x;
  }
  return [p, q, r, s];
}
