/**
 * Composition of privacy loss distributions, by one Fourier transform of the tilted loss.
 *
 * Losses add up, so their distributions convolve (Meiser and Mohammadi, CCS 2018; Koskela,
 * Jälkö and Honkela, arXiv:1906.03049). Before the transform every distribution is multiplied by
 * e^(λ·loss) and normalised (Esscher, 1932), λ from the saddle point of the target: the
 * transform's absolute error of 1e-16 is then relative to the part of the tail that decides δ,
 * and what wraps around is below 1e-20 of it.
 *
 * Error. The grid's curve is that of the true law with each cell merged into one outcome, whose
 * δ(ε) is never above the true one, plus a gap g ≥ 0 that is largest, g_i, in the middle of cell
 * i. Uses are exchanged one by one; with x ↦ g(x) ≤ sup(g_i·e^(λ·(top_i − x))) and Chernoff's
 * bound on the other uses, δ is too large by at most count·e^(K − λε)·max(g_i·e^(λ·top_i − k)),
 * k and K being ln E[e^(λ·loss)] of one use and of all.
 */
import { assertFinite, assertInteger } from '../assert/assert.ts';
import { transform } from './fft.ts';
import type { Fineness, Losses } from './losses.ts';
import { discretise } from './losses.ts';
import type { Direction, RatioLaw } from './ratio.ts';
import { assertProbability } from './sampled.ts';
import { assertDelta } from './zcdp.ts';

/** A pair, used `count` times under Poisson sampling of rate q. */
export interface Part {
  readonly law: RatioLaw;
  readonly q: number;
  readonly direction: Direction;
  readonly count: number;
}

/** What the composition is wanted for; the figures are most exact there. */
export type Target = { readonly delta: number } | { readonly epsilon: number };

/** A composed loss in one direction. */
export interface Composed {
  /** Smallest ε ≥ 0 at `delta`: an upper bound, up to float64 rounding. */
  epsilon(delta: number): number;
  /** δ at `epsilon`: an upper bound, up to float64 rounding. */
  delta(epsilon: number): number;
  /** Bound on how far `epsilon(delta)` lies above the exact figure. */
  epsilonError(delta: number): number;
  /** Bound on how far `delta(epsilon)` lies above the exact figure. */
  deltaError(epsilon: number): number;
}

/** What the grid may add to ε to first order, absolute up to ε = 1 and relative above. */
const EXCESS = 1e-6;

const MIN_SIZE = 2 ** 12;
const MAX_SIZE = 2 ** 20;

/** First pass, which finds λ, the window and the widths of cells only. */
const PLAN_STEP = 1e-9;
const PLAN_CELLS_PER_SCALE = 48;

/** −ln of the tilted probability outside the window: 1e-20. */
const WINDOW = 46;
const MIN_TILT = 1e-6;
const MAX_TILT = 1e6;

function assertParts(parts: readonly Part[]): void {
  if (!Array.isArray(parts) || parts.length === 0) throw new TypeError('parts must be an array');
  for (const { q, count } of parts) {
    assertProbability('q', q);
    assertInteger('count', count, 1);
  }
}

/** ln Σ mass·e^(t·loss) over the finite losses. */
function cumulant({ low, width, lowMass, highMass, step }: Losses, t: number): number {
  const rate = t * step;
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < low.length; i++) {
    const end = (low[i] as number) + (t > 0 ? (width[i] as number) : 0);
    if (rate * end > top) top = rate * end;
  }
  let sum = 0;
  for (let i = 0; i < low.length; i++) {
    const start = rate * (low[i] as number) - top;
    sum += (lowMass[i] as number) * Math.exp(start);
    sum += (highMass[i] as number) * Math.exp(start + rate * (width[i] as number));
  }
  return top + Math.log(sum);
}

/** Minimum of a function with one valley over e^low … e^high, by golden section. */
function valley(f: (x: number) => number, low: number, high: number): [number, number] {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let [c, d] = [b - golden * (b - a), a + golden * (b - a)];
  let [fc, fd] = [f(Math.exp(c)), f(Math.exp(d))];
  for (let i = 0; i < 40; i++) {
    if (fc <= fd) {
      [b, d, fd] = [d, c, fc];
      c = b - golden * (b - a);
      fc = f(Math.exp(c));
    } else {
      [a, c, fc] = [c, d, fd];
      d = a + golden * (b - a);
      fd = f(Math.exp(d));
    }
  }
  return fc <= fd ? [Math.exp(c), fc] : [Math.exp(d), fd];
}

