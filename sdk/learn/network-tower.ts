/**
 * Sequence towers on tfjs ops. Every kind turns a history into `hidden`, and candidate j with
 * content c scores base + (hidden · output) · (c · embed).
 *
 * Products are taken in the order that keeps them small: a vector goes through embed, key and
 * value once, not every position or candidate, since q · (x·K) = x · (q·Kᵀ).
 */
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { relu } from '@tensorflow/tfjs-core/dist/ops/relu.js';
import { reshape } from '@tensorflow/tfjs-core/dist/ops/reshape.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import { softmax } from '@tensorflow/tfjs-core/dist/ops/softmax.js';
import { split } from '@tensorflow/tfjs-core/dist/ops/split.js';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core/dist/tensor.js';
import { CNN_REACH, type TowerArchitecture, towerShapes } from '../../shared/model/architecture.ts';
import type { SequenceExamples } from '../features/examples.ts';
import {
  choiceOf,
  constant,
  expectLength,
  type Hold,
  masked,
  type Network,
  oneHot,
} from './network.ts';
import { gru, lstm } from './recurrent.ts';

/** From the matrices of `towerShapes` to `hidden`: examples × width. */
type Reader = (weights: readonly Tensor2D[]) => Tensor2D;

/**
 * A tower over its examples; every tensor made goes through `hold`.
 * @throws TrainingError 'shape' when the examples do not fit the architecture.
 */
export function towerNetwork(
  architecture: TowerArchitecture,
  x: SequenceExamples,
  hold: Hold,
): Network {
  const { examples, candidates, length, content } = x;
  expectLength('examples.content', content, architecture.content);
  expectLength('examples.length', length, architecture.historyLength);
  expectLength('examples.history', x.history.length, examples * length * content);
  expectLength('examples.historyMask', x.historyMask.length, examples * length);
  const reader = READERS[architecture.kind](architecture, x, hold);
  const others = constant<Tensor3D>(hold, 'candidatesVectors', x.candidatesVectors, [
    examples,
    candidates,
    content,
  ]);
  const base = constant(hold, 'base', x.base, [examples, candidates]);
  const choice = choiceOf(x, hold);
  return {
    shapes: towerShapes(architecture).map(({ rows, columns }) => [rows, columns]),
    loss: (weights) => {
      const embed = weights[0] as Tensor2D;
      const answer = matMul(reader(weights), weights.at(-1) as Tensor2D);
      const wanted = matMul(answer, embed, false, true);
      const deep = matMul(others, reshape(wanted, [examples, content, 1]) as Tensor3D);
      return choice(add(base, reshape(deep, [examples, candidates])) as Tensor2D);
    },
  };
}

type MakeReader = (architecture: TowerArchitecture, x: SequenceExamples, hold: Hold) => Reader;

const READERS: Readonly<Record<TowerArchitecture['kind'], MakeReader>> = {
  attention: attentionReader,
  gru: (architecture, x, hold) => recurrentReader(gru, architecture, x, hold),
  lstm: (architecture, x, hold) => recurrentReader(lstm, architecture, x, hold),
  cnn: convolutionReader,
  mean: meanReader,
};

/**
 * One attention head read at the newest position, which sees itself and everything older, so the
 * causal mask is the padding mask: with x the embedded history plus positions,
 * hidden = x_last + Σ softmax(q·k/√width) v.
 */
function attentionReader({ width }: TowerArchitecture, x: SequenceExamples, hold: Hold): Reader {
  const { examples, length, content } = x;
  const history = constant<Tensor3D>(hold, 'history', x.history, [examples, length, content]);
  const newest = newestOf(x, hold);
  const last = constant(hold, 'last', oneHot(length, length - 1), [1, length]);
  const hidden = constant(hold, 'historyMask', x.historyMask.map(masked), [examples, length]);
  const scale = hold(scalar(1 / Math.sqrt(width)));
  return ([embed, position, query, key, value]) => {
    const asking = add(matMul(newest, embed as Tensor2D), matMul(last, position as Tensor2D));
    const asked = mul(matMul(asking as Tensor2D, query as Tensor2D), scale);
    const sought = matMul(asked as Tensor2D, key as Tensor2D, false, true);
    const inContent = matMul(sought, embed as Tensor2D, false, true);
    const fit = add(
      reshape(matMul(history, reshape(inContent, [examples, content, 1]) as Tensor3D), [
        examples,
        length,
      ]),
      matMul(sought, position as Tensor2D, false, true),
    );
    const share = softmax(add(fit, hidden)) as Tensor2D;
    const seen = matMul(reshape(share, [examples, 1, length]) as Tensor3D, history);
    const read = add(
      matMul(reshape(seen, [examples, content]) as Tensor2D, embed as Tensor2D),
      matMul(share, position as Tensor2D),
    );
    return add(asking, matMul(read as Tensor2D, value as Tensor2D)) as Tensor2D;
  };
}

