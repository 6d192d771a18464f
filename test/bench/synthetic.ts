/** A made-up catalogue of any size, coded and read back: random vectors, terms by Zipf's law. */
import { sha256Hex } from '../../shared/bytes/hash.ts';
import type { Catalogue, SparseRows } from '../../shared/model/catalogue.ts';
import { decodeCatalogue, encodeCatalogue } from '../../shared/model/codec.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

export interface SyntheticOptions {
  readonly items: number;
  /** Length of a content vector; 128 by default, the longest that the build step makes. */
  readonly k?: number;
  /** Terms of a title and of a title with its text; 10 and 45 by default. */
  readonly titleTerms?: number;
  readonly textTerms?: number;
}

export async function syntheticCatalogue(
  options: SyntheticOptions,
): Promise<{ bytes: Uint8Array; catalogue: Catalogue }> {
  const { items: n, k = 128, titleTerms = 10, textTerms = 45 } = options;
  const source = new ChaChaSource(new Uint8Array(32).fill(7));
  const uniform = (): number => source.nextUint32() / 2 ** 32;
  const below = (max: number): number => Math.floor(uniform() * max);
  const brands = Array.from({ length: 1 + Math.ceil(n / 40) }, (_, i) => `brand ${i}`);
  const categories = Array.from({ length: 24 }, (_, i) => `category ${i}`);
  const degree = Math.max(1, Math.min(11, n));
  const graph = new Uint32Array(n * degree);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < degree; d++) graph[i * degree + d] = (i + d) % n;
  }
  const bytes = encodeCatalogue({
    ids: Array.from({ length: n }, (_, i) => `item-${i}`),
    vectors: Float32Array.from({ length: n * k }, () => uniform() + uniform() - 1),
    k,
    title: zipfRows(n, titleTerms, 2 * n, source),
    text: zipfRows(n, textTerms, 2 * n, source),
    brand: Int32Array.from({ length: n }, () => below(brands.length)),
    brands,
    category: Int32Array.from({ length: n }, () => below(categories.length)),
    categories,
    priceCents: Int32Array.from({ length: n }, () => below(20_000)),
    priceBand: Int8Array.from({ length: n }, () => below(5)),
    graph,
    degree,
  });
  return { bytes, catalogue: decodeCatalogue(bytes, await sha256Hex(bytes)) };
}

/** Column ≈ width^u: the frequency of rank r is 1/r, as words have it. */
function zipfRows(n: number, terms: number, width: number, source: RandomSource): SparseRows {
  const starts = new Uint32Array(n + 1);
  const columns: number[] = [];
  for (let row = 0; row < n; row++) {
    const chosen = new Set<number>();
    for (let t = 0; t < terms; t++) {
      chosen.add(Math.floor(width ** (source.nextUint32() / 2 ** 32)) - 1);
    }
    columns.push(...[...chosen].sort((a, b) => a - b));
    starts[row + 1] = columns.length;
  }
  const values = Float32Array.from(columns, () => 0.1 + source.nextUint32() / 2 ** 32);
  return { starts, columns: Uint32Array.from(columns), values, width };
}