interface Plan {
  readonly tilt: number;
  readonly step: number;
  readonly size: number;
  /** Index of the window's first grid point. */
  readonly base: number;
  /** By part. */
  readonly fineness: readonly Fineness[];
}

/**
 * Finds λ, the window and the widths of the cells. To first order the grid adds
 * count·(λ + 1)·E[w²]/12 to ε, E under the tilted law; w ∝ density^(−1/3) keeps it with the
 * fewest cells.
 */
function planOf(parts: readonly Part[], target: Target): Plan {
  const coarse = parts.map((part) =>
    discretise(
      part.law,
      part.q,
      part.direction,
      PLAN_STEP,
      ({ rise }) => rise / PLAN_CELLS_PER_SCALE,
    ),
  );
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const total = (t: number): number =>
    coarse.reduce((sum, losses, i) => sum + (parts[i] as Part).count * cumulant(losses, t), 0);
  const range = [Math.log(MIN_TILT), Math.log(MAX_TILT)] as const;
  const [tilt, value] =
    'delta' in target
      ? valley((t) => (total(t) - Math.log(target.delta)) / t, ...range)
      : valley((t) => total(t) - t * target.epsilon, ...range);
  const here = total(tilt);
  const [, high] = valley((s) => (total(tilt + s) - here + WINDOW) / s, ...range);
  const [, low] = valley((s) => (total(tilt - s) - here + WINDOW) / s, ...range);
  const epsilon = 'delta' in target ? value : target.epsilon;
  const width = Math.sqrt((12 * EXCESS * Math.max(1, epsilon)) / (count * (tilt + 1)));
  const span = 1.02 * (high + low);
  let size = MIN_SIZE;
  while (size < MAX_SIZE && span / size > width / 2) size *= 2;
  const step = Math.max(span / size, 1e-12);
  const fineness = coarse.map((losses): Fineness => {
    const log = cumulant(losses, tilt);
    const scale = width / Math.sqrt(spread(losses, tilt, log));
    return ({ loss, logDensity, rise }) =>
      Math.min(rise / 4, 0.25 / (tilt + 1), scale * Math.exp((log - tilt * loss - logDensity) / 3));
  });
  return { tilt, step, size, base: Math.floor((high - low) / (2 * step) - size / 2), fineness };
}

/** ∫ density^(1/3) of the tilted loss, over the cells of the first pass. */
function spread(losses: Losses, tilt: number, log: number): number {
  const { low, width, lowMass, highMass, step } = losses;
  let sum = 1e-30;
  for (let i = 0; i < low.length; i++) {
    const loss = step * ((low[i] as number) + (width[i] as number) / 2);
    const mass = (lowMass[i] as number) + (highMass[i] as number);
    sum += Math.cbrt(mass * Math.exp(tilt * loss - log) * (step * (width[i] as number)) ** 2);
  }
  return sum;
}

/** Returns the composed loss of all parts, most exact around the target. */
export function compose(parts: readonly Part[], target: Target): Composed {
  assertParts(parts);
  if ('delta' in target) assertDelta(target.delta);
  else assertFinite('epsilon', target.epsilon);
  const { tilt, step, size, base, fineness } = planOf(parts, target);
  const T0=performance.now();
  const re = new Float64Array(size).fill(1);
  const im = new Float64Array(size);
  let gaps = 0;
  let cumulants = 0;
  let survive = 0;
  for (const [i, { law, q, direction, count }] of parts.entries()) {
    const losses = discretise(law, q, direction, step, fineness[i] as Fineness);console.log("   cells",losses.low.length,performance.now()-T0);
    const log = cumulant(losses, tilt);
    multiplyPower(re, im, spectrum(losses, size, tilt, log), count);
    cumulants += count * log;
    survive += count * Math.log1p(-Math.min(1, losses.infinity));
    gaps += count * Math.exp(worstGap(losses, tilt) - log);
  }
  console.log("   size",size,"step",step,"ms",performance.now()-T0);
  mirror(re, im);
  transform(im, re);
  const mass = new Float64Array(size);
  const shift = ((base % size) + size) % size;
  for (let j = 0; j < size; j++) {
    const tilted = (re[(shift + j) & (size - 1)] as number) / size;
    mass[j] = tilted * Math.exp(cumulants - tilt * step * (base + j));
  }
  const infinity = -Math.expm1(survive);
  const deltaError = (epsilon: number): number => gaps * Math.exp(cumulants - tilt * epsilon);
  return {
    epsilon: (delta) => epsilonAt(mass, base, step, infinity, delta),
    delta: (epsilon) => deltaAt(mass, base, step, infinity, epsilon),
    epsilonError: (delta) => {
      const upper = epsilonAt(mass, base, step, infinity, delta);
      if (!Number.isFinite(upper)) return 0;
      let lower = upper;
      for (let i = 0; i < 50 && lower > 0; i++) {
        const raised = Math.min(1, delta + deltaError(lower));
        const next = raised < 1 ? epsilonAt(mass, base, step, infinity, raised) : 0;
        if (next >= lower) break;
        lower = next;
      }
      return upper - lower;
    },
    deltaError,
  };
}

