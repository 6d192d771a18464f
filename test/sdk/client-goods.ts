/** The goods of the client tests. */
import { encodeCatalogue } from '../../shared/model/codec.ts';

const sparse = (n: number) => ({
  starts: Uint32Array.from({ length: n + 1 }, (_, i) => i),
  columns: Uint32Array.from({ length: n }, (_, i) => i % 4),
  values: new Float32Array(n).fill(1),
  width: 4,
});

/** Twelve items in two categories and two brands. */
export function catalogueBytes(): Uint8Array {
  const n = 12;
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const vectors = new Float32Array(n * 4);
  for (let i = 0; i < n; i++) vectors[i * 4 + (i % 4)] = 1;
  return encodeCatalogue({
    ids: each((i) => `item-${i}`),
    vectors,
    k: 4,
    title: sparse(n),
    text: sparse(n),
    brand: Int32Array.from(each((i) => i % 2)),
    brands: ['Kiln', 'Loom'],
    category: Int32Array.from(each((i) => (i < 6 ? 0 : 1))),
    categories: ['Tea', 'Cloth'],
    priceCents: Int32Array.from(each((i) => 1000 + 100 * i)),
    priceBand: Int8Array.from(each((i) => i % 5)),
    graph: Uint32Array.from(each((i) => [i, (i + 1) % n, (i + 2) % n]).flat()),
    degree: 3,
  });
}
