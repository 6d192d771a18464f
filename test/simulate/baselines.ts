/** What a trained ranker is printed beside: popularity and the first-order Markov chain. */
import type { EvaluationRow } from './dataset.ts';
import { meanQuality, type Quality, rowQuality } from './metrics.ts';

/** Items ranked by how often they occur in the training sequences. */
export function popularityQuality(
  train: readonly (readonly number[])[],
  rows: readonly EvaluationRow[],
  items: number,
): Quality {
  const counts = popularity(train, items);
  return meanQuality(rows.map((row) => rowQuality(counts, row.target)));
}

/** Items ranked by how often they followed the last one; popularity orders what never did. */
export function markovQuality(
  train: readonly (readonly number[])[],
  rows: readonly EvaluationRow[],
  items: number,
): Quality {
  const counts = popularity(train, items);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const next = new Map<number, Map<number, number>>();
  for (const sequence of train) {
    for (let i = 1; i < sequence.length; i++) {
      const from = sequence[i - 1] as number;
      const to = sequence[i] as number;
      const row = next.get(from) ?? new Map<number, number>();
      row.set(to, (row.get(to) ?? 0) + 1);
      next.set(from, row);
    }
  }
  return meanQuality(
    rows.map((row) => {
      const scores = counts.map((count) => count / (most + 1));
      const last = row.history.at(-1);
      for (const [to, count] of (last === undefined ? undefined : next.get(last)) ?? []) {
        scores[to] = (scores[to] as number) + count;
      }
      return rowQuality(scores, row.target);
    }),
  );
}

function popularity(train: readonly (readonly number[])[], items: number): Float64Array {
  const counts = new Float64Array(items);
  for (const sequence of train) {
    for (const item of sequence) counts[item] = (counts[item] as number) + 1;
  }
  return counts;
}
