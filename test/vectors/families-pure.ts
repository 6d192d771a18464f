/** Noise with a bounded loss, and the discrete Gaussian. */
import type { Accounted, Use } from '../../shared/privacy/accountant.ts';
import { deltaOfRdp } from '../../shared/privacy/conversion.ts';
import type { ResponseAdjacency } from '../../shared/privacy/response.ts';
import { epsilonOfZcdp, sigmaOfEpsilon, zcdpOfGaussian } from '../../shared/privacy/zcdp.ts';
import type { Family } from './compute.ts';
import type { Params } from './row.ts';
import {
  adjacencyFactor,
  countOf,
  directionsOf,
  exactFigures,
  pldFigures,
  rdpFigures,
} from './shared-figures.ts';

function usesOf(params: Params, mechanism: (event: Params) => Accounted): Use[] {
  return params.events().map((event) => ({ mechanism: mechanism(event), count: countOf(event) }));
}

function laplace(params: Params): Accounted {
  const sensitivity = params.number('sensitivity', 1) * adjacencyFactor(params);
  return {
    name: 'laplace',
    scale: params.number('b') / sensitivity,
    q: params.number('q', 1),
  };
}

function discreteLaplace(params: Params): Accounted {
  return {
    name: 'discrete-laplace',
    a: params.number('a'),
    sensitivity: params.number('sensitivity', 1) * adjacencyFactor(params),
    q: params.number('q', 1),
  };
}

function discreteGaussian(params: Params): Accounted {
  const record = {
    name: 'discrete-gaussian',
    sigma: params.number('sigma'),
    sensitivity: params.number('sensitivity', 1) * adjacencyFactor(params),
    q: params.number('q', 1),
  } as const;
  return params.has('truncation') ? { ...record, truncation: params.number('truncation') } : record;
}

function response(params: Params): Accounted {
  return {
    name: 'randomized-response',
    noise: params.number('noise_parameter'),
    buckets: params.number('num_buckets'),
    adjacency: params.text('adjacency', 'REPLACE_ONE') as ResponseAdjacency,
  };
}

function exponential(params: Params): Accounted {
  return { name: 'exponential', epsilon: params.number('eps0') };
}

const COUNTS = { count: 'whole', steps: 'whole' } as const;

function exact(
  mechanism: (params: Params) => Accounted,
  solvable: NonNullable<Family['solvable']>,
): Family {
  return {
    figures: (params) => exactFigures(mechanism(params), directionsOf(params), countOf(params)),
    solvable: { ...COUNTS, q: 'rises', ...solvable },
  };
}

function byPld(
  mechanism: (params: Params) => Accounted,
  solvable: NonNullable<Family['solvable']>,
): Family {
  return {
    figures: (params) => pldFigures(params, usesOf(params, mechanism)),
    solvable: { ...COUNTS, q: 'rises', ...solvable },
  };
}

function byRdp(
  mechanism: (params: Params) => Accounted,
  solvable: NonNullable<Family['solvable']>,
): Family {
  return {
    figures: (params) => rdpFigures(params, usesOf(params, mechanism)),
    solvable: { ...COUNTS, ...solvable },
  };
}

const zcdp: Family = {
  figures: (params) => {
    const unit = params.number('sensitivity', 1) * adjacencyFactor(params);
    const root = Math.sqrt(countOf(params)) * unit;
    const rho = (): number =>
      params.has('sigma') ? zcdpOfGaussian(params.number('sigma') / root) : params.number('rho');
    return {
      epsilon: (delta) => epsilonOfZcdp(rho(), delta),
      delta: (epsilon) => zcdpDelta(rho(), epsilon),
      others: {
        rho,
        sigma: (epsilon, delta) =>
          epsilon === null || delta === null
            ? root / Math.sqrt(2 * params.number('rho'))
            : sigmaOfEpsilon(epsilon, delta) * root,
      },
    };
  },
  solvable: { count: 'whole' },
};

/** Proposition 12 at the best of all real orders, by ternary search on ln(α − 1). */
function zcdpDelta(rho: number, epsilon: number): number {
  const at = (log: number): number => {
    const order = 1.01 + Math.exp(log);
    return deltaOfRdp([order], [rho * order], epsilon).value;
  };
  let [low, high] = [-12, 20];
  for (let i = 0; i < 200; i++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (at(a) <= at(b)) high = b;
    else low = a;
  }
  return at((low + high) / 2);
}

export const PURE: Readonly<Record<string, Family>> = {
  laplace: exact(laplace, { b: 'falls' }),
  laplace_one_direction: exact(laplace, { b: 'falls' }),
  laplace_pld: byPld(laplace, { b: 'falls' }),
  laplace_composed_pld: byPld(laplace, { b: 'falls' }),
  subsampled_laplace_pld: byPld(laplace, { b: 'falls' }),
  laplace_rdp: byRdp(laplace, { b: 'falls' }),
  laplace_rdp_curve: byRdp(laplace, { b: 'falls' }),
  laplace_composed_rdp: byRdp(laplace, { b: 'falls' }),
  discrete_laplace: exact(discreteLaplace, { a: 'rises' }),
  discrete_laplace_subsampled: exact(discreteLaplace, { a: 'rises' }),
  discrete_laplace_one_direction: exact(discreteLaplace, { a: 'rises' }),
  discrete_laplace_pld: byPld(discreteLaplace, { a: 'rises' }),
  discrete_laplace_composed_pld: byPld(discreteLaplace, { a: 'rises' }),
  discrete_laplace_rdp: byRdp(discreteLaplace, { a: 'rises' }),
  discrete_gaussian: exact(discreteGaussian, { sigma: 'falls' }),
  discrete_gaussian_truncated: exact(discreteGaussian, { sigma: 'falls' }),
  discrete_gaussian_subsampled: exact(discreteGaussian, { sigma: 'falls' }),
  discrete_gaussian_pld: byPld(discreteGaussian, { sigma: 'falls' }),
  discrete_gaussian_composed_pld: byPld(discreteGaussian, { sigma: 'falls' }),
  discrete_gaussian_rdp: byRdp(discreteGaussian, { sigma: 'falls' }),
  discrete_gaussian_zcdp: zcdp,
  gaussian_zcdp: zcdp,
  zcdp,
  exponential_mechanism_rdp: byRdp(exponential, { eps0: 'rises' }),
  exponential_mechanism_rdp_curve: byRdp(exponential, { eps0: 'rises' }),
  k_randomized_response: exact(response, { noise_parameter: 'falls' }),
  randomized_response: exact(response, { noise_parameter: 'falls' }),
  k_randomized_response_pld: byPld(response, { noise_parameter: 'falls' }),
  k_randomized_response_rdp: byRdp(response, { noise_parameter: 'falls' }),
  k_randomized_response_rdp_curve: byRdp(response, { noise_parameter: 'falls' }),
};
