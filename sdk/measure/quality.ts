/** Metric sums of one browser: a held-out item, or a head's newest example; rules K9 and K10. */
import type { HeadArchitecture } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { hitRate, ndcg, rankOf } from '../../shared/model/metrics/ranking.ts';
import { LOG_LOSS_CAP } from '../../shared/model/statistic.ts';
import type { ShopEvent } from '../capture/event.ts';
import { headExamples } from '../features/heads.ts';
import { headLogits } from '../features/score.ts';
import { itemSequence } from '../features/sequence.ts';
import { scorerOf, startWeights, type WideScorer } from '../features/wide.ts';

const CUTOFF = 10;

/**
 * HR@10 and NDCG@10 of one target (Järvelin, Kekäläinen 2002, with one relevant item: 1 / log2(rank
 * + 1)). Ties are broken at random: the value is the exact expectation over the orders of the tied.
 *
 * @param scores one score per item
 * @param excluded an item that is not ranked
 */
export function rankQuality(
  scores: ArrayLike<number>,
  target: number,
  excluded: number,
): { readonly hit: number; readonly gain: number } {
  const rank = rankOf(scores, target, [excluded]);
  return { hit: hitRate(rank, CUTOFF), gain: ndcg(rank, CUTOFF) };
}

/**
 * [1, HR@10, NDCG@10, NDCG@10 under the start weights] of the last item of this history, given all
 * before it; four zeros with fewer than two items. All goods are ranked but the one just before,
 * which can never come next.
 */
export function rankingMetrics(
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  weights: Float32Array,
  historyLength: number,
  scorer: WideScorer = scorerOf(catalogue),
): Float32Array<ArrayBuffer> {
  const sequence = itemSequence(events, catalogue);
  const target = sequence.pop();
  const last = sequence.at(-1);
  if (target === undefined || last === undefined) return new Float32Array(4);
  const quality = (w: Float32Array): ReturnType<typeof rankQuality> =>
    rankQuality(scorer.scores(sequence, w, historyLength), target, last);
  const { hit, gain } = quality(weights);
  return Float32Array.of(1, hit, gain, quality(startWeights()).gain);
}

/**
 * [1, log loss over its cap, 1 if the likeliest outcome came] of a head's newest example; three zeros
 * without one.
 *
 * @param weights of the head
 */
export function headMetrics(
  head: HeadArchitecture,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  weights: Float32Array,
  nowMs: number,
): Float32Array<ArrayBuffer> {
  const { features, labels, examples } = headExamples(head, events, catalogue, 1, nowMs);
  if (examples === 0) return new Float32Array(3);
  const logits = headLogits(head, weights, features);
  // One logit stands for two outcomes, the first of which has logit 0.
  const outcomes = logits.length === 1 ? [0, ...logits] : [...logits];
  const [own = 0] = outcomes.splice(labels[0] as number, 1);
  // log Σ e^x over all outcomes, less the own x, without overflow.
  const most = Math.max(...outcomes) - own;
  const shift = Math.max(0, most);
  const sum = outcomes.reduce((all, x) => all + Math.exp(x - own - shift), Math.exp(-shift));
  const loss = shift + Math.log(sum);
  return Float32Array.of(1, Math.min(1, loss / LOG_LOSS_CAP), most < 0 ? 1 : 0);
}
