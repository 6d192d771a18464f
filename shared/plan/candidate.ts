/** What a part could be: its sizes, when each is on, and what it spends. */
import type { Architecture } from '../model/architecture.ts';
import type { HeadRecord } from '../model/heads/record.ts';
import type { ServerOptimizer, TaskRecipe } from '../model/recipe.ts';

interface Common {
  readonly architecture: Architecture;
  readonly clipL2: number;
  readonly recipe: TaskRecipe;
  /** One in so many shoppers is in a round (split tier). */
  readonly spread: number;
  /** Rounds below which this size does not pay. */
  readonly leastRounds: number;
  /** For the table: "11 weights". */
  readonly size: string;
}

/** Weights: on while the error of a round's mean is at most this share of the clip. */
export interface MeanSize extends Common {
  readonly kind: 'mean';
  readonly bound: number;
  readonly head?: HeadRecord;
  /** Steps of the server for so many rounds; left out: those of the recipe. */
  readonly server?: (rounds: number) => ServerOptimizer;
}

/** Counts: on while so many deviations of noise are below the count of a busy entry. */
export interface CountSize extends Common {
  readonly kind: 'count';
  /** Expected count of the busiest hundredth of the entries, per report. */
  readonly busy: number;
  readonly deviations: number;
}

/** An evaluation: on while the smallest gain of NDCG@10 that it can see is at most the bound. */
export interface GateSize extends Common {
  readonly kind: 'gate';
  readonly bound: number;
  /** Deviations of the noise by which a part must help (K20). */
  readonly sigmas: number;
  /** Share of the browsers with two items or more, which have something to evaluate. */
  readonly browsers: number;
}

export type Size = MeanSize | CountSize | GateSize;

export interface Candidate {
  readonly name: string;
  /** Participations that it is given, of those of a whole plan. */
  readonly units: number;
  /** The largest first; the first that the noise allows is taken. */
  readonly sizes: readonly Size[];
  /** What it needs and the shop lacks, or null. */
  readonly lacks: string | null;
  /** What the study found; empty where the figure says enough. */
  readonly pays: string;
}
