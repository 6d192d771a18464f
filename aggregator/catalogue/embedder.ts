/** Texts to vectors, behind one interface: hashed n-grams for any language, or a shop's own. */
import { assertInteger } from '../../shared/assert/assert.ts';
import { runsOf } from '../../shared/model/words.ts';

export interface Embedder {
  readonly name: string;
  /** One vector per text, all of the same length; `texts` is the whole catalogue, in its order. */
  embed(texts: string[]): Promise<Float32Array[]>;
}

/** About the number of words that a few thousand goods use; not tuned. */
const HASH_DIMENSIONS = 4096;

/**
 * Character n-grams by feature hashing (Weinberger et al., arXiv:0902.2206, signed), weighted by
 * tf-idf over the given texts. Words give themselves and their 3- to 5-grams with edges marked;
 * CJK runs give characters and bigrams.
 */
export function hashedNgrams(dimensions: number = HASH_DIMENSIONS): Embedder {
  assertInteger('dimensions', dimensions, 16, 1 << 16);
  return {
    name: `hashed-ngrams-${dimensions}`,
    async embed(texts) {
      const counts = texts.map((text) => countGrams(text));
      const frequency = new Map<number, number>();
      for (const count of counts) {
        for (const gram of count.keys()) frequency.set(gram, (frequency.get(gram) ?? 0) + 1);
      }
      return counts.map((count) => {
        const vector = new Float32Array(dimensions);
        for (const [gram, times] of count) {
          const idf = 1 + Math.log((1 + texts.length) / (1 + (frequency.get(gram) as number)));
          const at = gram % dimensions;
          const sign = (gram >>> 31) * 2 - 1;
          vector[at] = (vector[at] as number) + sign * (1 + Math.log(times)) * idf;
        }
        return vector;
      });
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

/** Counts by the 32-bit hash of the n-gram. */
function countGrams(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (gram: string): void => {
    const key = fnv1a(gram);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (const run of runsOf(text)) {
    const cjk = run.gram === 2;
    const characters = [...(cjk ? run.text : `<${run.text}>`)];
    if (!cjk) add(run.text);
    const [shortest, longest] = cjk ? [1, 2] : [3, 5];
    for (let length = shortest; length <= longest; length++) {
      for (let i = 0; i + length <= characters.length; i++) {
        add(characters.slice(i, i + length).join(''));
      }
    }
  }
  return counts;
}

/** FNV-1a over UTF-16 code units, 32 bits, with the final mix of MurmurHash3 (both public domain). */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
