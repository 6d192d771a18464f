/**
 * Exact discrete Gaussian in AssemblyScript, integers only: rules PR30 to PR32 of
 * shared/privacy/SPEC.md (Canonne, Kamath, Steinke, arXiv:2004.00010v5, Algorithms 1 to 3).
 * Compiled by `test/wasm.ts`; TypeScript does not read it. `shared/random/seeded.ts` calls it.
 *
 * Every decision compares k·U with a rational x, where the digits of the uniform real U are words
 * of the keystream: U lies in [word, word + 1)/2^32. A comparison first looks at integer bounds
 * of x that are proven below; where they leave it open, `exactBelow` goes on with exact long
 * division and further words. So the bounds never change a decision, only its cost.
 */
import { Keystream } from './keystream.as';

/** Where `fill` leaves its samples, after the keystream's state and words; at most CHUNK. */
const OUT: usize = 1024;
const CHUNK: i32 = 1024;

/** Fraction bits of γ's bounds; the bounds are apart by ERROR units. */
const FRACTION: u64 = 44;
const ERROR: u64 = 3;

/** At most 64·t for |Y|: beyond lies e^-64 of Laplace's mass, which TypeScript draws. */
const MAX_MULTIPLE: u32 = 64;

const DONE: i32 = 0;
const BEYOND: i32 = 1;
const WIDE: i32 = 2;

let t: u32 = 1;
/** 2^32 − (2^32 mod t). */
let limit: u64 = 0;
/** γ = |y·tDen − num|²/G, with tDen = t·den and G = 2·num·den·t². */
let tDen: u64 = 0;
let num: u64 = 0;
let gHigh: u64 = 0;
let gLow: u64 = 0;
/** Shift that takes |y·tDen − num| to the top of 64 bits, and ⌊2^(44 + 128 − 2·up)/G⌋. */
let up: u64 = 0;
let factor: u64 = 0;
/** Comparisons up to this k (8) look at bounds first; with 0 the tests see both halves agree. */
let boundedSteps: u64 = 8;

/** Numerator and denominator of the fraction that `exactBelow` reads; the first is the smaller. */
let rHigh: u64 = 0;
let rLow: u64 = 0;
let dHigh: u64 = 0;
let dLow: u64 = 0;

/** Sets the variance num/den; the caller proves the ranges that `gaussianParameters` states. */
export function configure(
  scale: u32,
  scaleDen: u64,
  variance: u64,
  denominatorHigh: u64,
  denominatorLow: u64,
  shift: u64,
  reciprocal: u64,
  steps: u32,
): void {
  t = scale;
  limit = 0x100000000 - (0x100000000 % <u64>scale);
  tDen = scaleDen;
  num = variance;
  gHigh = denominatorHigh;
  gLow = denominatorLow;
  up = shift;
  factor = reciprocal;
  boundedSteps = steps;
}

/** Draws `count` samples, at most CHUNK, to OUT. Returns DONE, BEYOND or WIDE. */
export function fill(count: i32): i32 {
  if (count > CHUNK) unreachable();
  for (let i = 0; i < count; i++) {
    while (true) {
      let word = Keystream.next();
      while (<u64>word >= limit) word = Keystream.next();
      const u = word % t;
      if (!expRatio(u)) continue;
      let v: u32 = 0;
      while (expMinusOne()) v++;
      if (v >= MAX_MULTIPLE) return BEYOND;
      const y = <u64>u + <u64>t * <u64>v;
      const negative = Keystream.next() >>> 31;
      if (negative && y === 0) continue;
      if (!accept(y)) continue;
      if (y > 0x7fffffff + <u64>negative) return WIDE;
      store<i32>(OUT + ((<usize>i) << 2), negative ? -(<i32>y) : <i32>y);
      break;
    }
  }
  return DONE;
}

/** Bernoulli(exp(−u/t)), u < t < 2^29: k·U against u/t for k = 1, 2, … until it is not below. */
function expRatio(u: u32): bool {
  const x = (<u64>u) << 32;
  let k: u64 = 1;
  while (true) {
    const word = <u64>Keystream.next();
    // (word + 1)·k·t ≤ 2^32·2^3·2^29.
    const open = k > boundedSteps;
    let below = !open && (word + 1) * k * <u64>t <= x;
    if (!below && (open || word * k * <u64>t < x)) {
      rHigh = 0;
      rLow = u;
      dHigh = 0;
      dLow = t;
      below = exactBelow(word, k, 0);
    }
    if (!below) return (k & 1) === 1;
    k++;
  }
}

