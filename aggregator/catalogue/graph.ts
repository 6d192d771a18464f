/** The public item graph: each item, then its nearest by the mean of vector and title cosine. */
import type { SparseRows } from '../../shared/model/catalogue.ts';
import { invert, sparseColumn, vectorColumn } from '../../shared/model/similarity.ts';

/**
 * Returns n × (neighbours + 1) item indices, the item itself first, then the nearest, ties to the
 * lower index; missing entries are n.
 */
export function nearestItems(
  vectors: Float32Array,
  k: number,
  title: SparseRows,
  neighbours: number,
): Uint32Array {
  const n = title.starts.length - 1;
  const degree = neighbours + 1;
  const graph = new Uint32Array(n * degree).fill(n);
  const inverted = invert(title);
  const byVector = new Float32Array(n);
  const byTitle = new Float32Array(n);
  const scores = new Float64Array(neighbours);
  for (let item = 0; item < n; item++) {
    vectorColumn(vectors, k, item, byVector);
    sparseColumn(title, inverted, item, byTitle);
    const base = item * degree;
    graph[base] = item;
    let found = 0;
    for (let other = 0; other < n; other++) {
      if (other === item) continue;
      const score = ((byVector[other] as number) + (byTitle[other] as number)) / 2;
      if (found === neighbours && score <= (scores[found - 1] ?? Infinity)) continue;
      if (found < neighbours) found++;
      let at = found - 1;
      while (at > 0 && (scores[at - 1] as number) < score) {
        scores[at] = scores[at - 1] as number;
        graph[base + 1 + at] = graph[base + at] as number;
        at--;
      }
      scores[at] = score;
      graph[base + 1 + at] = other;
    }
  }
  return graph;
}
