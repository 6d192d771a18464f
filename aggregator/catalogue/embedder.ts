/** Texts to vectors, behind one interface: hashed n-grams for any language, or a shop's own. */
import { assertInteger } from '../../shared/assert/assert.ts';
import { addFeatures, GramCounts } from '../../shared/model/grams.ts';
import { Frequency } from './frequency.ts';
import { sampled, type VectorRows } from './reduce.ts';

/** The texts of a catalogue, in its order. */
export interface Texts {
  readonly length: number;
  text(item: number): string;
}

export interface Embedder {
  readonly name: string;
  /** One vector per text, all of the same length; `texts` is the whole catalogue, in its order. */
  embed(texts: string[]): Promise<Float32Array[]>;
  /** The same one by one, so that not all are held: for embedders that can. */
  rows?(texts: Texts): VectorRows;
}

/** About the number of words that a few thousand goods use; not tuned. */
const HASH_DIMENSIONS = 4096;

/**
 * Character n-grams by feature hashing (shared/model/grams.ts), weighted by tf-idf over the given
 * texts, or over a sample of them where there are many.
 */
export function hashedNgrams(dimensions: number = HASH_DIMENSIONS): Embedder {
  assertInteger('dimensions', dimensions, 16, 1 << 16);
  const rowsOf = (texts: Texts): VectorRows => {
    const counted = new GramCounts();
    const frequency = new Frequency();
    const picks = sampled(texts.length);
    for (const i of picks) {
      const { keys, size } = counted.of(texts.text(i));
      for (let g = 0; g < size; g++) frequency.add(keys[g] as number);
    }
    const idf = Float64Array.from(
      { length: picks.length + 1 },
      (_, count) => 1 + Math.log((1 + picks.length) / (1 + count)),
    );
    const weight = (gram: number): number => idf[frequency.of(gram)] as number;
    return {
      length: texts.length,
      row(i) {
        const vector = new Float32Array(dimensions);
        addFeatures(counted.of(texts.text(i)), vector, weight);
        return vector;
      },
    };
  };
  return {
    name: `hashed-ngrams-${dimensions}`,
    rows: rowsOf,
    async embed(texts) {
      const rows = rowsOf({ length: texts.length, text: (i) => texts[i] as string });
      return texts.map((_, i) => rows.row(i));
    },
  };
}

/** Vectors that the shop computed itself: row i belongs to item i. */
export function givenVectors(matrix: readonly Float32Array[]): Embedder {
  return {
    name: 'given',
    async embed(texts) {
      if (texts.length !== matrix.length) {
        throw new RangeError(`matrix must have ${texts.length} rows, not ${matrix.length}`);
      }
      return [...matrix];
    },
  };
}
