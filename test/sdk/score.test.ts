/** The page's forward pass of heads, what moved it, and stock tfjs as the oracle of the gradients. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadExamples } from '../../sdk/features/examples.ts';
import { explainHead, headLogits, headOutputs } from '../../sdk/features/score.ts';
import {
  type HeadArchitecture,
  headsOf,
  parameterCount,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import { columnsOf } from '../../shared/model/heads/inputs.ts';
import { outputsOf } from '../../shared/model/heads/label.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { recipe } from '../browser/train/cases.ts';
import { nodeLearner } from './learn-node.ts';

const source = new ChaChaSource(new Uint8Array(32).fill(3));
const uniform = (length: number): Float32Array =>
  Float32Array.from({ length }, () => source.nextUint32() / 2 ** 31 - 1);

type Heads = HeadArchitecture | TrunkArchitecture;
const INPUTS = ['recency', 'category#4', 'spend*orders'];
const two: HeadArchitecture['label'] = { name: 'no-purchase', days: 30 };
const three: HeadArchitecture['label'] = { name: 'next-category', categories: 3 };
const base = { name: 'head', head: 'a', inputs: INPUTS } as const;
const ALL: readonly (readonly [string, Heads])[] = [
  ['linear', { ...base, label: two, hidden: 0 }],
  ['linear softmax', { ...base, label: three, hidden: 0 }],
  ['hidden', { ...base, label: two, hidden: 5 }],
  ['hidden softmax', { ...base, label: three, hidden: 4 }],
  [
    'trunk',
    {
      name: 'trunk',
      inputs: INPUTS,
      hidden: 4,
      heads: [
        { head: 'a', label: two },
        { head: 'b', label: three },
        { head: 'c', label: { name: 'purchase-in-session' } },
      ],
    },
  ],
];

const WIDTH = columnsOf(INPUTS);

/** Rows with every label, and some without. */
function rows(architecture: Heads, examples: number): HeadExamples {
  const heads = headsOf(architecture);
  const features = uniform(examples * WIDTH);
  const labels = Float32Array.from({ length: examples * heads.length }, (_, i) => {
    const outputs = outputsOf((heads[i % heads.length] as (typeof heads)[number]).label);
    return (source.nextUint32() % ((outputs === 1 ? 2 : outputs) + 1)) - 1;
  });
  return { kind: 'head', features, labels, examples, width: WIDTH, heads: heads.length };
}

/** The same network from stock ops and stock losses, differentiated by stock autodiff. */
function stockLoss(architecture: Heads, x: HeadExamples, flat: tf.Tensor1D): tf.Scalar {
  const { hidden } = architecture;
  const heads = headsOf(architecture);
  let at = 0;
  const dense = (from: tf.Tensor2D, columns: number): tf.Tensor2D => {
    const rows = from.shape[1];
    const kernel = flat.slice([at], [rows * columns]).reshape([rows, columns]);
    const bias = flat.slice([at + rows * columns], [columns]);
    at += (rows + 1) * columns;
    return tf.add(tf.matMul(from, kernel as tf.Tensor2D), bias) as tf.Tensor2D;
  };
  const all = tf.tensor2d(x.features, [x.examples, WIDTH]);
  const last = hidden === 0 ? all : (tf.tanh(dense(all, hidden)) as tf.Tensor2D);
  const losses = heads.map(({ label }, h) => {
    const outputs = outputsOf(label);
    const logits = dense(last, outputs);
    const came = Array.from(
      { length: x.examples },
      (_, i) => x.labels[i * heads.length + h] as number,
    );
    const counted = came.flatMap((one, i) => (one < 0 ? [] : [i]));
    const kept = tf.gather(logits, tf.tensor1d(counted, 'int32'));
    const labels = counted.map((i) => came[i] as number);
    const wanted =
      outputs === 1
        ? tf.tensor2d(labels, [labels.length, 1])
        : tf.oneHot(tf.tensor1d(labels, 'int32'), outputs);
    return outputs === 1
      ? tf.losses.sigmoidCrossEntropy(wanted as tf.Tensor2D, kept)
      : tf.losses.softmaxCrossEntropy(wanted as tf.Tensor2D, kept);
  });
  return losses.reduce((sum, one) => tf.add(sum, one)) as tf.Scalar;
}

/** What stock tfjs says, once for each: our learners take its engine over. */
const STOCK = await Promise.all(
  ALL.map(async ([name, architecture]) => {
    await tf.setBackend('cpu');
    const weights = uniform(parameterCount(architecture));
    const x = rows(architecture, 9);
    const { value, grads } = tf.valueAndGrads((w) => stockLoss(architecture, x, w as tf.Tensor1D))([
      tf.tensor1d(weights),
    ]);
    const stock = {
      loss: value.dataSync()[0] as number,
      gradient: (grads[0] as tf.Tensor).dataSync(),
    };
    return [name, architecture, { weights, x, stock }] as const;
  }),
);

