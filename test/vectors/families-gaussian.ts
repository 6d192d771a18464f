/** Continuous Gaussian noise: analytic, Rényi, sampled, composed, mixtures, trees. */
import type { Accounted, Use } from '../../shared/privacy/accountant.ts';
import { epsilonByPld } from '../../shared/privacy/accountant.ts';
import { analyticDelta, analyticEpsilon, analyticSigma } from '../../shared/privacy/analytic.ts';
import { DEFAULT_ORDERS, deltaOfRdp, epsilonOfRdp } from '../../shared/privacy/conversion.ts';
import { sampledGaussianRdp } from '../../shared/privacy/sampled.ts';
import { absoluteRdp } from '../oracles/mironov-series.ts';
import type { Family, Figures } from './compute.ts';
import { ordersOf, rdpListOf } from './orders.ts';
import type { Params } from './row.ts';
import {
  adjacencyFactor,
  countOf,
  curveFigures,
  directionsOf,
  exactFigures,
  pldFigures,
  rdpFigures,
} from './shared-figures.ts';

/** σ over the sensitivity. */
function multiplier(params: Params): number {
  return params.number('sigma') / (params.number('sensitivity', 1) * adjacencyFactor(params));
}

function gaussian(params: Params, q = params.number('q', 1)): Accounted {
  return { name: 'gaussian', sigma: multiplier(params), q };
}

/** Under replacement a sampled record stands on both sides. */
function sampled(params: Params): Accounted {
  const q = params.number('q', 1);
  if (adjacencyFactor(params) === 1) return gaussian(params, q);
  const sigma = params.number('sigma') / params.number('sensitivity', 1);
  return { name: 'gaussian-replaced', sigma, q };
}

function usesOf(params: Params, mechanism: (event: Params) => Accounted): Use[] {
  return params.events().map((event) => ({ mechanism: mechanism(event), count: countOf(event) }));
}

const analytic: Family = {
  figures: (params): Figures => {
    const root = Math.sqrt(countOf(params));
    const unit = root * params.number('sensitivity', 1) * adjacencyFactor(params);
    const sigma = (): number => params.number('sigma') / unit;
    return {
      epsilon: (delta) => analyticEpsilon(sigma(), delta),
      delta: (epsilon) => analyticDelta(sigma(), epsilon),
      others: {
        sigma: (epsilon, delta) => analyticSigma(epsilon ?? Number.NaN, delta ?? Number.NaN) * unit,
      },
    };
  },
  solvable: { count: 'whole', sensitivity: 'rises' },
};

const SOLVABLE = {
  sigma: 'falls',
  q: 'rises',
  count: 'whole',
  steps: 'whole',
  sensitivity: 'rises',
} as const;

const plainRdp: Family = {
  figures: (params) =>
    rdpFigures(
      params,
      usesOf(params, (event) => gaussian(event, 1)),
    ),
  solvable: SOLVABLE,
};

/** Repositories whose figures at fractional orders are those of dp_accounting's series. */
const ABSOLUTE = /^(google\/differential-privacy|tensorflow\/privacy|google-research\/)/;

/** The orders of the older analysis of DP-SGD in tensorflow/privacy, where 1.25 is the first. */
const QUARTER_ORDERS: readonly number[] = [
  ...[1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5],
  ...Array.from({ length: 59 }, (_, i) => 5 + i),
  ...[128, 256, 512],
];

/**
 * Rényi divergences under sampling. Where the stated value comes from dp_accounting, fractional
 * orders are by its series of absolute values (`oracles/mironov-series.ts`), a looser bound; all
 * other rows get the exact figure, which is what `sampledGaussianRdp` returns.
 */
const sampledRdp: Family = {
  figures: (params) => {
    const loose = params.text('series', ABSOLUTE.test(params.source) ? 'absolute' : 'signed');
    const uses = params.events().map((event) => ({
      sigma: multiplier(event),
      q: event.number('q', 1),
      count: countOf(event),
    }));
    const rdp = (order: number): number =>
      uses.reduce((sum, { sigma, q, count }) => {
        const series = loose === 'absolute' && order > 1 && !Number.isInteger(order);
        const one = series && q > 0 && q < 1 ? absoluteRdp(sigma, q, order) : undefined;
        return sum + count * (one ?? sampledGaussianRdp(sigma, q)(order));
      }, 0);
    const stated = params.has('optimal_order') ? params.number('optimal_order') : 2;
    const usual = DEFAULT_ORDERS.includes(stated) ? DEFAULT_ORDERS : QUARTER_ORDERS;
    return curveFigures(ordersOf(params, usual), rdp);
  },
  solvable: SOLVABLE,
};

