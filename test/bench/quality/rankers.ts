/** What is ranked beside each other on the test lists of a set: references, parts, central fits. */
import { startWeights, type WideScorer } from '../../../sdk/features/wide.ts';
import { factorised, itemNeighbours, itemTotals, markov } from './baselines.ts';
import { centralWide } from './central.ts';
import { type Choice, type Combination, pairSettings, rankerOf, type Tables } from './choose.ts';
import type { Ranked } from './evaluate.ts';
import type { Statistics } from './parts.ts';
import type { Spending } from './plan.ts';
import { FINAL, FINAL_NO_DP, POPULARITY, UNTRAINED, WINDOW_MARKOV } from './results.ts';
import type { RankingSet } from './sets.ts';

/** What one seed has opened. */
export interface Fitted {
  readonly noDp: Tables;
  readonly underDp: Tables;
}

/** A way to spend the budget, what its seeds have opened, and what is best of it. */
interface Spent {
  readonly spending: Spending;
  readonly fitted: readonly Fitted[];
  readonly underDp: Choice;
}

/** What central fits stand on. */
interface Central {
  readonly set: RankingSet;
  readonly scorer: WideScorer;
  readonly statistics: Statistics;
  readonly log: (line: string) => void;
}

export const WIDE_ONLY: Combination = { trained: true, pop: 0, pair: null, weight: 0 };

export function references(set: RankingSet, quick: boolean): Ranked[] {
  const n = set.items.length;
  const totals = itemTotals(set.train, n);
  const als = { factors: quick ? 4 : 32, sweeps: quick ? 1 : 8, seed: '0' };
  return [
    { name: POPULARITY, score: () => totals },
    { name: 'markov', score: markov(set.train, n, { window: 1, twoWay: false }) },
    { name: WINDOW_MARKOV, score: markov(set.train, n, { window: 3, twoWay: true }) },
    { name: 'item-kNN', score: itemNeighbours(set.train, n) },
    { name: 'matrix factorisation (ALS)', score: factorised(set.train, n, als) },
    { name: UNTRAINED, weights: startWeights(), pop: null, pairs: [] },
  ];
}

export function seedRankers(
  { noDp, underDp }: Fitted,
  choices: { noDp: Choice; underDp: Choice },
): Ranked[] {
  const only = (combination: Combination, parts: Partial<Combination>): Combination => ({
    ...combination,
    trained: true,
    ...parts,
  });
  const rows = (tables: Tables, { combination }: Choice, word: string, final: string): Ranked[] => [
    rankerOf(tables, `federated ${word}: wide`)(WIDE_ONLY),
    rankerOf(tables, `federated ${word}: wide + pop`)(only(combination, { pair: null })),
    ...Object.keys(tables.pairs).map((pair) =>
      rankerOf(
        tables,
        `federated ${word}: wide + pop + pair (${pair})`,
      )(only(combination, { pair, weight: weightOf(pair, combination, 1) })),
    ),
    rankerOf(tables, final)(combination),
  ];
  return [
    ...rows(noDp, choices.noDp, 'without DP', FINAL_NO_DP),
    ...rows(underDp, choices.underDp, 'under DP', FINAL),
  ];
}

/** The chosen weight where it was chosen for these pairs: forms differ between tables. */
function weightOf(pair: string, combination: Combination, otherwise: number): number {
  return pair === combination.pair ? combination.weight : otherwise;
}

const leastWeight = (pair: string): number => pairSettings(pair).weights[0] as number;

/** Rows of a way to spend the budget that was not taken: what its pairs do, at the smallest weight. */
export function pairRankers({ spending, fitted, underDp }: Spent): Ranked[] {
  const { combination } = underDp;
  const its = `federated under DP (popularity ${spending.pop}, pairs ${spending.pair}): wide + pop`;
  return fitted.flatMap(({ underDp: tables }) => [
    rankerOf(tables, its)({ ...combination, trained: true, pair: null }),
    ...Object.keys(tables.pairs).map((pair) =>
      rankerOf(
        tables,
        `${its} + pair (${pair})`,
      )({
        ...combination,
        trained: true,
        pair,
        weight: weightOf(pair, combination, leastWeight(pair)),
      }),
    ),
  ]);
}

export function centralRankers(
  { scorer, set, statistics, log }: Central,
  combination: Combination,
  seed: string,
): Ranked[] {
  const noise = { noised: false, noiseShare: 1, seed };
  const fit = centralWide(scorer, set.train, seed, statistics.draw(1, noise));
  log(`central fit ${seed}: ${fit.steps} Newton steps, converged ${fit.converged}`);
  const tables: Tables = {
    weights: fit.weights,
    pop: statistics.popScores(1, noise),
    pairs: { all: statistics.allPairs() },
  };
  return [
    rankerOf(tables, 'central wide')(WIDE_ONLY),
    rankerOf(tables, 'central wide + true pop')({ ...combination, trained: true, pair: null }),
    rankerOf(
      tables,
      'central wide + true pop + all true pairs',
    )({ ...combination, trained: true, pair: 'all', weight: combination.weight || 1 }),
  ];
}
