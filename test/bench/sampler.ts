/**
 * Bench `sampler`: nanoseconds per exact discrete Gaussian sample on one core, WebAssembly and
 * TypeScript, at the deviations of the two tiers and at small ones. A draw is a vector of 20,000
 * with all that `drawNoise` does: seed, instance, filling, wiping.
 *
 * `samplerNanoseconds` is the browser's share in the split tier; gate 500, goal 150.
 */
import {
  DiscreteGaussian,
  exactSigmaSquared,
  type Fraction,
} from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { fillByEngine } from '../../shared/random/wasm/engine.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median } from './medians.ts';

const D = 20_000;

/** σB′ at σ = 2.3816 and B′ = 2^15, and the browser's share of it at n_min = 1,000, h = ½. */
const SPLIT_STD = 2.3816 * 2 ** 15;
const SPLIT_SHARE_STD = SPLIT_STD / Math.sqrt(500);

const VARIANCES: Readonly<Record<string, bigint | Fraction>> = {
  splitShare: exactSigmaSquared(SPLIT_SHARE_STD),
  splitServer: exactSigmaSquared(SPLIT_STD),
  /** σ = 0.6893 relative to Δ = 2B′, B′ = 2^16. */
  local: exactSigmaSquared(0.6893 * 2 * 2 ** 16),
  sigma1: 1n,
  sigma3_2: { num: 256n, den: 25n },
  sigma2e24: 2n ** 48n,
};

export function run({ quick }: BenchOptions): BenchResults {
  const d = quick ? 2_000 : D;
  const repeats = quick ? 3 : 41;
  const out = new Int32Array(d);
  const seed = new Uint8Array(32);
  const time = (draw: () => void): number => {
    const nanoseconds: number[] = [];
    // The first tenth goes to the compilers' tiers.
    for (let i = -Math.ceil(repeats / 10); i < repeats; i++) {
      seed.fill(i);
      const start = performance.now();
      draw();
      const took = ((performance.now() - start) * 1e6) / d;
      if (i >= 0) nanoseconds.push(took);
    }
    return median(nanoseconds);
  };
  const first = performance.now();
  if (!fillByEngine(out, 1n, seed)) throw new Error('no WebAssembly here');
  const firstMs = performance.now() - first;
  const figures = Object.entries(VARIANCES).map(([name, variance]) => {
    const wasmNanoseconds = time(() => {
      if (!fillByEngine(out, variance, seed)) throw new Error(`${name} is outside PR32's range`);
    });
    const typescriptNanoseconds = time(() =>
      new DiscreteGaussian(variance).fill(out, new ChaChaSource(seed)),
    );
    return [name, { wasmNanoseconds, typescriptNanoseconds }] as const;
  });
  const all = Object.fromEntries(figures);
  const { wasmNanoseconds = Number.NaN, typescriptNanoseconds = Number.NaN } = all.splitShare ?? {};
  return {
    samplerNanoseconds: wasmNanoseconds,
    typescriptNanoseconds,
    vectorMs: (wasmNanoseconds * d) / 1e6,
    firstMs,
    d,
    repeats,
    ...all,
  };
}
