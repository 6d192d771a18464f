/**
 * ChaCha20 keystream (RFC 8439 §2.3, §2.4) in AssemblyScript, four blocks at a time: lane i of a
 * vector belongs to block `counter` + i. Compiled by `test/wasm.ts`; TypeScript does not read it.
 */

/** Sixteen words: constants, key, counter, nonce. The caller writes words 4 to 11 and 13 to 15. */
const STATE: usize = 0;

/** Four blocks of keystream. */
const WORDS: usize = 64;
const WORDS_END: usize = 64 + 256;

let at: usize = WORDS_END;
let blocksLeft: u64 = 0;

/** Begins the keystream at block `counter`. */
export function start(counter: u32): void {
  store<u32>(STATE, 0x61707865);
  store<u32>(STATE, 0x3320646e, 4);
  store<u32>(STATE, 0x79622d32, 8);
  store<u32>(STATE, 0x6b206574, 12);
  store<u32>(STATE, counter, 48);
  blocksLeft = 0x100000000 - <u64>counter;
  at = WORDS_END;
}

// biome-ignore lint/complexity/noStaticOnlyClass: the parser takes `inline` on methods alone
export class Keystream {
  /** As `next`; inlined, a sample takes a fifth less time. */
  @inline
  static next(): u32 {
    if (at === WORDS_END) refill();
    const word = load<u32>(at);
    at += 4;
    return word;
  }
}

/** Returns the next word of the keystream; traps when the 32-bit block counter is used up. */
export function next(): u32 {
  return Keystream.next();
}

function row(i: usize): v128 {
  return v128.load32_splat(STATE + (i << 2));
}

function rotate16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

function rotate12(x: v128): v128 {
  return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20));
}

function rotate8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

function rotate7(x: v128): v128 {
  return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25));
}

/** Writes words `first` to `first` + 3 of the four blocks, given by word, in order of blocks. */
function store4(first: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  const to = WORDS + (first << 2);
  v128.store(to, v128.shuffle<u64>(ab, cd, 0, 2));
  v128.store(to + 64, v128.shuffle<u64>(ab, cd, 1, 3));
  v128.store(to + 128, v128.shuffle<u64>(abHigh, cdHigh, 0, 2));
  v128.store(to + 192, v128.shuffle<u64>(abHigh, cdHigh, 1, 3));
}

function refill(): void {
  if (blocksLeft < 4) unreachable();
  let x0 = row(0);
  let x1 = row(1);
  let x2 = row(2);
  let x3 = row(3);
  let x4 = row(4);
  let x5 = row(5);
  let x6 = row(6);
  let x7 = row(7);
  let x8 = row(8);
  let x9 = row(9);
  let xa = row(10);
  let xb = row(11);
  let xc = i32x4.add(row(12), i32x4(0, 1, 2, 3));
  let xd = row(13);
  let xe = row(14);
  let xf = row(15);
  // biome-ignore format: two steps of a quarter round to a line
  for (let round = 0; round < 10; round++) {
    x0 = i32x4.add(x0, x4); xc = rotate16(v128.xor(xc, x0));
    x8 = i32x4.add(x8, xc); x4 = rotate12(v128.xor(x4, x8));
    x0 = i32x4.add(x0, x4); xc = rotate8(v128.xor(xc, x0));
    x8 = i32x4.add(x8, xc); x4 = rotate7(v128.xor(x4, x8));
    x1 = i32x4.add(x1, x5); xd = rotate16(v128.xor(xd, x1));
    x9 = i32x4.add(x9, xd); x5 = rotate12(v128.xor(x5, x9));
    x1 = i32x4.add(x1, x5); xd = rotate8(v128.xor(xd, x1));
    x9 = i32x4.add(x9, xd); x5 = rotate7(v128.xor(x5, x9));
    x2 = i32x4.add(x2, x6); xe = rotate16(v128.xor(xe, x2));
    xa = i32x4.add(xa, xe); x6 = rotate12(v128.xor(x6, xa));
    x2 = i32x4.add(x2, x6); xe = rotate8(v128.xor(xe, x2));
    xa = i32x4.add(xa, xe); x6 = rotate7(v128.xor(x6, xa));
    x3 = i32x4.add(x3, x7); xf = rotate16(v128.xor(xf, x3));
    xb = i32x4.add(xb, xf); x7 = rotate12(v128.xor(x7, xb));
    x3 = i32x4.add(x3, x7); xf = rotate8(v128.xor(xf, x3));
    xb = i32x4.add(xb, xf); x7 = rotate7(v128.xor(x7, xb));
    x0 = i32x4.add(x0, x5); xf = rotate16(v128.xor(xf, x0));
    xa = i32x4.add(xa, xf); x5 = rotate12(v128.xor(x5, xa));
    x0 = i32x4.add(x0, x5); xf = rotate8(v128.xor(xf, x0));
    xa = i32x4.add(xa, xf); x5 = rotate7(v128.xor(x5, xa));
    x1 = i32x4.add(x1, x6); xc = rotate16(v128.xor(xc, x1));
    xb = i32x4.add(xb, xc); x6 = rotate12(v128.xor(x6, xb));
    x1 = i32x4.add(x1, x6); xc = rotate8(v128.xor(xc, x1));
    xb = i32x4.add(xb, xc); x6 = rotate7(v128.xor(x6, xb));
    x2 = i32x4.add(x2, x7); xd = rotate16(v128.xor(xd, x2));
    x8 = i32x4.add(x8, xd); x7 = rotate12(v128.xor(x7, x8));
    x2 = i32x4.add(x2, x7); xd = rotate8(v128.xor(xd, x2));
    x8 = i32x4.add(x8, xd); x7 = rotate7(v128.xor(x7, x8));
    x3 = i32x4.add(x3, x4); xe = rotate16(v128.xor(xe, x3));
    x9 = i32x4.add(x9, xe); x4 = rotate12(v128.xor(x4, x9));
    x3 = i32x4.add(x3, x4); xe = rotate8(v128.xor(xe, x3));
    x9 = i32x4.add(x9, xe); x4 = rotate7(v128.xor(x4, x9));
  }
  store4(
    0,
    i32x4.add(x0, row(0)),
    i32x4.add(x1, row(1)),
    i32x4.add(x2, row(2)),
    i32x4.add(x3, row(3)),
  );
  store4(
    4,
    i32x4.add(x4, row(4)),
    i32x4.add(x5, row(5)),
    i32x4.add(x6, row(6)),
    i32x4.add(x7, row(7)),
  );
  store4(
    8,
    i32x4.add(x8, row(8)),
    i32x4.add(x9, row(9)),
    i32x4.add(xa, row(10)),
    i32x4.add(xb, row(11)),
  );
  store4(
    12,
    i32x4.add(i32x4.add(xc, row(12)), i32x4(0, 1, 2, 3)),
    i32x4.add(xd, row(13)),
    i32x4.add(xe, row(14)),
    i32x4.add(xf, row(15)),
  );
  store<u32>(STATE, load<u32>(STATE, 48) + 4, 48);
  blocksLeft -= 4;
  at = WORDS;
}
