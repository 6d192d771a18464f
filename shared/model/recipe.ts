/** Recipe of a task: what a browser does locally and what the server makes of the reports. */

/** How a training task learns. */
export interface Recipe {
  /** Full-batch local steps per round. */
  readonly steps: number;
  readonly learningRate: number;
  /** Negatives drawn per example (ranking tasks); 0 otherwise. */
  readonly negatives: number;
  /**
   * Share of them, in (0, 1], that is drawn in proportion to the popularity that the site's ranker
   * names, once it is published: the weights then tell what popularity does not. The rest, and all
   * of them where it is left out, are uniform.
   */
  readonly popularNegatives?: number;
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

/**
 * Of a statistic: version v is v₋₁ + (mean − v₋₁)/min(v, over), float32 (rule K5): the mean of the
 * newest round, or that of the rounds so far and, past `over` of them, one that older rounds leave
 * by and by.
 */
export interface Release {
  readonly name: 'release';
  /** Rounds, 2 or more; left out: 1. Of a `measure` task alone. */
  readonly over?: number;
}

export interface ReleaseRecipe {
  readonly server: Release;
}

/** Rounds that version `version` is divided over when it is made: 1, 2, … `over`. */
export function roundsReleased({ over = 1 }: Release, version: number): number {
  return Math.min(version, over);
}

/**
 * Variance of the noise in version `version`, as a share of that of one round: 1 for the mean of a
 * round alone, 1/v for that of v ≤ `over` rounds. 1 before the first version.
 */
export function releasedVariance(recipe: TaskRecipe, version: number): number {
  if (isTraining(recipe)) return 1;
  let share = 1;
  for (let made = 2; made <= version; made++) {
    const rounds = roundsReleased(recipe.server, made);
    const next = (share * (rounds - 1) ** 2 + 1) / rounds ** 2;
    if (next === share) break;
    share = next;
  }
  return share;
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
