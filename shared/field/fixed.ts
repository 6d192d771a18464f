/**
 * Fixed point: an update in the ball of radius C becomes integers of norm at most B′.
 *
 * Stochastic rounding with a conditional norm bound: Kairouz, Liu and Steinke, "The Distributed
 * Discrete Gaussian Mechanism", arXiv:2102.06387, Algorithm 1 (client), with β = e^(−1/2).
 */
import { assertBytes, assertFinite, assertInteger, assertPositive } from '../assert/assert.ts';

/** A stream of independent uniform 32-bit words; `random/source.ts` has implementations. */
export interface BitSource {
  nextUint32(): number;
}

const TWO_32 = 2 ** 32;
const INT32_MAX = 2 ** 31 - 1;

/** A try is accepted with probability at least 1 − β = 0.39, so 256 fail with less than 1e-55. */
const MAX_TRIES = 256;

/** Noise beyond ten standard deviations has probability below 2e-23 for a coordinate. */
const MARGIN_SIGMAS = 10;

/** Largest number of int32 values whose sum is exact in a float64: 2^22 · 2^31 = 2^53. */
export const MAX_LOCAL_REPORTS: number = 2 ** 22;

/**
 * Returns B′, the norm bound after rounding: B′² = B² + d/4 + B + √d/2.
 *
 * @param B norm bound before rounding, in integer units (scale times clip)
 * @param d number of coordinates
 */
export function normBound(B: number, d: number): number {
  return Math.sqrt(normBoundSquared(B, d));
}

/** Returns B′², in squared integer units. */
export function normBoundSquared(B: number, d: number): number {
  assertPositive('B', B);
  assertInteger('d', d, 1);
  return B * B + d / 4 + B + Math.sqrt(d) / 2;
}

/**
 * Rounds scale·u to integers, each coordinate up or down with the probability that makes it
 * unbiased, and draws all of them again until ‖z‖² ≤ `boundSquared`.
 *
 * The random bit of a coordinate is exact: the fractional part of the float64 product is
 * compared with a uniform real, of which only the words that decide it are drawn. A coordinate
 * draws a word even where its product is an integer.
 *
 * @param u the clipped update, d coordinates
 * @param scale integer units per unit of `u`
 * @param boundSquared B′² for the B that ‖scale·u‖ is within
 * @throws RangeError for NaN, infinity, coordinates beyond int32 and ‖scale·u‖² over the bound;
 * Error when no try met the bound.
 */
export function roundStochastic(
  u: Float64Array | Float32Array,
  scale: number,
  boundSquared: number,
  source: BitSource,
): Int32Array<ArrayBuffer> {
  if (!(u instanceof Float64Array || u instanceof Float32Array)) {
    throw new TypeError('u must be a Float64Array or a Float32Array');
  }
  assertPositive('scale', scale);
  assertPositive('boundSquared', boundSquared);
  const x = scaled(u, scale, boundSquared);
  const z = new Int32Array(x.length);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    for (let i = 0; i < x.length; i++) z[i] = roundOne(x[i] as number, source);
    if (squaredNorm(z) <= boundSquared) return z;
  }
  throw new Error(`no rounding met the norm bound in ${MAX_TRIES} tries`);
}

function scaled(u: Float64Array | Float32Array, scale: number, boundSquared: number): Float64Array {
  const x = new Float64Array(u.length);
  for (let i = 0; i < u.length; i++) {
    const product = (u[i] as number) * scale;
    assertFinite(`u[${i}]`, product);
    if (Math.abs(product) >= INT32_MAX) throw new RangeError(`u[${i}] is beyond int32`);
    x[i] = product;
  }
  if (squaredNorm(x) > boundSquared) throw new RangeError('u must be clipped before rounding');
  return x;
}

/** Away from zero with probability |x − trunc(x)|, which is exact in float64. */
function roundOne(x: number, source: BitSource): number {
  const whole = Math.trunc(x);
  const away = bernoulli(Math.abs(x - whole), source);
  if (!away) return whole;
  return x < 0 ? whole - 1 : whole + 1;
}

