/** Recipe of a task: what a browser does locally and what the server makes of the reports. */

/** How a training task learns. */
export interface Recipe {
  /** Full-batch local steps per round. */
  readonly steps: number;
  readonly learningRate: number;
  /** Uniform negatives drawn per example (ranking tasks); 0 otherwise. */
  readonly negatives: number;
  /** Newest examples that a browser trains on, at most. */
  readonly maxExamples: number;
  readonly server: ServerOptimizer;
  /** What stands in for the mean of the reports, in the local tier alone; left out: the mean. */
  readonly aggregate?: RobustAggregate;
}

/** The step of the update that follows v versions is learningRate / (1 + v / decayRounds). */
interface Step {
  readonly learningRate: number;
  /** Null for a constant step. */
  readonly decayRounds: number | null;
}

/** McMahan et al., arXiv:1602.05629, Algorithm 1: w ← w + step·mean. */
export interface FedAvg extends Step {
  readonly name: 'fedavg';
}

/** Hsu, Qi and Brown, arXiv:1909.06335, §4.3: m ← β·m + mean, w ← w + step·m. */
export interface FedAvgM extends Step {
  readonly name: 'fedavgm';
  /** β, in [0, 1). */
  readonly momentum: number;
}

/** Reddi et al., arXiv:2003.00295v5, Algorithm 2: w ← w + step·m/(√v + τ), v from τ² on. */
interface Adaptive extends Step {
  /** β₁, in [0, 1): m ← β₁·m + (1 − β₁)·mean. */
  readonly beta1: number;
  /** τ, in the units of the update: the smaller, the more adaptive. */
  readonly tau: number;
}

/** v ← v + mean². */
export interface FedAdagrad extends Adaptive {
  readonly name: 'fedadagrad';
}

/** v ← β₂·v + (1 − β₂)·mean². */
export interface FedAdam extends Adaptive {
  readonly name: 'fedadam';
  readonly beta2: number;
}

/** v ← v − (1 − β₂)·mean²·sign(v − mean²). */
export interface FedYogi extends Adaptive {
  readonly name: 'fedyogi';
  readonly beta2: number;
}

export type ServerOptimizer = FedAvg | FedAvgM | FedAdagrad | FedAdam | FedYogi;

/**
 * Robust statistics in place of the mean: experimental, since under the noise of the local tier they
 * buy little (aggregator/ROBUST.md). `hostile` is the share of the reports, below a half, that they
 * are made to bear.
 */
export type RobustAggregate =
  | { readonly name: 'experimental-multi-krum'; readonly hostile: number }
  | { readonly name: 'experimental-trimmed-mean'; readonly hostile: number }
  | { readonly name: 'experimental-median' }
  | {
      readonly name: 'experimental-centered-clipping';
      /** In the units of the update. */
      readonly radius: number;
      readonly iterations: number;
    };

/** Of a statistic: what is published is the mean itself, float32 (rule K5). */
export interface ReleaseRecipe {
  readonly server: { readonly name: 'release' };
}

export type TaskRecipe = Recipe | ReleaseRecipe;

export function isTraining(recipe: TaskRecipe): recipe is Recipe {
  return recipe.server.name !== 'release';
}

/** What a training does instead of averaging, or null. */
export function aggregateOf(recipe: TaskRecipe): RobustAggregate | null {
  return (isTraining(recipe) && recipe.aggregate) || null;
}

/** Most bytes that a robust statistic may hold of one batch. */
export const MAX_ROBUST_BYTES: number = 2 ** 29;

/**
 * Bytes that a robust statistic holds of `reports` vectors of d coordinates: int32 rows, and for
 * multi-Krum their Gram matrix in float64.
 */
export function robustBytes({ name }: RobustAggregate, reports: number, d: number): number {
  const gram = name === 'experimental-multi-krum' ? 8 * reports * reports : 0;
  return 4 * reports * d + gram;
}
