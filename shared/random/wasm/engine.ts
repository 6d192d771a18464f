/** The WebAssembly sampler: rules PR30 to PR32 of shared/privacy/SPEC.md. */
import { assertBytes } from '../../assert/assert.ts';
import { fromBase64url } from '../../bytes/base64url.ts';
import { type Fraction, samplerParameters } from '../gaussian.ts';
import { BINARY } from './binary.ts';

/** What `gaussian.as.ts` exports. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  start(counter: number): void;
  next(): number;
  configure(
    scale: number,
    scaleDen: bigint,
    variance: bigint,
    denominatorHigh: bigint,
    denominatorLow: bigint,
    shift: bigint,
    reciprocal: bigint,
    boundedSteps: number,
  ): void;
  fill(count: number): number;
}

/** Byte offsets in the module's memory, and samples a call: as in its source. */
const KEY = 16;
const NONCE = 52;
const OUT = 1024;
const CHUNK = 1024;

/** Results of `fill`, with 0 for done. */
const BEYOND = 1;
const WIDE = 2;

/** Bounds of `accept` in the source: γ in units of 2^-44, and a reciprocal of 64 bits. */
const FRACTION = 44n;
const MAX_MULTIPLE = 64n;
const WORD = 1n << 64n;

let compiled: WebAssembly.Module | null | undefined;

/** The module, or null where WebAssembly, its SIMD, or compiling (by the page's CSP) is missing. */
function compile(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(fromBase64url(BINARY));
    } catch {
      compiled = null;
    }
  }
  return compiled;
}

/**
 * Returns an instance with the keystream of a 32-byte seed and a 12-byte nonce from block
 * `counter` on, or null where WebAssembly is not to be had.
 */
export function openEngine(
  seed: Uint8Array,
  nonce: Uint8Array = new Uint8Array(12),
  counter: number = 0,
): Exports | null {
  assertBytes('seed', seed, 32);
  assertBytes('nonce', nonce, 12);
  const module = compile();
  if (module === null) return null;
  const engine = new WebAssembly.Instance(module).exports as unknown as Exports;
  const bytes = new Uint8Array(engine.memory.buffer);
  bytes.set(seed, KEY);
  bytes.set(nonce, NONCE);
  engine.start(counter);
  return engine;
}

/**
 * Arguments of `configure`, or null outside 1/128 ≤ σ² and t²·den ≤ 2^57.
 *
 * Inside, with |y| < 64·t: |y·t·den − num| < bound ≤ 2^63; and because 2^shift > 2^63/bound, the
 * reciprocal is below 2^57·t²/σ² ≤ 2^64.
 */
export function parametersOf(
  sigmaSquared: bigint | Fraction,
  boundedSteps: number,
): Parameters<Exports['configure']> | null {
  const { num, den, t, gammaDen } = samplerParameters(sigmaSquared);
  const bound = MAX_MULTIPLE * t * t * den;
  if (128n * num < den || bound > 1n << 63n) return null;
  const shift = 64n - BigInt((bound - 1n).toString(2).length);
  const reciprocal = (1n << (FRACTION + 128n - 2n * shift)) / gammaDen;
  const [high, low] = [gammaDen / WORD, gammaDen % WORD];
  return [Number(t), t * den, num, high, low, shift, reciprocal, boundedSteps];
}

/**
 * Fills `out` with the samples that `DiscreteGaussian` draws from `ChaChaSource(seed)`, and wipes
 * the module's memory. Returns false, with `out` undefined, where the module cannot do it:
 * no WebAssembly, a variance outside PR32's range, or a candidate of 64·(⌊σ⌋ + 1) and more.
 *
 * @param boundedSteps 0 makes every decision by long division, for tests
 * @throws RangeError for a sample beyond int32, as `DiscreteGaussian.fill`.
 */
export function fillByEngine(
  out: Int32Array,
  sigmaSquared: bigint | Fraction,
  seed: Uint8Array,
  boundedSteps: 0 | 8 = 8,
): boolean {
  const parameters = parametersOf(sigmaSquared, boundedSteps);
  const engine = parameters === null ? null : openEngine(seed);
  if (parameters === null || engine === null) return false;
  engine.configure(...parameters);
  try {
    for (let at = 0; at < out.length; at += CHUNK) {
      const count = Math.min(CHUNK, out.length - at);
      const result = engine.fill(count);
      if (result === BEYOND) return false;
      if (result === WIDE) throw new RangeError('out must be wider than int32');
      out.set(new Int32Array(engine.memory.buffer, OUT, count), at);
    }
    return true;
  } finally {
    new Uint8Array(engine.memory.buffer).fill(0);
  }
}
