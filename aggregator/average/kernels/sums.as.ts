/**
 * Sums of vectors in AssemblyScript, 128 bits at a time. Compiled by `test/wasm.ts`; TypeScript
 * does not read it. `kernels.ts` calls it and has checked every address.
 *
 * T is the type of a row's coordinates, S that of their sums:
 *   u32 → u32 mod 2^32,  i64 → i64 mod 2^64,  i32 → f64,  i16 → i32,  f64 → f64.
 * A vector of sums takes 16 bytes of a row, or 8 where sums are wider; eight rows of i16 are added 16
 * bytes at a time. Addresses need no alignment.
 */

// biome-ignore lint/complexity/noStaticOnlyClass: the parser takes `inline` on methods alone
class Lanes {
  /** Whether sums are float64. */
  @inline
  static real<T>(): bool {
    return isFloat<T>() || (sizeof<T>() === 4 && isSigned<T>());
  }

  /** Bytes of a row that go into one vector of sums. */
  @inline
  static step<T>(): usize {
    return sizeof<T>() === 2 || (sizeof<T>() === 4 && isSigned<T>()) ? 8 : 16;
  }

  /** These bytes, as wide as their sums. */
  @inline
  static load<T>(row: usize): v128 {
    if (sizeof<T>() === 2) return v128.load16x4_s(row);
    if (Lanes.step<T>() === 16) return v128.load(row);
    return f64x2.convert_low_i32x4_s(v128.load64_zero(row));
  }

  @inline
  static add<T>(x: v128, y: v128): v128 {
    if (Lanes.real<T>()) return f64x2.add(x, y);
    return sizeof<T>() === 8 ? i64x2.add(x, y) : i32x4.add(x, y);
  }

  /** Sums of the four lower int16 of two rows, as int32. */
  @inline
  static low(x: v128, y: v128): v128 {
    return i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11), i16x8.splat(1));
  }

  /** The same of the four upper. */
  @inline
  static high(x: v128, y: v128): v128 {
    return i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15), i16x8.splat(1));
  }

  /** Adds one row to the sums from `into` to `end`. */
  @inline
  static one<T, S>(row: usize, into: usize, end: usize): void {
    for (; into + 16 <= end; into += 16) {
      v128.store(into, Lanes.add<T>(v128.load(into), Lanes.load<T>(row)));
      row += Lanes.step<T>();
    }
    for (; into < end; into += sizeof<S>()) {
      store<S>(into, load<S>(into) + <S>load<T>(row));
      row += sizeof<T>();
    }
  }

  /** Adds eight rows to the sums from `into` to `end`, which are whole vectors; not for i16. */
  @inline
  static eight<T>(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
    g: usize,
    h: usize,
    into: usize,
    end: usize,
  ): void {
    for (let i: usize = 0; into < end; i += Lanes.step<T>()) {
      const ab = Lanes.add<T>(Lanes.load<T>(a + i), Lanes.load<T>(b + i));
      const cd = Lanes.add<T>(Lanes.load<T>(c + i), Lanes.load<T>(d + i));
      const ef = Lanes.add<T>(Lanes.load<T>(e + i), Lanes.load<T>(f + i));
      const gh = Lanes.add<T>(Lanes.load<T>(g + i), Lanes.load<T>(h + i));
      const all = Lanes.add<T>(Lanes.add<T>(ab, cd), Lanes.add<T>(ef, gh));
      v128.store(into, Lanes.add<T>(v128.load(into), all));
      into += 16;
    }
  }
}

export function eightU32(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  into: usize,
  end: usize,
): void {
  Lanes.eight<u32>(a, b, c, d, e, f, g, h, into, end);
}

export function oneU32(row: usize, into: usize, end: usize): void {
  Lanes.one<u32, u32>(row, into, end);
}

export function eightI64(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  into: usize,
  end: usize,
): void {
  Lanes.eight<i64>(a, b, c, d, e, f, g, h, into, end);
}

export function oneI64(row: usize, into: usize, end: usize): void {
  Lanes.one<i64, i64>(row, into, end);
}

export function eightI32(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  into: usize,
  end: usize,
): void {
  Lanes.eight<i32>(a, b, c, d, e, f, g, h, into, end);
}

export function oneI32(row: usize, into: usize, end: usize): void {
  Lanes.one<i32, f64>(row, into, end);
}

/** Two rows at a time: their lanes side by side, and a product with ones that adds neighbours. */
export function eightI16(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  into: usize,
  end: usize,
): void {
  for (let i: usize = 0; into < end; i += 16) {
    const x = v128.load(a + i);
    const y = v128.load(b + i);
    const z = v128.load(c + i);
    const w = v128.load(d + i);
    const p = v128.load(e + i);
    const q = v128.load(f + i);
    const r = v128.load(g + i);
    const s = v128.load(h + i);
    const low = i32x4.add(
      i32x4.add(Lanes.low(x, y), Lanes.low(z, w)),
      i32x4.add(Lanes.low(p, q), Lanes.low(r, s)),
    );
    const high = i32x4.add(
      i32x4.add(Lanes.high(x, y), Lanes.high(z, w)),
      i32x4.add(Lanes.high(p, q), Lanes.high(r, s)),
    );
    v128.store(into, i32x4.add(v128.load(into), low));
    v128.store(into, i32x4.add(v128.load(into, 16), high), 16);
    into += 32;
  }
}

export function oneI16(row: usize, into: usize, end: usize): void {
  Lanes.one<i16, i32>(row, into, end);
}

export function eightF64(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  e: usize,
  f: usize,
  g: usize,
  h: usize,
  into: usize,
  end: usize,
): void {
  Lanes.eight<f64>(a, b, c, d, e, f, g, h, into, end);
}

export function oneF64(row: usize, into: usize, end: usize): void {
  Lanes.one<f64, f64>(row, into, end);
}

/** OR of x, or −x − 1 where x is negative, over the int32 from `at` to `end`. */
export function magnitudeBits(at: usize, end: usize): i32 {
  let all = i32x4.splat(0);
  for (; at + 16 <= end; at += 16) {
    const x = v128.load(at);
    all = v128.or(all, v128.xor(x, i32x4.shr_s(x, 31)));
  }
  all = v128.or(all, v128.shuffle<u64>(all, all, 1, 0));
  let bits = i32x4.extract_lane(all, 0) | i32x4.extract_lane(all, 1);
  for (; at < end; at += 4) {
    const x = load<i32>(at);
    bits |= x ^ (x >> 31);
  }
  return bits;
}
