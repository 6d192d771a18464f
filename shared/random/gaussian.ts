/**
 * Exact discrete Gaussian: Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential
 * Privacy", arXiv:2004.00010v5, Algorithms 1 to 3.
 *
 * Every random decision is Bernoulli(p) with a rational p, made by comparing p with a uniform
 * real whose binary digits are drawn 32 at a time until they decide. `sampleExact` does that in
 * BigInt. `sample` first looks at a float64 interval that is proven to hold p·2^32 and asks
 * BigInt only when the interval does not decide, with the words already drawn: both make the same
 * decisions from the same words. Only + − × / and floor are used on floats, which IEEE 754 rounds
 * correctly, so the interval holds on every engine.
 *
 * Not promised: constant time. The number of words drawn depends on the noise; it does not depend
 * on any data.
 */
import type { RandomSource } from './source.ts';

/** The words that a sampler draws. */
export type WordSource = Pick<RandomSource, 'nextUint32'>;

/** A variance as an exact fraction. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

const TWO_32 = 2 ** 32;

/** Relative width of an interval; each holds at most five roundings of 2^-53. */
const SLACK = 2 ** -50;

/** The fast path takes |Y| ≤ 64·t; beyond lies less than e^-64 of Laplace's mass. */
const FAST_MULTIPLE = 64;

/** t²·den up to which 64·t²·den and so every integer of the fast path is below 2^53. */
const FAST_LIMIT = 2n ** 47n;

/** σ below 2^40 keeps samples far within the safe integers. */
const MAX_VARIANCE = 2n ** 80n;

/** σ² as num/den, Laplace's scale t = ⌊σ⌋ + 1, and 2·num·den·t², the denominator of γ. */
export interface SamplerParameters extends Fraction {
  readonly t: bigint;
  readonly gammaDen: bigint;
}

/**
 * @param sigmaSquared σ², an integer or a fraction, in squared integer units
 * @throws RangeError unless 0 < σ² ≤ 2^80 and the denominator is positive
 */
export function samplerParameters(sigmaSquared: bigint | Fraction): SamplerParameters {
  const { num, den } =
    typeof sigmaSquared === 'bigint' ? { num: sigmaSquared, den: 1n } : sigmaSquared;
  if (typeof num !== 'bigint' || typeof den !== 'bigint') {
    throw new TypeError('sigmaSquared must be a bigint or a fraction of bigints');
  }
  if (num <= 0n || den <= 0n || num > MAX_VARIANCE * den) {
    throw new RangeError('sigmaSquared must lie in (0, 2^80] with a positive denominator');
  }
  const t = squareRoot(num / den) + 1n;
  return { num, den, t, gammaDen: 2n * num * den * t * t };
}

/** Samples from N_ℤ(0, σ²): P(x) ∝ exp(−x²/(2σ²)) over the integers. */
export class DiscreteGaussian {
  readonly #num: bigint;
  readonly #den: bigint;
  readonly #scale: bigint;
  readonly #gammaDen: bigint;
  readonly #uniformWords: number;
  readonly #uniformLimit: bigint;
  readonly #fast: boolean;
  readonly #t: number;
  readonly #limit: number;
  readonly #scaleDen: number;
  readonly #variance: number;
  readonly #gammaDenFloat: number;

