/** Our kernels on tfjs-wasm against the package's own on cpu, over random shapes. */
import { sliceConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Slice.js';
import { unpackConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Unpack.js';
import { unsortedSegmentSumConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/UnsortedSegmentSum.js';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js';
import { batchMatMulConfig } from '@tensorflow/tfjs-backend-wasm/dist/kernels/BatchMatMul.js';
import { backend, memory, tidy } from '@tensorflow/tfjs-core/dist/globals.js';
import { batchMatMulGradConfig } from '@tensorflow/tfjs-core/dist/gradients/BatchMatMul_grad.js';
import { grads } from '@tensorflow/tfjs-core/dist/gradients.js';
import {
  type GradConfig,
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
  unregisterGradient,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { slice } from '@tensorflow/tfjs-core/dist/ops/slice.js';
import { split } from '@tensorflow/tfjs-core/dist/ops/split.js';
import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor.js';
import { unsortedSegmentSum } from '@tensorflow/tfjs-core/dist/ops/unsorted_segment_sum.js';
import { unstack } from '@tensorflow/tfjs-core/dist/ops/unstack.js';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core/dist/tensor.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { use } from '../../sdk/learn/engine.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { memoryOf } from '../../sdk/learn/wasm-kernels/heap.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { nodeLearner } from './learn-node.ts';

let learners: Learner[];

beforeAll(async () => {
  for (const kernel of [sliceConfig, unpackConfig, unsortedSegmentSumConfig]) {
    registerKernel(kernel as unknown as KernelConfig);
  }
  learners = [await nodeLearner('cpu'), await nodeLearner('wasm')];
});
afterAll(() => {
  for (const learner of learners) learner.dispose();
});

interface Answer {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** The same on both backends; no tensor of it is left. */
async function both(work: () => Tensor[]): Promise<[Answer[], Answer[]]> {
  const answers: Answer[][] = [];
  for (const backend of ['cpu', 'wasm'] as const) {
    await use(backend);
    const before = memory().numTensors;
    tidy(() => {
      const out = work().map((one) => ({ shape: one.shape, values: [...one.dataSync()] }));
      answers.push(out);
    });
    expect(memory().numTensors).toBe(before);
  }
  return answers as [Answer[], Answer[]];
}

function expectClose([cpu, wasm]: [Answer[], Answer[]], tolerance: number): void {
  expect(wasm.map(({ shape }) => shape)).toEqual(cpu.map(({ shape }) => shape));
  cpu.forEach(({ values }, i) => {
    const other = (wasm[i] as Answer).values;
    values.forEach((value, j) => {
      const off = Math.abs((other[j] as number) - value);
      if (!(off <= tolerance)) expect(other[j], `${i}, ${j}`).toBe(value);
    });
  });
}

function uniform(seed: number, length: number): Float32Array {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, seed);
  const source = new ChaChaSource(key, new Uint8Array(12));
  return Float32Array.from({ length }, () => source.nextUint32() / 2 ** 31 - 1);
}

function filled(seed: number, shape: number[]): Tensor {
  const length = shape.reduce((product, side) => product * side, 1);
  return tensor(uniform(seed, length), shape, 'float32');
}

const side = fc.integer({ min: 1, max: 21 });
const seed = fc.nat();
const flag = fc.boolean();

describe('BatchMatMul', () => {
  const shapes = fc.record({
    m: side,
    k: side,
    n: side,
    transposeA: flag,
    transposeB: flag,
    batches: fc.constantFrom<[number[], number[]]>(
      [[], []],
      [[3], [3]],
      [[1], [2]],
      [[4], [1]],
      [[], [1]],
      [[1, 1], [2]],
      [
        [2, 1],
        [1, 2],
      ],
      [
        [2, 3],
        [2, 3],
      ],
    ),
    seed,
  });
  const factors = ({
    m,
    k,
    n,
    transposeA,
    transposeB,
    batches: [left, right],
    seed,
  }: {
    m: number;
    k: number;
    n: number;
    transposeA: boolean;
    transposeB: boolean;
    batches: [number[], number[]];
    seed: number;
  }): [Tensor, Tensor] => [
    filled(seed, [...left, ...(transposeA ? [k, m] : [m, k])]),
    filled(seed + 1, [...right, ...(transposeB ? [n, k] : [k, n])]),
  ];

  it('is that of cpu for every flag, batch and odd size', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const { transposeA, transposeB } = shape;
        const answers = await both(() => {
          const [a, b] = factors(shape);
          return [matMul(a, b, transposeA, transposeB)];
        });
        expectClose(answers, 1e-5);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('is another than the one of the package, and finds the memory that it works in', async () => {
    expect(getKernel('BatchMatMul', 'wasm').kernelFunc).not.toBe(batchMatMulConfig.kernelFunc);
    await use('wasm');
    expect(memoryOf(backend() as BackendWasm)).toBeInstanceOf(WebAssembly.Memory);
  });

  it('stands at the right place when the memory grows under it', async () => {
    const answers = await both(() => {
      const a = filled(1, [2500, 2]);
      const large = matMul(a, filled(3, [2500, 2]), false, true);
      return [slice(large, [2000, 0], [3, 9]), matMul(slice(large, [0, 0], [9, 2500]), a)];
    });
    expectClose(answers, 1e-3);
  });

  it('has the gradient that tfjs gives it, with transposes instead of flags', async () => {
    await use('cpu');
    const gradient = (config: GradConfig, work: () => Tensor[]): number[][] => {
      unregisterGradient('BatchMatMul');
      registerGradient(config);
      return tidy(() => work().map((one) => [...one.shape, ...one.dataSync()]));
    };
    const own = getGradient('BatchMatMul');
    try {
      fc.assert(
        fc.property(shapes, (shape) => {
          const { transposeA, transposeB, batches } = shape;
          fc.pre(String(batches[0]) === String(batches[1]));
          const work = (): Tensor[] => {
            const [a, b] = factors(shape);
            const product = matMul(a, b, transposeA, transposeB);
            const upstream = filled(shape.seed + 2, product.shape);
            return grads((x, y) => matMul(x as Tensor, y as Tensor, transposeA, transposeB))(
              [a, b],
              upstream,
            );
          };
          const stock = gradient(batchMatMulGradConfig as GradConfig, work);
          const ours = gradient(own, work);
          expect(ours.map((one) => one.length)).toEqual(stock.map((one) => one.length));
          const expected = stock.flat();
          const off = ours.flat().map((value, i) => Math.abs(value - (expected[i] as number)));
          expect(Math.max(...off)).toBeLessThan(1e-5);
        }),
        { numRuns: 60, seed: 2 },
      );
    } finally {
      unregisterGradient('BatchMatMul');
      registerGradient(own);
    }
  });
});

describe('Slice, Unpack and SplitV', () => {
  const cuts = fc
    .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
    .chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        ends: fc.tuple(
          ...shape.map((length) => fc.tuple(fc.integer({ min: 0, max: length }), fc.nat(length))),
        ),
        axis: fc.integer({ min: -shape.length, max: shape.length - 1 }),
        dtype: fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
        seed,
      }),
    );
  const made = (seed: number, shape: number[], dtype: 'float32' | 'int32' | 'bool'): Tensor => {
    const length = shape.reduce((product, side) => product * side, 1);
    const values = uniform(seed, length).map((value) =>
      dtype === 'float32' ? value : dtype === 'int32' ? Math.round(value * 1e6) : +(value > 0),
    );
    return tensor(Array.from(values), shape, dtype);
  };

  it('are those of cpu, bit for bit, along every axis', async () => {
    await fc.assert(
      fc.asyncProperty(cuts, async ({ shape, ends, axis, dtype, seed }) => {
        const begin = ends.map(([a, b]) => Math.min(a, b));
        const size = ends.map(([a, b]) => Math.abs(a - b));
        const length = shape.at(axis) as number;
        const first = Math.floor(length / 3);
        const answers = await both(() => {
          const x = made(seed, shape, dtype);
          return [
            slice(x, begin, size),
            ...unstack(x, axis),
            ...split(x, [first, length - first], axis),
            ...split(x, length, axis),
          ];
        });
        expectClose(answers, 0);
      }),
      { numRuns: 150, seed: 3 },
    );
  });
});

describe('UnsortedSegmentSum', () => {
  it('is that of cpu, with ids that are out of range', async () => {
    const sums = fc.record({
      inner: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
      ids: fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 12 }),
      segments: fc.integer({ min: 1, max: 6 }),
      seed,
    });
    await fc.assert(
      fc.asyncProperty(sums, async ({ inner, ids, segments, seed }) => {
        const answers = await both(() => [
          unsortedSegmentSum(
            filled(seed, [ids.length, ...inner]),
            tensor(ids, [ids.length], 'int32') as Tensor1D,
            segments,
          ),
        ]);
        expectClose(answers, 1e-6);
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});
