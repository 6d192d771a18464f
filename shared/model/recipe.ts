/** Recipe of a task: what a browser does locally and what the server makes of the mean. */

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
}

/** FedAvg; the step of round r is learningRate / (1 + r / decayRounds), or constant without it. */
export interface ServerOptimizer {
  readonly name: 'fedavg';
  readonly learningRate: number;
  readonly decayRounds: number | null;
}

/** Of a statistic: what is published is the mean itself, float32 (rule K5). */
export interface ReleaseRecipe {
  readonly server: { readonly name: 'release' };
}

export type TaskRecipe = Recipe | ReleaseRecipe;

export function isTraining(recipe: TaskRecipe): recipe is Recipe {
  return recipe.server.name === 'fedavg';
}
