/** Ranks to figures in percent: rows of mean and deviation, and gaps between groups of shoppers. */
import { hitRate, ndcg, reciprocalRank } from '../../../shared/model/metrics/ranking.ts';
import type { QualityRow, SummaryFigures } from './contract.ts';
import type { CaseRanks } from './evaluate.ts';
import type { EvaluationCase } from './sets.ts';

/** Full ranking first, then 99 sampled negatives, then the cold targets. */
export const ROW_FIGURES = [
  'hr10',
  'ndcg10',
  'hr5',
  'ndcg5',
  'hr20',
  'mrr20',
  'sampledHr10',
  'sampledNdcg10',
  'coldHr10',
] as const;

/** Means over the cases; `coldHr10` over the given ones alone, left out where there are none. */
export function meansOf(ranks: readonly CaseRanks[], cold: readonly number[]): SummaryFigures {
  const mean = (value: (ranks: CaseRanks) => number): number =>
    (100 * ranks.reduce((sum, one) => sum + value(one), 0)) / Math.max(1, ranks.length);
  const hits = cold.reduce((sum, at) => sum + hitRate((ranks[at] as CaseRanks).full, 10), 0);
  return {
    hr10: mean(({ full }) => hitRate(full, 10)),
    ndcg10: mean(({ full }) => ndcg(full, 10)),
    hr5: mean(({ full }) => hitRate(full, 5)),
    ndcg5: mean(({ full }) => ndcg(full, 5)),
    hr20: mean(({ full }) => hitRate(full, 20)),
    mrr20: mean(({ full }) => reciprocalRank(full, 20)),
    sampledHr10: mean(({ sampled }) => hitRate(sampled, 10)),
    sampledNdcg10: mean(({ sampled }) => ndcg(sampled, 10)),
    ...(cold.length > 0 && { coldHr10: (100 * hits) / cold.length }),
  };
}

/** Cases whose target never occurs in training. */
export function coldRows(
  train: readonly (readonly number[])[],
  cases: readonly EvaluationCase[],
): number[] {
  const known = new Set(train.flat());
  return cases.flatMap(({ target }, at) => (known.has(target) ? [] : [at]));
}

/** Mean and sample standard deviation of each figure over the seeds. */
export function rowOf(name: string, seeds: readonly SummaryFigures[]): QualityRow {
  const names = Object.keys(seeds[0] ?? {});
  const mean: Record<string, number> = {};
  const std: Record<string, number> = {};
  for (const figure of names) {
    const values = seeds.map((one) => one[figure] as number);
    const middle = values.reduce((a, b) => a + b, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
    mean[figure] = middle;
    std[figure] = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  }
  return { name, seeds: seeds.length, mean, std };
}

/**
 * HR@10 and NDCG@10 of the lower, middle and upper third by `of`, and the gaps between the best and
 * the worst third. Null where `of` knows no value.
 */
export function byGroup(
  cases: readonly EvaluationCase[],
  ranks: readonly CaseRanks[],
  of: (one: EvaluationCase) => number | null,
): SummaryFigures | null {
  const known = cases.flatMap((one, at) => {
    const value = of(one);
    return value === null ? [] : [{ at, value }];
  });
  if (known.length < 3) return null;
  known.sort((a, b) => a.value - b.value || a.at - b.at);
  const figures: Record<string, number> = {};
  const hits: number[] = [];
  const gains: number[] = [];
  for (const [third, name] of ['low', 'middle', 'high'].entries()) {
    const from = Math.floor((third * known.length) / 3);
    const to = Math.floor(((third + 1) * known.length) / 3);
    const own = known.slice(from, to).map(({ at }) => ranks[at] as CaseRanks);
    const { hr10, ndcg10 } = meansOf(own, []);
    figures[`${name}From`] = known[from]?.value as number;
    figures[`${name}Hr10`] = hr10 as number;
    figures[`${name}Ndcg10`] = ndcg10 as number;
    hits.push(hr10 as number);
    gains.push(ndcg10 as number);
  }
  figures.gapHr10 = Math.max(...hits) - Math.min(...hits);
  figures.gapNdcg10 = Math.max(...gains) - Math.min(...gains);
  return figures;
}
