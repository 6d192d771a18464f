/** A whole vector of discrete Gaussian noise: rules PR30 to PR32 of shared/privacy/SPEC.md. */
import { DiscreteGaussian, type Fraction, type WordSource } from './gaussian.ts';
import { ChaChaSource } from './source.ts';
import { fillByEngine } from './wasm/engine.ts';

const SEED_WORDS = 8;

/**
 * Fills `out` with independent samples of N_ℤ(0, σ²), the same for ever for the same 32-byte
 * seed: by WebAssembly where it can, else by TypeScript, sample for sample the same.
 *
 * @param sigmaSquared σ², an integer or a fraction, in squared integer units, at most 2^80
 * @throws TypeError or RangeError for a wrong argument; RangeError for a sample beyond int32
 */
export function fillSeeded(
  out: Int32Array,
  sigmaSquared: bigint | Fraction,
  seed: Uint8Array,
): void {
  if (!(out instanceof Int32Array)) throw new TypeError('out must be an Int32Array');
  if (fillByEngine(out, sigmaSquared, seed)) return;
  new DiscreteGaussian(sigmaSquared).fill(out, new ChaChaSource(seed));
}

/** As `fillSeeded`, under a seed that is drawn from `source` and wiped. */
export function fillGaussian(
  out: Int32Array,
  sigmaSquared: bigint | Fraction,
  source: WordSource,
): void {
  const seed = new Uint8Array(4 * SEED_WORDS);
  const view = new DataView(seed.buffer);
  for (let i = 0; i < SEED_WORDS; i++) view.setUint32(4 * i, source.nextUint32(), true);
  try {
    fillSeeded(out, sigmaSquared, seed);
  } finally {
    seed.fill(0);
  }
}
