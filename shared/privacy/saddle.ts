/**
 * Where a composed privacy loss decides ε at δ: the saddle point of its cumulants, the window
 * that has to be looked at, and how fine the grid must be there.
 *
 * Chernoff's bound min over t of e^(K(t) − tε), K being ln E[e^(t·loss)], has its minimum at the
 * saddle point s, which is the best Rényi order less 1 (Daniels, Ann. Math. Stat. 25, 1954).
 */
import type { Fineness, Losses } from './losses.ts';
import { discretise } from './losses.ts';
import type { Direction, RatioLaw } from './ratio.ts';

/** A pair, used `count` times under Poisson sampling of rate q. */
export interface Part {
  readonly law: RatioLaw;
  readonly q: number;
  readonly direction: Direction;
  readonly count: number;
}

/** What the composition is wanted for; the figures are most exact there. */
export type Target = { readonly delta: number } | { readonly epsilon: number };

/** What the grid may add to ε to first order, times √ε above ε = 1 and times ε below it. */
const EXCESS = 2e-6;

/** Below this ε the excess falls no further. */
const LEAST = 0.01;

const MIN_SIZE = 2 ** 12;

/** With atoms δ has kinks, at which the grid's error is of first order: a finer one. */
const MIN_SIZE_ATOMS = 2 ** 18;
const MAX_SIZE = 2 ** 21;

/** First pass, which finds λ, the window and the widths of cells only. */
const PLAN_STEP = 1e-9;
const PLAN_CELLS_PER_SCALE = 48;

/** Bounded losses have saddle points far out, where only the top atom counts. */
const MAX_CELLS_PER_SCALE = 2 ** 14;

/** ln of how much smaller than 1 the tail may be that the tilt leaves for δ. */
const DEPTH = 16;

/** −ln of the tilted probability outside the window. */
const WINDOW = DEPTH + 21;
const MIN_TILT = 1e-6;
const MAX_TILT = 1e6;

/** Returns ln Σ mass·e^(t·loss) over the finite losses. */
export function cumulant({ low, width, lowMass, highMass, step }: Losses, t: number): number {
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

/** Returns where and what the minimum is of a function with one valley over all tilts, by golden section on ln t. */
export function valley(f: (t: number) => number): [number, number] {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [Math.log(MIN_TILT), Math.log(MAX_TILT)];
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

/** How a composition is to be computed. */
export interface Plan {
  readonly tilt: number;
  readonly step: number;
  readonly size: number;
  /** Index of the window's first grid point. */
  readonly base: number;
  /** By part. */
  readonly fineness: readonly Fineness[];
}

function firstPass(parts: readonly Part[]): Losses[] {
  return parts.map(({ law, q, direction }) =>
    discretise(law, q, direction, PLAN_STEP, ({ rise }) => rise / PLAN_CELLS_PER_SCALE),
  );
}

/** K(t) of all uses. */
function totalOf(parts: readonly Part[], losses: readonly Losses[]): (t: number) => number {
  return (t) =>
    losses.reduce((sum, one, i) => sum + (parts[i] as Part).count * cumulant(one, t), 0);
}

/** Infinite losses rarer than this are left out of `chernoffEpsilon`. */
const NEVER = 1e-30;

/** Returns Chernoff's bound on ε at `delta`: cheap, and never below the composed figure. */
export function chernoffEpsilon(parts: readonly Part[], delta: number): number {
  const losses = firstPass(parts);
  if (losses.some(({ infinity }) => infinity > NEVER)) return Number.POSITIVE_INFINITY;
  const total = totalOf(parts, losses);
  return valley((t) => (total(t) - Math.log(delta)) / t)[1];
}

/**
 * Returns λ, the window and the widths of the cells.
 *
 * To first order the grid adds count·(s + 1)·E[w²]/12 to ε, s being the saddle point and E under
 * the law tilted by s; w ∝ density^(−1/3) keeps it with the fewest cells. Where one large loss
 * decides, that law hides it: hence the bound on the width of every single cell.
 */
export function planOf(parts: readonly Part[], target: Target): Plan {
  const coarse = firstPass(parts);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const total = totalOf(parts, coarse);
  const [saddle, value] =
    'delta' in target
      ? valley((t) => (total(t) - Math.log(target.delta)) / t)
      : valley((t) => total(t) - t * target.epsilon);
  const epsilon = 'delta' in target ? value : target.epsilon;
  const tilt = smallestTilt((t) => total(t) - t * epsilon, saddle);
  const here = total(tilt);
  const [, high] = valley((s) => (total(tilt + s) - here + WINDOW) / s);
  const [, low] = valley((s) => (total(tilt - s) - here + WINDOW) / s);
  const allowed = EXCESS * (epsilon > 1 ? Math.sqrt(epsilon) : Math.max(epsilon, LEAST));
  const single = Math.sqrt((12 * allowed) / (saddle + 1));
  const width = single / Math.sqrt(count);
  const span = 1.02 * (high + low);
  let size = parts.some(({ law }) => law.atoms.length > 0) ? MIN_SIZE_ATOMS : MIN_SIZE;
  while (size < MAX_SIZE && span / size > width / 2) size *= 2;
  const step = Math.max(span / size, 1e-12);
  const most = Math.min(single, 0.25 / (saddle + 1));
  const fineness = coarse.map((losses): Fineness => {
    const log = cumulant(losses, saddle);
    const scale = width / Math.sqrt(spread(losses, saddle, log));
    return ({ loss, logDensity, rise }) =>
      Math.max(
        rise / MAX_CELLS_PER_SCALE,
        Math.min(rise / 4, most, scale * Math.exp((log - saddle * loss - logDensity) / 3)),
      );
  });
  return { tilt, step, size, base: Math.floor((high - low) / (2 * step) - size / 2), fineness };
}

/** The smallest t at which Chernoff's bound is within `DEPTH` of its minimum, at the saddle. */
function smallestTilt(chernoff: (t: number) => number, saddle: number): number {
  const target = chernoff(saddle) + DEPTH;
  if (chernoff(0) <= target) return 0;
  let [low, high] = [0, saddle];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (chernoff(middle) <= target) high = middle;
    else low = middle;
  }
  return high;
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
