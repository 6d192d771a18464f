/** Losses with gradients of their own: fewer kernels than autodiff, and no comparison in the way. */
import { customGrad } from '@tensorflow/tfjs-core/dist/gradients.js';
import { div } from '@tensorflow/tfjs-core/dist/ops/div.js';
import { exp } from '@tensorflow/tfjs-core/dist/ops/exp.js';
import { log } from '@tensorflow/tfjs-core/dist/ops/log.js';
import { max } from '@tensorflow/tfjs-core/dist/ops/max.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { sigmoid } from '@tensorflow/tfjs-core/dist/ops/sigmoid.js';
import { softplus } from '@tensorflow/tfjs-core/dist/ops/softplus.js';
import { sub } from '@tensorflow/tfjs-core/dist/ops/sub.js';
import { sum } from '@tensorflow/tfjs-core/dist/ops/sum.js';
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';

/**
 * Mean over rows of log-sum-exp(row) − row · target.
 * @param logits examples × candidates; a masked candidate stands far below the others.
 * @param target 1 × candidates, one-hot.
 * @param share scalar 1 / examples.
 */
export function softmaxCrossEntropy(logits: Tensor2D, target: Tensor2D, share: Scalar): Scalar {
  const loss = customGrad((x, save) => {
    const shifted = sub(x as Tensor, max(x as Tensor, 1, true));
    const powers = exp(shifted);
    const total = sum(powers, 1, true);
    (save as (tensors: Tensor[]) => void)([powers, total]);
    const hit = sum(mul(shifted, target), 1, true);
    const value = mul(sum(sub(log(total), hit)), share) as Tensor;
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [numerator, denominator] = saved as [Tensor, Tensor];
      return mul(sub(div(numerator, denominator), target), mul(dy, share));
    };
    return { value, gradFunc };
  });
  return loss(logits) as Scalar;
}

/**
 * Mean over rows of softplus(z) − y·z, the cross-entropy of sigmoid(z) with label y.
 * @param share scalar 1 / examples.
 */
export function sigmoidCrossEntropy(logits: Tensor1D, labels: Tensor1D, share: Scalar): Scalar {
  const loss = customGrad((z, save) => {
    const logit = z as Tensor;
    (save as (tensors: Tensor[]) => void)([logit]);
    const value = mul(sum(sub(softplus(logit), mul(labels, logit))), share) as Tensor;
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor =>
      mul(sub(sigmoid(saved[0] as Tensor), labels), mul(dy, share));
    return { value, gradFunc };
  });
  return loss(logits) as Scalar;
}
