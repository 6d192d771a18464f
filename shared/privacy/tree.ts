/**
 * Tree aggregation (DP-FTRL), every record in one step at most.
 *
 * Kairouz et al., "Practical and Private (Deep) Learning without Sampling or Shuffling",
 * arXiv:2103.00039v3, Appendix D: a record is in ⌈log₂(steps + 1)⌉ nodes, each a Gaussian query.
 * Trees in which no record occurs twice count once, by the deepest; zero-out adjacency.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import { assertOrder } from './sampled.ts';

/** Returns how many nodes hold a record of a tree over `steps` steps. */
export function treeDepth(steps: number): number {
  assertInteger('steps', steps, 1, 2 ** 52);
  let depth = 0;
  for (let leaves = 1; leaves < steps + 1; leaves *= 2) depth += 1;
  return depth;
}

/**
 * Returns D_α of trees over `steps` steps each, none holding a record of another; σ over the
 * sensitivity.
 */
export function treeRdp(sigma: number, steps: readonly number[]): RdpFunction {
  assertPositive('sigma', sigma);
  if (!Array.isArray(steps) || steps.length === 0) throw new RangeError('steps must not be empty');
  const depth = Math.max(...steps.map(treeDepth));
  return (order) => {
    assertOrder(order);
    return (order * depth) / (2 * sigma * sigma);
  };
}