/** Bernoulli(exp(−1)): k = 1 is certain and draws no word, k = 2 asks for the top bit. */
function expMinusOne(): bool {
  if (Keystream.next() >= 0x80000000) return false;
  let k: u64 = 3;
  while (true) {
    const word = <u64>Keystream.next();
    const open = k > boundedSteps;
    let below = !open && (word + 1) * k <= 0x100000000;
    if (!below && (open || word * k < 0x100000000)) {
      rHigh = 0;
      rLow = 0;
      dHigh = 0;
      dLow = 1;
      below = exactBelow(word, k, 1);
    }
    if (!below) return (k & 1) === 1;
    k++;
  }
}

/**
 * Bernoulli(exp(−γ)), y < 64·t.
 *
 * a = A·2^up is exact and below 2^64, p = ⌊a²/2^64⌋, low = ⌊p·factor/2^64⌋. Three quantities are
 * rounded down (p, factor, the product), each moving the result by less than one unit because the
 * other operand is below 2^64: low ≤ γ·2^44 < low + 3.
 */
function accept(y: u64): bool {
  const scaled = y * tDen;
  const a = scaled > num ? scaled - num : num - scaled;
  const shifted = a << up;
  const low = multiplyHigh(multiplyHigh(shifted, shifted), factor);
  let whole = low >> FRACTION;
  let steps = boundedSteps;
  if (steps === 0 || (low + ERROR) >> FRACTION !== whole) {
    whole = loadGamma(a);
    steps = 0;
  }
  for (; whole > 0; whole--) if (!expMinusOne()) return false;
  const part = low & ((1 << FRACTION) - 1);
  let k: u64 = 1;
  while (true) {
    const word = <u64>Keystream.next();
    const open = k > steps;
    let below = !open && ((word + 1) * k) << (FRACTION - 32) <= part;
    if (!below && (open || (word * k) << (FRACTION - 32) < part + ERROR)) {
      loadGamma(a);
      below = exactBelow(word, k, 0);
    }
    if (!below) return (k & 1) === 1;
    k++;
  }
}

/** Leaves γ's fraction a² mod G over G to `exactBelow`, and returns ⌊γ⌋; G is below 2^116. */
function loadGamma(a: u64): u64 {
  const high = multiplyHigh(a, a);
  const low = a * a;
  rHigh = 0;
  rLow = 0;
  dHigh = gHigh;
  dLow = gLow;
  let whole: u64 = 0;
  for (let bit = 127; bit >= 0; bit--) {
    const digit = bit > 63 ? (high >> (bit - 64)) & 1 : (low >> bit) & 1;
    whole = (whole << 1) | divideStep(digit);
  }
  return whole;
}

/** One step of long division: r = 2r + bit, less d where it fits; returns whether it did. */
function divideStep(bit: u64): u64 {
  rHigh = (rHigh << 1) | (rLow >> 63);
  rLow = (rLow << 1) | bit;
  if (rHigh < dHigh || (rHigh === dHigh && rLow < dLow)) return 0;
  rHigh -= dHigh + <u64>(rLow < dLow);
  rLow -= dLow;
  return 1;
}

/**
 * Tells whether k·U < whole + r/d, where `word` begins U and further words are drawn while the
 * digits so far leave it open.
 *
 * Open means word·k < x·2^32 < (word + 1)·k; then x becomes x·2^32 − word·k, below k. All stays
 * below 2^64 while k < 2^32; the chance of a longer run is below 1/(2^32)!, and it traps.
 */
function exactBelow(word: u64, k: u64, whole: u64): bool {
  if (k >= 0x100000000) unreachable();
  while (true) {
    for (let bit = 0; bit < 32; bit++) whole = (whole << 1) | divideStep(0);
    if ((word + 1) * k <= whole) return true;
    const product = word * k;
    if (product > whole || (product === whole && (rHigh | rLow) === 0)) return false;
    whole -= product;
    word = Keystream.next();
  }
}

/** The upper 64 bits of a·b. */
function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  return aHigh * bHigh + (middle >> 32) + ((aLow * bHigh + (middle & 0xffffffff)) >> 32);
}
