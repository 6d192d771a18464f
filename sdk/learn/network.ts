/** What every network of sdk/learn is made of: its interface, constants and the ranking loss. */
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor.js';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import type { RankingExamples, SequenceExamples } from '../features/examples.ts';
import { TrainingError } from './backend.ts';
import { softmaxCrossEntropy } from './losses.ts';

/** Notes a tensor for the caller, who disposes it when the training ends. */
export type Hold = <T extends Tensor>(made: T) => T;

export interface Network {
  /** Shapes of the weight tensors, in the order of the flat vector. */
  readonly shapes: readonly (readonly [number, number])[];
  loss(weights: readonly Tensor2D[]): Scalar;
}

/** Added to the logit of a masked candidate or position: its weight becomes exp(−1e9) = 0. */
const MASKED = -1e9;

/** Cross-entropy of candidate 0 against the candidates that count. */
export function choiceOf(
  x: RankingExamples | SequenceExamples,
  hold: Hold,
): (logits: Tensor2D) => Scalar {
  const { examples, candidates, mask } = x;
  expectLength('examples.mask', mask.length, examples * candidates);
  for (let i = 0; i < examples; i++) {
    if (mask[i * candidates] !== 1) {
      throw new TrainingError('shape', `examples.mask: the target of example ${i} is masked`);
    }
  }
  const hidden = constant(hold, 'mask', mask.map(masked), [examples, candidates]);
  const target = constant(hold, 'target', oneHot(candidates, 0), [1, candidates]);
  const share = hold(scalar(1 / examples));
  return (logits) => softmaxCrossEntropy(add(logits, hidden) as Tensor2D, target, share);
}

/** What is added to the logit of a place that counts (1) or does not (0). */
export function masked(counts: number): number {
  return counts === 0 ? MASKED : 0;
}

export function oneHot(length: number, hot: number): Float32Array {
  const row = new Float32Array(length);
  row[hot] = 1;
  return row;
}

/** Values as a tensor that `hold` notes. @throws TrainingError 'shape' */
export function constant<T extends Tensor = Tensor2D>(
  hold: Hold,
  name: string,
  values: Float32Array,
  shape: number[],
): T {
  expectLength(
    `examples.${name}`,
    values.length,
    shape.reduce((product, side) => product * side, 1),
  );
  return hold(tensor(values, shape, 'float32') as T);
}

/** @throws TrainingError 'shape' */
export function expectLength(name: string, actual: number, expected: number): void {
  if (actual !== expected) {
    throw new TrainingError('shape', `${name}: ${actual} where ${expected} is expected`);
  }
}
