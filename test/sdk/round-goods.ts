/** The goods of the rounds' tests. */
import { encodeCatalogue } from '../../shared/model/codec.ts';

/** Six goods with content vectors of length 128, whose neighbours are the next ones. */
export function catalogueBytes(): Uint8Array {
  const n = 6;
  const k = 128;
  const vectors = new Float32Array(n * k);
  for (let i = 0; i < n; i++) {
    vectors[i * k + i] = Math.SQRT1_2;
    vectors[i * k + i + 1] = Math.SQRT1_2;
  }
  const words = {
    starts: Uint32Array.from({ length: n + 1 }, (_, i) => i),
    columns: Uint32Array.from({ length: n }, (_, i) => i % 3),
    values: new Float32Array(n).fill(1),
    width: 3,
  };
  return encodeCatalogue({
    ids: Array.from({ length: n }, (_, i) => `item-${i}`),
    vectors,
    k,
    title: words,
    text: words,
    brand: Int32Array.from({ length: n }, (_, i) => i % 2),
    brands: ['North', 'South'],
    category: new Int32Array(n),
    categories: ['cups'],
    priceCents: new Int32Array(n).fill(1500),
    priceBand: new Int8Array(n).fill(2),
    graph: Uint32Array.from({ length: n * 2 }, (_, i) => (i % 2 === 0 ? i / 2 : ((i + 1) / 2) % n)),
    degree: 2,
  });
}
