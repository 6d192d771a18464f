/** Many rankers on the same lists: rankers of the same wide weights share a list's wide scores. */
import type { WideScorer } from '../../../sdk/features/wide.ts';
import { type Rank, rankAmong, rankOf } from '../../../shared/model/metrics/ranking.ts';
import type { PairForm, PairRows } from '../../../shared/model/pair-rows.ts';
import type { Score } from './baselines.ts';
import { WIDE } from './federate.ts';
import { sampledNegatives } from './negatives.ts';
import { addPairScores } from './pairs.ts';
import type { EvaluationCase, RankingSet } from './sets.ts';

/** A pair part as it scores. */
export interface PairPart extends PairForm {
  readonly table: PairRows;
  readonly weight: number;
}

/** A ranker: its own scores, or wide weights and the parts on top. */
export type Ranked =
  | { readonly name: string; readonly score: Score }
  | {
      readonly name: string;
      readonly weights: Float32Array;
      /** Popularity times its weight, by item. */
      readonly pop: Float32Array | null;
      readonly pairs: readonly PairPart[];
    };

/** Rank of the target among all items, and among sampled negatives. */
export interface CaseRanks {
  readonly full: Rank;
  readonly sampled: Rank;
}

/** Whether two rankers are of the same weights, popularity and pairs, and so score alike. */
function alike(a: Ranked, b: Ranked): boolean {
  if (a === b) return true;
  if ('score' in a || 'score' in b) return false;
  if (a.weights !== b.weights || a.pop !== b.pop || a.pairs.length !== b.pairs.length) return false;
  return a.pairs.every((one, i) => {
    const { table, weight, decay, reach, linear } = b.pairs[i] as PairPart;
    const same = one.table === table && one.weight === weight;
    return same && one.decay === decay && one.reach === reach && one.linear === linear;
  });
}

/** Ranks of every case, by ranker: ranks[r][c]. Rankers that score alike are asked once. */
export function rankCases(
  set: RankingSet,
  scorer: WideScorer,
  cases: readonly EvaluationCase[],
  rankers: readonly Ranked[],
): CaseRanks[][] {
  const n = set.items.length;
  const scores = new Float32Array(n);
  const scratch = new Float32Array(n);
  const out: CaseRanks[][] = rankers.map(() => []);
  const first = rankers.map((ranker) => rankers.findIndex((other) => alike(ranker, other)));
  for (const one of cases) {
    const { history, target, number } = one;
    const seen = new Set([...history, target]);
    const negatives = sampledNegatives(number, n, seen);
    const excluded = set.unseenOnly ? history : [];
    const wide = new Map<Float32Array, Float32Array>();
    for (const [r, ranker] of rankers.entries()) {
      const known = out[first[r] as number]?.[(out[r] as CaseRanks[]).length];
      if (known !== undefined) {
        out[r]?.push(known);
        continue;
      }
      let given: Float32Array = scores;
      if ('score' in ranker) given = ranker.score(history);
      else {
        let base = wide.get(ranker.weights);
        if (base === undefined) {
          base = scorer.scores(history, ranker.weights, WIDE.historyLength);
          wide.set(ranker.weights, base);
        }
        scores.set(base);
        const { pop } = ranker;
        if (pop !== null) {
          for (let j = 0; j < n; j++) scores[j] = (scores[j] as number) + (pop[j] as number);
        }
        for (const part of ranker.pairs) addPairScores(scores, part.table, history, part, scratch);
      }
      out[r]?.push({
        full: rankOf(given, target, excluded),
        sampled: rankAmong(given, target, negatives),
      });
    }
  }
  return out;
}

/** At most `most` cases, evenly spaced: the same ones for every ranker and seed. */
export function thinned(cases: readonly EvaluationCase[], most: number): EvaluationCase[] {
  if (cases.length <= most) return [...cases];
  return Array.from(
    { length: most },
    (_, i) => cases[Math.floor((i * cases.length) / most)] as EvaluationCase,
  );
}
