/**
 * Bench `gpu`: sums of vectors, vectors from seeds and a Gram matrix, on the GPU that is here and on
 * the CPU, taking turns, equal in every number. Software renderers are taken too: the label says so.
 */
import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { gramOf } from '../../aggregator/average/robust/gram.ts';
import { seedBackend } from '../../aggregator/average/seeds.ts';
import { tfjsBackend } from '../../aggregator/average/tfjs.ts';
import { loadCuda } from '../../aggregator/average/tfjs-load.ts';
import { wasmBackend } from '../../aggregator/average/wasm.ts';
import { openWebgpu } from '../../aggregator/average/webgpu/webgpu.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median } from './medians.ts';

type Sum = () => Promise<Float64Array>;

/** Milliseconds of each way to the same numbers. @throws Error when they differ. */
async function milliseconds(
  ways: Readonly<Record<string, Sum>>,
  turns: number,
): Promise<Record<string, number>> {
  const names = Object.keys(ways);
  const times = names.map(() => [] as number[]);
  for (let turn = -1; turn < turns; turn++) {
    let first: Float64Array | null = null;
    for (const [i, name] of names.entries()) {
      const start = performance.now();
      const made = await (ways[name] as Sum)();
      if (turn >= 0) times[i]?.push(performance.now() - start);
      first ??= made;
      if (!made.every((one, k) => one === first?.[k])) throw new Error(`${name} is wrong`);
    }
  }
  return Object.fromEntries(names.map((name, i) => [name, median(times[i] as number[])]));
}

/** Coordinates of 18 bits, as of the local tier; xorshift32, for nothing here is private. */
function reportsOf(n: number, d: number): Uint8Array[] {
  let state = 1;
  return Array.from({ length: n }, () => {
    const row = new Int32Array(d);
    for (let i = 0; i < d; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      row[i] = state >> 14;
    }
    return new Uint8Array(row.buffer);
  });
}

const opened = <T>(open: Promise<T>): Promise<T | string> =>
  open.catch((error: unknown) => (error as Error).message);

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const gpu = await opened(openWebgpu({ allowSoftware: true }));
  const on = typeof gpu === 'string' ? null : gpu;
  const d = quick ? 300 : 20_000;
  const [dense, seeds, gram, turns] = quick
    ? [20, 20, 9, 1]
    : on?.software
      ? [200, 100, 40, 3]
      : [1000, 2000, 300, 5];
  const cuda = await opened(loadCuda());
  const reports = reportsOf(Math.max(dense, gram), d);
  const summed =
    (backend: AverageBackend, rows: readonly Uint8Array[]): Sum =>
    async () => {
      const into = new Float64Array(d);
      await backend.sum(rows, 0, into);
      return into;
    };
  const vectors = reports.slice(0, dense);
  const some = Array.from({ length: seeds }, (_, k) => new Uint8Array(32).fill(k));
  const rows = reports.slice(0, gram);
  const sumMs = await milliseconds(
    {
      wasm: summed(wasmBackend, vectors),
      ...(on && { webgpu: summed(on.dense, vectors) }),
      ...(typeof cuda !== 'string' && { tfjs: summed(tfjsBackend(cuda), vectors) }),
    },
    turns,
  );
  const seedsMs = await milliseconds(
    { wasm: summed(seedBackend, some), ...(on && { webgpu: summed(on.seeds, some) }) },
    turns,
  );
  const gramMs = await milliseconds(
    {
      typescript: async () => gramOf(rows, 0, d),
      ...(on && { webgpu: async () => on.gram(rows, 0, d) }),
    },
    turns,
  );
  on?.close();
  return {
    webgpu: on?.label ?? (gpu as string),
    tfjs: typeof cuda === 'string' ? cuda : cuda.label,
    d,
    reports: { sum: dense, seeds, gram },
    sumMs,
    seedsMs,
    gramMs,
    cpuGramProductsPerSecond: (gram ** 2 * d * 1000) / (gramMs.typescript as number),
  };
}
