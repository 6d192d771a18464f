/**
 * Server optimisers: what is made of the mean of a batch. FedAvg (McMahan et al., arXiv:1602.05629,
 * Algorithm 1), FedAvgM (Hsu, Qi and Brown, arXiv:1909.06335, §4.3), FedAdagrad, FedAdam and FedYogi
 * (Reddi et al., arXiv:2003.00295v5, Algorithm 2, without bias correction as there). Statistics: the
 * mean itself, of one round or over several (K5).
 *
 * Only + − × / and √ are used, which IEEE 754 rounds correctly: the same bytes on every machine, and
 * in the audit, which computes them again (RD7, RD21).
 */
import {
  roundsReleased,
  type ServerOptimizer,
  type TaskRecipe,
} from '../../shared/model/recipe.ts';

/** What an optimiser keeps from one version to the next, d float64 each. */
export interface OptimizerState {
  /** Momentum of the means, in the units of the update. */
  readonly m: Float64Array;
  /** Their second moment; empty for FedAvgM, which has none. */
  readonly v: Float64Array;
}

export interface ServerStep {
  readonly weights: Float32Array;
  /** Null for an optimiser that keeps nothing. */
  readonly state: OptimizerState | null;
}

/**
 * Step of the update that follows `version` published ones: learningRate / (1 + version /
 * decayRounds). It counts versions, not rounds, so an abandoned round costs no step.
 */
export function stepSize(
  { learningRate, decayRounds }: Pick<ServerOptimizer, 'learningRate' | 'decayRounds'>,
  version: number,
): number {
  return decayRounds === null ? learningRate : learningRate / (1 + version / decayRounds);
}

/**
 * State before the first mean: m = 0 and v = τ², the smallest that Algorithm 2 allows.
 * @returns null for an optimiser that keeps nothing.
 */
export function initialState(optimizer: TaskRecipe['server'], d: number): OptimizerState | null {
  switch (optimizer.name) {
    case 'release':
    case 'fedavg':
      return null;
    case 'fedavgm':
      return { m: new Float64Array(d), v: new Float64Array(0) };
    default:
      return { m: new Float64Array(d), v: new Float64Array(d).fill(optimizer.tau * optimizer.tau) };
  }
}

/**
 * Weights of the next version, rounded to float32 once, and the state that goes with them. Changes
 * nothing of what it is given.
 * @param state of the base version, as `initialState` or the last step made it.
 * @param mean d coordinates, in the units of the update.
 * @param version number of the base version.
 * @throws RangeError when lengths differ, an optimiser is unknown, or a weight or the state is not
 * finite.
 */
export function serverStep(
  state: OptimizerState | null,
  weights: Float32Array,
  mean: Float64Array,
  optimizer: TaskRecipe['server'],
  version: number,
): ServerStep {
  if (mean.length !== weights.length) throw new RangeError('mean has another length than weights');
  const step = stepped(state, weights, mean, optimizer, version);
  const { m = [], v = [] } = step.state ?? {};
  for (const part of [step.weights, m, v]) {
    if (!part.every(Number.isFinite)) {
      throw new RangeError('a weight of the next version, or its state, is infinite');
    }
  }
  return step;
}

function stepped(
  state: OptimizerState | null,
  weights: Float32Array,
  mean: Float64Array,
  optimizer: TaskRecipe['server'],
  version: number,
): ServerStep {
  switch (optimizer.name) {
    case 'release': {
      const rounds = roundsReleased(optimizer, version + 1);
      if (rounds === 1) return { weights: Float32Array.from(mean), state: null };
      const next = weights.map((before, i) => before + ((mean[i] as number) - before) / rounds);
      return { weights: next, state: null };
    }
    case 'fedavg': {
      const step = stepSize(optimizer, version);
      const next = weights.map((weight, i) => weight + step * (mean[i] as number));
      return { weights: next, state: null };
    }
    case 'fedavgm': {
      const step = stepSize(optimizer, version);
      const before = ofLength(state, mean.length, 0);
      const m = before.m.map((one, i) => optimizer.momentum * one + (mean[i] as number));
      const next = weights.map((weight, i) => weight + step * (m[i] as number));
      return { weights: next, state: { m, v: before.v } };
    }
    case 'fedadagrad':
      return adaptive(state, weights, mean, optimizer, version, (v, q) => v + q);
    case 'fedadam': {
      const { beta2 } = optimizer;
      const second = (v: number, q: number): number => beta2 * v + (1 - beta2) * q;
      return adaptive(state, weights, mean, optimizer, version, second);
    }
    case 'fedyogi': {
      const { beta2 } = optimizer;
      const second = (v: number, q: number): number => v - (1 - beta2) * q * Math.sign(v - q);
      return adaptive(state, weights, mean, optimizer, version, second);
    }
    default:
      throw new RangeError('optimizer.name is unknown');
  }
}

/** @param second the next second moment of a coordinate, from the last and the squared mean. */
function adaptive(
  state: OptimizerState | null,
  weights: Float32Array,
  mean: Float64Array,
  optimizer: Extract<ServerOptimizer, { readonly tau: number }>,
  version: number,
  second: (v: number, q: number) => number,
): ServerStep {
  const { beta1, tau } = optimizer;
  const step = stepSize(optimizer, version);
  const before = ofLength(state, mean.length, mean.length);
  const m = before.m.map((one, i) => beta1 * one + (1 - beta1) * (mean[i] as number));
  const v = before.v.map((one, i) => second(one, (mean[i] as number) * (mean[i] as number)));
  const next = weights.map(
    (weight, i) => weight + (step * (m[i] as number)) / (Math.sqrt(v[i] as number) + tau),
  );
  return { weights: next, state: { m, v } };
}

/** @throws RangeError when there is no state, or one of another length. */
function ofLength(state: OptimizerState | null, m: number, v: number): OptimizerState {
  if (state?.m.length !== m || state.v.length !== v) {
    throw new RangeError('state has another length than weights, or is missing');
  }
  return state;
}
