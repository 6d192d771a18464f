/** Co-occurrence as it scores: sparse rows from published sums (SPEC.md of shared/protocol, K17). */
import type { Catalogue } from './catalogue.ts';
import { likenessBand, pairEstimates } from './pair-prior.ts';
import type { PairPart } from './parts.ts';
import { type PopularPairsStatistic, popularPairCount } from './parts-popular.ts';
import { vectorDot } from './similarity.ts';

/** Row a, entries starts[a] to starts[a + 1], holds what goes with item a; length n + 1. */
export interface PairRows {
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
  /** Above 0. */
  readonly values: Float32Array;
}

/**
 * Rows of a matrix on the item graph.
 *
 * @param matrix of `pairMatrix`, n × degree
 * @throws RangeError for a matrix of another catalogue.
 */
export function graphRows(
  matrix: ArrayLike<number>,
  { ids, graph, degree }: Pick<Catalogue, 'ids' | 'graph' | 'degree'>,
): PairRows {
  const n = ids.length;
  if (matrix.length !== n * degree) throw new RangeError(`matrix must hold ${n * degree} numbers`);
  return rowsOf((add) => {
    for (let e = 0; e < matrix.length; e++) {
      const [value, to] = [matrix[e] as number, graph[e] as number];
      if (value > 0 && to < n) add(Math.floor(e / degree), to, value);
    }
  }, n);
}

/**
 * Rows of the sums of `popular-pairs`, both directions of each pair: estimates under noise, for
 * which alike goods go together more often (pair-prior.ts).
 *
 * @param sums mean × reports, one entry per pair
 * @param deviation standard deviation σ of the noise in one sum
 * @throws RangeError for a list of another catalogue, or a deviation that is negative or not finite.
 */
export function popularRows(
  { among }: Pick<PopularPairsStatistic, 'among'>,
  sums: ArrayLike<number>,
  deviation: number,
  { scale }: Pick<PairPart, 'scale'>,
  { ids, vectors, k }: Pick<Catalogue, 'ids' | 'vectors' | 'k'>,
): PairRows {
  if (!((among.at(-1) ?? 0) < ids.length)) {
    throw new RangeError(`among must hold items below ${ids.length}`);
  }
  const bands = new Uint8Array(popularPairCount(among.length));
  visitPairs(among, (from, to, pair) => {
    bands[pair] = likenessBand(vectorDot(vectors, k, from, to));
  });
  const estimates = pairEstimates(sums, bands, deviation, scale);
  return rowsOf((add) => {
    visitPairs(among, (from, to, pair) => {
      const estimate = estimates[pair] as number;
      if (!(estimate > 0)) return;
      add(from, to, estimate);
      add(to, from, estimate);
    });
  }, ids.length);
}

/** In the order of the statistic's entries. */
function visitPairs(
  among: readonly number[],
  visit: (from: number, to: number, pair: number) => void,
): void {
  let pair = 0;
  for (const [i, from] of among.entries()) {
    for (let k = i + 1; k < among.length; k++) visit(from, among[k] as number, pair++);
  }
}

type Add = (from: number, to: number, value: number) => void;

/** @param visit adds what there is, the same each time: a list of millions of pairs is never laid out. */
function rowsOf(visit: (add: Add) => void, n: number): PairRows {
  const starts = new Uint32Array(n + 1);
  visit((from) => {
    starts[from + 1] = (starts[from + 1] as number) + 1;
  });
  for (let row = 0; row < n; row++) {
    starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
  }
  const next = starts.slice(0, n);
  const items = new Uint32Array(starts[n] as number);
  const values = new Float32Array(items.length);
  visit((from, to, value) => {
    const at = next[from] as number;
    next[from] = at + 1;
    items[at] = to;
    values[at] = value;
  });
  return { starts, items, values };
}

/** How rows score. */
export interface PairForm extends Pick<PairPart, 'decay' | 'reach'> {
  /** Without the logarithm: the estimates of `popular-pairs` (K17). */
  readonly linear?: boolean;
}

/**
 * Co-occurrence scores of all items, length n: the decayed sums of the history's rows, or ln(1 + sum)
 * unless `linear`; not yet times the part's weight. Zeros for an empty history. A history item costs
 * its row.
 *
 * @param history item indices, oldest first
 * @throws RangeError for a history item that the rows do not have.
 */
export function pairScores(
  { starts, items, values }: PairRows,
  history: readonly number[],
  { decay, reach, linear = false }: PairForm,
): Float32Array {
  const n = starts.length - 1;
  const scores = new Float32Array(n);
  const touched = new Set<number>();
  for (let q = 0; q < Math.min(reach, history.length); q++) {
    const item = history[history.length - 1 - q] as number;
    if (!(Number.isInteger(item) && item >= 0 && item < n)) {
      throw new RangeError(`history must hold item indices below ${n}`);
    }
    for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
      const j = items[e] as number;
      touched.add(j);
      scores[j] = (scores[j] as number) + decay ** q * (values[e] as number);
    }
  }
  if (!linear) for (const j of touched) scores[j] = Math.log1p(scores[j] as number);
  return scores;
}
