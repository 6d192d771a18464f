/**
 * Skellam noise on integer vectors: sums of clients' shares are Skellam again.
 *
 * Agarwal, Kairouz and Liu, arXiv:2110.04995v1, Theorem 3.5 (Rényi divergence for integer
 * orders), written for sensitivities and variance in the units of the clip, `scale` integer
 * units to each.
 */
import { assertPositive } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import type { Sensitivity } from './rounding.ts';
import { assertOrder } from './sampled.ts';

/** Returns D_α of Skellam noise of standard deviation `deviation`, for integer orders above 1. */
export function skellamRdp({ l1, l2 }: Sensitivity, deviation: number, scale: number): RdpFunction {
  assertPositive('l1', l1);
  assertPositive('l2', l2);
  assertPositive('deviation', deviation);
  assertPositive('scale', scale);
  const variance = deviation * deviation;
  const linear = (3 * l1) / (2 * scale * variance);
  return (order) => {
    assertOrder(order);
    if (!Number.isInteger(order) || order < 2) throw new RangeError('order must be an integer ≥ 2');
    const gaussian = (order * l2 * l2) / (2 * variance);
    const quadratic =
      ((2 * order - 1) * scale * l2 * l2 + 6 * l1) / (4 * scale ** 3 * variance * variance);
    return gaussian + Math.min(quadratic, linear);
  };
}
