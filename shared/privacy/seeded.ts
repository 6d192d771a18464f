/**
 * Seeded PrivUnitG in integers: its ε from a proven interval, its gain and its error (PR39, PR40).
 *
 * The mechanism draws N seeds, sees for each whether ⟨G, v⟩ ≥ γ (side A) or not (side B), chooses
 * A with probability p and sends a seed of the chosen side, any where none is there. Under the
 * assumption that ChaCha20 is a pseudorandom generator the coordinates of G are independent draws
 * from the table T, and everything below is about those; the proof is PR39 of SPEC.md.
 */
import { assertInteger } from '../assert/assert.ts';
import { logNormalCdf } from './analytic.ts';

/** What a task states of the mechanism. */
export interface SeededParameters {
  /** p = acceptance/2^16: probability of the cap's side. */
  readonly acceptance: number;
  /** γ = threshold/2^12, in the table's units. */
  readonly threshold: number;
  /** N: candidate seeds that are tried, always all of them. */
  readonly candidates: number;
}

/** What is proven of one report of any vector in any number of coordinates up to 2^24. */
export interface SeededClaim {
  /** Pure ε of one report, replace-one, rounded up to a billionth. */
  readonly epsilon: number;
  /** Bounds on q = P(⟨G, v⟩ < γ) that hold for every unit vector v. */
  readonly qLow: number;
  readonly qHigh: number;
  /** P(⟨G, v⟩ ≥ γ) of the seed that is sent, at q = Φ(γ). */
  readonly cap: number;
  /** m = E⟨G, v⟩ of the seed that is sent, standard deviations of a coordinate. */
  readonly gain: number;
  /** |E⟨G, v⟩ − m| is at most this. */
  readonly gainError: number;
}

/**
 * N·d, the coordinates that one report makes a browser generate, at most: some 2 s of a server's core
 * in Node 20 (6 to 7 ns each, bench `privunit`), several times that on a phone.
 */
export const MAX_EVALUATIONS: number = 2 ** 28;

/** ∫|H₁| of PR39 and sup|H₁|, at most: 1.06e-5 and 1.62e-6 (test seeded.test.ts). */
export const TABLE_DISTANCE: number = 2 ** -16;
export const TABLE_HEIGHT: number = 2 ** -19;

/** 1 + ln d for the largest d of a task, 2^24. */
const HARMONIC = 1 + 24 * Math.LN2;

/** Half a cell of T in probability, and half a unit of T in standard deviations. */
const HALF_CELL = 2 ** -17;
const HALF_UNIT = 2 ** -13;

/** Added to ε, as a part of 1 + ε: outweighs the rounding of some twenty operations. */
const SLACK = 2 ** -39;
const STEPS_PER_UNIT = 1e9;

/** A gain is a multiple of 2^-32, so that engines whose exp differs in its last bit agree on it. */
const GAIN_STEPS = 2 ** 32;

const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Kolmogorov distance of ⟨G, v⟩ from a standard normal, for any unit vector v. */
const UNIFORM = HALF_CELL + HALF_UNIT * density(0) + density(1) * TABLE_DISTANCE * HARMONIC;

/** Bound on |q_v − Φ(γ)| for any unit vector v. */
function distance(gamma: number): number {
  const last = density(gamma) + HALF_UNIT * density(1) + 2 * density(0) * UNIFORM;
  const others = density(1) * TABLE_DISTANCE * (1 + 4 * UNIFORM * HARMONIC);
  return HALF_CELL + HALF_UNIT * last + others;
}

/** Σ (1 − t)^j, j < n, without loss where t is small. */
function geometric(t: number, n: number): number {
  if (t <= 0) return n;
  return t >= 1 ? 1 : -Math.expm1(n * Math.log1p(-t)) / t;
}

/** (1 − t)^n, without the rounding of 1 − t, which n up to 2^20 would multiply. */
function powerOfRest(t: number, n: number): number {
  if (n === 0 || t <= 0) return 1;
  return t >= 1 ? 0 : Math.exp(n * Math.log1p(-t));
}

function power(x: number, n: number): number {
  if (n === 0) return 1;
  return x <= 0 ? 0 : Math.exp(n * Math.log(x));
}

