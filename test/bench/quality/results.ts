/** What a run on a ranking set has found, as rows and as the summary that the bench promises. */
import type { Beside } from './beside.ts';
import type { Choice } from './choose.ts';
import type { QualityResults, QualityRow, SummaryFigures } from './contract.ts';
import type { Difference } from './differences.ts';
import type { CaseRanks, Ranked } from './evaluate.ts';
import { meansOf, ROW_FIGURES, rowOf } from './figures.ts';
import type { Spending } from './plan.ts';
import { DELTA, EPSILON, epsilonAfter } from './privacy.ts';
import type { RankingSet } from './sets.ts';

/** Names of the rows that the summary reads. */
export const POPULARITY = 'popularity';
export const WINDOW_MARKOV = 'markov, window 3, two-way';
export const UNTRAINED = 'untrained ranker';
export const FINAL = 'federated under DP, chosen parts';
export const FINAL_NO_DP = 'federated without DP, chosen parts';

export function rowsOf(
  rankers: readonly Ranked[],
  ranks: CaseRanks[][],
  cold: readonly number[],
): QualityRow[] {
  const names = [...new Set(rankers.map(({ name }) => name))];
  return names.map((name) => {
    const own = ranks.filter((_, r) => rankers[r]?.name === name);
    return rowOf(
      name,
      own.map((one) => meansOf(one, cold)),
    );
  });
}

export function meanPrice(set: RankingSet, history: readonly number[]): number | null {
  const prices = history.flatMap((item) => set.items[item]?.priceCents ?? []);
  return prices.length === 0 ? null : prices.reduce((a, b) => a + b, 0) / prices.length;
}

export interface Found {
  readonly plan: Spending;
  readonly choices: { readonly noDp: Choice; readonly underDp: Choice };
  readonly rows: readonly QualityRow[];
  readonly cases: number;
  readonly cold: number;
}

export function resultsOf(
  set: RankingSet,
  { plan, choices, rows, cases, cold }: Found,
  more: {
    byActivity: SummaryFigures | null;
    byPrice: SummaryFigures | null;
    differences: readonly Difference[];
    coldDifferences: readonly Difference[];
    beside: Beside;
    seconds: number;
  },
): QualityResults {
  const row = (name: string): SummaryFigures => {
    const found = rows.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no row ${name}`);
    return { hr10: found.mean.hr10 as number, ndcg10: found.mean.ndcg10 as number };
  };
  const pair = choices.underDp.combination.pair === null ? 0 : plan.pair;
  const pop = choices.underDp.combination.pop === 0 ? 0 : plan.pop;
  // Popular pairs stand on a published popularity, whether or not its scores are used.
  const popPaid = Math.max(pop, choices.underDp.combination.pair === 'popular' ? plan.pop : 0);
  const participations = plan.wide.participations + popPaid + pair;
  return {
    set: set.name,
    form: set.form,
    summary: {
      underDp: row(FINAL),
      noDp: row(FINAL_NO_DP),
      untrained: row(UNTRAINED),
      popularity: row(POPULARITY),
      markov: row(WINDOW_MARKOV),
      coldHr10:
        cold === 0 ? null : (rows.find(({ name }) => name === FINAL)?.mean.coldHr10 ?? null),
      epsilonPerParticipation: EPSILON,
      participations,
      epsilonTotal: epsilonAfter(participations),
      delta: DELTA,
    },
    rows,
    shoppers: set.train.length,
    items: set.items.length,
    lacks: set.lacks,
    testCases: set.test.length,
    scoredCases: cases,
    coldCases: cold,
    plan: {
      cohort: plan.wide.cohort,
      rounds: plan.wide.rounds,
      participationsWide: plan.wide.participations,
      participationsPop: popPaid,
      participationsPair: pair,
    },
    chosen: { noDp: { ...choices.noDp.combination }, underDp: { ...choices.underDp.combination } },
    byActivity: more.byActivity,
    byPrice: more.byPrice,
    differences: more.differences,
    coldDifferences: more.coldDifferences,
    beside: more.beside,
    figures: [...ROW_FIGURES],
    seconds: more.seconds,
  };
}
