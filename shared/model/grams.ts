/**
 * Character n-grams of a text by 32-bit hashes: words, and their 3- to 5-grams with edges marked; of
 * runs without spaces characters and bigrams. Feature hashing (Weinberger et al., arXiv:0902.2206,
 * signed). The build step and the browser place texts alike.
 */
import { runsOf } from './words.ts';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Distinct n-grams of one text, in the order in which they are met; used again and again. */
export class GramCounts {
  /** Of `keys` and `counts` the first `size` count. */
  size = 0;
  keys: Uint32Array = new Uint32Array(1024);
  counts: Uint32Array = new Uint32Array(1024);
  /** Open addressing: 1 + the place in `keys`, or 0. */
  #table: Uint32Array = new Uint32Array(4096);

  /** Counts another text. @returns itself */
  of(text: string): this {
    this.#table.fill(0);
    this.size = 0;
    for (const { text: run, gram } of runsOf(text)) {
      const unspaced = gram === 2;
      const characters = [...(unspaced ? run : `<${run}>`)];
      if (!unspaced) this.#add(hashOf(run, FNV_OFFSET));
      const [shortest, longest] = unspaced ? [1, 2] : [3, 5];
      for (let length = shortest; length <= longest; length++) {
        for (let i = 0; i + length <= characters.length; i++) {
          let hash = FNV_OFFSET;
          for (let c = i; c < i + length; c++) hash = hashOf(characters[c] as string, hash);
          this.#add(hash);
        }
      }
    }
    return this;
  }

  #add(hash: number): void {
    const key = mixed(hash);
    const slot = this.#slot(key);
    const place = this.#table[slot] as number;
    if (place > 0) {
      this.counts[place - 1] = (this.counts[place - 1] as number) + 1;
      return;
    }
    if (this.size === this.keys.length) this.#grow();
    this.keys[this.size] = key;
    this.counts[this.size] = 1;
    this.size++;
    this.#table[this.#slot(key)] = this.size;
  }

  #slot(key: number): number {
    const mask = this.#table.length - 1;
    let slot = key & mask;
    for (;;) {
      const place = this.#table[slot] as number;
      if (place === 0 || this.keys[place - 1] === key) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const [keys, counts] = [new Uint32Array(2 * this.size), new Uint32Array(2 * this.size)];
    keys.set(this.keys);
    counts.set(this.counts);
    this.keys = keys;
    this.counts = counts;
    this.#table = new Uint32Array(4 * keys.length);
    for (let i = 0; i < this.size; i++) this.#table[this.#slot(keys[i] as number)] = i + 1;
  }
}

/**
 * Adds the signed features of counted n-grams to `out`, each (1 + ln count) times its weight.
 *
 * @param weight of an n-gram, by its hash
 */
export function addFeatures(
  { keys, counts, size }: GramCounts,
  out: Float32Array,
  weight: (gram: number) => number,
): void {
  for (let i = 0; i < size; i++) {
    const gram = keys[i] as number;
    const at = gram % out.length;
    const sign = (gram >>> 31) * 2 - 1;
    out[at] = (out[at] as number) + sign * (1 + Math.log(counts[i] as number)) * weight(gram);
  }
}

/** FNV-1a over UTF-16 code units, 32 bits (public domain). */
function hashOf(text: string, from: number): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

/** The final mix of MurmurHash3 (public domain). */
function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
