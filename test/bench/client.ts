/**
 * Bench `client`: what a report of the split tier costs a browser, step by step, in median
 * milliseconds, and its bytes over the 4d of a bare float32 update. Training is not in it.
 */
import { clip } from '../../sdk/noise/clip.ts';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { sha256 } from '../../shared/bytes/hash.ts';
import { CryptoSource } from '../../shared/random/source.ts';
import { generateSealingKeys, sealSeed } from '../../shared/sharing/seal.ts';
import { encodeUint32LE, leaderShare, SHARE_SEED_BYTES } from '../../shared/sharing/share.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { medians, note, type Times } from './medians.ts';

const SIZES = { '5k': 5_000, '20k': 20_000, '500k': 500_000 } as const;
const HEADER = {
  id: new Uint8Array(16),
  taskHash: new Uint8Array(32),
  roundHash: new Uint8Array(32),
};

const source = new CryptoSource();

/** σ = 2.3816 is ε = 2 at δ = 10⁻⁶ by the provable conversion (shared/privacy). */
function splitTask(d: number): NoiseTask {
  const mechanism = { name: 'discrete-gaussian', sigma: 2.3816 } as const;
  const cohort = { minReports: 1000, maxReports: 2000 };
  return { tier: 'split', mechanism, d, clipL2: 1, scaleBits: 16, ...cohort };
}

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const { publicKey } = await generateSealingKeys();
  const results: Record<string, BenchResults> = {};
  for (const [name, d] of Object.entries(SIZES)) {
    const size = quick ? Math.ceil(d / 100) : d;
    results[name] = await report(size, quick ? 2 : d > 100_000 ? 9 : 31, publicKey);
  }
  const { totalMs, expansion } = results['20k'] as BenchResults;
  return { totalMs: totalMs as number, expansion: expansion as number, ...results };
}

async function report(d: number, runs: number, sealingKey: string): Promise<BenchResults> {
  const task = splitTask(d);
  const update = Float32Array.from({ length: d }, (_, i) => Math.sin(i) / 10);
  const times: Times = {};
  let bytes = 0;
  // The first round compiles.
  for (let i = 0; i < runs + 1; i++) {
    const lap = laps(i === 0 ? {} : times);
    clip(update, task.clipL2);
    lap('clipMs');
    const start = performance.now();
    const noise = drawNoise(task, source);
    lap('noiseMs');
    const value = privatize(update, task, noise, source);
    lap('clipRoundAddMs');
    if (value.payload.form !== 'coordinates') throw new Error('a split report has coordinates');
    const z = value.payload.coordinates.slice();
    lap('');
    const body = await pack(value, HEADER, { helper: { sealingKey }, source });
    lap('packMs');
    if (i > 0) note(times, 'totalMs', performance.now() - start);
    bytes = body.length;
    // The two parts of packing once more, apart.
    const seed = new Uint8Array(SHARE_SEED_BYTES);
    source.fill(seed);
    const share = encodeUint32LE(await leaderShare(z, seed));
    lap('shareMs');
    const of = { taskHash: HEADER.taskHash, roundHash: HEADER.roundHash, reportId: HEADER.id };
    await sealSeed(fromBase64url(sealingKey), of, seed, await sha256(share));
    lap('sealMs');
  }
  return { d, ...medians(times), bytes, expansion: bytes / (4 * d) };
}

/** Notes the time since the call before under a name; a lap without one is dropped. */
function laps(times: Times): (name: string) => void {
  let before = performance.now();
  return (name) => {
    const now = performance.now();
    if (name !== '') note(times, name, now - before);
    before = performance.now();
  };
}
