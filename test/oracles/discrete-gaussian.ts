/**
 * Discrete Gaussian, written straight from Canonne, Kamath and Steinke, arXiv:2004.00010v5, with
 * BigInt fractions and no regard for speed. Used by tests alone; shares no code with the sampler.
 */

/** Draws a uniform integer below `n` from random words. */
type Below = (n: bigint) => bigint;

function below(next: () => number): Below {
  return (n) => {
    const bits = (n - 1n).toString(2).length;
    for (;;) {
      let value = 0n;
      for (let i = 0; i < bits; i++) value = value * 2n + BigInt(next() & 1);
      if (value < n) return value;
    }
  };
}

/** Algorithm 1: Bernoulli(exp(−a/b)). */
function bernoulliExp(a: bigint, b: bigint, uniform: Below): boolean {
  if (a <= b) {
    let k = 1n;
    while (uniform(b * k) < a) k += 1n;
    return k % 2n === 1n;
  }
  for (let k = 1n; k <= a / b; k += 1n) if (!bernoulliExp(1n, 1n, uniform)) return false;
  return bernoulliExp(a % b, b, uniform);
}

/** Algorithm 2 with s = 1: discrete Laplace of scale t. */
function laplace(t: bigint, uniform: Below): bigint {
  for (;;) {
    const u = uniform(t);
    if (!bernoulliExp(u, t, uniform)) continue;
    let v = 0n;
    while (bernoulliExp(1n, 1n, uniform)) v += 1n;
    const x = u + t * v;
    const negative = uniform(2n) === 1n;
    if (negative && x === 0n) continue;
    return negative ? -x : x;
  }
}

/** Algorithm 3: one sample of N_Z(0, num/den). */
export function samplePaper(num: bigint, den: bigint, next: () => number): number {
  const uniform = below(next);
  let t = 1n;
  while (t * t * den <= num) t += 1n;
  for (;;) {
    const y = laplace(t, uniform);
    const size = y < 0n ? -y : y;
    if (bernoulliExp((size * t * den - num) ** 2n, 2n * num * den * t * t, uniform)) {
      return Number(y);
    }
  }
}

const BITS = 256n;
const ONE = 1n << BITS;

/** exp(−a/b) in units of 2^-256: Taylor's series of a halved argument, squared back. */
function expNegative(a: bigint, b: bigint): bigint {
  let halvings = 0n;
  while (a >> halvings >= b) halvings += 1n;
  const x = (a * ONE) / (b << halvings);
  let sum = 0n;
  let term = ONE;
  for (let k = 1n; term !== 0n; k += 1n) {
    sum += k % 2n === 1n ? term : -term;
    term = (term * x) / (ONE * k);
  }
  for (; halvings > 0n; halvings -= 1n) sum = (sum * sum) / ONE;
  return sum;
}

/** The probabilities of −range … range under N_Z(0, num/den), good to about 70 digits. */
export function pmf(num: bigint, den: bigint, range: number): number[] {
  const weights: bigint[] = [];
  let total = 0n;
  for (let x = 0n; ; x += 1n) {
    const weight = expNegative(x * x * den, 2n * num);
    if (weight === 0n) break;
    weights.push(weight);
    total += x === 0n ? weight : 2n * weight;
  }
  return Array.from({ length: 2 * range + 1 }, (_, i) => {
    const weight = weights[Math.abs(i - range)] ?? 0n;
    return Number((weight << 64n) / total) / 2 ** 64;
  });
}
