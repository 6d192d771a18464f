/** What our kernels need of tfjs-wasm: where a tensor's bytes lie in its memory. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import type { TensorInfo } from '@tensorflow/tfjs-core/dist/tensor_info.js';

/** The memory in which every tensor of the backend lies; Emscripten exports it as `memory`. */
export function memoryOf({ wasm }: BackendWasm): WebAssembly.Memory | null {
  const { memory } = (wasm as { asm?: { memory?: unknown } }).asm ?? {};
  return memory instanceof WebAssembly.Memory ? memory : null;
}

/** Byte address of a tensor. */
export function addressOf({ dataIdMap }: BackendWasm, { dataId }: Pick<TensorInfo, 'dataId'>) {
  return dataIdMap.get(dataId).memoryOffset;
}
