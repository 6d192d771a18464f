/**
 * Curves of Rényi differential privacy on one published grid of orders: the ledger's unit.
 *
 * Mironov, arXiv:1702.07476: the curves of successive mechanisms add up, chosen adaptively or
 * not, and a Gaussian's is α/(2σ²).
 */
import { assertFinite } from '../assert/assert.ts';
import { assertDelta, epsilonOfRdp, zcdpOfGaussian } from './zcdp.ts';

/** D_α at every order α of `ORDERS`, in nats; infinity where nothing is claimed. */
export type RdpCurve = readonly number[];

/** Octaves of α − 1, from 2^-6 to 2^14, eight steps each: within 0.3 % of the best order. */
const FIRST_OCTAVE = -6;
const LAST_OCTAVE = 13;
const STEPS = 8;

/** α − 1 for every order: 2^e·(1 + j/8), exact in float64 on every engine. */
const BETAS: readonly number[] = Object.freeze(
  Array.from({ length: (LAST_OCTAVE - FIRST_OCTAVE + 1) * STEPS + 1 }, (_, i) => {
    return 2 ** (FIRST_OCTAVE + Math.floor(i / STEPS)) * (1 + (i % STEPS) / STEPS);
  }),
);

/** The orders α, rising from 1 + 2^-6 to 1 + 2^14; 161 of them. */
export const ORDERS: readonly number[] = Object.freeze(BETAS.map((beta) => 1 + beta));

/** Relative excess that `withinCurve` forgives: below the slack of the conversion to ε. */
const TOLERANCE = 2 ** -40;

function assertCurve(name: string, curve: RdpCurve): void {
  if (!Array.isArray(curve)) throw new TypeError(`${name} must be an array of numbers`);
  if (curve.length !== ORDERS.length) {
    throw new RangeError(`${name} must have ${ORDERS.length} orders`);
  }
  for (const value of curve) {
    if (typeof value !== 'number') throw new TypeError(`${name} must be an array of numbers`);
    if (!(value >= 0)) throw new RangeError(`${name} must hold no negative number and no NaN`);
  }
}

/** Returns the curve of a mechanism that tells nothing. */
export function zeroCurve(): RdpCurve {
  return ORDERS.map(() => 0);
}

/** Returns the curve of a mechanism that promises nothing. */
export function infiniteCurve(): RdpCurve {
  return ORDERS.map(() => Number.POSITIVE_INFINITY);
}

/** Returns the curve of (discrete) Gaussian noise of σ times the L2 sensitivity: α/(2σ²). */
export function gaussianCurve(sigma: number): RdpCurve {
  const rho = zcdpOfGaussian(sigma);
  return ORDERS.map((order) => rho * order);
}

/** Above the rounding of the two logarithms of `pureCurve` over the smallest α − 1. */
const PURE_SLACK = 2 ** -46;

/**
 * Returns the curve of an ε-DP mechanism at δ = 0: that of randomised response, which every such
 * mechanism is a post-processing of (Kairouz, Oh and Viswanath, arXiv:1311.0776, Theorem 3.4).
 *
 * D_α = ε + (ln(1 + e^((1 − 2α)ε)) − ln(1 + e^(−ε)))/(α − 1), at most ε.
 */
export function pureCurve(epsilon: number): RdpCurve {
  assertFinite('epsilon', epsilon);
  if (epsilon < 0) throw new RangeError('epsilon must not be negative');
  if (epsilon === 0) return zeroCurve();
  const base = Math.log1p(Math.exp(-epsilon));
  return BETAS.map((beta) => {
    const mixed = Math.log1p(Math.exp(-(1 + 2 * beta) * epsilon));
    return Math.min(epsilon, epsilon + (mixed - base) / beta + PURE_SLACK);
  });
}

/** Returns the curve of both mechanisms after each other. */
export function addCurves(a: RdpCurve, b: RdpCurve): RdpCurve {
  assertCurve('a', a);
  assertCurve('b', b);
  return a.map((value, i) => value + (b[i] as number));
}

/** Returns the curve of `k` uses of a mechanism; k = 0 gives the zero curve. */
export function scaleCurve(a: RdpCurve, k: number): RdpCurve {
  assertCurve('a', a);
  assertFinite('k', k);
  if (k < 0) throw new RangeError('k must not be negative');
  return k === 0 ? zeroCurve() : a.map((value) => value * k);
}

/**
 * Tells whether `spent` is at most `budget` at every order, but for the rounding of additions.
 *
 * A test at every order is a sound filter however adaptively the mechanisms were chosen; a
 * budget that is meant for some orders alone holds infinity at the others.
 */
export function withinCurve(spent: RdpCurve, budget: RdpCurve): boolean {
  assertCurve('spent', spent);
  assertCurve('budget', budget);
  return spent.every((value, i) => value <= (budget[i] as number) * (1 + TOLERANCE));
}

/**
 * Returns the smallest provable ε at `delta` over the grid, rounded up to a billionth; 0 for a
 * curve that is 0 at some order, which only identical distributions have.
 *
 * For Gaussians within 1 % of `epsilonOfZcdp` while ε lies between 0.1 and 60.
 */
export function epsilonOfCurve(curve: RdpCurve, delta: number): number {
  return epsilonAtOrder(curve, bestOrder(curve, delta), delta);
}

function converted(curve: RdpCurve, i: number, delta: number): number {
  const rdp = curve[i] as number;
  return rdp === 0 ? 0 : epsilonOfRdp(BETAS[i] as number, rdp, delta);
}

/**
 * Returns the provable ε at `delta` of one order of `ORDERS`, rounded up to a billionth; 0 where
 * the curve is 0 there. An order fixed ahead holds for uses chosen adaptively (rule PR13).
 *
 * @throws RangeError for an order that is not on the grid.
 */
export function epsilonAtOrder(curve: RdpCurve, order: number, delta: number): number {
  assertCurve('curve', curve);
  assertDelta(delta);
  assertFinite('order', order);
  const i = ORDERS.indexOf(order);
  if (i === -1) throw new RangeError('order must be one of ORDERS');
  return converted(curve, i, delta);
}

/** Returns the order of `ORDERS` at which `curve` has its smallest ε at `delta`; of equals, the first. */
export function bestOrder(curve: RdpCurve, delta: number): number {
  assertCurve('curve', curve);
  assertDelta(delta);
  return orderOfLeast((i) => converted(curve, i, delta));
}

/**
 * Returns the order of `ORDERS` that lets Gaussian noise spend the most ρ of (ε, δ): the largest
 * (ε − c(α, δ))/α, with c(α, δ) = ln(1 − 1/α) − ln(δα)/(α − 1).
 */
export function gaussianOrder(epsilon: number, delta: number): number {
  assertFinite('epsilon', epsilon);
  if (epsilon < 0) throw new RangeError('epsilon must not be negative');
  assertDelta(delta);
  return orderOfLeast((i) => {
    const beta = BETAS[i] as number;
    const offset = -Math.log1p(1 / beta) - (Math.log(delta) + Math.log1p(beta)) / beta;
    return (offset - epsilon) / (1 + beta);
  });
}

function orderOfLeast(value: (i: number) => number): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < ORDERS.length; i++) {
    const its = value(i);
    if (its < least) [best, least] = [i, its];
  }
  return ORDERS[best] as number;
}
