/**
 * From Rényi to (ε, δ) differential privacy over a list of orders, as published accountants do.
 *
 * Canonne, Kamath and Steinke, arXiv:2004.00010v5, Proposition 12 for orders above 1.01, and
 * δ ≤ √(1 − e^(−KL)) (Bretagnolle and Huber, 1979) at any order, as D_α ≥ KL. Figures are
 * rounded to nearest, not up: what a task claims goes through `epsilonOfZcdp`.
 */
import { assertFinite } from '../assert/assert.ts';
import { assertDelta } from './zcdp.ts';

/** The orders that dp_accounting uses unless told: 1.1 to 10.9, 11 to 63, and four more. */
export const DEFAULT_ORDERS: readonly number[] = Object.freeze([
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  128,
  256,
  512,
  1024,
]);

/** The integer orders 2 to 128 and 256 of the papers on distributed noise. */
export const INTEGER_ORDERS: readonly number[] = Object.freeze([
  ...Array.from({ length: 127 }, (_, i) => 2 + i),
  256,
]);

/** Below this order the conversion's logarithms lose their digits. */
const LOWEST_ORDER = 1.01;

/** A Rényi divergence by order, in nats. */
export type RdpFunction = (order: number) => number;

/** A figure and the order that gives it. */
export interface AtOrder {
  readonly value: number;
  readonly order: number;
}

function assertPair(orders: readonly number[], rdp: readonly number[]): void {
  if (!Array.isArray(orders) || !Array.isArray(rdp)) {
    throw new TypeError('orders and rdp must be arrays of numbers');
  }
  if (orders.length === 0 || orders.length !== rdp.length) {
    throw new RangeError('orders and rdp must have the same length, one at least');
  }
  for (const order of orders) if (!(order >= 1)) throw new RangeError('orders must be at least 1');
  for (const value of rdp) if (!(value >= 0)) throw new RangeError('rdp must not be negative');
}

function best(orders: readonly number[], figures: readonly number[]): AtOrder {
  let index = 0;
  for (const [i, figure] of figures.entries()) {
    if (figure < (figures[index] as number)) index = i;
  }
  return { value: figures[index] as number, order: orders[index] as number };
}

/** Returns the smallest ε at `delta` over the orders, and the order that gives it. */
export function epsilonOfRdp(
  orders: readonly number[],
  rdp: readonly number[],
  delta: number,
): AtOrder {
  assertPair(orders, rdp);
  if (delta === 0) {
    const silent = rdp.every((value) => value === 0);
    return { value: silent ? 0 : Number.POSITIVE_INFINITY, order: orders[0] as number };
  }
  assertDelta(delta);
  const figures = orders.map((order, i) => {
    const value = rdp[i] as number;
    if (delta * delta + Math.expm1(-value) > 0) return 0;
    if (order <= LOWEST_ORDER || order === Number.POSITIVE_INFINITY) {
      return order === Number.POSITIVE_INFINITY ? value : Number.POSITIVE_INFINITY;
    }
    return value + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1);
  });
  const { value, order } = best(orders, figures);
  return { value: Math.max(0, value), order };
}

/** Returns the smallest δ at `epsilon` ≥ 0 over the orders, and the order that gives it. */
export function deltaOfRdp(
  orders: readonly number[],
  rdp: readonly number[],
  epsilon: number,
): AtOrder {
  assertPair(orders, rdp);
  assertFinite('epsilon', epsilon);
  if (epsilon < 0) throw new RangeError('epsilon must not be negative');
  const logs = orders.map((order, i) => {
    const value = rdp[i] as number;
    const kl = 0.5 * Math.log(-Math.expm1(-value));
    if (order <= LOWEST_ORDER || order === Number.POSITIVE_INFINITY) return kl;
    const hockey = (order - 1) * (value - epsilon + Math.log1p(-1 / order)) - Math.log(order);
    return Math.min(kl, hockey);
  });
  const { value, order } = best(orders, logs);
  return { value: Math.min(1, Math.exp(value)), order };
}
