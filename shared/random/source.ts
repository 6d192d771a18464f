/** Randomness for privacy: the system's generator, and a deterministic stream from a seed. */
import { assertBytes, assertInteger } from '../assert/assert.ts';
import { BLOCK_WORDS, chachaBlock, chachaState } from './chacha.ts';

/**
 * A stream of independent uniform 32-bit words.
 *
 * `fill` takes whole words, little endian, and drops what is left of its last word.
 */
export interface RandomSource {
  nextUint32(): number;
  fill(bytes: Uint8Array): void;
}

/** `getRandomValues` refuses more than 65,536 bytes a call (Web Cryptography API §10.1.1). */
const CRYPTO_WORDS = 65_536 / 4;

/** Sixteen blocks at a time: 1 KiB of keystream. */
const CHACHA_WORDS = 16 * BLOCK_WORDS;

/** Hands out a buffer of words that `refill` replaces when it is spent. */
abstract class BufferedSource implements RandomSource {
  readonly #words: Uint32Array<ArrayBuffer>;
  #at: number;

  constructor(length: number) {
    this.#words = new Uint32Array(length);
    this.#at = length;
  }

  protected abstract refill(words: Uint32Array<ArrayBuffer>): void;

  nextUint32(): number {
    if (this.#at === this.#words.length) {
      this.refill(this.#words);
      this.#at = 0;
    }
    return this.#words[this.#at++] as number;
  }

  fill(bytes: Uint8Array): void {
    assertBytes('bytes', bytes);
    for (let i = 0; i < bytes.length; i += 4) {
      const word = this.nextUint32();
      for (let j = 0; j < 4 && i + j < bytes.length; j++) bytes[i + j] = word >>> (8 * j);
    }
  }
}

/** The system's generator, by WebCrypto `getRandomValues`, drawn 64 KiB at a time. */
export class CryptoSource extends BufferedSource {
  constructor() {
    super(CRYPTO_WORDS);
  }

  protected override refill(words: Uint32Array<ArrayBuffer>): void {
    globalThis.crypto.getRandomValues(words);
  }
}

/**
 * The ChaCha20 keystream (RFC 8439 §2.4) of a 32-byte seed and a 12-byte nonce, read as
 * little-endian words from block `counter` on. The same arguments give the same words for ever.
 *
 * @throws RangeError when the 32-bit block counter is used up, after 256 GiB.
 */
export class ChaChaSource extends BufferedSource {
  readonly #state: Uint32Array<ArrayBuffer>;
  #blocksLeft: number;

  constructor(seed: Uint8Array, nonce: Uint8Array = new Uint8Array(12), counter: number = 0) {
    assertBytes('seed', seed, 32);
    assertBytes('nonce', nonce, 12);
    assertInteger('counter', counter, 0, 0xffff_ffff);
    super(CHACHA_WORDS);
    this.#state = chachaState(seed, nonce, counter);
    this.#blocksLeft = 2 ** 32 - counter;
  }

  protected override refill(words: Uint32Array<ArrayBuffer>): void {
    if (this.#blocksLeft < CHACHA_WORDS / BLOCK_WORDS) {
      throw new RangeError('the keystream of this seed is used up');
    }
    for (let at = 0; at < words.length; at += BLOCK_WORDS) {
      chachaBlock(this.#state, words, at);
    }
    this.#blocksLeft -= CHACHA_WORDS / BLOCK_WORDS;
  }
}
