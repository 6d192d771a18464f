/** FedAvg (McMahan et al., arXiv:1602.05629, Algorithm 1) with a step that decays by version. */
import type { ServerOptimizer } from '../../shared/model/recipe.ts';

/**
 * Step of the update that follows `version` published ones: learningRate / (1 + version /
 * decayRounds). It counts versions, not rounds, so an abandoned round costs no step.
 */
export function stepSize(optimizer: ServerOptimizer, version: number): number {
  const { learningRate, decayRounds } = optimizer;
  return decayRounds === null ? learningRate : learningRate / (1 + version / decayRounds);
}

/**
 * Weights of the next version: w + step·mean in float64, then rounded to float32.
 * @throws RangeError when lengths differ, an optimizer is unknown or a weight is not finite.
 */
export function serverStep(
  weights: Float32Array,
  mean: Float64Array,
  optimizer: ServerOptimizer,
  version: number,
): Float32Array {
  if (optimizer.name !== 'fedavg') throw new RangeError('optimizer.name is unknown');
  if (mean.length !== weights.length) throw new RangeError('mean has another length than weights');
  const step = stepSize(optimizer, version);
  const next = new Float32Array(weights.length);
  for (let i = 0; i < next.length; i++) {
    next[i] = (weights[i] as number) + step * (mean[i] as number);
  }
  if (!next.every(Number.isFinite))
    throw new RangeError('a weight of the next version is infinite');
  return next;
}
