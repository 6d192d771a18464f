/**
 * The exponential mechanism as an ε₀-bounded-range mechanism.
 *
 * KL: Dong, Durfee and Rogers, "Optimal Differential Privacy Composition for Exponential
 * Mechanisms", ICML 2020 (arXiv:1909.13830), whose worst pair has two outcomes. Above order 1 a
 * bounded-range loss gains at most ε₀²/8 per order (Hoeffding; Cesar and Rogers,
 * arXiv:2004.07223v3, §3), and never exceeds ε₀.
 */
import { assertPositive } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import { assertOrder } from './sampled.ts';

/** Below this ε₀ the closed form of the KL divergence loses its digits; ε₀²/8 is its limit. */
const SMALL = 1e-4;

/** Returns a bound on D_α of the exponential mechanism of range `epsilon`. */
export function exponentialRdp(epsilon: number): RdpFunction {
  assertPositive('epsilon', epsilon);
  const slope = (epsilon * epsilon) / 8;
  const ratio = epsilon / Math.expm1(epsilon);
  const offset = epsilon < SMALL ? 0 : ratio - 1 - Math.log(ratio) - slope;
  return (order) => {
    assertOrder(order);
    if (order === Number.POSITIVE_INFINITY) return epsilon;
    return Math.min(epsilon, Math.max(0, offset + slope * order));
  };
}