interface Densities {
  /** Density of a seed on the cap's side, and on the other, relative to a uniform seed. */
  readonly a: number;
  readonly b: number;
}

/** Each density is a sum of a falling and a rising function of the tail; one tail for each. */
function densities(p: number, n: number, forQ: number, forTail: number): Densities {
  return {
    a: p * geometric(forQ, n) + (1 - p) * power(forTail, n - 1),
    b: (1 - p) * geometric(1 - forTail, n) + p * powerOfRest(forQ, n - 1),
  };
}

/**
 * Returns what one report is proven to be.
 *
 * @throws TypeError or RangeError for a parameter out of range.
 */
export function privUnitClaim(parameters: SeededParameters): SeededClaim {
  const { acceptance, threshold, candidates } = parameters;
  assertInteger('acceptance', acceptance, 32_769, 65_535);
  assertInteger('threshold', threshold, 0, 32_767);
  assertInteger('candidates', candidates, 1, 1 << 20);
  const p = acceptance / 65_536;
  const gamma = threshold / 4096;
  const tail = Math.exp(logNormalCdf(-gamma));
  const width = distance(gamma) + 1e-12 * tail;
  const [low, high] = [Math.max(0, tail - width), Math.min(1, tail + width)];
  const most = densities(p, candidates, low, high);
  const least = densities(p, candidates, high, low);
  const loss = Math.log(Math.max(most.a, most.b)) - Math.log(Math.min(least.a, least.b));
  const epsilon = loss + SLACK * (1 + loss);
  const { a, b } = densities(p, candidates, tail, tail);
  const gain = Math.round(density(gamma) * (a - b) * GAIN_STEPS) / GAIN_STEPS;
  const range = gainRange({ gamma, tail, low, high, p, candidates });
  return {
    epsilon: Math.ceil(epsilon * STEPS_PER_UNIT) / STEPS_PER_UNIT,
    qLow: 1 - high,
    qHigh: 1 - low,
    cap: Math.min(1, a * tail),
    gain,
    gainError: Math.max(range.most - gain, gain - range.least),
  };
}

interface GainInput {
  readonly gamma: number;
  readonly tail: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  readonly candidates: number;
}

/** Bounds on π(γ + c/a) − (1 − π)(γa + c)/(1 − a), c = E(⟨G, v⟩ − γ)⁺, a = 1 − q: PR40. */
function gainRange({ gamma, tail, low, high, p, candidates: n }: GainInput): {
  readonly least: number;
  readonly most: number;
} {
  const call = density(gamma) - gamma * tail;
  const width = density(0) * TABLE_DISTANCE * (1 + 2 * UNIFORM * HARMONIC) + TABLE_HEIGHT;
  const [c0, c1] = [Math.max(0, call - width), call + width];
  const cap = (forQ: number, forTail: number): number =>
    p * (1 - powerOfRest(forQ, n)) + (1 - p) * power(forTail, n);
  const below = (a: number, c: number): number => (gamma * a + c) / (1 - a);
  const [most, least] = [cap(high, high), cap(low, low)];
  return {
    most: most * (gamma + c1 / low) - (1 - most) * below(low, c0),
    least: least * (gamma + c0 / high) - (1 - least) * below(high, c1),
  };
}

/**
 * Returns E‖Ĝ − u‖² of one report in `d` coordinates, of an update u of norm `norm` under clip 1:
 * E‖G‖²/m² − ‖u‖², E‖G‖² = d − 1 + E[U²], E[U²] = 1 + γm. It is largest for a zero vector.
 *
 * @throws RangeError for parameters that carry no signal.
 */
export function privUnitVariance(parameters: SeededParameters, d: number, norm = 0): number {
  assertInteger('d', d, 1);
  const { gain } = privUnitClaim(parameters);
  if (gain <= 0) throw new RangeError('parameters carry no signal');
  const gamma = parameters.threshold / 4096;
  return (d + gamma * gain) / (gain * gain) - norm * norm;
}

/** Integer units of a decoded coordinate for one unit of the update: 2^12·m/C. */
export function privUnitScale(parameters: SeededParameters, clipL2: number): number {
  const { gain } = privUnitClaim(parameters);
  if (gain <= 0) throw new RangeError('parameters carry no signal');
  return (4096 * gain) / clipL2;
}
