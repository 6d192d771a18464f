/**
 * BatchMatMul on tfjs-wasm with SIMD, whatever its transpose flags: the package's own leaves
 * XNNPACK for them, and for batches, and is 3 to 14 times slower then (tensorflow/tfjs#2532;
 * measured, see test/bench/train.ts). It works in the backend's memory, so nothing is copied.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import { batchMatMulConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/BatchMatMul.js';
import type { KernelConfig, KernelFunc } from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { assertAndGetBroadcastShape } from '@tensorflow/tfjs-core/dist/ops/broadcast_util.js';
import type { TensorInfo } from '@tensorflow/tfjs-core/dist/tensor_info.js';
import { fromBase64url } from '../../../shared/bytes/base64url.ts';
import { BINARY } from './binary.ts';
import { addressOf, memoryOf } from './heap.ts';

interface Tile {
  product(
    a: number,
    row: number,
    step: number,
    b: number,
    m: number,
    k: number,
    n: number,
    out: number,
  ): void;
  dots(a: number, b: number, m: number, k: number, out: number): void;
  turn(from: number, rows: number, columns: number, out: number): void;
}

const tiles = new WeakMap<BackendWasm, Tile | null>();

/** Null without SIMD, or where the backend hides its memory. */
function tileOf(backend: BackendWasm): Tile | null {
  let tile = tiles.get(backend);
  if (tile === undefined) {
    tile = null;
    const memory = memoryOf(backend);
    const binary = fromBase64url(BINARY);
    if (memory !== null && WebAssembly.validate(binary)) {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), {
        env: { memory },
      });
      tile = instance.exports as unknown as Tile;
    }
    tiles.set(backend, tile);
  }
  return tile;
}

const FLOAT = 4;

const multiply: KernelFunc = (call) => {
  const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
  const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
  const backend = call.backend as BackendWasm;
  const tile = tileOf(backend);
  const [rows, inner, batchA] = sides(a, transposeA);
  const [columns, innerB, batchB] = sides(b, !transposeB);
  const outer = assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = sizeOf(outer);
  // Either walks through its batch in step with what comes out, or is one matrix for all.
  const broadcast = [batchA, batchB].some((one) => one !== batch && one !== 1);
  const floats = a.dtype === 'float32' && b.dtype === 'float32';
  if (tile === null || inner !== innerB || broadcast || !floats) {
    return packaged(call, backend, b);
  }
  const out = backend.makeOutput([...outer, rows, columns], 'float32');
  const turned =
    transposeB && columns !== 1 ? backend.makeOutput([inner, columns], 'float32') : null;
  // Addresses stay when the memory grows, views do not.
  const stepA = batchA === 1 ? 0 : rows * inner * FLOAT;
  const stepB = batchB === 1 ? 0 : inner * columns * FLOAT;
  for (let i = 0; i < batch; i++) {
    const left = addressOf(backend, a) + i * stepA;
    let right = addressOf(backend, b) + i * stepB;
    const to = addressOf(backend, out) + i * rows * columns * FLOAT;
    if (columns === 1) {
      // A column lies like a row, and so does what comes out.
      if (transposeA) tile.product(right, 0, FLOAT, left, 1, inner, rows, to);
      else tile.dots(left, right, rows, inner, to);
      continue;
    }
    if (turned !== null) {
      if (i === 0 || stepB > 0) tile.turn(right, columns, inner, addressOf(backend, turned));
      right = addressOf(backend, turned);
    }
    const [row, step] = transposeA ? [FLOAT, rows * FLOAT] : [inner * FLOAT, FLOAT];
    tile.product(left, row, step, right, rows, inner, columns, to);
  }
  if (turned !== null) backend.disposeData(turned.dataId);
  return out;
};

/**
 * The package's own kernel. It remembers a plan by the identity of b and runs it for any shape of
 * b, which a reshape shares: outside its memory, where one shape has a side of 1. So b is copied.
 */
function packaged(
  call: Parameters<KernelFunc>[0],
  backend: BackendWasm,
  b: TensorInfo,
): TensorInfo | TensorInfo[] {
  const fresh = backend.makeOutput(b.shape, b.dtype);
  backend.typedArrayFromHeap(fresh).set(backend.typedArrayFromHeap(b));
  try {
    return batchMatMulConfig.kernelFunc({ ...call, inputs: { ...call.inputs, b: fresh } });
  } finally {
    backend.disposeData(fresh.dataId);
  }
}

/** The outer side of a factor, its inner side, and how many matrices it is. */
function sides({ shape }: TensorInfo, innerFirst: boolean): [number, number, number] {
  const [first, second] = shape.slice(-2) as [number, number];
  const batch = sizeOf(shape.slice(0, -2));
  return innerFirst ? [second, first, batch] : [first, second, batch];
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export const tiledMatMulConfig: KernelConfig = {
  ...(batchMatMulConfig as unknown as KernelConfig),
  kernelFunc: multiply,
};
