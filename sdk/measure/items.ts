/** Goods and their pairs on the public item graph, from item sequences: rules K16 and K17. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { GraphPairsStatistic, ItemsStatistic } from '../../shared/model/statistic.ts';

/**
 * Entry j is decay^(places from the end to the newest item j) where item j is in the sequence, else
 * 0, scaled to L2 norm 1: without a decay 1/√m for each of m different items. Zeros for an empty
 * sequence.
 *
 * @param sequence item indices, oldest first
 * @param n items of the catalogue
 * @throws RangeError where the statistic is of another catalogue, or an item is not below n.
 */
export function itemCounts(
  { items, decay = 1 }: ItemsStatistic,
  sequence: readonly number[],
  n: number,
): Float32Array<ArrayBuffer> {
  if (items !== n) throw new RangeError(`items must be the catalogue's ${n}`);
  const weights = new Map<number, number>();
  for (const [place, item] of sequence.entries()) {
    if (!(Number.isInteger(item) && item >= 0 && item < n)) {
      throw new RangeError(`sequence must hold item indices below ${n}`);
    }
    weights.set(item, decay ** (sequence.length - 1 - place));
  }
  let squares = 0;
  for (const weight of weights.values()) squares += weight * weight;
  const counts = new Float32Array(n);
  for (const [item, weight] of weights) counts[item] = weight / Math.sqrt(squares);
  return counts;
}

/**
 * Weights of the directed edges of the item graph, aligned with `catalogue.graph`: items a and, g
 * places later, b add 1/g to a → b and, where they differ, 0.5/g to b → a, for g = 1 to `gaps`.
 * What is no edge of the graph is dropped; the rest is scaled to L2 norm 1. Zeros where nothing is
 * left.
 *
 * @param sequence item indices, oldest first
 * @throws RangeError where the statistic is of another catalogue.
 */
export function graphPairs(
  { edges, gaps }: GraphPairsStatistic,
  sequence: readonly number[],
  { ids, graph, degree }: Pick<Catalogue, 'ids' | 'graph' | 'degree'>,
): Float32Array<ArrayBuffer> {
  if (edges !== ids.length * degree || edges !== graph.length) {
    throw new RangeError(`edges must be the catalogue's ${ids.length * degree}`);
  }
  const weights = new Float64Array(edges);
  const add = (from: number, to: number, amount: number): void => {
    for (let e = from * degree; e < (from + 1) * degree; e++) {
      if (graph[e] === to) weights[e] = (weights[e] as number) + amount;
    }
  };
  for (let gap = 1; gap <= gaps; gap++) {
    for (let i = gap; i < sequence.length; i++) {
      const a = sequence[i - gap] as number;
      const b = sequence[i] as number;
      add(a, b, 1 / gap);
      if (a !== b) add(b, a, 0.5 / gap);
    }
  }
  let squares = 0;
  for (const weight of weights) squares += weight * weight;
  const norm = Math.sqrt(squares);
  return Float32Array.from(weights, (weight) => (norm === 0 ? 0 : weight / norm));
}
