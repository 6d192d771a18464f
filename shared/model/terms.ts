/**
 * A text of the browser's own (a search, a review, a good that the catalogue lacks) among the goods:
 * tf-idf over the catalogue's columns, which the build step names by hashes of their terms. What a
 * text says beyond those terms is not seen; neither the text nor its columns leave the browser.
 */
import type { Catalogue, SparseRows } from './catalogue.ts';
import { invert } from './similarity.ts';
import { hashedBin } from './statistic.ts';
import { wordsOf } from './words.ts';

/** All 32 bits of the hash behind `hashedBin`; two terms of 20,000 share one with odds of 1 in 20. */
export function termHash(term: string): number {
  return hashedBin(term, 2 ** 32);
}

/** Writes cosine·factor of one text with every row to `out`. */
type AddCosines = (text: string, factor: number, out: Float32Array) => void;

const indices = new WeakMap<Catalogue, readonly AddCosines[]>();

/**
 * How alike a text and each good are: the mean of the cosines by title and by whole text, in [0, 1],
 * length n. Zeros for a text without known terms, and for a catalogue without hashes of terms.
 */
export function textScores(text: string, catalogue: Catalogue): Float32Array<ArrayBuffer> {
  const scores = new Float32Array(catalogue.ids.length);
  const { terms } = catalogue;
  if (terms === undefined) return scores;
  let sides = indices.get(catalogue);
  if (sides === undefined) {
    sides = [side(catalogue.title, terms.title, 1), side(catalogue.text, terms.text, 2)];
    indices.set(catalogue, sides);
  }
  for (const add of sides) add(text, 0.5, scores);
  return scores;
}

/**
 * Where a text stands among the content vectors: the mean of the goods' vectors weighted by the
 * square of their score, of norm 1; zeros where `textScores` has none. For a good that the catalogue
 * lacks, of which its page tells name, brand and category.
 */
export function textVector(text: string, catalogue: Catalogue): Float32Array<ArrayBuffer> {
  const { vectors, k } = catalogue;
  const sum = new Float64Array(k);
  for (const [item, score] of textScores(text, catalogue).entries()) {
    if (score === 0) continue;
    for (let c = 0; c < k; c++) {
      sum[c] = (sum[c] as number) + score * score * (vectors[item * k + c] as number);
    }
  }
  const norm = Math.hypot(...sum);
  return Float32Array.from(sum, (value) => (norm > 0 ? value / norm : 0));
}

/** The formula of tfidf.ts in aggregator/catalogue; a column's documents are counted in the matrix. */
function side(matrix: SparseRows, hashes: Uint32Array, minLength: number): AddCosines {
  const columnOf = new Map<number, number>();
  for (const [column, hash] of hashes.entries()) {
    // Columns fall in frequency: of two terms with one hash the commoner is meant.
    if (!columnOf.has(hash)) columnOf.set(hash, column);
  }
  const { starts, rows, values } = invert(matrix);
  const n = matrix.starts.length - 1;
  return (text, factor, out) => {
    const counts = new Map<number, number>();
    for (const term of wordsOf(text, minLength)) {
      const column = columnOf.get(termHash(term));
      if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
    }
    const weights = [...counts].map(([column, count]) => {
      const [begin = 0, end = 0] = [starts[column], starts[column + 1]];
      const idf = 1 + Math.log((1 + n) / (1 + end - begin));
      return { begin, end, weight: (1 + Math.log(count)) * idf };
    });
    const norm = Math.hypot(...weights.map(({ weight }) => weight));
    for (const { begin, end, weight } of weights) {
      for (let at = begin; at < end; at++) {
        const row = rows[at] as number;
        out[row] = (out[row] as number) + (factor * weight * (values[at] as number)) / norm;
      }
    }
  };
}
