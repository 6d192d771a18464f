/**
 * The networks of shared/model/architecture.ts on tfjs ops. A network holds its examples as
 * tensors and gives the loss as a function of its weights.
 */
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { reshape } from '@tensorflow/tfjs-core/dist/ops/reshape.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import { softmax } from '@tensorflow/tfjs-core/dist/ops/softmax.js';
import { sum } from '@tensorflow/tfjs-core/dist/ops/sum.js';
import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor.js';
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import type { Architecture, AttentionArchitecture } from '../../shared/model/architecture.ts';
import type {
  BinaryExamples,
  Examples,
  RankingExamples,
  SequenceExamples,
} from '../features/examples.ts';
import { TrainingError } from './backend.ts';
import { sigmoidCrossEntropy, softmaxCrossEntropy } from './losses.ts';

/** Notes a tensor for the caller, who disposes it when the training ends. */
export type Hold = <T extends Tensor>(made: T) => T;

export interface Network {
  /** Shapes of the weight tensors, in the order of the flat vector. */
  readonly shapes: readonly (readonly [number, number])[];
  loss(weights: readonly Tensor2D[]): Scalar;
}

/** Added to the logit of a masked candidate or position: its weight becomes exp(−1e9) = 0. */
const MASKED = -1e9;

/**
 * Builds a network over its examples; every tensor made goes through `hold`.
 * @throws TrainingError 'shape' when the examples do not fit the architecture.
 */
export function networkOf(architecture: Architecture, examples: Examples, hold: Hold): Network {
  if (architecture.name === 'wide' && examples.kind === 'ranking') return wide(examples, hold);
  if (architecture.name === 'logistic' && examples.kind === 'binary') {
    expectLength('examples.width', examples.width, architecture.inputs);
    return logistic(examples, hold);
  }
  if (architecture.name === 'attention' && examples.kind === 'sequence') {
    expectLength('examples.content', examples.content, architecture.content);
    expectLength('examples.length', examples.length, architecture.historyLength);
    return attention(architecture, examples, hold);
  }
  throw new TrainingError('shape', `${examples.kind} examples do not train ${architecture.name}`);
}

function wide(x: RankingExamples, hold: Hold): Network {
  const { examples, candidates, width } = x;
  const features = constant(hold, 'features', x.features, [examples * candidates, width]);
  const choice = choiceOf(x, hold);
  return {
    shapes: [[width, 1]],
    loss: ([weights]) => {
      const logits = reshape(matMul(features, weights as Tensor2D), [examples, candidates]);
      return choice(logits as Tensor2D);
    },
  };
}

function logistic(x: BinaryExamples, hold: Hold): Network {
  const { examples, width } = x;
  expectLength('examples.features', x.features.length, examples * width);
  const rows = new Float32Array(examples * (width + 1)).fill(1);
  for (let i = 0; i < examples; i++) {
    rows.set(x.features.subarray(i * width, (i + 1) * width), i * (width + 1));
  }
  const inputs = constant(hold, 'features', rows, [examples, width + 1]);
  const labels = constant<Tensor1D>(hold, 'labels', x.labels, [examples]);
  const share = hold(scalar(1 / examples));
  return {
    shapes: [[width + 1, 1]],
    loss: ([weights]) => {
      const logits = reshape(matMul(inputs, weights as Tensor2D), [examples]) as Tensor1D;
      return sigmoidCrossEntropy(logits, labels, share);
    },
  };
}

/**
 * One attention head read at the newest position, which sees itself and everything older, so the
 * causal mask is the padding mask. With x the embedded history plus positions and h = x_last +
 * Σ softmax(q·k/√width) v, candidate j scores base + (h · output) · (embed of j).
 */
function attention(architecture: AttentionArchitecture, x: SequenceExamples, hold: Hold): Network {
  const { content, width } = architecture;
  const { examples, candidates, length } = x;
  const history = constant(hold, 'history', x.history, [examples * length, content]);
  const others = constant(hold, 'candidatesVectors', x.candidatesVectors, [
    examples * candidates,
    content,
  ]);
  const base = constant(hold, 'base', x.base, [examples, candidates]);
  const hidden = constant(hold, 'historyMask', x.historyMask.map(masked), [examples, length]);
  const last = hold(tensor(oneHot(length, length - 1), [1, length, 1]));
  const scale = hold(scalar(1 / Math.sqrt(width)));
  const choice = choiceOf(x, hold);
  const split = (t: Tensor, rows: number): Tensor => reshape(t, [examples, rows, width]);
  return {
    shapes: [
      [content, width],
      [length, width],
      [width, width],
      [width, width],
      [width, width],
      [width, width],
    ],
    loss: (weights) => {
      const [embed, position, query, key, value, output] = weights as [
        Tensor2D,
        Tensor2D,
        Tensor2D,
        Tensor2D,
        Tensor2D,
        Tensor2D,
      ];
      const embedded = add(split(matMul(history, embed), length), position);
      const flat = reshape(embedded, [examples * length, width]) as Tensor2D;
      const newest = sum(mul(embedded, last), 1) as Tensor2D;
      const asked = reshape(matMul(newest, query), [examples, 1, width]);
      const fit = mul(sum(mul(split(matMul(flat, key), length), asked), 2), scale);
      const share = reshape(softmax(add(fit, hidden)), [examples, length, 1]);
      const read = sum(mul(split(matMul(flat, value), length), share), 1);
      const answer = matMul(add(newest, read) as Tensor2D, output);
      const deep = sum(
        mul(split(matMul(others, embed), candidates), reshape(answer, [examples, 1, width])),
        2,
      );
      return choice(add(base, deep) as Tensor2D);
    },
  };
}

/** Cross-entropy of candidate 0 against the candidates that count. */
function choiceOf(x: RankingExamples | SequenceExamples, hold: Hold): (logits: Tensor2D) => Scalar {
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

function masked(counts: number): number {
  return counts === 0 ? MASKED : 0;
}

function oneHot(length: number, hot: number): Float32Array {
  const row = new Float32Array(length);
  row[hot] = 1;
  return row;
}

function constant<T extends Tensor = Tensor2D>(
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

function expectLength(name: string, actual: number, expected: number): void {
  if (actual !== expected) {
    throw new TrainingError('shape', `${name}: ${actual} where ${expected} is expected`);
  }
}
