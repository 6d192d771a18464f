/** What each part adds to the ranker, on one held-out item of this browser: rule K19. */
import { metricEntries, type PartsMetrics } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { partNames } from '../../shared/model/parts.ts';
import type { ShopEvent } from '../capture/event.ts';
import { type KnownTask, rankerParts } from '../features/assemble.ts';
import { type Ranker, RankerScorer, wideRanker } from '../features/ranker.ts';
import { itemSequence } from '../features/sequence.ts';
import { scorerOf, startWeights, type WideScorer } from '../features/wide.ts';
import { rankQuality } from './quality.ts';

/**
 * [1, NDCG@10 under the start weights, under `weights`, and under `weights` with each part alone] of
 * the last item of this history, given all before it, as `rankingMetrics` ranks, all on top of the
 * base where there is one; zeros with fewer than two items.
 *
 * @param weights of the wide version that is evaluated
 * @param known what the parts' tasks have published, by task name
 */
export function partsMetrics(
  architecture: PartsMetrics,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  weights: Float32Array,
  known: ReadonlyMap<string, KnownTask>,
  scorer: WideScorer = scorerOf(catalogue),
): Float32Array<ArrayBuffer> {
  const { historyLength, parts, base } = architecture;
  const out = new Float32Array(metricEntries(architecture).length);
  const sequence = itemSequence(events, catalogue);
  const target = sequence.pop();
  const last = sequence.at(-1);
  if (target === undefined || last === undefined) return out;
  const ranks = new RankerScorer(catalogue, scorer);
  const gain = (scores: Float32Array): number => rankQuality(scores, target, last).gain;
  const find = (name: string): KnownTask | undefined => known.get(name);
  const under = (wide: ArrayLike<number>): Ranker => {
    const ranker = wideRanker(wide, historyLength);
    if (base === undefined) return ranker;
    return rankerParts(ranker, { pop: base, pair: null, deep: null }, ['pop'], find, catalogue);
  };
  const below = under(weights);
  const scores = ranks.scores(sequence, below);
  const untrained = gain(ranks.scores(sequence, under(startWeights())));
  const each = partNames(parts).map((name) => {
    const ranker = rankerParts(below, parts, [name], find, catalogue);
    const added = ranks.part(name, sequence, ranker);
    return gain(added === null ? scores : scores.map((one, j) => one + (added[j] as number)));
  });
  out.set([1, untrained, gain(scores), ...each]);
  return out;
}
