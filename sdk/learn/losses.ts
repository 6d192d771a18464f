/** Losses with gradients of their own: fewer kernels than autodiff, and no comparison in the way. */
import { customGrad } from '@tensorflow/tfjs-core/dist/gradients.js';
import { div } from '@tensorflow/tfjs-core/dist/ops/div.js';
import { exp } from '@tensorflow/tfjs-core/dist/ops/exp.js';
import { log } from '@tensorflow/tfjs-core/dist/ops/log.js';
import { max } from '@tensorflow/tfjs-core/dist/ops/max.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import { sigmoid } from '@tensorflow/tfjs-core/dist/ops/sigmoid.js';
import { softplus } from '@tensorflow/tfjs-core/dist/ops/softplus.js';
import { sub } from '@tensorflow/tfjs-core/dist/ops/sub.js';
import { sum } from '@tensorflow/tfjs-core/dist/ops/sum.js';
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';

/**
 * Weighted sum over rows of log-sum-exp(row) − row · target.
 * @param logits examples × candidates; a masked candidate stands far below the others.
 * @param target 1 × candidates or examples × candidates, one-hot.
 * @param share of a row: a scalar, 1 / examples for the mean, or examples × 1.
 */
export function softmaxCrossEntropy(
  logits: Tensor2D,
  target: Tensor2D,
  share: Scalar | Tensor2D,
): Scalar {
  const loss = customGrad((x, save) => {
    const shifted = sub(x as Tensor, max(x as Tensor, 1, true));
    const powers = exp(shifted);
    const total = sum(powers, 1, true);
    (save as (tensors: Tensor[]) => void)([powers, total]);
    const hit = sum(mul(shifted, target), 1, true);
    const value = sum(mul(sub(log(total), hit), share)) as Tensor;
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [numerator, denominator] = saved as [Tensor, Tensor];
      return mul(sub(div(numerator, denominator), target), mul(dy, share));
    };
    return { value, gradFunc };
  });
  return loss(logits) as Scalar;
}

/**
 * Weighted sum over rows of softplus(z) − y·z, the cross-entropy of sigmoid(z) with label y.
 * @param share of each row: a scalar, 1 / examples for the mean, or one for each.
 */
export function sigmoidCrossEntropy(
  logits: Tensor1D,
  labels: Tensor1D,
  share: Scalar | Tensor1D,
): Scalar {
  const loss = customGrad((z, save) => {
    const logit = z as Tensor;
    (save as (tensors: Tensor[]) => void)([logit]);
    const value = sum(mul(sub(softplus(logit), mul(labels, logit)), share)) as Tensor;
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor =>
      mul(sub(sigmoid(saved[0] as Tensor), labels), mul(dy, share));
    return { value, gradFunc };
  });
  return loss(logits) as Scalar;
}

/** tanh(x) = 2·sigmoid(2x) − 1, from kernels that are here already. */
export function tanh(inputs: Tensor2D): Tensor2D {
  const activation = customGrad((x, save) => {
    const value = sub(mul(sigmoid(mul(x as Tensor, scalar(2))), scalar(2)), scalar(1));
    (save as (tensors: Tensor[]) => void)([value]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [y] = saved as [Tensor];
      return mul(dy, sub(scalar(1), mul(y, y)));
    };
    return { value, gradFunc };
  });
  return activation(inputs) as Tensor2D;
}
