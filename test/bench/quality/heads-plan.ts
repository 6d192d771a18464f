/**
 * The recipe of every head of the bench, chosen on validation folds: from the number of shoppers
 * alone, never from a set. Inputs around 0 and a clip near the size of an update let the server
 * take long steps; momentum carries them over the few rounds that ten participations are.
 */
import { type Budget, type HeadPlan, sourceOf } from './heads-federate.ts';
import { type HeadShape, weightCount } from './heads-local.ts';

/** Of all reports of one shopper to one target. */
export const BUDGET: Budget = { epsilon: 7.2, delta: 1e-6 };
export const PARTICIPATIONS = 10;
/** Units of a hidden layer, where there is one. */
export const HIDDEN = 8;

/** Fewer rounds do not settle, more have too few shoppers each. */
const ROUNDS_LEAST = 3;
const ROUNDS_MOST = 4;
const COHORT = 600;

export function planFor(shoppers: number, participations: number, hidden = 0): HeadPlan {
  return {
    participations,
    rounds: Math.min(ROUNDS_MOST, Math.max(ROUNDS_LEAST, Math.floor(shoppers / COHORT))),
    steps: 1,
    learningRate: 1,
    clipL2: 0.5,
    server: {
      name: 'fedavgm',
      learningRate: hidden === 0 ? 20 : 10,
      momentum: 0.9,
      decayRounds: 20,
    },
  };
}

/** Start weights as shared/model/heads/start.ts makes them: outputs of zeros, and the bias. */
export function startOf(
  shape: HeadShape,
  bias: number | readonly number[],
  seed: string,
): Float32Array {
  const { columns, hidden, heads } = shape;
  const weights = new Float32Array(weightCount(shape));
  const source = sourceOf(`${seed}/start`);
  const half = Math.sqrt(3 / columns);
  for (let i = 0; i < columns * hidden; i++) {
    weights[i] = half * (source.nextUint32() / 2 ** 31 - 1);
  }
  const first = hidden === 0 ? 0 : (columns + 1) * hidden;
  const width = (hidden === 0 ? columns : hidden) + 1;
  for (let head = 0; head < heads; head++) {
    weights[first + (head + 1) * width - 1] = typeof bias === 'number' ? bias : (bias[head] ?? 0);
  }
  return weights;
}
