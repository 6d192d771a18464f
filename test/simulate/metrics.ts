/** HR@10 and NDCG@10 of whole rankings, row by row and as means in percent. */
import { hitRate, ndcg, rankOf } from '../../shared/model/metrics/ranking.ts';

export interface Quality {
  /** Share of rows whose target is among the first ten, percent. */
  readonly hr10: number;
  /** Mean of 1 / log2(rank + 1) of targets among the first ten, percent. */
  readonly ndcg10: number;
}

const CUTOFF = 10;

export interface RowQuality {
  readonly hit: number;
  readonly gain: number;
}

/**
 * Quality of one row, ties in expectation.
 * @param scores one score per item.
 * @param target index of the item that came next.
 * @param excluded items that are not ranked.
 */
export function rowQuality(
  scores: ArrayLike<number>,
  target: number,
  excluded: Iterable<number> = [],
): RowQuality {
  const rank = rankOf(scores, target, excluded);
  return { hit: hitRate(rank, CUTOFF), gain: ndcg(rank, CUTOFF) };
}

export function meanQuality(rows: readonly RowQuality[]): Quality {
  if (rows.length === 0) throw new RangeError('rows: empty');
  let hit = 0;
  let gain = 0;
  for (const row of rows) {
    hit += row.hit;
    gain += row.gain;
  }
  return { hr10: (100 * hit) / rows.length, ndcg10: (100 * gain) / rows.length };
}
