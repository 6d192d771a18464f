/**
 * Products of float32 matrices in AssemblyScript, in tiles of four rows and eight columns that
 * stay in registers. Compiled by `test/wasm.ts`; TypeScript does not read it. `matmul.ts` calls
 * it and has checked every address.
 */

/** One row times eight columns of b, `width` bytes apart. */
function row8(a: usize, step: usize, b: usize, width: usize, k: i32, out: usize): void {
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  for (let i = 0; i < k; i++) {
    const x = v128.load32_splat(a);
    low = f32x4.add(low, f32x4.mul(x, v128.load(b)));
    high = f32x4.add(high, f32x4.mul(x, v128.load(b, 16)));
    a += step;
    b += width;
  }
  v128.store(out, low);
  v128.store(out, high, 16);
}

/** One row times the last columns of b, fewer than eight. */
function rowRest(a: usize, step: usize, b: usize, width: usize, k: i32, out: usize, n: i32): void {
  for (let j = 0; j < n; j++) {
    let sum: f32 = 0;
    let x = a;
    let y = b + ((<usize>j) << 2);
    for (let i = 0; i < k; i++) {
      sum += load<f32>(x) * load<f32>(y);
      x += step;
      y += width;
    }
    store<f32>(out + ((<usize>j) << 2), sum);
  }
}

/**
 * out (m × n) = a (m × k) times b (k × n). Element (r, i) of a stands at a + r·row + i·step bytes;
 * b and out are row-major.
 */
export function product(
  a: usize,
  row: usize,
  step: usize,
  b: usize,
  m: i32,
  k: i32,
  n: i32,
  out: usize,
): void {
  const width = (<usize>n) << 2;
  const whole = n & ~7;
  let r = 0;
  for (; r + 4 <= m; r += 4) {
    for (let j = 0; j < whole; j += 8) {
      let p = a;
      let q = b + ((<usize>j) << 2);
      let c00 = f32x4.splat(0);
      let c01 = f32x4.splat(0);
      let c10 = f32x4.splat(0);
      let c11 = f32x4.splat(0);
      let c20 = f32x4.splat(0);
      let c21 = f32x4.splat(0);
      let c30 = f32x4.splat(0);
      let c31 = f32x4.splat(0);
      for (let i = 0; i < k; i++) {
        const low = v128.load(q);
        const high = v128.load(q, 16);
        let x = v128.load32_splat(p);
        c00 = f32x4.add(c00, f32x4.mul(x, low));
        c01 = f32x4.add(c01, f32x4.mul(x, high));
        x = v128.load32_splat(p + row);
        c10 = f32x4.add(c10, f32x4.mul(x, low));
        c11 = f32x4.add(c11, f32x4.mul(x, high));
        x = v128.load32_splat(p + (row << 1));
        c20 = f32x4.add(c20, f32x4.mul(x, low));
        c21 = f32x4.add(c21, f32x4.mul(x, high));
        x = v128.load32_splat(p + row * 3);
        c30 = f32x4.add(c30, f32x4.mul(x, low));
        c31 = f32x4.add(c31, f32x4.mul(x, high));
        p += step;
        q += width;
      }
      const to = out + ((<usize>j) << 2);
      v128.store(to, c00);
      v128.store(to, c01, 16);
      v128.store(to + width, c10);
      v128.store(to + width, c11, 16);
      v128.store(to + (width << 1), c20);
      v128.store(to + (width << 1), c21, 16);
      v128.store(to + width * 3, c30);
      v128.store(to + width * 3, c31, 16);
    }
    if (whole < n) {
      const at = (<usize>whole) << 2;
      for (let i = 0; i < 4; i++) {
        rowRest(a + row * i, step, b + at, width, k, out + width * i + at, n - whole);
      }
    }
    a += row << 2;
    out += width << 2;
  }
  for (; r < m; r++) {
    for (let j = 0; j < whole; j += 8) {
      const at = (<usize>j) << 2;
      row8(a, step, b + at, width, k, out + at);
    }
    if (whole < n) {
      const at = (<usize>whole) << 2;
      rowRest(a, step, b + at, width, k, out + at, n - whole);
    }
    a += row;
    out += width;
  }
}

/** out (m × 1) = a (m × k, row-major) times the k floats at b. */
export function dots(a: usize, b: usize, m: i32, k: i32, out: usize): void {
  const whole = k & ~3;
  for (let r = 0; r < m; r++) {
    let sums = f32x4.splat(0);
    for (let i = 0; i < whole; i += 4) {
      const at = (<usize>i) << 2;
      sums = f32x4.add(sums, f32x4.mul(v128.load(a + at), v128.load(b + at)));
    }
    let sum =
      f32x4.extract_lane(sums, 0) +
      f32x4.extract_lane(sums, 1) +
      (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
    for (let i = whole; i < k; i++) {
      const at = (<usize>i) << 2;
      sum += load<f32>(a + at) * load<f32>(b + at);
    }
    store<f32>(out + ((<usize>r) << 2), sum);
    a += (<usize>k) << 2;
  }
}

/** out (columns × rows) = the transpose of `from` (rows × columns). */
export function turn(from: usize, rows: i32, columns: i32, out: usize): void {
  const width = (<usize>rows) << 2;
  for (let r = 0; r < rows; r++) {
    let to = out + ((<usize>r) << 2);
    for (let c = 0; c < columns; c++) {
      store<f32>(to, load<f32>(from));
      from += 4;
      to += width;
    }
  }
}
