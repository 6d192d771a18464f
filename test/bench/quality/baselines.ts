/** What a trained ranker is printed beside; none of these is private. */
import type { PairRows } from '../../../shared/model/pair-rows.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { solve } from './central.ts';
import { pairTable } from './pairs.ts';

/** Scores of all items for a history. */
export type Score = (history: readonly number[]) => Float32Array;

/** How often each item occurs in the training sequences. */
export function itemTotals(train: readonly (readonly number[])[], items: number): Float32Array {
  const totals = new Float32Array(items);
  for (const row of train) for (const item of row) totals[item] = (totals[item] as number) + 1;
  return totals;
}

/** Popularity below any count, which orders what nothing else tells apart. */
function tieBreak(totals: Float32Array): Float32Array {
  const most = totals.reduce((a, b) => Math.max(a, b), 1);
  return totals.map((total) => (1e-3 * total) / most);
}

/**
 * Transitions over up to `window` places, 1/gap forward and half as much backward when `twoWay`; the
 * last `window` items of a history count, the older the less (0.6 per place).
 */
export function markov(
  train: readonly (readonly number[])[],
  items: number,
  { window, twoWay }: { readonly window: number; readonly twoWay: boolean },
): Score {
  const table = allPairs(train, items, window, twoWay ? 0.5 : 0);
  const ties = tieBreak(itemTotals(train, items));
  return (history) => {
    const scores = Float32Array.from(ties);
    addRows(scores, table, history, window, 0.6);
    return scores;
  };
}

function addRows(
  scores: Float32Array,
  { starts, items, values }: PairRows,
  history: readonly number[],
  reach: number,
  decay: number,
): void {
  for (let q = 0; q < Math.min(reach, history.length); q++) {
    const item = history[history.length - 1 - q] as number;
    for (let e = starts[item] as number; e < (starts[item + 1] as number); e++) {
      const j = items[e] as number;
      scores[j] = (scores[j] as number) + decay ** q * (values[e] as number);
    }
  }
}

/** Sums over shoppers of pairs, not scaled per shopper, sparse. */
function allPairs(
  train: readonly (readonly number[])[],
  items: number,
  window: number,
  backward: number,
): PairRows {
  const sums = new Map<number, number>();
  const add = (a: number, b: number, amount: number): void => {
    if (amount > 0) sums.set(a * items + b, (sums.get(a * items + b) ?? 0) + amount);
  };
  for (const row of train) {
    for (let gap = 1; gap <= window; gap++) {
      for (let i = gap; i < row.length; i++) {
        const a = row[i - gap] as number;
        const b = row[i] as number;
        add(a, b, 1 / gap);
        if (a !== b) add(b, a, backward / gap);
      }
    }
  }
  return pairTable(sums, items);
}

/** Item-kNN: cosine of the shoppers' sets, the last ten items of a history, 0.8 per place. */
export function itemNeighbours(train: readonly (readonly number[])[], items: number): Score {
  const together = new Map<number, number>();
  const owners = new Float64Array(items);
  for (const row of train) {
    const own = [...new Set(row)].slice(-50);
    for (const a of own) {
      owners[a] = (owners[a] as number) + 1;
      for (const b of own) {
        if (a !== b) together.set(a * items + b, (together.get(a * items + b) ?? 0) + 1);
      }
    }
  }
  for (const [key, count] of together) {
    const both = (owners[Math.floor(key / items)] as number) * (owners[key % items] as number);
    together.set(key, count / Math.sqrt(both));
  }
  const table = pairTable(together, items);
  const ties = tieBreak(itemTotals(train, items));
  return (history) => {
    const scores = ties.map((value) => 1e-3 * value);
    addRows(scores, table, history, 10, 0.8);
    return scores;
  };
}

/** Weight of something seen over nothing seen, and the pull to zero (Hu, Koren, Volinsky 2008). */
const ALPHA = 20;
const PULL = 5;

/** Implicit matrix factorisation by alternating least squares; a history is folded in. */
export function factorised(
  train: readonly (readonly number[])[],
  items: number,
  { factors, sweeps, seed }: { factors: number; sweeps: number; seed: string },
): Score {
  const random = new SeededRandom(`als/${seed}`);
  let ofItems = Float64Array.from({ length: items * factors }, () => 0.1 * random.normal());
  const buyers: number[][] = Array.from({ length: items }, () => []);
  for (const [shopper, row] of train.entries()) {
    for (const item of new Set(row)) buyers[item]?.push(shopper);
  }
  const owned = train.map((row) => [...new Set(row)]);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const ofShoppers = solved(owned, ofItems, factors);
    ofItems = solved(buyers, ofShoppers, factors);
  }
  const gram = gramOf(ofItems, factors);
  return (history) => {
    const own = leastSquares([...new Set(history)], ofItems, gram, factors);
    const scores = new Float32Array(items);
    for (let j = 0; j < items; j++) {
      let score = 0;
      for (let f = 0; f < factors; f++) {
        score += (own[f] as number) * (ofItems[j * factors + f] as number);
      }
      scores[j] = score;
    }
    return scores;
  };
}

function solved(
  lists: readonly number[][],
  other: Float64Array,
  factors: number,
): Float64Array<ArrayBuffer> {
  const gram = gramOf(other, factors);
  const out = new Float64Array(lists.length * factors);
  for (const [row, list] of lists.entries()) {
    out.set(leastSquares(list, other, gram, factors), row * factors);
  }
  return out;
}

function gramOf(rows: Float64Array, factors: number): Float64Array {
  const gram = new Float64Array(factors * factors);
  for (let from = 0; from < rows.length; from += factors) addOuter(gram, rows, from, factors, 1);
  for (let f = 0; f < factors; f++)
    gram[f * factors + f] = (gram[f * factors + f] as number) + PULL;
  return gram;
}

function addOuter(
  into: Float64Array,
  rows: Float64Array,
  from: number,
  factors: number,
  by: number,
): void {
  for (let f = 0; f < factors; f++) {
    const value = by * (rows[from + f] as number);
    for (let g = 0; g < factors; g++) {
      into[f * factors + g] =
        (into[f * factors + g] as number) + value * (rows[from + g] as number);
    }
  }
}

function leastSquares(
  list: readonly number[],
  other: Float64Array,
  gram: Float64Array,
  factors: number,
): Float64Array {
  const left = Float64Array.from(gram);
  const right = new Float64Array(factors);
  for (const one of list) {
    addOuter(left, other, one * factors, factors, ALPHA);
    for (let f = 0; f < factors; f++) {
      right[f] = (right[f] as number) + (1 + ALPHA) * (other[one * factors + f] as number);
    }
  }
  return solve(left, right, factors);
}
