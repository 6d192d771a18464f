/**
 * Composition of privacy loss distributions, by one Fourier transform of the tilted loss.
 *
 * Losses add up, so their distributions convolve (Meiser and Mohammadi, CCS 2018; Koskela,
 * Jälkö and Honkela, arXiv:1906.03049). Before the transform every distribution is multiplied by
 * e^(λ·loss) and normalised (Esscher, 1932), with a λ at which the transform's error of 1e-16
 * is below 1e-8 of the part of the tail that decides δ, and what wraps around below 1e-9 of it.
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
import type { Part, Target } from './saddle.ts';
import { cumulant, planOf, valley } from './saddle.ts';
import { assertProbability } from './sampled.ts';
import { logSum } from './special.ts';
import { assertDelta } from './zcdp.ts';

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

function assertParts(parts: readonly Part[]): void {
  if (!Array.isArray(parts) || parts.length === 0) throw new TypeError('parts must be an array');
  for (const { q, count } of parts) {
    assertProbability('q', q);
    assertInteger('count', count, 1);
  }
}

/** Returns the composed loss of all parts, most exact around the target. */
export function compose(parts: readonly Part[], target: Target): Composed {
  assertParts(parts);
  if ('delta' in target) assertDelta(target.delta);
  else assertFinite('epsilon', target.epsilon);
  const { tilt, step, size, base, fineness } = planOf(parts, target);
  const re = new Float64Array(size).fill(1);
  const im = new Float64Array(size);
  const used: { readonly count: number; readonly losses: Losses }[] = [];
  let cumulants = 0;
  let survive = 0;
  for (const [i, { law, q, direction, count }] of parts.entries()) {
    const losses = discretise(law, q, direction, step, fineness[i] as Fineness);
    const log = cumulant(losses, tilt);
    multiplyPower(re, im, spectrum(losses, size, tilt, log), count);
    cumulants += count * log;
    survive += count * Math.log1p(-Math.min(1, losses.infinity));
    used.push({ count, losses });
  }
  mirror(re, im);
  transform(im, re);
  const mass = new Float64Array(size);
  const shift = ((base % size) + size) % size;
  for (let j = 0; j < size; j++) {
    const tilted = (re[(shift + j) & (size - 1)] as number) / size;
    mass[j] = tilted * Math.exp(cumulants - tilt * step * (base + j));
  }
  const infinity = -Math.expm1(survive);
  const deltaError = (epsilon: number): number =>
    Math.min(1, Math.exp(valley((t) => logGap(used, t) - t * epsilon)[1]));
  return {
    epsilon: (delta) => epsilonAt(mass, base, step, infinity, delta),
    delta: (epsilon) => deltaAt(mass, base, step, infinity, epsilon),
    epsilonError: (delta) => {
      const upper = epsilonAt(mass, base, step, infinity, delta);
      if (!Number.isFinite(upper)) return 0;
      let lower = upper;
      for (let i = 0; i < 6 && lower > 0; i++) {
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

/** ln Σ count·e^(K − k)·max(g_i·e^(t·top_i)). */
function logGap(
  used: readonly { readonly count: number; readonly losses: Losses }[],
  t: number,
): number {
  const single = used.map(({ losses }) => cumulant(losses, t));
  const total = used.reduce((sum, { count }, i) => sum + count * (single[i] as number), 0);
  const terms = used.map(
    ({ count, losses }, i) => Math.log(count) + worstGap(losses, t) - (single[i] as number),
  );
  return total + logSum(terms);
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
