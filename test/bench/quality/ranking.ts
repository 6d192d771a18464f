/** Quality on a ranking set: what federation under DP buys, beside everything it is compared with. */
import { buildCatalogue } from '../../../aggregator/catalogue/build.ts';
import { givenVectors, hashedNgrams } from '../../../aggregator/catalogue/embedder.ts';
import { WideScorer } from '../../../sdk/features/wide.ts';
import { besides } from './beside.ts';
import {
  type Choice,
  type Combination,
  candidatesOf,
  chosen,
  rankerOf,
  type Tables,
} from './choose.ts';
import type { QualityOptions, QualityResults } from './contract.ts';
import { type Claim, claimed, differences } from './differences.ts';
import { type CaseRanks, type Ranked, rankCases, thinned } from './evaluate.ts';
import { federateWide, NO_DP, UNDER_DP } from './federate.ts';
import { byGroup, coldRows } from './figures.ts';
import { Statistics } from './parts.ts';
import { type Spending, spendings } from './plan.ts';
import {
  centralRankers,
  type Fitted,
  pairRankers,
  references,
  seedRankers,
  WIDE_ONLY,
} from './rankers.ts';
import {
  FINAL,
  FINAL_NO_DP,
  meanPrice,
  POPULARITY,
  resultsOf,
  rowsOf,
  UNTRAINED,
  WINDOW_MARKOV,
} from './results.ts';
import { type RankingSet, readSet } from './sets.ts';

/** Columns of cosines that are kept; where all fit, a column is computed once. */
const COLUMN_BYTES = 2 ** 31;
/** Lists on which choices are made, and scores that one ranker may take on test lists. */
const VALIDATION_CASES = 3000;
const MOST_VALIDATION_SCORES = 2.4e7;
const MOST_TEST_SCORES = 3e8;

const WIDE_UNDER_DP = 'federated under DP: wide';

type Log = (line: string) => void;

/** Everything that rows share. */
interface Bench {
  readonly set: RankingSet;
  readonly scorer: WideScorer;
  readonly statistics: Statistics;
  readonly options: QualityOptions;
  readonly log: Log;
}

async function openSet(folder: string, options: QualityOptions, log: Log): Promise<Bench> {
  const set = readSet(folder);
  const embedder =
    set.vectors === null
      ? hashedNgrams(options.quick ? 256 : undefined)
      : givenVectors(set.vectors);
  const { catalogue } = await buildCatalogue(set.items, { embedder });
  const scorer = new WideScorer(catalogue, COLUMN_BYTES);
  const statistics = new Statistics(catalogue, set.train);
  log(`${set.name}: ${set.items.length} items, ${set.train.length} shoppers, lacks ${set.lacks}`);
  return { set, scorer, statistics, options, log };
}

interface Trained {
  readonly bare: Float32Array;
  readonly noised: Float32Array;
}

/** The wide weights of one seed, without noise and with it. */
function trainSeed(
  { scorer, set, statistics, log }: Bench,
  { wide }: Spending,
  seed: string,
  noiseShare: number,
): Trained {
  const modes = [NO_DP, { ...UNDER_DP, noiseShare }];
  // Of one participation, which every way to spend the budget has.
  const draw = statistics.draw(1, { noised: true, noiseShare, seed });
  const [bare, noised] = federateWide(scorer, set.train, wide, seed, modes, draw);
  if (bare === undefined || noised === undefined) throw new Error('a mode has no weights');
  log(`seed ${seed}: ${wide.rounds} rounds of ${wide.cohort}`);
  return { bare, noised };
}

/** One seed's federations and statistics. */
function fitSeed(
  bench: Bench,
  spending: Spending,
  seed: string,
  noiseShare = 1,
  { bare, noised }: Trained = trainSeed(bench, spending, seed, noiseShare),
): Fitted {
  const { statistics } = bench;
  const noise = { noised: true, noiseShare, seed };
  const popularity = statistics.popularity(spending.pop, noise);
  const pairs = spending.pair > 0;
  const underDp: Tables = {
    weights: noised,
    pop: statistics.popScores(spending.pop, noise),
    pairs: {
      ...(pairs && { popular: statistics.popularTable(popularity, spending.pair, noise) }),
      ...(pairs && statistics.graphFits && { graph: statistics.graphTable(spending.pair, noise) }),
    },
  };
  const noDp: Tables = {
    weights: bare,
    pop: statistics.popScores(1, { ...noise, noised: false }),
    pairs: { all: statistics.allPairs() },
  };
  return { noDp, underDp };
}

