/**
 * WebGPU backend on a device of our own: the adapter is looked at first, and a lost device is
 * seen between steps.
 */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu/dist/backend_webgpu.js';
import { addConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Add.js';
import { batchMatMulConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/BatchMatMul.js';
import { castConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Cast.js';
import { concatConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Concat.js';
import { expConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Exp.js';
import { identityConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Identity.js';
import { logConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Log.js';
import { maxConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Max.js';
import { multiplyConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Multiply.js';
import { realDivConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/RealDiv.js';
import { reluConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Relu.js';
import { reshapeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Reshape.js';
import { sigmoidConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Sigmoid.js';
import { softmaxConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Softmax.js';
import { softplusConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Softplus.js';
import { splitVConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/SplitV.js';
import { stepConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Step.js';
import { subConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Sub.js';
import { sumConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Sum.js';
import { tanhConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Tanh.js';
import { transposeConfig } from '@tensorflow/tfjs-backend-webgpu/dist/kernels/Transpose.js';
import { env } from '@tensorflow/tfjs-core/dist/environment.js';
import type { KernelConfig } from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import type { Backend, BackendOptions, StartedBackend } from './backend.ts';
import { select } from './engine.ts';
import { identifyAdapter } from './probe.ts';

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

export const webgpu: Backend = {
  name: 'webgpu',
  async start({ allowSoftwareGpu }: BackendOptions): Promise<StartedBackend> {
    const gpu = globalThis.navigator?.gpu as GPU | undefined;
    const adapter = await gpu?.requestAdapter();
    if (!adapter) throw new Error('no WebGPU adapter in this Worker');
    const { software, label } = identifyAdapter(adapter);
    if (software && !allowSoftwareGpu) throw new Error(`software adapter refused: ${label}`);

    let lost: string | null = null;
    await select('webgpu', KERNELS, async () => {
      // Small kernels would otherwise run in JavaScript on this thread.
      env().set('WEBGPU_CPU_FORWARD', false);
      const device = await adapter.requestDevice({ requiredLimits: limitsOf(adapter) });
      void device.lost.then(({ message }) => {
        lost = `WebGPU device lost: ${message}`;
      });
      return new WebGPUBackend(device, adapter.info);
    });
    const kind = software ? 'software adapter, asked for' : 'hardware adapter';
    return { reason: `${kind}: ${label}`, failure: () => lost };
  },
};

/** The limits that tfjs-backend-webgpu's own start asks for (its base.js). */
function limitsOf({ limits }: GPUAdapter): Record<string, number> {
  return {
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
  };
}
