/**
 * A head as data: one file exports one record, and a task made of it carries everything that a
 * browser needs. No code ships with a new head.
 *
 * A recipe to begin with: inputs around 0 (`~`), one local step at rate 1, a clip of 0.5, which is
 * near the length of such an update, and FedAvgM at 20 (10 with a hidden layer) with momentum 0.9.
 * It was chosen on validation folds of three sets of transactions, for ten participations of ε 2.
 * Who spends that many on one head may let the first of them count where the inputs lie (scales.ts);
 * where it pays, and what two participations do, is in `npm run bench -- quality`.
 */
import type { HeadArchitecture, MetricsArchitecture, TrunkArchitecture } from '../architecture.ts';
import type { Recipe, ReleaseRecipe } from '../recipe.ts';
import { LOG_LOSS_CAP } from '../statistic.ts';
import { evenGuess } from './label.ts';
import { headStart } from './start.ts';

/** Names of shared/model/metrics; `log-loss` can be measured under DP too, by a gate. */
export type HeadMetric = 'auc' | 'f1' | 'accuracy' | 'log-loss' | 'calibration' | 'hr' | 'ndcg';

export interface HeadRecord {
  /** Of its task; the slot under which a page finds the model. */
  readonly name: string;
  /** What a shop does with it, in a sentence. */
  readonly why: string;
  readonly architecture: HeadArchitecture | TrunkArchitecture;
  readonly recipe: Recipe;
  readonly clipL2: number;
  /** What it is judged by, first the one that decides. */
  readonly metrics: readonly HeadMetric[];
  /** Logit of a published guess of the base rate; null for the label's own. */
  readonly start: number | null;
}

/** Clip of the recipe to begin with. */
export const HEAD_CLIP = 0.5;

/** The recipe to begin with, for a head without a hidden layer or with one. */
export function headRecipe(maxExamples: number, hidden = 0): Recipe {
  const learningRate = hidden === 0 ? 20 : 10;
  return {
    steps: 1,
    learningRate: 1,
    negatives: 0,
    maxExamples,
    server: { name: 'fedavgm', learningRate, momentum: 0.9, decayRounds: 20 },
  };
}

/** The parts of a task draft that follow from a head; tier, noise and periods are the site's. */
export interface HeadTask {
  readonly name: string;
  readonly kind: 'train';
  readonly architecture: HeadArchitecture | TrunkArchitecture;
  readonly recipe: Recipe;
  readonly clipL2: number;
  readonly initialWeights: Float32Array;
}

/** @param source of the start weights of a hidden layer: anything seeded, nothing private. */
export function headTask(record: HeadRecord, source: { nextUint32(): number }): HeadTask {
  const { name, architecture, recipe, clipL2, start } = record;
  const initialWeights = headStart(architecture, source, start ?? undefined);
  return { name, kind: 'train', architecture, recipe, clipL2, initialWeights };
}

export interface HeadEvaluation {
  readonly name: string;
  readonly kind: 'evaluate';
  readonly architecture: MetricsArchitecture;
  readonly recipe: ReleaseRecipe;
  readonly clipL2: number;
  readonly initialWeights: Float32Array;
}

/**
 * The parts of the evaluation by which a gate judges the head's versions (SPEC.md, K13); null for a
 * trunk, and for a head of so many categories that an even guess reaches the cap of the log loss.
 */
export function headEvaluation({ name, architecture }: HeadRecord): HeadEvaluation | null {
  if (architecture.name !== 'head' || evenGuess(architecture.label) >= LOG_LOSS_CAP) return null;
  return {
    name: `${name}-quality`,
    kind: 'evaluate',
    architecture: { name: 'metrics', of: 'head', task: name, head: architecture },
    recipe: { server: { name: 'release' } },
    clipL2: Math.sqrt(3),
    initialWeights: new Float32Array(3),
  };
}