/** Exact Bernoulli(p) for a float64 p in [0, 1): the binary digits of p against random words. */
function bernoulli(p: number, source: BitSource): boolean {
  let rest = p;
  do {
    rest *= TWO_32;
    const digits = Math.floor(rest);
    const word = source.nextUint32();
    if (word !== digits) return word < digits;
    rest -= digits;
  } while (rest > 0);
  return false;
}

/** Exact for integers while below 2^53, which covers every bound that a report can meet. */
function squaredNorm(z: Int32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += (z[i] as number) * (z[i] as number);
  return sum;
}

/** Returns the 4·d little-endian two's-complement bytes of `z`. */
export function encodeInt32LE(z: Int32Array): Uint8Array<ArrayBuffer> {
  if (!(z instanceof Int32Array)) throw new TypeError('z must be an Int32Array');
  const bytes = new Uint8Array(4 * z.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < z.length; i++) view.setInt32(4 * i, z[i] as number, true);
  return bytes;
}

/**
 * Reads `d` little-endian int32 values at `offset`.
 *
 * What follows them is the caller's to check.
 *
 * @throws RangeError when `bytes` ends before the last of them.
 */
export function decodeInt32LE(
  bytes: Uint8Array,
  offset: number,
  d: number,
): Int32Array<ArrayBuffer> {
  assertBytes('bytes', bytes);
  assertInteger('offset', offset, 0);
  assertInteger('d', d, 0);
  if (offset + 4 * d > bytes.length) {
    throw new RangeError(`bytes must hold ${d} int32 values at offset ${offset}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const z = new Int32Array(d);
  for (let i = 0; i < d; i++) z[i] = view.getInt32(offset + 4 * i, true);
  return z;
}

/** What decides whether sums stay exact. `sigma` is relative to the tier's sensitivity. */
export interface WrapInput {
  readonly tier: 'local' | 'split' | 'test';
  readonly maxReports: number;
  /** Split tier: decides the clients' share of noise; the smallest allowed one when left out. */
  readonly minReports?: number;
  readonly B: number;
  readonly d: number;
  readonly sigma: number;
}

/**
 * Throws RangeError unless no sum can wrap or lose a digit.
 *
 * - `split` (mod 2^32): n_max·(B′+1) + 10·σB′·√(2 + n_max/(½·n_min)) < 2^31
 * - `local`: a noised coordinate, B′ + 1 + 10·σ·2B′, is within int32, and n_max int32 values sum
 *   exactly in float64 (n_max ≤ 2^22), so that even hostile reports do not make a sum inexact
 * - `test`: as local without noise
 */
export function assertNoWrap(input: WrapInput): void {
  const { tier, maxReports, B, d, sigma } = input;
  assertInteger('maxReports', maxReports, 1);
  assertFinite('sigma', sigma);
  if (sigma < 0) throw new RangeError('sigma must not be negative');
  const bound = normBound(B, d);
  if (tier === 'split') {
    const minReports = input.minReports ?? Math.ceil(maxReports / 2);
    assertInteger('minReports', minReports, 1, maxReports);
    const noise = sigma * bound * Math.sqrt(2 + maxReports / (minReports / 2));
    if (maxReports * (bound + 1) + MARGIN_SIGMAS * noise >= 2 ** 31) {
      throw new RangeError('maxReports times B, with noise, would wrap modulo 2^32');
    }
    return;
  }
  if (tier !== 'local' && tier !== 'test') throw new RangeError('tier is unknown');
  const noise = tier === 'local' ? sigma * 2 * bound : 0;
  if (bound + 1 + MARGIN_SIGMAS * noise >= 2 ** 31) {
    throw new RangeError('B, with noise, would not fit int32');
  }
  if (maxReports > MAX_LOCAL_REPORTS) {
    throw new RangeError(`maxReports must be at most ${MAX_LOCAL_REPORTS} in the ${tier} tier`);
  }
}
