import { describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { givenVectors } from '../../aggregator/catalogue/embedder.ts';
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import {
  hasIndustrial,
  type Row,
  readItems,
  readRows,
  readVectors,
} from './features-industrial-data.ts';

/**
 * HR@10 and NDCG@10 in percent over all items, nothing filtered. Items of the same score share
 * the middle of their ranks, as the reference figures do.
 */
function fullRanking(scores: (history: readonly number[]) => Float32Array, rows: readonly Row[]) {
  let hits = 0;
  let gain = 0;
  for (const { history, target } of rows) {
    const all = scores(history);
    const own = all[target] as number;
    let above = 0;
    let equal = 0;
    for (let j = 0; j < all.length; j++) {
      const score = all[j] as number;
      if (score > own) above++;
      else if (score === own) equal++;
    }
    const rank = above + (equal - 1) / 2;
    if (rank >= 10) continue;
    hits++;
    gain += 1 / Math.log2(rank + 2);
  }
  return { hr10: (100 * hits) / rows.length, ndcg10: (100 * gain) / rows.length };
}

const skipped = hasIndustrial ? '' : ' (skipped: no ../shared/data/amazon-industrial)';

describe.skipIf(!hasIndustrial)(`untrained ranker on amazon-industrial${skipped}`, () => {
  it('gives the figures of the reference study', { timeout: 120_000 }, async () => {
    const embedder = givenVectors(readVectors(512));
    const { catalogue } = await buildCatalogue(readItems(), { embedder });
    expect(catalogue.k).toBe(128);
    expect(catalogue.graph.filter((item) => item < catalogue.ids.length)).toHaveLength(40_546);

    const rows = readRows('test');
    const scorer = new WideScorer(catalogue, 200e6);
    const contentMean = Float32Array.from({ length: 11 }, (_, f) => (f === 1 ? 1 : 0));
    const mean = fullRanking((history) => scorer.scores(history, contentMean, 10), rows);
    expect(Math.abs(mean.hr10 - 14.58)).toBeLessThan(0.15);
    expect(Math.abs(mean.ndcg10 - 8.1)).toBeLessThan(0.15);
    const prior = fullRanking((history) => scorer.scores(history, startWeights(), 10), rows);
    expect(Math.abs(prior.hr10 - 14.96)).toBeLessThan(0.15);
    expect(Math.abs(prior.ndcg10 - 8.33)).toBeLessThan(0.15);
  });
});
