/** What a set's bench is given and gives: ranking sets and head sets alike. */
import type { BenchResults } from '../contract.ts';

export interface QualityOptions {
  /** Few shoppers, rounds and rows: that it runs is checked, its figures mean nothing. */
  readonly quick: boolean;
  /** Also curves over the number of shoppers. */
  readonly curves: boolean;
  /** Seeds 0 to seeds − 1; 3 by default, 1 with `quick`. */
  readonly seeds: number;
}

/** Percent; `hr10` and `ndcg10` for ranking sets, `auc` and `f1` for head sets. */
export type SummaryFigures = { readonly [figure: string]: number };

/** What `results.summary` promises. A figure that a set cannot have is null, never left out. */
export type QualitySummary = {
  /** Means over the seeds, all DP noise on. */
  readonly underDp: SummaryFigures;
  readonly noDp: SummaryFigures;
  readonly untrained: SummaryFigures;
  readonly popularity: SummaryFigures;
  readonly markov: SummaryFigures | null;
  /** HR@10 under DP of the test rows whose target never occurs in training, percent. */
  readonly coldHr10: number | null;
  readonly epsilonPerParticipation: number;
  /** Most reports of one shopper, statistics included. */
  readonly participations: number;
  /** Of all of them, by the provable conversion, against one honest server. */
  readonly epsilonTotal: number;
  readonly delta: number;
};

/** One row of a table: figures as "mean ± std" pairs over the seeds. */
export type QualityRow = {
  readonly name: string;
  readonly seeds: number;
  readonly mean: SummaryFigures;
  readonly std: SummaryFigures;
};

export type QualityResults = BenchResults & {
  readonly set: string;
  readonly form: string;
  readonly summary: QualitySummary;
  readonly rows: readonly QualityRow[];
};
