/** Coordinates of PrivUnitG that a server makes from seeds and adds, by backend. */
import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { plainSeedBackend, seedBackend } from '../../aggregator/average/seeds.ts';
import { openWebgpu } from '../../aggregator/average/webgpu/webgpu.ts';
import type { BenchResults } from './contract.ts';
import { median } from './medians.ts';

interface Engine {
  readonly backend: AverageBackend;
  /** Reports of one sum: enough for some tenths of a second. */
  readonly reports: number;
}

const D = 20_000;

/** Seconds of one sum, with the engines taking turns. */
async function secondsOf(
  engines: readonly Engine[],
  d: number,
  turns: number,
): Promise<readonly number[]> {
  const seconds: number[][] = engines.map(() => []);
  const into = new Float64Array(d);
  for (let turn = -2; turn < turns; turn++) {
    for (const [i, { backend, reports }] of engines.entries()) {
      const seeds = Array.from({ length: reports }, (_, k) => new Uint8Array(32).fill(k));
      const start = performance.now();
      await backend.sum(seeds, 0, into);
      if (turn >= 0) seconds[i]?.push((performance.now() - start) / 1000);
    }
  }
  return seconds.map(median);
}

/** Coordinates per second by backend; of a GPU, with its name, or why there is none. */
export async function regeneratedPerSecond(quick: boolean): Promise<BenchResults> {
  const gpu = await openWebgpu().catch((error: unknown) => String(error));
  try {
    const engines: Record<string, Engine> = {
      typescript: { backend: plainSeedBackend, reports: 300 },
      wasm: { backend: seedBackend, reports: 1000 },
    };
    if (typeof gpu !== 'string') engines.webgpu = { backend: gpu.seeds, reports: 100_000 };
    const all = Object.values(engines).map((one) => (quick ? { ...one, reports: 5 } : one));
    const d = quick ? 200 : D;
    const seconds = await secondsOf(all, d, quick ? 2 : 7);
    const rates = Object.keys(engines).map((name, i) => {
      const { reports } = all[i] as Engine;
      return [name, (d * reports) / (seconds[i] as number)] as const;
    });
    return { ...Object.fromEntries(rates), gpu: typeof gpu === 'string' ? gpu : gpu.label };
  } finally {
    if (typeof gpu !== 'string') gpu.close();
  }
}
