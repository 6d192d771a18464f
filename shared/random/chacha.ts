/** ChaCha20 block function, RFC 8439 §2.3, on 32-bit words. */

/** "expand 32-byte k" as four little-endian words. */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/** Words of a block and of the state. */
export const BLOCK_WORDS = 16;

/** Returns the initial state of 16 words for a 32-byte key, a 12-byte nonce and a counter. */
export function chachaState(
  key: Uint8Array,
  nonce: Uint8Array,
  counter: number,
): Uint32Array<ArrayBuffer> {
  const state = new Uint32Array(BLOCK_WORDS);
  state.set(CONSTANTS);
  const keyView = new DataView(key.buffer, key.byteOffset, key.byteLength);
  for (let i = 0; i < 8; i++) state[4 + i] = keyView.getUint32(4 * i, true);
  state[12] = counter;
  const nonceView = new DataView(nonce.buffer, nonce.byteOffset, nonce.byteLength);
  for (let i = 0; i < 3; i++) state[13 + i] = nonceView.getUint32(4 * i, true);
  return state;
}

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n));

/** Writes one block of keystream to `out` at word `offset` and raises the counter by one. */
export function chachaBlock(state: Uint32Array, out: Uint32Array, offset: number): void {
  const word = (i: number): number => state[i] as number;
  let x0 = word(0),
    x1 = word(1),
    x2 = word(2),
    x3 = word(3);
  let x4 = word(4),
    x5 = word(5),
    x6 = word(6),
    x7 = word(7);
  let x8 = word(8),
    x9 = word(9),
    xa = word(10),
    xb = word(11);
  let xc = word(12),
    xd = word(13),
    xe = word(14),
    xf = word(15);
  // Ten double rounds, written out: four columns, then four diagonals.
  for (let round = 0; round < 10; round++) {
    x0 = (x0 + x4) | 0;
    xc = rotl(xc ^ x0, 16);
    x8 = (x8 + xc) | 0;
    x4 = rotl(x4 ^ x8, 12);
    x0 = (x0 + x4) | 0;
    xc = rotl(xc ^ x0, 8);
    x8 = (x8 + xc) | 0;
    x4 = rotl(x4 ^ x8, 7);
    x1 = (x1 + x5) | 0;
    xd = rotl(xd ^ x1, 16);
    x9 = (x9 + xd) | 0;
    x5 = rotl(x5 ^ x9, 12);
    x1 = (x1 + x5) | 0;
    xd = rotl(xd ^ x1, 8);
    x9 = (x9 + xd) | 0;
    x5 = rotl(x5 ^ x9, 7);
    x2 = (x2 + x6) | 0;
    xe = rotl(xe ^ x2, 16);
    xa = (xa + xe) | 0;
    x6 = rotl(x6 ^ xa, 12);
    x2 = (x2 + x6) | 0;
    xe = rotl(xe ^ x2, 8);
    xa = (xa + xe) | 0;
    x6 = rotl(x6 ^ xa, 7);
    x3 = (x3 + x7) | 0;
    xf = rotl(xf ^ x3, 16);
    xb = (xb + xf) | 0;
    x7 = rotl(x7 ^ xb, 12);
    x3 = (x3 + x7) | 0;
    xf = rotl(xf ^ x3, 8);
    xb = (xb + xf) | 0;
    x7 = rotl(x7 ^ xb, 7);
    x0 = (x0 + x5) | 0;
    xf = rotl(xf ^ x0, 16);
    xa = (xa + xf) | 0;
    x5 = rotl(x5 ^ xa, 12);
    x0 = (x0 + x5) | 0;
    xf = rotl(xf ^ x0, 8);
    xa = (xa + xf) | 0;
    x5 = rotl(x5 ^ xa, 7);
    x1 = (x1 + x6) | 0;
    xc = rotl(xc ^ x1, 16);
    xb = (xb + xc) | 0;
    x6 = rotl(x6 ^ xb, 12);
    x1 = (x1 + x6) | 0;
    xc = rotl(xc ^ x1, 8);
    xb = (xb + xc) | 0;
    x6 = rotl(x6 ^ xb, 7);
    x2 = (x2 + x7) | 0;
    xd = rotl(xd ^ x2, 16);
    x8 = (x8 + xd) | 0;
    x7 = rotl(x7 ^ x8, 12);
    x2 = (x2 + x7) | 0;
    xd = rotl(xd ^ x2, 8);
    x8 = (x8 + xd) | 0;
    x7 = rotl(x7 ^ x8, 7);
    x3 = (x3 + x4) | 0;
    xe = rotl(xe ^ x3, 16);
    x9 = (x9 + xe) | 0;
    x4 = rotl(x4 ^ x9, 12);
    x3 = (x3 + x4) | 0;
    xe = rotl(xe ^ x3, 8);
    x9 = (x9 + xe) | 0;
    x4 = rotl(x4 ^ x9, 7);
  }
  out[offset] = x0 + word(0);
  out[offset + 1] = x1 + word(1);
  out[offset + 2] = x2 + word(2);
  out[offset + 3] = x3 + word(3);
  out[offset + 4] = x4 + word(4);
  out[offset + 5] = x5 + word(5);
  out[offset + 6] = x6 + word(6);
  out[offset + 7] = x7 + word(7);
  out[offset + 8] = x8 + word(8);
  out[offset + 9] = x9 + word(9);
  out[offset + 10] = xa + word(10);
  out[offset + 11] = xb + word(11);
  out[offset + 12] = xc + word(12);
  out[offset + 13] = xd + word(13);
  out[offset + 14] = xe + word(14);
  out[offset + 15] = xf + word(15);
  state[12] = word(12) + 1;
}