describe.each(STOCK)('a %s head', (_, architecture, { weights, x, stock }) => {
  it.each(['cpu', 'wasm'] as const)(
    'has the loss and gradient of stock tfjs, and the page gives the same probabilities, on %s',
    async (backend) => {
      const learner = await nodeLearner(backend);
      const { losses, delta } = await learner.train({
        architecture,
        weights,
        examples: x,
        recipe: recipe(1, 1),
      });
      const heads = headsOf(architecture);
      const logs = heads.map((): number[] => []);
      for (let i = 0; i < x.examples; i++) {
        const outputs = headOutputs(
          architecture,
          weights,
          x.features.slice(i * WIDTH, (i + 1) * WIDTH),
        );
        let at = 0;
        for (const [h, { label }] of heads.entries()) {
          const came = x.labels[i * heads.length + h] as number;
          const own = outputs.subarray(at, at + outputsOf(label));
          at += outputsOf(label);
          const first = own[0] as number;
          const p = own.length > 1 ? (own[came] as number) : came === 1 ? first : 1 - first;
          if (own.length > 1) expect(own.reduce((sum, one) => sum + one)).toBeCloseTo(1, 5);
          if (came >= 0) logs[h]?.push(-Math.log(p));
        }
      }
      const expected = logs.reduce((sum, own) => sum + own.reduce((a, b) => a + b) / own.length, 0);
      expect(losses[0]).toBeCloseTo(expected, 4);
      learner.dispose();
      expect(stock.loss).toBeCloseTo(losses[0] as number, 5);
      delta.forEach((change, i) => {
        expect(change, `weight ${i}`).toBeCloseTo(-(stock.gradient[i] as number), 5);
      });
    },
  );

  it('is explained completely: the amounts add up to f(x) − f(0)', () => {
    const number = fc.float({ min: -2, max: 2, noNaN: true });
    const outputs = headsOf(architecture).reduce((sum, { label }) => sum + outputsOf(label), 0);
    fc.assert(
      fc.property(fc.array(number, { minLength: WIDTH, maxLength: WIDTH }), (values) => {
        const inputs = Float32Array.from(values);
        const f = headLogits(architecture, weights, inputs);
        const zero = headLogits(architecture, weights, new Float32Array(WIDTH));
        for (let output = 0; output < outputs; output++) {
          const why = explainHead(architecture, weights, inputs, output);
          expect(why.map(({ input }) => input)).toEqual(INPUTS);
          const sum = why.reduce((total, { amount }) => total + amount, 0);
          expect(sum).toBeCloseTo((f[output] as number) - (zero[output] as number), 6);
        }
      }),
      { seed: 9, numRuns: 40 },
    );
  });

  it('is explained as the mean of its gradients along the way from nothing', () => {
    const inputs = uniform(WIDTH);
    const steps = 2000;
    const h = 1e-3;
    const at = (scale: number, column: number, by: number): number =>
      headLogits(
        architecture,
        weights,
        inputs.map((one, i) => scale * one + (i === column ? by : 0)),
      )[0] as number;
    const amounts = Array.from({ length: WIDTH }, (_, column) => {
      let sum = 0;
      for (let s = 0; s < steps; s += 20) {
        const scale = (s + 10) / steps;
        sum += (at(scale, column, h) - at(scale, column, -h)) / (2 * h);
      }
      return (sum / (steps / 20)) * (inputs[column] as number);
    });
    const why = explainHead(architecture, weights, inputs, 0);
    const [recency = 0, a = 0, b = 0, c = 0, d = 0, cross = 0] = amounts;
    expect(why[0]?.amount).toBeCloseTo(recency, 3);
    expect(why[1]?.amount).toBeCloseTo(a + b + c + d, 3);
    expect(why[2]?.amount).toBeCloseTo(cross, 3);
  });

  it('refuses what does not fit', () => {
    const inputs = new Float32Array(WIDTH);
    expect(() => headOutputs(architecture, weights.subarray(1), inputs)).toThrow(/weights/);
    expect(() => headOutputs(architecture, weights, inputs.subarray(1))).toThrow(/inputs/);
    for (const output of [-1, 99, 0.5, Number.NaN]) {
      expect(() => explainHead(architecture, weights, inputs, output)).toThrow(/output/);
    }
  });

  it('is finite for whatever weights are', () => {
    const extreme = weights.map((w) => 1e6 * w);
    const outputs = headOutputs(architecture, extreme, new Float32Array(WIDTH).fill(1));
    expect(outputs.every((one) => one >= 0 && one <= 1)).toBe(true);
  });
});
