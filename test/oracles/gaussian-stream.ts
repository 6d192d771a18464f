/**
 * PR30 read aloud: samples of N_ℤ(0, num/den) from a ChaCha20 keystream, in BigInt fractions and
 * with OpenSSL's cipher. Used by tests alone; shares no code with the samplers.
 */
import { createCipheriv } from 'node:crypto';

const DIGIT = 2n ** 32n;

export class StreamOracle {
  readonly #cipher;
  #block: Buffer = Buffer.alloc(0);
  /** Words drawn so far. */
  drawn = 0;

  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv('chacha20', seed, Buffer.alloc(16));
  }

  word(): bigint {
    const at = (4 * this.drawn++) % 4096;
    if (at === 0) this.#block = this.#cipher.update(Buffer.alloc(4096));
    return BigInt(this.#block.readUInt32LE(at));
  }

  /** Whether a uniform real is below a/b: the first digit in base 2^32 in which they differ. */
  #below(a: bigint, b: bigint): boolean {
    let rest = a;
    for (;;) {
      const word = this.word();
      const digit = (rest * DIGIT) / b;
      rest = (rest * DIGIT) % b;
      if (word !== digit) return word < digit;
      if (rest === 0n) return false;
    }
  }

  /** Bernoulli(exp(−a/b)); the term k = 1 of exp(−1) is certain and draws nothing. */
  #exp(a: bigint, b: bigint): boolean {
    for (let whole = a / b; whole > 0n; whole -= 1n) {
      let k = 2n;
      while (this.#below(1n, k)) k += 1n;
      if (k % 2n === 0n) return false;
    }
    let k = 1n;
    while (this.#below(a % b, b * k)) k += 1n;
    return k % 2n === 1n;
  }

  #expOne(): boolean {
    let k = 2n;
    while (this.#below(1n, k)) k += 1n;
    return k % 2n === 1n;
  }

  sample(num: bigint, den: bigint): bigint {
    let t = 1n;
    for (let bit = 2n ** 40n; bit > 0n; bit /= 2n) {
      if ((t - 1n + bit) ** 2n * den <= num) t += bit;
    }
    for (;;) {
      let word = this.word();
      while (word >= DIGIT - (DIGIT % t)) word = this.word();
      const u = word % t;
      if (!this.#exp(u, t)) continue;
      let v = 0n;
      while (this.#expOne()) v += 1n;
      const y = u + t * v;
      const minus = this.word() >= DIGIT / 2n;
      if (minus && y === 0n) continue;
      // (y − σ²/t)²/(2σ²) with σ² = num/den.
      if (this.#exp((y * t * den - num) ** 2n, 2n * num * den * t * t)) return minus ? -y : y;
    }
  }
}
