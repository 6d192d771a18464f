/** Figures that many families have in common. */
import type { Accounted, Use } from '../../shared/privacy/accountant.ts';
import { deltaByPld, deltaOf, epsilonByPld, rdpOf } from '../../shared/privacy/accountant.ts';
import type { AtOrder, RdpFunction } from '../../shared/privacy/conversion.ts';
import { DEFAULT_ORDERS, deltaOfRdp, epsilonOfRdp } from '../../shared/privacy/conversion.ts';
import type { Direction } from '../../shared/privacy/ratio.ts';
import { DIRECTIONS } from '../../shared/privacy/ratio.ts';
import { solve } from '../../shared/privacy/special.ts';
import type { Figures } from './compute.ts';
import { ordersOf } from './orders.ts';
import type { Params } from './row.ts';

/** Returns how often the mechanism is used: `count` or `steps`. */
export function countOf(params: Params): number {
  return params.number('count', params.number('steps', 1));
}

/** Returns the factor on the sensitivity that replace-one adjacency brings: 2. */
export function adjacencyFactor(params: Params): number {
  const adjacency = params.text('adjacency', 'add_remove').toLowerCase();
  switch (adjacency) {
    case 'add_remove':
    case 'add_or_remove_one':
    case 'add':
    case 'remove':
    case 'zero_out':
    case 'replace_special':
      return 1;
    case 'replace':
    case 'replace_one':
      return 2;
    default:
      throw new RangeError(`adjacency '${adjacency}' is unknown`);
  }
}

/** Returns the directions that a row asks for: both unless it names one. */
export function directionsOf(params: Params): readonly Direction[] {
  const adjacency = params.text('adjacency', 'both').toUpperCase();
  if (adjacency === 'ADD' || adjacency === 'REMOVE') return [adjacency];
  return DIRECTIONS;
}

/** Returns figures by the Rényi divergence of everything in the row, over the given orders. */
export function curveFigures(orders: readonly number[], rdp: RdpFunction): Figures {
  const best = (epsilon: number | null, delta: number | null): AtOrder => {
    if (delta !== null) return epsilonOfRdp(orders, orders.map(rdp), delta);
    if (epsilon !== null) return deltaOfRdp(orders, orders.map(rdp), epsilon);
    throw new RangeError('epsilon or delta is missing');
  };
  return {
    epsilon: (delta) => best(null, delta).value,
    delta: (epsilon) => best(epsilon, null).value,
    rdp,
    orders,
    others: { optimal_order: (epsilon, delta) => best(epsilon, delta).order },
  };
}

/** Returns figures by Rényi divergences over the row's orders. */
export function rdpFigures(params: Params, uses: readonly Use[]): Figures {
  const curves = uses.map(({ mechanism, count }) => ({ one: rdpOf(mechanism), count }));
  const rdp = (order: number): number =>
    curves.reduce((sum, { one, count }) => sum + count * one(order), 0);
  return curveFigures(ordersOf(params, DEFAULT_ORDERS), rdp);
}

/** Returns figures by privacy loss distributions. */
export function pldFigures(params: Params, uses: readonly Use[]): Figures {
  const directions = directionsOf(params);
  return {
    epsilon: (delta) => epsilonByPld(uses, delta, directions),
    delta: (epsilon) => deltaByPld(uses, epsilon, directions),
  };
}

/** Returns figures of one use without a grid; by privacy loss distributions of more. */
export function exactFigures(
  mechanism: Accounted,
  directions: readonly Direction[],
  count: number,
): Figures {
  const uses = [{ mechanism, count }];
  if (count !== 1) {
    return {
      epsilon: (delta) => epsilonByPld(uses, delta, directions),
      delta: (epsilon) => deltaByPld(uses, epsilon, directions),
    };
  }
  const curves = directions.map((direction) => deltaOf(mechanism, direction));
  const delta = (epsilon: number): number => Math.max(...curves.map((curve) => curve(epsilon)));
  return {
    delta,
    epsilon: (target) => {
      if (delta(0) <= target) return 0;
      if (target === 0) return epsilonByPld(uses, 0, directions);
      return solve((epsilon) => delta(epsilon) - target, true, 1e-14);
    },
  };
}
