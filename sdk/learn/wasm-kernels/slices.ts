/**
 * Slice, Unpack and SplitV on tfjs-wasm, each part copied once: the package's own copy the whole
 * input out of the memory for every part (measured: 12 ms for one unstack of 737 KB).
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import type { KernelConfig } from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { parseSliceParams } from '@tensorflow/tfjs-core/dist/ops/slice_util.js';
import { prepareSplitSize } from '@tensorflow/tfjs-core/dist/ops/split_util.js';
import type { Tensor } from '@tensorflow/tfjs-core/dist/tensor.js';
import type { TensorInfo } from '@tensorflow/tfjs-core/dist/tensor_info.js';
import { addressOf } from './heap.ts';

/** The part of x from `begin` on, `size` long, as a tensor of shape `shape`. */
function cut(
  backend: BackendWasm,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  shape: readonly number[] = size,
): TensorInfo {
  if (x.dtype === 'string' || x.dtype === 'complex64') throw new Error(`no slice of ${x.dtype}`);
  const out = backend.makeOutput([...shape], x.dtype);
  const bytes = x.dtype === 'bool' ? 1 : 4;
  const heap = (backend.wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8;
  // From this axis on a part is one run of bytes.
  let axis = x.shape.length;
  let run = bytes;
  const runs: number[] = new Array(axis + 1).fill(bytes);
  for (let i = axis - 1; i >= 0; i--) runs[i] = (runs[i + 1] as number) * (x.shape[i] as number);
  while (axis > 0 && run === runs[axis]) {
    axis -= 1;
    run *= size[axis] as number;
  }
  let to = addressOf(backend, out);
  const copy = (dimension: number, from: number): void => {
    const step = runs[dimension + 1] as number;
    const first = from + (begin[dimension] ?? 0) * (step ?? 0);
    if (dimension >= axis) {
      heap.copyWithin(to, first, first + run);
      to += run;
      return;
    }
    for (let i = 0; i < (size[dimension] as number); i++) copy(dimension + 1, first + i * step);
  };
  if (run > 0) copy(0, addressOf(backend, x));
  return out;
}

/** Parts of these lengths along an axis; each loses the axis where `drop`. */
function parts(
  backend: BackendWasm,
  x: TensorInfo,
  axis: number,
  lengths: readonly number[],
  drop: boolean,
): TensorInfo[] {
  const begin = new Array<number>(x.shape.length).fill(0);
  return lengths.map((length) => {
    const size = x.shape.slice();
    size[axis] = length;
    const shape = drop ? size.filter((_, i) => i !== axis) : size;
    const part = cut(backend, x, begin, size, shape);
    begin[axis] = (begin[axis] as number) + length;
    return part;
  });
}

const axisOf = (axis: number, { shape }: TensorInfo): number =>
  axis < 0 ? axis + shape.length : axis;

export const sliceConfigs: readonly KernelConfig[] = [
  {
    kernelName: 'Slice',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { x } = inputs as { x: TensorInfo };
      const { begin, size } = attrs as unknown as { begin: number[]; size: number[] };
      const [from, lengths] = parseSliceParams(x as Tensor, begin, size) as [number[], number[]];
      return cut(backend as BackendWasm, x, from, lengths);
    },
  },
  {
    kernelName: 'Unpack',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { value } = inputs as { value: TensorInfo };
      const axis = axisOf((attrs as unknown as { axis: number }).axis, value);
      const ones = new Array<number>(value.shape[axis] as number).fill(1);
      return parts(backend as BackendWasm, value, axis, ones, true);
    },
  },
  {
    kernelName: 'SplitV',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { x } = inputs as { x: TensorInfo };
      const { numOrSizeSplits, axis } = attrs as unknown as {
        numOrSizeSplits: number | number[];
        axis: number;
      };
      const along = axisOf(axis, x);
      const lengths = prepareSplitSize(x as Tensor, numOrSizeSplits, along);
      return parts(backend as BackendWasm, x, along, lengths, false);
    },
  },
];
