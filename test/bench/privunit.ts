/**
 * Bench `privunit`: a report of seeded PrivUnitG at d = 20,000 and ε = 4 in the browser's room, from
 * drawing the candidates to the seed that leaves, in TypeScript, and how many reports a second a
 * server regenerates and adds, in WebAssembly. One core.
 */
import { seedBackend } from '../../aggregator/average/seeds.ts';
import { drawNoise } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { bestPrivUnitMechanism } from '../../shared/privacy/choose.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median } from './medians.ts';

export function run({ quick }: BenchOptions): BenchResults {
  const d = quick ? 200 : 20_000;
  const repeats = quick ? 2 : 15;
  const mechanism = bestPrivUnitMechanism(4, d);
  if (mechanism === null) throw new Error('there is a mechanism for 4');
  const limits = { clipL2: 1, scaleBits: 16, minReports: 100, maxReports: 1000 };
  const task = { tier: 'local', mechanism, d, ...limits } as const;
  const source = new ChaChaSource(new Uint8Array(32));
  const update = Float32Array.from({ length: d }, (_, i) => Math.sin(i));
  const reports = Array.from({ length: quick ? 5 : 300 }, (_, k) => new Uint8Array(32).fill(k));
  const sum = new Float64Array(d);
  const [client, server]: [number[], number[]] = [[], []];
  for (let i = -1; i < repeats; i++) {
    const start = performance.now();
    privatize(update, task, drawNoise(task, source), source);
    const between = performance.now();
    seedBackend.sum(reports, 0, sum);
    if (i < 0) continue;
    client.push(between - start);
    server.push(performance.now() - between);
  }
  const clientMs = median(client);
  return {
    d,
    candidates: mechanism.candidates,
    bytes: 120,
    clientMs,
    nanosecondsPerCoordinate: (clientMs * 1e6) / (mechanism.candidates * d),
    regeneratedPerSecond: (1000 * reports.length) / median(server),
  };
}
