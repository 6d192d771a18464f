/** What is said of a good beside its text, as further coordinates of the vector that is reduced. */
import { termHash } from '../../shared/model/terms.ts';
import type { TermRows } from './tfidf.ts';

/** Attributes beyond this many share coordinates by their hash, with a sign (arXiv:0902.2206). */
const ATTRIBUTE_DIMENSIONS = 2048;

/** Unit rows of the attributes' tf-idf. */
export function attributeBlock({
  starts,
  columns,
  values,
  terms,
  width,
}: TermRows): Float32Array[] {
  const d = Math.min(width, ATTRIBUTE_DIMENSIONS);
  return Array.from({ length: starts.length - 1 }, (_, row) => {
    const out = new Float32Array(d);
    for (let e = starts[row] as number; e < (starts[row + 1] as number); e++) {
      const column = columns[e] as number;
      const hash = width > d ? termHash(terms[column] as string) : column;
      const sign = width > d && hash >= 2 ** 31 ? -1 : 1;
      out[hash % d] = (out[hash % d] as number) + sign * (values[e] as number);
    }
    return out;
  });
}

/**
 * [cos θ, sin θ] with θ = π/2 · the mid-rank of the price among all prices: goods of neighbouring
 * prices are alike, the cheapest and the dearest are not. Zeros without a price.
 */
export function priceBlock(priceCents: Int32Array): Float32Array[] {
  const sorted = priceCents.filter((price) => price >= 0).sort();
  const below = (price: number): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as number) < price) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Array.from(priceCents, (price) => {
    if (price < 0) return new Float32Array(2);
    const rank = (below(price) + below(price + 1)) / (2 * sorted.length);
    return Float32Array.of(Math.cos((Math.PI / 2) * rank), Math.sin((Math.PI / 2) * rank));
  });
}

/** Rows of all blocks end to end, each block's rows of norm `weight`, or zero. */
export function joinBlocks(
  blocks: readonly { readonly rows: readonly Float32Array[]; readonly weight: number }[],
): Float32Array[] {
  const length = blocks.reduce((sum, { rows }) => sum + (rows[0]?.length ?? 0), 0);
  return Array.from({ length: blocks[0]?.rows.length ?? 0 }, (_, item) => {
    const out = new Float32Array(length);
    let at = 0;
    for (const { rows, weight } of blocks) {
      const row = rows[item] as Float32Array;
      let squares = 0;
      for (const value of row) squares += value * value;
      const scale = squares > 0 ? weight / Math.sqrt(squares) : 0;
      for (let c = 0; c < row.length; c++) out[at + c] = (row[c] as number) * scale;
      at += rows[0]?.length ?? 0;
    }
    return out;
  });
}