/** The best combination of parts on validation lists, over the seeds' tables. */
function choose(bench: Bench, tables: readonly Tables[]): Choice {
  const { set, scorer, options } = bench;
  const most = Math.min(VALIDATION_CASES, Math.floor(MOST_VALIDATION_SCORES / set.items.length));
  const cases = thinned(set.valid, options.quick ? 50 : most);
  const best = (combinations: readonly Combination[]): Choice =>
    chosen(
      combinations,
      tables.map((one) => rankCases(set, scorer, cases, combinations.map(rankerOf(one)))),
    );
  const [first] = tables as readonly [Tables];
  const pop = best(candidatesOf(first, null));
  const pairs = candidatesOf(first, pop.combination);
  return pairs.length === 1 ? pop : best(pairs);
}

export async function runRanking(
  folder: string,
  options: QualityOptions,
  log: Log = () => undefined,
): Promise<QualityResults> {
  const begun = performance.now();
  const bench = await openSet(folder, options, log);
  const { set, scorer } = bench;
  const ways = spendings(set.train.length, options.quick);
  const seeds = Array.from({ length: options.seeds }, (_, i) => String(i));
  const trained = seeds.map((seed) => trainSeed(bench, ways[0] as Spending, seed, 1));
  const plans = ways.map((spending) => {
    const fitted = seeds.map((seed, i) => fitSeed(bench, spending, seed, 1, trained[i]));
    const underDp = choose(
      bench,
      fitted.map((one) => one.underDp),
    );
    return { spending, fitted, underDp };
  });
  // Participations for pairs that are off would have been better spent on popularity.
  const plan = plans.reduce((a, b) =>
    b.underDp.combination.pair !== null && b.underDp.ndcg10 > a.underDp.ndcg10 ? b : a,
  );
  const [bare] = plan.fitted as [Fitted];
  const choices = { noDp: choose(bench, [bare.noDp]), underDp: plan.underDp };
  log(`chosen on validation: ${JSON.stringify(choices)}`);

  const rankers: Ranked[] = [...references(set, options.quick)];
  for (const fitted of plan.fitted) rankers.push(...seedRankers(fitted, choices));
  // Where no participation went to pairs, the rows of the way in which some did.
  if (plan.spending.pair === 0) rankers.push(...plans.slice(1).flatMap(pairRankers));
  if (options.curves) rankers.push(...largerShops(bench));
  rankers.push(...centralRankers(bench, choices.noDp.combination, '0'));
  const cases = thinned(
    set.test,
    options.quick ? 50 : Math.floor(MOST_TEST_SCORES / set.items.length),
  );
  const ranks = rankCases(set, scorer, cases, rankers);
  log(`scored ${cases.length} of ${set.test.length} test lists`);
  const cold = coldRows(set.train, cases);
  const rows = rowsOf(rankers, ranks, cold);
  const final = ranks[rankers.findIndex((one) => one.name === FINAL)] ?? [];
  const names = rankers.map(({ name }) => name);
  const over = [UNTRAINED, POPULARITY, WINDOW_MARKOV, FINAL_NO_DP];
  const wide = [WIDE_UNDER_DP, 'federated without DP: wide'].map(
    (name): Claim => [name, UNTRAINED],
  );
  const claims = [...wide, ...claimed(names, FINAL, over)];
  const onCold = ranks.map((row) => cold.map((at) => row[at] as CaseRanks));
  const coldClaims = [FINAL, WIDE_UNDER_DP].map((name): Claim => [name, UNTRAINED]);
  const { combination } = choices.underDp;
  const given = { set, scorer, tables: bare.underDp, combination, quick: options.quick };
  const beside = await besides(given);
  log('private part and int8 compared');
  return resultsOf(
    set,
    { plan: plan.spending, choices, rows, cases: cases.length, cold: cold.length },
    {
      byActivity: byGroup(cases, final, ({ history }) => history.length),
      byPrice: byGroup(cases, final, ({ history }) => meanPrice(set, history)),
      differences: differences(names, ranks, claims),
      coldDifferences: cold.length === 0 ? [] : differences(names, onCold, coldClaims),
      beside,
      seconds: (performance.now() - begun) / 1000,
    },
  );
}

/**
 * The same shop with the noise of one of 10 and 100 times the shoppers: the noise is divided, the
 * counts stay those of the set, so that what more shoppers would tell is not in the figures.
 */
function largerShops(bench: Bench): Ranked[] {
  const { set, options } = bench;
  return [10, 100].flatMap((times) => {
    const spending = spendings(set.train.length, options.quick, times)[0] as Spending;
    const { underDp } = fitSeed(bench, spending, '0', 1 / times);
    const { combination } = choose(bench, [underDp]);
    const name = `under DP, noise of ${times} times the shoppers`;
    return [
      rankerOf(underDp, `${name}: wide`)(WIDE_ONLY),
      rankerOf(underDp, `${name}: wide + pop`)({ ...combination, trained: true, pair: null }),
      rankerOf(underDp, `${name}: chosen parts`)(combination),
    ];
  });
}
