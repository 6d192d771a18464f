/** A catalogue of random goods in the shape of a real one: only its sizes matter to a bench. */
import type { Catalogue, SparseRows } from '../../shared/model/catalogue.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const K = 64;
const DEGREE = 11;

/** `n` goods with 64-dimensional vectors, 8 title terms and 30 text terms each, 1 brand in 40. */
export function benchCatalogue(n: number): Catalogue {
  const source = new ChaChaSource(new Uint8Array(32).fill(2), new Uint8Array(12));
  const below = (end: number): number => source.nextUint32() % end;
  const vectors = Float32Array.from({ length: n * K }, () => source.nextUint32() / 2 ** 31 - 1);
  for (let i = 0; i < n; i++) {
    const row = vectors.subarray(i * K, (i + 1) * K);
    const norm = Math.hypot(...row);
    for (let c = 0; c < K; c++) row[c] = (row[c] as number) / norm;
  }
  const sparse = (width: number, terms: number): SparseRows => {
    const rows = Array.from({ length: n }, () =>
      [...new Set(Array.from({ length: terms }, () => below(width)))].sort((a, b) => a - b),
    );
    const starts = new Uint32Array(n + 1);
    rows.forEach((row, i) => {
      starts[i + 1] = (starts[i] as number) + row.length;
    });
    return {
      starts,
      columns: Uint32Array.from(rows.flat()),
      values: Float32Array.from(rows.flatMap((row) => row.map(() => 1 / Math.sqrt(row.length)))),
      width,
    };
  };
  const brands = Array.from({ length: 40 }, (_, i) => `brand ${i}`);
  const categories = Array.from({ length: 12 }, (_, i) => `category ${i}`);
  return {
    hash: '0'.repeat(64),
    ids: Array.from({ length: n }, (_, i) => `good-${i}`),
    vectors,
    k: K,
    title: sparse(2_000, 8),
    text: sparse(5_000, 30),
    brand: Int32Array.from({ length: n }, () => below(brands.length)),
    brands,
    category: Int32Array.from({ length: n }, () => below(categories.length)),
    categories,
    priceCents: Int32Array.from({ length: n }, () => 100 + below(10_000)),
    priceBand: Int8Array.from({ length: n }, () => below(5)),
    graph: Uint32Array.from({ length: n * DEGREE }, () => below(n)),
    degree: DEGREE,
  };
}
