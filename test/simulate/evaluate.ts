/** Full-ranking evaluation of the wide ranker, with the SDK's own scorer. */
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { EvaluationRow } from './dataset.ts';
import { type RowQuality, rowQuality } from './metrics.ts';

/** All columns of amazon-industrial (3,686² × 12 bytes) fit. */
const COLUMN_BYTES = 256 * 2 ** 20;

const scorers = new WeakMap<Catalogue, WideScorer>();

/**
 * One scorer for a whole process. Where all columns fit they are computed at once: few pairs would
 * be cheaper for one shopper, not for thousands who share a catalogue.
 */
export function wholeScorer(catalogue: Catalogue): WideScorer {
  const known = scorers.get(catalogue);
  if (known !== undefined) return known;
  const made = new WideScorer(catalogue, COLUMN_BYTES);
  scorers.set(catalogue, made);
  const items = catalogue.ids.length;
  if (12 * items * items <= COLUMN_BYTES) {
    for (let item = 0; item < items; item++) made.scores([item], startWeights(), 1);
  }
  return made;
}

export interface RankingOptions {
  readonly historyLength: number;
  /** Leave the newest item of the history out of the ranking, as a shelf beside it does. */
  readonly withoutLast?: boolean;
}

/** Quality of every row under `weights`, in the order of `rows`. */
export function rankRows(
  catalogue: Catalogue,
  weights: Float32Array,
  rows: readonly EvaluationRow[],
  { historyLength, withoutLast = false }: RankingOptions,
): RowQuality[] {
  const scorer = wholeScorer(catalogue);
  return rows.map(({ history, target }) => {
    const last = history.at(-1);
    return rowQuality(
      scorer.scores(history, weights, historyLength),
      target,
      withoutLast && last !== undefined ? [last] : [],
    );
  });
}
