/**
 * Co-view of this browser's own visits, as the ranker's pair part (K17) scores it: for a shop that
 * publishes none. And the ranker of a published catalogue over one that knows more goods.
 */
import type { PairRows } from '../../shared/model/pair-rows.ts';
import type { PairTable, Ranker } from './ranker.ts';

/** A shopper's own visits are few: worth less than a cosine; not tuned. */
const WEIGHT = 0.5;
const DECAY = 0.5;
const REACH = 3;

/**
 * Entry (a, b) is the number of visits with both.
 *
 * @param visits items of each, each once, below n
 * @returns null where no two goods were in one visit
 */
export function visitPairs(visits: readonly (readonly number[])[], n: number): PairTable | null {
  const counts = new Map<number, Map<number, number>>();
  for (const visit of visits) {
    for (const a of visit) {
      const row = counts.get(a) ?? new Map<number, number>();
      for (const b of visit) if (a !== b) row.set(b, (row.get(b) ?? 0) + 1);
      if (row.size > 0) counts.set(a, row);
    }
  }
  if (counts.size === 0) return null;
  const entries = [...counts.values()].reduce((sum, row) => sum + row.size, 0);
  const rows = {
    starts: new Uint32Array(n + 1),
    items: new Uint32Array(entries),
    values: new Float32Array(entries),
  };
  let at = 0;
  for (let item = 0; item < n; item++) {
    for (const [other, count] of counts.get(item) ?? []) {
      rows.items[at] = other;
      rows.values[at] = count;
      at++;
    }
    rows.starts[item + 1] = at;
  }
  return { rows, weight: WEIGHT, decay: DECAY, reach: REACH };
}

/** The same ranker over n goods, of which the first are those that it was made for. */
export function rankerOver(ranker: Ranker, n: number): Ranker {
  const { pop, pair } = ranker;
  return {
    ...ranker,
    pop: pop && padded(pop, n),
    pair: pair && { ...pair, rows: rowsOver(pair.rows, n) },
  };
}

function padded(scores: Float32Array, n: number): Float32Array {
  const all = new Float32Array(n);
  all.set(scores);
  return all;
}

function rowsOver({ starts, items, values }: PairRows, n: number): PairRows {
  const all = new Uint32Array(n + 1).fill(starts[starts.length - 1] as number);
  all.set(starts);
  return { starts: all, items, values };
}
