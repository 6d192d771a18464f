/** Reads memory and does as little as can be with it; compiled by bench `average`. */

/** Sum mod 2^32 of the uint32 from `at` to `end`, a multiple of 64 bytes. */
export function read(at: usize, end: usize): u32 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; at < end; at += 64) {
    a = i32x4.add(a, v128.load(at));
    b = i32x4.add(b, v128.load(at, 16));
    c = i32x4.add(c, v128.load(at, 32));
    d = i32x4.add(d, v128.load(at, 48));
  }
  a = i32x4.add(i32x4.add(a, b), i32x4.add(c, d));
  a = i32x4.add(a, v128.shuffle<u64>(a, a, 1, 0));
  return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1);
}
