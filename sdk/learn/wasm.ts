/**
 * WebAssembly backend: SIMD where the browser has it, never threads (they need cross-origin
 * isolation and break when minified, tensorflow/tfjs#4107). The binary is fetched by the caller,
 * so that the request carries no cookie; this replaces `init` of the package's backend_wasm.js.
 */
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import { addConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Add.js';
import { castConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Cast.js';
import { concatConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Concat.js';
import { expConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Exp.js';
import { identityConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Identity.js';
import { logConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Log.js';
import { maxConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Max.js';
import { multiplyConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Multiply.js';
import { realDivConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/RealDiv.js';
import { reluConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Relu.js';
import { reshapeConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape.js';
import { sigmoidConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Sigmoid.js';
import { softmaxConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Softmax.js';
import { softplusConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Softplus.js';
import { stepConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Step.js';
import { subConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Sub.js';
import { sumConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Sum.js';
import { tanhConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Tanh.js';
import { transposeConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/Transpose.js';
import moduleFactory, {
  type BackendWasmModule,
  type WasmFactoryConfig,
} from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import type { KernelConfig } from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import type { Backend, BackendOptions, StartedBackend } from './backend.ts';
import { select } from './engine.ts';
import { tiledMatMulConfig } from './wasm-kernels/matmul.ts';
import { segmentSumConfig } from './wasm-kernels/segments.ts';
import { sliceConfigs } from './wasm-kernels/slices.ts';

const KERNELS = [
  addConfig,
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
  stepConfig,
  subConfig,
  sumConfig,
  tanhConfig,
  transposeConfig,
  tiledMatMulConfig,
  segmentSumConfig,
  ...sliceConfigs,
] as readonly KernelConfig[];

const WASM_SIMD = 'tfjs-backend-wasm-simd.wasm';
const WASM_PLAIN = 'tfjs-backend-wasm.wasm';

/** A function of one SIMD instruction (i8x16.splat), from wasm-feature-detect. */
const SIMD_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
];

export const wasm: Backend = {
  name: 'wasm',
  async start({ loadAsset }: BackendOptions): Promise<StartedBackend> {
    if (typeof WebAssembly === 'undefined') throw new Error('no WebAssembly in this browser');
    refuseWherePolicyDoes();
    const simd = WebAssembly.validate(new Uint8Array(SIMD_PROBE));
    await select('wasm', KERNELS, async () => {
      const binary = await loadAsset(simd ? WASM_SIMD : WASM_PLAIN);
      return new BackendWasm(await instantiate(binary));
    });
    return { reason: simd ? 'WASM with SIMD' : 'WASM without SIMD', failure: () => null };
  },
};

/** A module of nothing but its header fails to compile by a Content-Security-Policy alone. */
function refuseWherePolicyDoes(): void {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    throw new Error("the page's policy lacks script-src 'wasm-unsafe-eval'");
  }
}

/** What the package's declarations leave to @types/emscripten. */
type Wrapped = (...numbers: number[]) => never;
type Module = BackendWasmModule & {
  cwrap(name: string, result: 'number' | null, parameters: readonly 'number'[]): Wrapped;
};

async function instantiate(wasmBinary: Uint8Array<ArrayBuffer>): Promise<BackendWasmModule> {
  const config: WasmFactoryConfig & { wasmBinary: Uint8Array<ArrayBuffer> } = { wasmBinary };
  const module = (await moduleFactory(config)) as Module;
  const wrap = (name: string, result: 'number' | null, numbers: number): Wrapped =>
    module.cwrap(name, result, new Array<'number'>(numbers).fill('number'));
  module.tfjs = {
    init: wrap('init', null, 0),
    initWithThreadsCount: wrap('init_with_threads_count', null, 1),
    getThreadsCount: wrap('get_threads_count', 'number', 0),
    registerTensor: wrap('register_tensor', null, 3),
    disposeData: wrap('dispose_data', null, 1),
    dispose: wrap('dispose', null, 0),
  };
  return module;
}
