/** The public item graph: each item, then its nearest by the mean of vector and title cosine. */
import type { SparseRows } from '../../shared/model/catalogue.ts';
import { invert, sparseColumn } from '../../shared/model/similarity.ts';

/** Items whose cosines are made together: each vector is read once for all of them. */
const BLOCK = 4;

/**
 * Returns n × (neighbours + 1) item indices, the item itself first, then the nearest, ties to the
 * lower index; missing entries are n. Each pair is looked at once: n²/2 inner products of length k.
 */
export function nearestItems(
  vectors: Float32Array,
  k: number,
  title: SparseRows,
  neighbours: number,
): Uint32Array {
  const n = title.starts.length - 1;
  const inverted = invert(title);
  const nearest = new Nearest(n, neighbours);
  const byTitle = Array.from({ length: BLOCK }, () => new Float32Array(n));
  const block = new Float64Array(BLOCK * k);
  const dots = new Float64Array(BLOCK);
  for (let first = 0; first < n; first += BLOCK) {
    const count = Math.min(BLOCK, n - first);
    block.fill(0);
    block.set(vectors.subarray(first * k, (first + count) * k));
    for (let b = 0; b < count; b++) {
      sparseColumn(title, inverted, first + b, byTitle[b] as Float32Array);
    }
    for (let other = first + 1; other < n; other++) {
      innerProducts(block, vectors, other * k, k, dots);
      const before = Math.min(count, other - first);
      for (let b = 0; b < before; b++) {
        const cosine = Math.fround(dots[b] as number);
        const score = (cosine + ((byTitle[b] as Float32Array)[other] as number)) / 2;
        nearest.offer(first + b, other, score);
        nearest.offer(other, first + b, score);
      }
    }
  }
  return nearest.graph;
}

/** Inner products of the rows of `block` with the row of `vectors` at `at`. */
function innerProducts(
  block: Float64Array,
  vectors: Float32Array,
  at: number,
  k: number,
  dots: Float64Array,
): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < k; i++) {
    const value = vectors[at + i] as number;
    a += (block[i] as number) * value;
    b += (block[k + i] as number) * value;
    c += (block[2 * k + i] as number) * value;
    d += (block[3 * k + i] as number) * value;
  }
  dots[0] = a;
  dots[1] = b;
  dots[2] = c;
  dots[3] = d;
}

/** The best neighbours of every item so far; of equal scores the one that was offered first. */
export class Nearest {
  readonly graph: Uint32Array;
  readonly #scores: Float64Array;
  readonly #found: Uint32Array;
  readonly #neighbours: number;

  constructor(n: number, neighbours: number) {
    this.#neighbours = neighbours;
    this.#scores = new Float64Array(n * neighbours);
    this.#found = new Uint32Array(n);
    this.graph = new Uint32Array(n * (neighbours + 1)).fill(n);
    for (let item = 0; item < n; item++) this.graph[item * (neighbours + 1)] = item;
  }

  offer(item: number, other: number, score: number): void {
    const neighbours = this.#neighbours;
    const scores = this.#scores;
    const base = item * neighbours;
    let found = this.#found[item] as number;
    if (found === neighbours && !(score > (scores[base + found - 1] as number))) return;
    if (found < neighbours) this.#found[item] = ++found;
    let at = found - 1;
    const list = item * (neighbours + 1) + 1;
    while (at > 0 && (scores[base + at - 1] as number) < score) {
      scores[base + at] = scores[base + at - 1] as number;
      this.graph[list + at] = this.graph[list + at - 1] as number;
      at--;
    }
    scores[base + at] = score;
    this.graph[list + at] = other;
  }
}
