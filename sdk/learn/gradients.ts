/** The gradients that our networks need; tfjs-core registers none by itself. */
import { addGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Add_grad.js';
import { multiplyGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Multiply_grad.js';
import { reshapeGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Reshape_grad.js';
import { softmaxGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Softmax_grad.js';
import { sumGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Sum_grad.js';
import {
  type GradConfig,
  getGradient,
  registerGradient,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { transpose } from '@tensorflow/tfjs-core/dist/ops/transpose.js';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';

/**
 * Gradient of a product of two matrices without transpose flags, which is all that our networks
 * use. It transposes explicitly: with flags tfjs-wasm leaves XNNPACK and runs 3 to 14 times
 * slower (tensorflow/tfjs#2532; measured, see test/bench/round.ts).
 */
const matMulGradient: GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved) => {
    const [a, b] = saved as [Tensor2D, Tensor2D];
    const upstream = dy as Tensor2D;
    return {
      a: (): Tensor => matMul(upstream, transpose(b)),
      b: (): Tensor => matMul(transpose(a), upstream),
    };
  },
};

const GRADIENTS: readonly GradConfig[] = [
  addGradConfig,
  matMulGradient,
  multiplyGradConfig,
  reshapeGradConfig,
  softmaxGradConfig,
  sumGradConfig,
];

/** Registers what is not there yet; safe to call again. */
export function registerGradients(): void {
  for (const gradient of GRADIENTS) {
    if (getGradient(gradient.kernelName) === undefined) registerGradient(gradient);
  }
}
