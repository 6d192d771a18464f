/**
 * Sums of clients' discrete Gaussian shares, which are not quite discrete Gaussian themselves.
 *
 * Kairouz, Liu and Steinke, arXiv:2102.06387v4, Theorem 1 and Proposition 14: with
 * τ = 10·Σ_{k=1}^{n−1} e^(−2π²·σ²·k/(k+1)), σ being one share's parameter in integer units.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import type { Sensitivity } from './rounding.ts';
import { assertOrder } from './sampled.ts';

/** Returns τ for `clients` shares of parameter `share`, in integer units. */
export function shareInflation(share: number, clients: number): number {
  assertPositive('share', share);
  assertInteger('clients', clients, 1, 1e8);
  const rate = -2 * (Math.PI * share) ** 2;
  let sum = 0;
  for (let k = 1; k < clients; k++) sum += Math.exp(rate * (k / (k + 1)));
  return 10 * sum;
}

/**
 * Returns D_α of the sum of `clients` shares, for orders above 1.
 *
 * @param share standard deviation of one share, in the units of the clip
 * @param scale integer units per unit of the clip
 */
export function distributedRdp(
  { l1, l2 }: Sensitivity,
  dimension: number,
  share: number,
  clients: number,
  scale: number,
): RdpFunction {
  assertPositive('l1', l1);
  assertPositive('l2', l2);
  assertInteger('dimension', dimension, 1);
  assertPositive('scale', scale);
  const tau = shareInflation(share * scale, clients);
  const deviation = Math.sqrt(clients) * share;
  const [a, b] = [l1 / deviation, l2 / deviation];
  return (order) => {
    assertOrder(order);
    return Math.min(
      (order / 2) * b * b + tau * dimension,
      (order / 2) * (b * b + 2 * a * tau + tau * tau * dimension),
      (order / 2) * (b + Math.sqrt(dimension) * tau) ** 2,
    );
  };
}
