/**
 * The peer shape on stock `@tensorflow/tfjs`, cpu backend, in a process of its own: tfjs has one
 * engine per process. Answers each `{ batch }` with one epoch: its update, losses and time, ms.
 */
import * as tf from '@tensorflow/tfjs';
import { LAYERS, peerData, RATE, ROWS, SHAPES } from './peer-shape.ts';

export interface StockAnswer {
  readonly ms: number;
  readonly losses: readonly number[];
  readonly delta: readonly number[];
  readonly backend: string;
}

async function epoch(batch: number): Promise<StockAnswer> {
  const { weights, rows, labels } = peerData();
  const began = performance.now();
  let at = 0;
  const variables = SHAPES.map(([r, c]) => {
    const part = weights.slice(at, at + r * c);
    at += r * c;
    return tf.variable(tf.tensor2d(part, [r, c]));
  });
  const optimizer = tf.train.sgd(RATE);
  const losses: number[] = [];
  for (let start = 0; start < ROWS; start += batch) {
    const count = Math.min(batch, ROWS - start);
    const x = tf.tensor2d(rows.slice(start * LAYERS[0], (start + count) * LAYERS[0]), [
      count,
      LAYERS[0],
    ]);
    const y = tf.tensor2d(labels.slice(start, start + count), [count, 1]);
    const loss = optimizer.minimize(
      () => {
        let hidden = x;
        for (let i = 0; i < variables.length; i += 2) {
          const sums = tf.add<tf.Tensor2D>(
            tf.matMul(hidden, variables[i] as tf.Variable<tf.Rank.R2>),
            variables[i + 1] as tf.Variable<tf.Rank.R2>,
          );
          hidden = i + 2 < variables.length ? tf.relu(sums) : sums;
        }
        return tf.losses.sigmoidCrossEntropy(y, hidden);
      },
      true,
      variables,
    );
    losses.push((await (loss as tf.Scalar).data())[0] as number);
    tf.dispose([x, y, loss as tf.Scalar]);
  }
  const trained = (await Promise.all(variables.map((one) => one.data()))).flatMap((part) => [
    ...part,
  ]);
  tf.dispose(variables);
  const delta = trained.map((value, i) => value - (weights[i] as number));
  return { ms: performance.now() - began, losses, delta, backend: tf.getBackend() };
}

process.on('message', ({ batch }: { batch: number }) => {
  void epoch(batch).then((answer) => process.send?.(answer));
});
await tf.setBackend('cpu');
process.send?.('ready');
