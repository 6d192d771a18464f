/** Plain JavaScript, the last resort: the kernels that our networks use, and no others. */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu.js';
import { addConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Add.js';
import { batchMatMulConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/BatchMatMul.js';
import { castConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Cast.js';
import { concatConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Concat.js';
import { expConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Exp.js';
import { identityConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Identity.js';
import { logConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Log.js';
import { maxConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Max.js';
import { multiplyConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Multiply.js';
import { realDivConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/RealDiv.js';
import { reluConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Relu.js';
import { reshapeConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Reshape.js';
import { sigmoidConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Sigmoid.js';
import { softmaxConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Softmax.js';
import { softplusConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Softplus.js';
import { splitVConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/SplitV.js';
import { stepConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Step.js';
import { subConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Sub.js';
import { sumConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Sum.js';
import { tanhConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Tanh.js';
import { transposeConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Transpose.js';
import type { KernelConfig } from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import type { Backend, StartedBackend } from './backend.ts';
import { select } from './engine.ts';

const KERNELS = [
  addConfig,
  batchMatMulConfig,
  castConfig,
  concatConfig,
  expConfig,
  identityConfig,
  logConfig,
  maxConfig,
  multiplyConfig,
  realDivConfig,
  reluConfig,
  reshapeConfig,
  sigmoidConfig,
  softmaxConfig,
  softplusConfig,
  splitVConfig,
  stepConfig,
  subConfig,
  sumConfig,
  tanhConfig,
  transposeConfig,
] as readonly KernelConfig[];

export const cpu: Backend = {
  name: 'cpu',
  async start(): Promise<StartedBackend> {
    await select('cpu', KERNELS, async () => {
      const backend = new MathBackendCPU();
      // Keeps tfjs from printing advice for Node users on the first tensor.
      Object.assign(backend, { firstUse: false });
      return backend;
    });
    return { reason: 'plain JavaScript', failure: () => null };
  },
};
