/** The peer shape (see peer-shape.ts) on the SDK's own engine: kernels, gradients and step. */
import { reluConfig as cpuRelu } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Relu.js';
import { stepConfig as cpuStep } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Step.js';
import { reluConfig as wasmRelu } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Relu.js';
import { stepConfig as wasmStep } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Step.js';
import { dispose } from '@tensorflow/tfjs-core/dist/globals.js';
import { reluGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Relu_grad.js';
import {
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { relu } from '@tensorflow/tfjs-core/dist/ops/relu.js';
import { reshape } from '@tensorflow/tfjs-core/dist/ops/reshape.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor.js';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import { sigmoidCrossEntropy } from '../../sdk/learn/losses.ts';
import type { Network } from '../../sdk/learn/network.ts';
import { descend, difference, read, unflatten } from '../../sdk/learn/step.ts';
import { LAYERS, type PeerData, RATE, ROWS, SHAPES } from './peer-shape.ts';

/** The kernels that this network needs beyond those of the SDK. */
export function registerPeerKernels(): void {
  for (const kernel of [cpuRelu, cpuStep, wasmRelu, wasmStep] as KernelConfig[]) {
    if (!getKernel(kernel.kernelName, kernel.backendName)) registerKernel(kernel);
  }
  if (!getGradient(reluGradConfig.kernelName)) registerGradient(reluGradConfig);
}

/** One epoch in the given order of rows on the current backend; the loss is read in every step. */
export async function peerEpoch(
  { weights, rows, labels }: PeerData,
  batch: number,
): Promise<{ delta: Float32Array; losses: number[] }> {
  const losses: number[] = [];
  const rate = scalar(RATE);
  let current = unflatten(weights, { shapes: SHAPES } as Network);
  for (let start = 0; start < ROWS; start += batch) {
    const count = Math.min(batch, ROWS - start);
    const part = rows.slice(start * LAYERS[0], (start + count) * LAYERS[0]);
    const x = tensor(part, [count, LAYERS[0]], 'float32') as Tensor2D;
    const y = tensor(labels.slice(start, start + count), [count], 'float32') as Tensor1D;
    const share = scalar(1 / count);
    const network: Network = {
      shapes: SHAPES,
      loss: (all) => {
        let hidden = x;
        for (let i = 0; i < all.length; i += 2) {
          const sums = add(matMul(hidden, all[i] as Tensor2D), all[i + 1] as Tensor2D) as Tensor2D;
          hidden = i + 2 < all.length ? relu(sums) : sums;
        }
        return sigmoidCrossEntropy(reshape(hidden, [count]) as Tensor1D, y, share);
      },
    };
    const { loss, next } = descend(network, current, rate);
    dispose(current);
    current = next;
    losses.push(await read(loss));
    dispose([x, y, share]);
  }
  const delta = await difference(current, weights);
  dispose([...current, rate]);
  return { delta, losses };
}
