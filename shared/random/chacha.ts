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

/** Writes one block of keystream to `out` at word `offset` and raises the counter by one. */
export function chachaBlock(state: Uint32Array, out: Uint32Array, offset: number): void {
  let x0 = (state[0] as number) | 0;
  let x1 = (state[1] as number) | 0;
  let x2 = (state[2] as number) | 0;
  let x3 = (state[3] as number) | 0;
  let x4 = (state[4] as number) | 0;
  let x5 = (state[5] as number) | 0;
  let x6 = (state[6] as number) | 0;
  let x7 = (state[7] as number) | 0;
  let x8 = (state[8] as number) | 0;
  let x9 = (state[9] as number) | 0;
  let xa = (state[10] as number) | 0;
  let xb = (state[11] as number) | 0;
  let xc = (state[12] as number) | 0;
  let xd = (state[13] as number) | 0;
  let xe = (state[14] as number) | 0;
  let xf = (state[15] as number) | 0;
  // Ten double rounds, four columns then four diagonals, with rotations written out: as calls to
  // a function they took three times as long in Node 20.
  // biome-ignore format: one line for each add, xor and rotate
  for (let round = 0; round < 10; round++) {
    x0 = (x0 + x4) | 0; xc ^= x0; xc = (xc << 16) | (xc >>> 16);
    x8 = (x8 + xc) | 0; x4 ^= x8; x4 = (x4 << 12) | (x4 >>> 20);
    x0 = (x0 + x4) | 0; xc ^= x0; xc = (xc << 8) | (xc >>> 24);
    x8 = (x8 + xc) | 0; x4 ^= x8; x4 = (x4 << 7) | (x4 >>> 25);
    x1 = (x1 + x5) | 0; xd ^= x1; xd = (xd << 16) | (xd >>> 16);
    x9 = (x9 + xd) | 0; x5 ^= x9; x5 = (x5 << 12) | (x5 >>> 20);
    x1 = (x1 + x5) | 0; xd ^= x1; xd = (xd << 8) | (xd >>> 24);
    x9 = (x9 + xd) | 0; x5 ^= x9; x5 = (x5 << 7) | (x5 >>> 25);
    x2 = (x2 + x6) | 0; xe ^= x2; xe = (xe << 16) | (xe >>> 16);
    xa = (xa + xe) | 0; x6 ^= xa; x6 = (x6 << 12) | (x6 >>> 20);
    x2 = (x2 + x6) | 0; xe ^= x2; xe = (xe << 8) | (xe >>> 24);
    xa = (xa + xe) | 0; x6 ^= xa; x6 = (x6 << 7) | (x6 >>> 25);
    x3 = (x3 + x7) | 0; xf ^= x3; xf = (xf << 16) | (xf >>> 16);
    xb = (xb + xf) | 0; x7 ^= xb; x7 = (x7 << 12) | (x7 >>> 20);
    x3 = (x3 + x7) | 0; xf ^= x3; xf = (xf << 8) | (xf >>> 24);
    xb = (xb + xf) | 0; x7 ^= xb; x7 = (x7 << 7) | (x7 >>> 25);
    x0 = (x0 + x5) | 0; xf ^= x0; xf = (xf << 16) | (xf >>> 16);
    xa = (xa + xf) | 0; x5 ^= xa; x5 = (x5 << 12) | (x5 >>> 20);
    x0 = (x0 + x5) | 0; xf ^= x0; xf = (xf << 8) | (xf >>> 24);
    xa = (xa + xf) | 0; x5 ^= xa; x5 = (x5 << 7) | (x5 >>> 25);
    x1 = (x1 + x6) | 0; xc ^= x1; xc = (xc << 16) | (xc >>> 16);
    xb = (xb + xc) | 0; x6 ^= xb; x6 = (x6 << 12) | (x6 >>> 20);
    x1 = (x1 + x6) | 0; xc ^= x1; xc = (xc << 8) | (xc >>> 24);
    xb = (xb + xc) | 0; x6 ^= xb; x6 = (x6 << 7) | (x6 >>> 25);
    x2 = (x2 + x7) | 0; xd ^= x2; xd = (xd << 16) | (xd >>> 16);
    x8 = (x8 + xd) | 0; x7 ^= x8; x7 = (x7 << 12) | (x7 >>> 20);
    x2 = (x2 + x7) | 0; xd ^= x2; xd = (xd << 8) | (xd >>> 24);
    x8 = (x8 + xd) | 0; x7 ^= x8; x7 = (x7 << 7) | (x7 >>> 25);
    x3 = (x3 + x4) | 0; xe ^= x3; xe = (xe << 16) | (xe >>> 16);
    x9 = (x9 + xe) | 0; x4 ^= x9; x4 = (x4 << 12) | (x4 >>> 20);
    x3 = (x3 + x4) | 0; xe ^= x3; xe = (xe << 8) | (xe >>> 24);
    x9 = (x9 + xe) | 0; x4 ^= x9; x4 = (x4 << 7) | (x4 >>> 25);
  }
  out[offset] = x0 + (state[0] as number);
  out[offset + 1] = x1 + (state[1] as number);
  out[offset + 2] = x2 + (state[2] as number);
  out[offset + 3] = x3 + (state[3] as number);
  out[offset + 4] = x4 + (state[4] as number);
  out[offset + 5] = x5 + (state[5] as number);
  out[offset + 6] = x6 + (state[6] as number);
  out[offset + 7] = x7 + (state[7] as number);
  out[offset + 8] = x8 + (state[8] as number);
  out[offset + 9] = x9 + (state[9] as number);
  out[offset + 10] = xa + (state[10] as number);
  out[offset + 11] = xb + (state[11] as number);
  out[offset + 12] = xc + (state[12] as number);
  out[offset + 13] = xd + (state[13] as number);
  out[offset + 14] = xe + (state[14] as number);
  out[offset + 15] = xf + (state[15] as number);
  state[12] = (state[12] as number) + 1;
}
