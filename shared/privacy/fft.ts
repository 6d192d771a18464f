/** A discrete Fourier transform in place: radix 2, decimation in time (Cooley and Tukey, 1965). */

/** Returns cos and sin of −2πk/n for k < n/2, each computed on its own. */
function roots(n: number): [Float64Array, Float64Array] {
  const cos = new Float64Array(n / 2);
  const sin = new Float64Array(n / 2);
  for (let k = 0; k < n / 2; k++) {
    cos[k] = Math.cos((-2 * Math.PI * k) / n);
    sin[k] = Math.sin((-2 * Math.PI * k) / n);
  }
  return [cos, sin];
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const [a, b] = [re[i] as number, im[i] as number];
    re[i] = re[j] as number;
    im[i] = im[j] as number;
    re[j] = a;
    im[j] = b;
  }
}

/**
 * Replaces re + i·im by its transform Σ_j z_j·e^(−2πijk/n), without scaling.
 *
 * The inverse is the same with `re` and `im` exchanged, divided by n.
 *
 * @throws RangeError unless both have the same length, a power of two.
 */
export function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  if (n !== im.length || n < 1 || (n & (n - 1)) !== 0) {
    throw new RangeError('re and im must have the same length, a power of two');
  }
  reverseBits(re, im);
  const [cos, sin] = roots(n);
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cos[k * stride] as number;
        const s = sin[k * stride] as number;
        const top = start + k;
        const low = top + half;
        const x = re[low] as number;
        const y = im[low] as number;
        const a = x * c - y * s;
        const b = x * s + y * c;
        const u = re[top] as number;
        const v = im[top] as number;
        re[low] = u - a;
        im[low] = v - b;
        re[top] = u + a;
        im[top] = v + b;
      }
    }
  }
}
