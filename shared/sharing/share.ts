/** Additive shares modulo 2^32: rules W9 of shared/protocol/SPEC.md and PR43 of the privacy SPEC. */
import { assertBytes, assertInteger } from '../assert/assert.ts';

/** An AES-256 key; the helper's whole share of a report. */
export const SHARE_SEED_BYTES = 32;

/** Bits of the counter block that count (Web Cryptography API §28.4.1). */
const COUNTER_BITS = 64;

/**
 * Returns d words that a 32-byte seed stands for: the AES-256-CTR keystream (NIST SP 800-38A)
 * under the seed from counter block 0 on, read as little-endian uint32.
 *
 * @throws TypeError or RangeError for a wrong argument.
 */
export async function expandSeed(seed: Uint8Array, d: number): Promise<Uint32Array<ArrayBuffer>> {
  assertBytes('seed', seed, SHARE_SEED_BYTES);
  assertInteger('d', d, 1, 1 << 26);
  const { subtle } = globalThis.crypto;
  const raw = seed as Uint8Array<ArrayBuffer>;
  const key = await subtle.importKey('raw', raw, 'AES-CTR', false, ['encrypt']);
  const counter = { name: 'AES-CTR', counter: new Uint8Array(16), length: COUNTER_BITS };
  const stream = await subtle.encrypt(counter, key, new Uint8Array(4 * d));
  return decodeUint32LE(new Uint8Array(stream), 0, d);
}

/**
 * Returns z − `expandSeed(seed)` mod 2^32, which without the seed reads as uniformly random.
 *
 * @param z d fixed-point coordinates, already noised
 */
export async function leaderShare(
  z: Int32Array,
  seed: Uint8Array,
): Promise<Uint32Array<ArrayBuffer>> {
  if (!(z instanceof Int32Array)) throw new TypeError('z must be an Int32Array');
  const share = await expandSeed(seed, z.length);
  for (let i = 0; i < share.length; i++) share[i] = (z[i] as number) - (share[i] as number);
  return share;
}

/**
 * Adds a share to a running sum in place, mod 2^32.
 *
 * @throws RangeError for shares of another length.
 */
export function addInto(sum: Uint32Array, share: Uint32Array): void {
  if (!(sum instanceof Uint32Array)) throw new TypeError('sum must be a Uint32Array');
  if (!(share instanceof Uint32Array)) throw new TypeError('share must be a Uint32Array');
  if (share.length !== sum.length) throw new RangeError(`share must have ${sum.length} words`);
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (share[i] as number);
}

/** Returns the representatives in [−2^31, 2^31) of a sum mod 2^32. */
export function centred(sum: Uint32Array): Int32Array<ArrayBuffer> {
  if (!(sum instanceof Uint32Array)) throw new TypeError('sum must be a Uint32Array');
  return Int32Array.from(sum, (word) => word | 0);
}

/** Returns the 4·d little-endian bytes of `words`. */
export function encodeUint32LE(words: Uint32Array): Uint8Array<ArrayBuffer> {
  if (!(words instanceof Uint32Array)) throw new TypeError('words must be a Uint32Array');
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i] as number, true);
  return bytes;
}

/**
 * Reads `d` little-endian uint32 values at `offset`; what follows them is the caller's to check.
 *
 * @throws RangeError when `bytes` ends before the last of them.
 */
export function decodeUint32LE(
  bytes: Uint8Array,
  offset: number,
  d: number,
): Uint32Array<ArrayBuffer> {
  assertBytes('bytes', bytes);
  assertInteger('offset', offset, 0);
  assertInteger('d', d, 0);
  if (offset + 4 * d > bytes.length) {
    throw new RangeError(`bytes must hold ${d} uint32 values at offset ${offset}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Uint32Array(d);
  for (let i = 0; i < d; i++) words[i] = view.getUint32(offset + 4 * i, true);
  return words;
}