/** hidden = the newest state of a recurrent net over the embedded history. */
function recurrentReader(
  cell: typeof gru,
  { width }: TowerArchitecture,
  x: SequenceExamples,
  hold: Hold,
): Reader {
  const { examples, length, content } = x;
  const history = constant(hold, 'history', newestLast(x), [length * examples, content]);
  const masks = masksOf(x, hold);
  return ([embed, input, recurrent, bias]) => {
    const embedded = matMul(history, embed as Tensor2D);
    const inputs = add(matMul(embedded, input as Tensor2D), bias as Tensor2D) as Tensor2D;
    return cell(inputs, recurrent as Tensor2D, { steps: length, rows: examples, width, masks });
  };
}

/** Time-major: all examples of the oldest position first. */
function newestLast({ history, examples, length, content }: SequenceExamples): Float32Array {
  const turned = new Float32Array(history.length);
  for (let e = 0; e < examples; e++) {
    for (let t = 0; t < length; t++) {
      const from = (e * length + t) * content;
      turned.set(history.subarray(from, from + content), (t * examples + e) * content);
    }
  }
  return turned;
}

/** A column per position; null where every example has one, so that nothing is to be masked. */
function masksOf({ historyMask, examples, length }: SequenceExamples, hold: Hold) {
  return Array.from({ length }, (_, t) => {
    const column = Float32Array.from({ length: examples }, (_, e) =>
      historyMask[e * length + t] === 0 ? 0 : 1,
    );
    return column.includes(0) ? constant(hold, 'historyMask', column, [examples, 1]) : null;
  });
}

/**
 * hidden = the newest embedded item + the mean over the positions that count of
 * relu(Σ_r x_{t−r} · filter_r + bias), r < CNN_REACH; before the oldest there are zeros.
 */
function convolutionReader({ width }: TowerArchitecture, x: SequenceExamples, hold: Hold): Reader {
  const { examples, length, content } = x;
  const shifted = Array.from({ length: CNN_REACH }, (_, place) => {
    const by = CNN_REACH - 1 - place;
    const moved = new Float32Array(x.history.length);
    for (let e = 0; e < examples; e++) {
      for (let t = by; t < length; t++) {
        const from = e * length + t - by;
        if (x.historyMask[from] === 0) continue;
        const row = x.history.subarray(from * content, (from + 1) * content);
        moved.set(row, (from + by) * content);
      }
    }
    return constant(hold, 'history', moved, [examples * length, content]);
  });
  const newest = newestOf(x, hold);
  const weights = constant<Tensor3D>(hold, 'historyMask', sharesOf(x), [examples, 1, length]);
  return ([embed, filter, bias]) => {
    const parts = split(filter as Tensor2D, CNN_REACH).map((part, place) =>
      matMul(shifted[place] as Tensor2D, matMul(embed as Tensor2D, part)),
    ) as Tensor[];
    const found = relu(add(parts.reduce(add), bias as Tensor2D));
    const mean = matMul(weights, reshape(found, [examples, length, width]) as Tensor3D);
    return add(matMul(newest, embed as Tensor2D), reshape(mean, [examples, width])) as Tensor2D;
  };
}

/** hidden = the mean of the embedded items. */
function meanReader(_: TowerArchitecture, x: SequenceExamples, hold: Hold): Reader {
  const { examples, length, content } = x;
  const shares = sharesOf(x);
  const means = new Float32Array(examples * content);
  for (let place = 0; place < examples * length; place++) {
    const e = Math.floor(place / length);
    for (let k = 0; k < content; k++) {
      const part = (shares[place] as number) * (x.history[place * content + k] as number);
      means[e * content + k] = (means[e * content + k] as number) + part;
    }
  }
  const mean = constant(hold, 'history', means, [examples, content]);
  return ([embed]) => matMul(mean, embed as Tensor2D);
}

/** One over the number of positions that count, where one does: examples × length. */
function sharesOf({ historyMask, examples, length }: SequenceExamples): Float32Array {
  const shares = new Float32Array(historyMask.length);
  for (let e = 0; e < examples; e++) {
    const mask = historyMask.subarray(e * length, (e + 1) * length);
    const counted = mask.reduce((total, counts) => total + (counts === 0 ? 0 : 1), 0);
    for (let t = 0; t < length; t++) {
      shares[e * length + t] = mask[t] === 0 ? 0 : 1 / Math.max(1, counted);
    }
  }
  return shares;
}

/** Content of the newest position: examples × content. */
function newestOf({ history, examples, length, content }: SequenceExamples, hold: Hold): Tensor2D {
  const rows = new Float32Array(examples * content);
  for (let e = 0; e < examples; e++) {
    const from = ((e + 1) * length - 1) * content;
    rows.set(history.subarray(from, from + content), e * content);
  }
  return constant(hold, 'history', rows, [examples, content]);
}