/** max over cells of ln(g_i·e^(λ·top_i)): the gap in the middle, where merged mass would be. */
function worstGap({ low, width, lowMass, highMass, step }: Losses, tilt: number): number {
  let worst = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < low.length; i++) {
    const [a, b] = [lowMass[i] as number, highMass[i] as number];
    const span = step * (width[i] as number);
    const top = step * (low[i] as number) + span;
    // Under Q, in units of e^(−top): a·e^span + b; the merged loss is top + ln((a + b)/that).
    const below = Math.log1p((a * Math.expm1(span)) / (a + b));
    worst = Math.max(worst, Math.log(b) + Math.log(-Math.expm1(-below)) + tilt * top);
  }
  return worst;
}

function spectrum(
  { low, width, lowMass, highMass, step }: Losses,
  size: number,
  tilt: number,
  log: number,
): [Float64Array, Float64Array] {
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  const put = (k: number, mass: number): void => {
    const slot = ((k % size) + size) % size;
    re[slot] = (re[slot] as number) + mass * Math.exp(tilt * step * k - log);
  };
  for (let i = 0; i < low.length; i++) {
    put(low[i] as number, lowMass[i] as number);
    put((low[i] as number) + (width[i] as number), highMass[i] as number);
  }
  transform(re, im);
  return [re, im];
}

/** Multiplies the first half of re + i·im by the `count`-th power of a spectrum, by squaring. */
function multiplyPower(
  re: Float64Array,
  im: Float64Array,
  [x, y]: readonly [Float64Array, Float64Array],
  count: number,
): void {
  for (let j = 0; j <= re.length / 2; j++) {
    let [a, b] = [x[j] as number, y[j] as number];
    let [u, v] = [re[j] as number, im[j] as number];
    for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) [u, v] = [u * a - v * b, u * b + v * a];
      [a, b] = [a * a - b * b, 2 * a * b];
    }
    re[j] = u;
    im[j] = v;
  }
}

/** The second half of a real sequence's spectrum is the first, mirrored and conjugate. */
function mirror(re: Float64Array, im: Float64Array): void {
  for (let j = 1; j < re.length / 2; j++) {
    re[re.length - j] = re[j] as number;
    im[re.length - j] = -(im[j] as number);
  }
}

function epsilonAt(
  mass: Float64Array,
  base: number,
  step: number,
  infinity: number,
  delta: number,
): number {
  assertDelta(delta);
  if (delta <= infinity) return Number.POSITIVE_INFINITY;
  const target = delta - infinity;
  const fall = Math.exp(-step);
  let above = 0;
  let hockey = 0;
  // Here `above` is the probability of a loss over the grid point, `hockey` its part of δ.
  for (let j = mass.length - 1; j >= 0; j--) {
    const loss = (base + j) * step;
    const next = hockey * fall - above * Math.expm1(-step);
    if (next >= target) {
      const back = -Math.log((above - target) / (above - hockey));
      return Math.max(0, loss + step - back);
    }
    hockey = next;
    if (loss < 0) return 0;
    above += mass[j] as number;
  }
  throw new RangeError('delta is too far from the target of the composition');
}

function deltaAt(
  mass: Float64Array,
  base: number,
  step: number,
  infinity: number,
  epsilon: number,
): number {
  assertFinite('epsilon', epsilon);
  let delta = infinity;
  for (let j = mass.length - 1; j >= 0; j--) {
    const loss = (base + j) * step;
    if (loss <= epsilon) break;
    delta -= (mass[j] as number) * Math.expm1(epsilon - loss);
  }
  return Math.min(1, Math.max(0, delta));
}
