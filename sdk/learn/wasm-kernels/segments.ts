/**
 * UnsortedSegmentSum, which tfjs-wasm lacks: the gradient of `gather`, without which no table of
 * rows can be trained on it.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import type { KernelConfig } from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import type { TensorInfo } from '@tensorflow/tfjs-core/dist/tensor_info.js';

export const segmentSumConfig: KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: (call) => {
    const { x, segmentIds } = call.inputs as { x: TensorInfo; segmentIds: TensorInfo };
    const { numSegments } = call.attrs as { numSegments: number };
    const backend = call.backend as BackendWasm;
    if (x.dtype === 'string') throw new Error('no sum of string');
    const out = backend.makeOutput([numSegments, ...x.shape.slice(1)], x.dtype);
    const sums = backend.typedArrayFromHeap(out).fill(0);
    const rows = backend.typedArrayFromHeap(x);
    const width = x.shape.slice(1).reduce((product, side) => product * side, 1);
    for (const [i, segment] of backend.typedArrayFromHeap(segmentIds).entries()) {
      // One that is out of range counts nowhere, as on every other backend.
      if (segment < 0 || segment >= numSegments) continue;
      const [from, to] = [i * width, segment * width];
      for (let j = 0; j < width; j++) {
        sums[to + j] = (sums[to + j] as number) + (rows[from + j] as number);
      }
    }
    return out;
  },
};
