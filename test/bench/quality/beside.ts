/**
 * What is measured on fewer lists, since every list costs a fit or a second set of columns: the
 * private part, whose weights never leave (K21), and models and vectors in int8.
 */
import { isDeepStrictEqual } from 'node:util';
import { contentRows } from '../../../aggregator/catalogue/build.ts';
import { givenVectors, hashedNgrams } from '../../../aggregator/catalogue/embedder.ts';
import { reduceVectors } from '../../../aggregator/catalogue/reduce.ts';
import { PersonalOffset } from '../../../sdk/features/personal.ts';
import { type Ranker, RankerScorer, wideRanker } from '../../../sdk/features/ranker.ts';
import { WideScorer } from '../../../sdk/features/wide.ts';
import type { Catalogue } from '../../../shared/model/catalogue.ts';
import { quantise } from '../../../shared/model/int8.ts';
import type { PrivatePart } from '../../../shared/model/parts.ts';
import type { Score } from './baselines.ts';
import { type Combination, chosen, rankerOf, type Tables } from './choose.ts';
import { type Difference, differences } from './differences.ts';
import { type Ranked, rankCases, thinned } from './evaluate.ts';
import { WIDE } from './federate.ts';
import type { RankingSet } from './sets.ts';

/** Test lists, and validation lists on which a setting of the private part is chosen. */
const TEST_LISTS = 2000;
const VALID_LISTS = 500;
const COLUMN_BYTES = 2 ** 28;

/** models.md §6: one small step, the middle one, and the longest. */
const PRIVATE: readonly PrivatePart[] = [
  { rate: 0.1, steps: 1, pull: 0 },
  { rate: 0.3, steps: 3, pull: 0.1 },
  { rate: 1, steps: 5, pull: 0.1 },
];

export type Beside = {
  readonly lists: number;
  /** Settings of the private part that were best on validation lists, and what it gained there. */
  readonly private: { readonly [setting: string]: number };
  readonly privateValidNdcg10: number;
  /** Validation lists in which its longest setting moves the target to another rank. */
  readonly privateMoves: number;
  readonly differences: readonly Difference[];
};

/** What a run has before it looks beside. */
interface Given {
  readonly set: RankingSet;
  readonly scorer: WideScorer;
  /** Of one seed under DP. */
  readonly tables: Tables;
  readonly combination: Combination;
  readonly quick: boolean;
}

const BASE = 'chosen parts, float32 on int8 vectors';

export async function besides({ set, scorer, tables, combination, quick }: Given): Promise<Beside> {
  const { catalogue } = scorer;
  const shared = rankerFrom(tables, combination);
  const ranking = new RankerScorer(catalogue, scorer);
  const plain: Score = (history) => ranking.scores(history, shared);
  const valid = thinned(set.valid, quick ? 20 : VALID_LISTS);
  const settings = PRIVATE.map((part) => ({ name: '', score: personal(ranking, shared, part) }));
  const ranked = rankCases(set, scorer, valid, [{ name: '', score: plain }, ...settings]);
  const gain = (of: number): number => chosen([combination], [[ranked[of] ?? []]]).ndcg10;
  const gains = PRIVATE.map((_, p) => gain(p + 1) - gain(0));
  const best = PRIVATE[gains.indexOf(Math.max(...gains))] as PrivatePart;

  const small = rankerFrom(inInt8(tables), combination);
  const exact = await unrounded(set, catalogue, quick);
  const rankers: Ranked[] = [
    { name: BASE, score: plain },
    { name: '… + private', score: personal(ranking, shared, best) },
    {
      name: '… with weights, popularity and pairs in int8',
      score: (h) => ranking.scores(h, small),
    },
    { name: '… on float32 vectors', score: (h) => exact.scores(h, shared) },
  ];
  const lists = thinned(set.test, quick ? 20 : TEST_LISTS);
  const names = rankers.map(({ name }) => name);
  const ranks = rankCases(set, scorer, lists, rankers);
  return {
    lists: lists.length,
    private: { ...best },
    privateValidNdcg10: Math.max(...gains),
    privateMoves: valid.filter((_, c) => !isDeepStrictEqual(ranked[0]?.[c], ranked.at(-1)?.[c]))
      .length,
    differences: differences(
      names,
      ranks,
      names.slice(1).map((name) => [name, BASE]),
    ),
  };
}

function rankerFrom(tables: Tables, combination: Combination): Ranker {
  const ranked = rankerOf(tables)(combination);
  if (!('weights' in ranked)) throw new Error('a combination of parts has weights');
  const [pair] = ranked.pairs;
  return {
    ...wideRanker(ranked.weights, WIDE.historyLength),
    pop: ranked.pop,
    pair: pair === undefined ? null : { ...pair, rows: pair.table },
  };
}

/** As a browser would have it: fitted anew on each history. */
function personal(ranking: RankerScorer, shared: Ranker, part: PrivatePart): Score {
  return (history) =>
    ranking.scores(history, {
      ...shared,
      personal: PersonalOffset.fit(ranking, shared, history, part),
    });
}

function inInt8({ weights, pop, pairs }: Tables): Tables {
  return {
    weights: quantise(weights, [weights.length]),
    pop: quantise(pop, [pop.length]),
    pairs: Object.fromEntries(
      Object.entries(pairs).map(([name, table]) => [
        name,
        { ...table, values: quantise(table.values, [table.values.length]) },
      ]),
    ),
  };
}

/** The same catalogue before its vectors were rounded to int8, as it is shipped. */
async function unrounded(
  { items, vectors }: RankingSet,
  catalogue: Catalogue,
  quick: boolean,
): Promise<RankerScorer> {
  const embedder = vectors === null ? hashedNgrams(quick ? 256 : undefined) : givenVectors(vectors);
  const { rows } = await contentRows(items, catalogue.priceCents, { embedder });
  const reduced = reduceVectors(rows, catalogue.k);
  const float32 = { ...catalogue, vectors: reduced.vectors };
  return new RankerScorer(float32, new WideScorer(float32, COLUMN_BYTES));
}
