/** Heads and trunks (shared/model/architecture.ts) on tfjs ops. */
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { reshape } from '@tensorflow/tfjs-core/dist/ops/reshape.js';
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import {
  type HeadArchitecture,
  headsOf,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import { columnsOf } from '../../shared/model/heads/inputs.ts';
import { outputsOf } from '../../shared/model/heads/label.ts';
import type { HeadExamples } from '../features/examples.ts';
import { TrainingError } from './backend.ts';
import { sigmoidCrossEntropy, softmaxCrossEntropy, tanh } from './losses.ts';
import { constant, expectLength, type Hold, type Network } from './network.ts';

/**
 * The loss is the sum over the heads of the mean cross-entropy over the examples that have the
 * head's label, so that a head of a trunk learns as it would alone.
 *
 * @throws TrainingError 'shape' when the examples do not fit the architecture.
 */
export function headNetwork(
  architecture: HeadArchitecture | TrunkArchitecture,
  x: HeadExamples,
  hold: Hold,
): Network {
  const { examples, width } = x;
  const { hidden } = architecture;
  const outputs = headsOf(architecture).map(({ label }) => outputsOf(label));
  expectLength('examples.width', width, columnsOf(architecture.inputs));
  expectLength('examples.heads', x.heads, outputs.length);
  expectLength('examples.labels', x.labels.length, examples * outputs.length);
  const inputs = constant(hold, 'features', x.features, [examples, width]);
  const losses = outputs.map((count, head) => lossOf(x, head, count, hold));
  const rows = hidden === 0 ? width : hidden;
  const layer = (from: Tensor2D, weights: readonly Tensor2D[], at: number): Tensor2D =>
    add(matMul(from, weights[at] as Tensor2D), weights[at + 1] as Tensor2D);
  const read = (last: Tensor2D, weights: readonly Tensor2D[], at: number): Scalar =>
    losses
      .map((loss, head) => loss(layer(last, weights, at + 2 * head)))
      .reduce((sum, loss) => add(sum, loss));
  // The last row of a matrix is its biases: two tensors, one behind the other.
  const shapes = outputs.flatMap((count): [number, number][] => [
    [rows, count],
    [1, count],
  ]);
  if (hidden === 0) return { shapes, loss: (weights) => read(inputs, weights, 0) };
  return {
    shapes: [[width, hidden], [1, hidden], ...shapes],
    loss: (weights) => read(tanh(layer(inputs, weights, 0)), weights, 2),
  };
}

/** Mean cross-entropy of one head from its logits, examples × outputs; 0 without any label. */
function lossOf(
  x: HeadExamples,
  head: number,
  outputs: number,
  hold: Hold,
): (logits: Tensor2D) => Scalar {
  const { examples, heads } = x;
  const labels = Array.from({ length: examples }, (_, i) => x.labels[i * heads + head] as number);
  const classes = outputs === 1 ? 2 : outputs;
  if (labels.some((label) => !Number.isInteger(label) || label < -1 || label >= classes)) {
    throw new TrainingError('shape', `examples.labels: not all from −1 to ${classes - 1}`);
  }
  const labelled = labels.filter((label) => label >= 0).length;
  const share = Float32Array.from(labels, (label) => (label < 0 ? 0 : 1 / labelled));
  if (outputs === 1) {
    const wanted = Float32Array.from(labels, (label) => Math.max(0, label));
    const target = constant<Tensor1D>(hold, 'labels', wanted, [examples]);
    const shares = constant<Tensor1D>(hold, 'labels', share, [examples]);
    return (logits) => sigmoidCrossEntropy(reshape(logits, [examples]) as Tensor1D, target, shares);
  }
  const hot = new Float32Array(examples * outputs);
  for (const [i, label] of labels.entries()) if (label >= 0) hot[i * outputs + label] = 1;
  const target = constant(hold, 'labels', hot, [examples, outputs]);
  const shares = constant(hold, 'labels', share, [examples, 1]);
  return (logits) => softmaxCrossEntropy(logits, target, shares);
}