  /**
   * @param sigmaSquared σ², an integer or a fraction, in squared integer units
   * @throws RangeError unless 0 < σ² ≤ 2^80 and the denominator is positive
   */
  constructor(sigmaSquared: bigint | Fraction) {
    const { num, den, t, gammaDen } = samplerParameters(sigmaSquared);
    this.#num = num;
    this.#den = den;
    this.#scale = t;
    this.#gammaDen = gammaDen;
    this.#uniformWords = t <= 2n ** 32n ? 1 : 2;
    const range = 2n ** BigInt(32 * this.#uniformWords);
    this.#uniformLimit = range - (range % t);
    this.#fast = t * t * den <= FAST_LIMIT;
    this.#t = Number(t);
    this.#limit = Number(this.#uniformLimit);
    this.#scaleDen = Number(t * den);
    this.#variance = Number(num);
    this.#gammaDenFloat = Number(this.#gammaDen);
  }

  /** Returns one sample. */
  sample(source: WordSource): number {
    if (!this.#fast) return this.sampleExact(source);
    const t = this.#t;
    for (;;) {
      let word = source.nextUint32();
      while (word >= this.#limit) word = source.nextUint32();
      const u = word % t;
      if (!this.#bernoulliExpRatio(u, source)) continue;
      let v = 0;
      while (bernoulliExpMinusOne(source)) v++;
      const y = u + t * v;
      const negative = source.nextUint32() >= TWO_32 / 2;
      if (negative && y === 0) continue;
      if (this.#accept(y, source)) return negative ? -y : y;
    }
  }

  /** Returns what `sample` returns for the same words, by BigInt alone; some 20 times slower. */
  sampleExact(source: WordSource): number {
    const t = this.#scale;
    for (;;) {
      const u = this.#uniformExact(source);
      if (!bernoulliExpExact(u, t, source)) continue;
      let v = 0n;
      while (bernoulliExpMinusOneExact(source)) v++;
      const y = u + t * v;
      const negative = source.nextUint32() >= TWO_32 / 2;
      if (negative && y === 0n) continue;
      if (this.#acceptExact(y, source)) return Number(negative ? -y : y);
    }
  }

  /**
   * Fills `out` with independent samples.
   *
   * @throws RangeError for a sample beyond int32 in an Int32Array, instead of wrapping it.
   */
  fill(out: Int32Array | Float64Array, source: WordSource): void {
    const narrow = out instanceof Int32Array;
    for (let i = 0; i < out.length; i++) {
      const sample = this.sample(source);
      if (narrow && sample !== (sample | 0)) throw new RangeError('out must be wider than int32');
      out[i] = sample;
    }
  }

  /** Uniform over 0 … t − 1, by rejection of the words at or over a multiple of t. */
  #uniformExact(source: WordSource): bigint {
    for (;;) {
      let value = 0n;
      for (let i = 0; i < this.#uniformWords; i++) {
        value = (value << 32n) | BigInt(source.nextUint32());
      }
      if (value < this.#uniformLimit) return value % this.#scale;
    }
  }

  /** Algorithm 1 with γ = u/t in [0, 1): Bernoulli(γ/k) for k = 1, 2, … until one fails. */
  #bernoulliExpRatio(u: number, source: WordSource): boolean {
    const center = (u / this.#t) * TWO_32;
    for (let k = 1; ; k++) {
      const word = source.nextUint32();
      const p = center / k;
      let below = word + 1 <= p * (1 - SLACK);
      if (!below && word < p * (1 + SLACK)) {
        below = uniformBelow(word, BigInt(u), this.#scale * BigInt(k), source);
      }
      if (!below) return k % 2 === 1;
    }
  }

  /** Algorithm 3's rejection: Bernoulli(exp(−γ)) with γ = (y − σ²/t)²/(2σ²). */
  #accept(y: number, source: WordSource): boolean {
    if (y > FAST_MULTIPLE * this.#t) return this.#acceptExact(BigInt(y), source);
    // y·t·den and num are integers below 2^53, so their difference is exact.
    const a = y * this.#scaleDen - this.#variance;
    const gamma = (a * a) / this.#gammaDenFloat;
    const error = gamma * SLACK;
    const whole = Math.floor(gamma);
    const part = gamma - whole;
    if (part < error || part + error >= 1) {
      if (gamma !== 0) return this.#acceptExact(BigInt(y), source);
    }
    for (let i = 0; i < whole; i++) if (!bernoulliExpMinusOne(source)) return false;
    for (let k = 1; ; k++) {
      const word = source.nextUint32();
      let below = word + 1 <= (((part - error) * TWO_32) / k) * (1 - SLACK);
      if (!below && word < (((part + error) * TWO_32) / k) * (1 + SLACK)) {
        const gammaNum = this.#gammaNum(BigInt(y)) % this.#gammaDen;
        below = uniformBelow(word, gammaNum, this.#gammaDen * BigInt(k), source);
      }
      if (!below) return k % 2 === 1;
    }
  }

  #acceptExact(y: bigint, source: WordSource): boolean {
    return bernoulliExpExact(this.#gammaNum(y), this.#gammaDen, source);
  }

  /** (y·t·den − num)², the numerator of γ over 2·num·den·t². */
  #gammaNum(y: bigint): bigint {
    return (y * this.#scale * this.#den - this.#num) ** 2n;
  }
}

/** Bernoulli(exp(−1)), Algorithm 1 with γ = 1; k = 1 always succeeds and draws nothing. */
function bernoulliExpMinusOne(source: WordSource): boolean {
  for (let k = 2; ; k++) {
    const word = source.nextUint32();
    // Products of a word and a small k are exact integers here: no interval is needed.
    let below = (word + 1) * k <= TWO_32;
    if (!below && word * k < TWO_32) below = uniformBelow(word, 1n, BigInt(k), source);
    if (!below) return k % 2 === 1;
  }
}

function bernoulliExpMinusOneExact(source: WordSource): boolean {
  for (let k = 2n; ; k++) {
    if (!uniformBelow(source.nextUint32(), 1n, k, source)) return k % 2n === 1n;
  }
}

/** Algorithm 1 for any γ = num/den ≥ 0, in BigInt. */
function bernoulliExpExact(num: bigint, den: bigint, source: WordSource): boolean {
  for (let whole = num / den; whole > 0n; whole--) {
    if (!bernoulliExpMinusOneExact(source)) return false;
  }
  const part = num % den;
  for (let k = 1n; ; k++) {
    if (!uniformBelow(source.nextUint32(), part, den * k, source)) return k % 2n === 1n;
  }
}

/** Tells whether the uniform real that begins with `word` is below num/den; draws as needed. */
function uniformBelow(word: number, num: bigint, den: bigint, source: WordSource): boolean {
  let digits = BigInt(word);
  let rest = num << 32n;
  for (;;) {
    if ((digits + 1n) * den <= rest) return true;
    if (digits * den >= rest) return false;
    digits = (digits << 32n) | BigInt(source.nextUint32());
    rest <<= 32n;
  }
}

/** Floor of the square root, by Newton's iteration. */
function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/**
 * Returns the smallest integer that is at least σ², for the exact value of the float64 `sigma`.
 *
 * More variance never weakens a claim made for `sigma`.
 */
export function exactSigmaSquared(sigma: number): bigint {
  if (typeof sigma !== 'number') throw new TypeError('sigma must be a number');
  if (!(sigma > 0 && sigma < 2 ** 40)) throw new RangeError('sigma must lie in (0, 2^40)');
  // Scaling by a power of two is exact; 2^1074 makes any float64 an integer.
  let exponent = 0;
  let scaled = sigma;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent++;
  }
  const square = BigInt(scaled) ** 2n;
  const unit = 1n << BigInt(2 * exponent);
  return (square + unit - 1n) / unit;
}
