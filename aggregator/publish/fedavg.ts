/**
 * What the server makes of a mean. Training: FedAvg (McMahan et al., arXiv:1602.05629, Algorithm 1)
 * with a step that decays by version. Statistics: the mean itself.
 */
import type { ServerOptimizer, TaskRecipe } from '../../shared/model/recipe.ts';

/**
 * Step of the update that follows `version` published ones: learningRate / (1 + version /
 * decayRounds). It counts versions, not rounds, so an abandoned round costs no step.
 */
export function stepSize(optimizer: ServerOptimizer, version: number): number {
  const { learningRate, decayRounds } = optimizer;
  return decayRounds === null ? learningRate : learningRate / (1 + version / decayRounds);
}

/**
 * Weights of the next version, rounded to float32: w + step·mean in float64 (RD7), or the mean
 * whatever the weights were (K5).
 * @throws RangeError when lengths differ, an optimizer is unknown or a weight is not finite.
 */
export function serverStep(
  weights: Float32Array,
  mean: Float64Array,
  optimizer: TaskRecipe['server'],
  version: number,
): Float32Array {
  if (mean.length !== weights.length) throw new RangeError('mean has another length than weights');
  const next = new Float32Array(weights.length);
  switch (optimizer.name) {
    case 'release':
      next.set(mean);
      break;
    case 'fedavg': {
      const step = stepSize(optimizer, version);
      for (let i = 0; i < next.length; i++) {
        next[i] = (weights[i] as number) + step * (mean[i] as number);
      }
      break;
    }
    default:
      throw new RangeError('optimizer.name is unknown');
  }
  if (!next.every(Number.isFinite))
    throw new RangeError('a weight of the next version is infinite');
  return next;
}
