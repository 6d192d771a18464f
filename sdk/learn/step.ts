/** One step of gradient descent, and the way of weights into the engine and out of it. */
import { dispose, tidy } from '@tensorflow/tfjs-core/dist/globals.js';
import { valueAndGrads } from '@tensorflow/tfjs-core/dist/gradients.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { sub } from '@tensorflow/tfjs-core/dist/ops/sub.js';
import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor.js';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import { TrainingError } from './backend.ts';
import type { Network } from './network.ts';

/** One step; the loss is that before it. The caller disposes what is returned. */
export function descend(
  network: Network,
  weights: Tensor2D[],
  rate: Scalar,
): { loss: Scalar; next: Tensor2D[] } {
  const [loss, ...next] = tidy(() => {
    const { value, grads } = valueAndGrads((...w) => network.loss(w as Tensor2D[]))(weights);
    return [value, ...weights.map((w, i) => sub(w, mul(rate, grads[i] as Tensor)))];
  }) as [Scalar, ...Tensor2D[]];
  return { loss, next };
}

/** Waits for the engine and takes a scalar. @throws TrainingError 'non-finite' */
export async function read(loss: Scalar): Promise<number> {
  try {
    const value = (await loss.data())[0] as number;
    if (!Number.isFinite(value)) throw new TrainingError('non-finite', `the loss is ${value}`);
    return value;
  } finally {
    dispose(loss);
  }
}

/** The flat vector as the network's tensors; the caller disposes them. */
export function unflatten(weights: Float32Array, { shapes }: Network): Tensor2D[] {
  let at = 0;
  return shapes.map(([rows, columns]) => {
    const part = weights.slice(at, at + rows * columns);
    at += rows * columns;
    return tensor(part, [rows, columns], 'float32') as Tensor2D;
  });
}

/** Trained minus base weights. @throws TrainingError 'non-finite' */
export async function difference(trained: Tensor2D[], base: Float32Array): Promise<Float32Array> {
  const delta = new Float32Array(base.length);
  let at = 0;
  for (const part of trained) {
    for (const value of await part.data()) {
      const change = value - (base[at] as number);
      if (!Number.isFinite(change)) {
        throw new TrainingError('non-finite', `coordinate ${at} of the update is ${change}`);
      }
      delta[at++] = change;
    }
  }
  return delta;
}