const composedPld: Family = {
  figures: (params) => pldFigures(params, usesOf(params, sampled)),
  solvable: SOLVABLE,
};

const oneDirection: Family = {
  figures: (params) => exactFigures(sampled(params), directionsOf(params), countOf(params)),
  solvable: SOLVABLE,
};

/**
 * Gopi, Lee and Wutschitz, arXiv:2106.02848v3, Theorem 5.5: an approximate ε̂ with errors
 * ε_error, δ_error gives ε̂(δ − δ_error) + ε_error as upper bound. The published tables have
 * ε_error 0.01 and δ_error = δ/1000, which is a part of the figure, whatever ε̂'s real error.
 */
const prv: Family = {
  figures: (params) => {
    const uses = usesOf(params, sampled);
    const error = params.number('eps_error', 0.01);
    const share = params.number('delta_error_share', 1e-3);
    const missing = (): never => {
      throw new RangeError('delta is missing');
    };
    return {
      epsilon: (delta) => epsilonByPld(uses, delta * (1 - share)) + error,
      others: {
        epsilon_estimate: (_, delta) => epsilonByPld(uses, delta ?? missing()),
        epsilon_lower: (_, delta) =>
          Math.max(0, epsilonByPld(uses, (delta ?? missing()) * (1 + share)) - error),
      },
    };
  },
};

const prvEstimate: Family = {
  figures: (params) => pldFigures(params, usesOf(params, sampled)),
  solvable: SOLVABLE,
};

const mixture: Family = {
  figures: (params) =>
    pldFigures(
      params,
      usesOf(params, (event) => ({
        name: 'gaussian-mixture',
        sigma: event.number('sigma'),
        sensitivities: event.numbers('sensitivities'),
        probabilities: event.numbers('probs'),
      })),
    ),
  solvable: { sigma: 'falls', count: 'whole' },
};

function stepsOf(params: Params): number[] {
  return Array.isArray(params.raw('steps')) ? params.numbers('steps') : [params.number('steps')];
}

const tree: Family = {
  figures: (params) =>
    rdpFigures(params, [
      {
        mechanism: { name: 'tree', sigma: multiplier(params), steps: stepsOf(params) },
        count: params.number('count', params.number('epochs', 1)),
      },
    ]),
  solvable: { sigma: 'falls', count: 'whole', epochs: 'whole' },
};

/** Trees that hold the same record one after the other. */
const trees: Family = {
  figures: (params) =>
    rdpFigures(
      params,
      stepsOf(params).map((steps) => ({
        mechanism: { name: 'tree', sigma: multiplier(params), steps: [steps] },
        count: params.number('count', 1),
      })),
    ),
  solvable: { sigma: 'falls', count: 'whole' },
};

const conversion: Family = {
  figures: (params) => {
    const orders = ordersOf(params, DEFAULT_ORDERS);
    const rdp = rdpListOf(params, orders);
    return {
      epsilon: (delta) => epsilonOfRdp(orders, rdp, delta).value,
      delta: (epsilon) => deltaOfRdp(orders, rdp, epsilon).value,
      others: {
        optimal_order: (epsilon, delta) =>
          delta === null
            ? deltaOfRdp(orders, rdp, epsilon ?? Number.NaN).order
            : epsilonOfRdp(orders, rdp, delta).order,
      },
    };
  },
};

export const GAUSSIAN: Readonly<Record<string, Family>> = {
  gaussian_analytic: analytic,
  gaussian_composed: analytic,
  gaussian_rdp: plainRdp,
  gaussian_rdp_curve: plainRdp,
  gaussian_composed_rdp: plainRdp,
  gaussian_pld: composedPld,
  gaussian_composed_pld: composedPld,
  subsampled_gaussian_rdp: sampledRdp,
  subsampled_gaussian_rdp_curve: sampledRdp,
  subsampled_gaussian_pld: composedPld,
  subsampled_gaussian_prv: prvEstimate,
  subsampled_gaussian_prv_upper: prv,
  subsampled_gaussian_one_direction: oneDirection,
  gaussian_one_direction: oneDirection,
  mixture_of_gaussians_pld: mixture,
  mixture_of_gaussians: mixture,
  dp_ftrl_tree_single_epoch: tree,
  dp_ftrl_tree_multi_epoch: trees,
  dp_ftrl_tree_restart: trees,
  rdp_to_dp_conversion: conversion,
};
