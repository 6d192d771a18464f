/** The gradients that our networks need; tfjs-core registers none by itself. */
import { addGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Add_grad.js';
import { multiplyGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Multiply_grad.js';
import { reluGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Relu_grad.js';
import { reshapeGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Reshape_grad.js';
import { softmaxGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Softmax_grad.js';
import { splitVGradConfig } from '@tensorflow/tfjs-core/dist/gradients/SplitV_grad.js';
import { sumGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Sum_grad.js';
import {
  type GradConfig,
  getGradient,
  registerGradient,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { transpose } from '@tensorflow/tfjs-core/dist/ops/transpose.js';
import type { Tensor } from '@tensorflow/tfjs-core/dist/tensor.js';

/**
 * Gradient of a product of matrices, or of two equal batches of them. It transposes explicitly:
 * with flags tfjs-wasm leaves XNNPACK and runs 3 to 14 times slower where our own kernel does
 * not run (tensorflow/tfjs#2532; measured, see test/bench/train.ts).
 */
const matMulGradient: GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved as [Tensor, Tensor];
    const upstream = dy as Tensor;
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    return {
      a: (): Tensor => {
        const other = transposeB ? b : turned(b);
        return transposeA ? turned(matMul(upstream, other)) : matMul(upstream, other);
      },
      b: (): Tensor => {
        const other = transposeA ? a : turned(a);
        return transposeB ? turned(matMul(other, upstream)) : matMul(other, upstream);
      },
    };
  },
};

/** The transpose of each matrix of a batch. */
function turned(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

const GRADIENTS: readonly GradConfig[] = [
  addGradConfig,
  matMulGradient,
  multiplyGradConfig,
  reluGradConfig,
  reshapeGradConfig,
  softmaxGradConfig,
  splitVGradConfig,
  sumGradConfig,
];

/** Registers what is not there yet; safe to call again. */
export function registerGradients(): void {
  for (const gradient of GRADIENTS) {
    if (getGradient(gradient.kernelName) === undefined) registerGradient(gradient);
  }
}
