/**
 * Which parts stand on top of the wide score, and with what weight: chosen on validation lists. No
 * choice is charged to the privacy budget; a shop would make it by `evaluate` tasks.
 */
import { startWeights } from '../../../sdk/features/wide.ts';
import { ndcg } from '../../../shared/model/metrics/ranking.ts';
import type { PairForm, PairRows } from '../../../shared/model/pair-rows.ts';
import type { CaseRanks, Ranked } from './evaluate.ts';

/** What a federation has opened: weights, popularity scores and tables of pairs by name. */
export interface Tables {
  readonly weights: Float32Array;
  readonly pop: Float32Array;
  readonly pairs: { readonly [name: string]: PairRows };
}

export type Combination = {
  /** False: the start weights stay, since the trained ones did worse on validation lists. */
  readonly trained: boolean;
  /** Weight of popularity; 0: off. */
  readonly pop: number;
  /** Name of a table of pairs; null: off. */
  readonly pair: string | null;
  readonly weight: number;
};

export type Choice = { readonly combination: Combination; readonly ndcg10: number };

const UNTRAINED = startWeights();
const POP_WEIGHTS = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.4];

interface PairSettings {
  readonly form: PairForm;
  /** That are tried, the smallest first. */
  readonly weights: readonly number[];
}

/** models.md §1. */
const PAIR: PairSettings = { form: { decay: 0.6, reach: 3 }, weights: [0.5, 1, 2, 3, 5] };
/** Of estimates under DP: linear, and over more of the history, both by validation lists. */
const POPULAR: PairSettings = {
  form: { decay: 0.6, reach: 5, linear: true },
  weights: [0.3, 0.5, 0.7, 1, 1.5, 2],
};

/** How the pairs of this table score. */
export function pairSettings(table: string): PairSettings {
  return table === 'popular' ? POPULAR : PAIR;
}

/** Weights of popularity alone, or those of pairs on top of a chosen one, itself among them. */
export function candidatesOf(tables: Tables, chosenPop: Combination | null): Combination[] {
  if (chosenPop === null) {
    return [true, false].flatMap((trained) =>
      POP_WEIGHTS.map((pop) => ({ trained, pop, pair: null, weight: 0 })),
    );
  }
  return [
    chosenPop,
    ...Object.keys(tables.pairs).flatMap((pair) =>
      pairSettings(pair).weights.map((weight) => ({ ...chosenPop, pair, weight })),
    ),
  ];
}

const scaledPops = new WeakMap<Float32Array, Map<number, Float32Array>>();

/** One array for each weight, so that many rankers share it. */
function scaledPop(pop: Float32Array, weight: number): Float32Array | null {
  if (weight === 0) return null;
  const known = scaledPops.get(pop) ?? new Map<number, Float32Array>();
  scaledPops.set(pop, known);
  const scaled = known.get(weight) ?? pop.map((value) => weight * value);
  known.set(weight, scaled);
  return scaled;
}

export function rankerOf(tables: Tables, name = ''): (combination: Combination) => Ranked {
  return ({ trained, pop, pair, weight }) => {
    const table = pair === null ? undefined : tables.pairs[pair];
    return {
      name,
      weights: trained ? tables.weights : UNTRAINED,
      pop: scaledPop(tables.pop, pop),
      pairs:
        pair === null || table === undefined ? [] : [{ table, weight, ...pairSettings(pair).form }],
    };
  };
}

/**
 * The combination with the best mean NDCG@10 over the seeds, the first of equal ones: one draw of
 * the noise would choose by its luck.
 *
 * @param ranks by seed, then by combination
 */
export function chosen(
  combinations: readonly Combination[],
  ranks: readonly (readonly (readonly CaseRanks[])[])[],
): Choice {
  const gains = combinations.map((_, c) => {
    const own = ranks.map((bySeed) => bySeed[c] as readonly CaseRanks[]);
    const sums = own.map(
      (row) => row.reduce((sum, { full }) => sum + ndcg(full, 10), 0) / Math.max(1, row.length),
    );
    return (100 * sums.reduce((a, b) => a + b, 0)) / sums.length;
  });
  const best = gains.indexOf(Math.max(...gains));
  return { combination: combinations[best] as Combination, ndcg10: gains[best] as number };
}
