/** Noise that is the sum of clients' shares: Skellam and discrete Gaussian. */
import type { RdpFunction } from '../../shared/privacy/conversion.ts';
import { INTEGER_ORDERS } from '../../shared/privacy/conversion.ts';
import { distributedRdp, shareInflation } from '../../shared/privacy/distributed.ts';
import type { Sensitivity } from '../../shared/privacy/rounding.ts';
import { roundedSensitivity } from '../../shared/privacy/rounding.ts';
import { sampledRdp } from '../../shared/privacy/sampled.ts';
import { skellamRdp } from '../../shared/privacy/skellam.ts';
import type { Family, Figures } from './compute.ts';
import { ordersOf } from './orders.ts';
import type { Params } from './row.ts';
import { curveFigures } from './shared-figures.ts';

/** β of the rounding, a number or "exp(-0.5)". */
function betaOf(params: Params): number {
  const value = params.raw('beta');
  if (typeof value === 'number') return value;
  const match = /^exp\((-?[0-9.]+)\)$/.exec(params.text('beta', 'exp(-0.5)'));
  if (match === null) throw new RangeError("parameter 'beta' is of an unknown form");
  return Math.exp(Number(match[1]));
}

function sensitivityOf(params: Params, scale: number): Sensitivity {
  if (params.has('l1') && params.has('l2')) {
    return { l1: params.number('l1'), l2: params.number('l2') };
  }
  return roundedSensitivity({
    scale,
    clipL2: params.number('l2_clip', 1),
    dimension: params.number('dim'),
    beta: betaOf(params),
    rounding: params.flag('rounding', true),
  });
}

function figuresOf(
  params: Params,
  single: RdpFunction,
  others: NonNullable<Figures['others']>,
): Figures {
  const orders = ordersOf(params, INTEGER_ORDERS);
  const steps = params.number('steps', 1);
  const q = params.number('q', 1);
  const sampled = q === 1 ? single : sampledRdp(single, q);
  const rdp: RdpFunction = (order) => steps * sampled(order);
  const figures = curveFigures(orders, rdp);
  return { ...figures, others: { ...figures.others, ...others } };
}

const skellam: Family = {
  figures: (params) => {
    const scale = params.number('scale');
    const sensitivity = sensitivityOf(params, scale);
    const rdp = skellamRdp(sensitivity, params.number('central_stddev'), scale);
    return figuresOf(params, rdp, { l2_after_rounding: () => sensitivity.l2 });
  },
  solvable: { central_stddev: 'falls', steps: 'whole' },
};

const distributed: Family = {
  figures: (params) => {
    const scale = params.has('scale') ? params.number('scale') : 1 / params.number('gamma');
    const share = params.number('local_stddev');
    const clients = params.number('num_clients');
    const sensitivity = sensitivityOf(params, scale);
    const rdp = distributedRdp(sensitivity, params.number('dim'), share, clients, scale);
    return figuresOf(params, rdp, {
      l2_after_rounding: () => sensitivity.l2,
      tau: () => shareInflation(share * scale, clients),
    });
  },
  solvable: { local_stddev: 'falls', steps: 'whole' },
};

export const DISTRIBUTED: Readonly<Record<string, Family>> = {
  skellam_rdp: skellam,
  skellam_rdp_curve: skellam,
  distributed_skellam_rdp: skellam,
  distributed_discrete_gaussian_rdp: distributed,
  distributed_discrete_gaussian_rdp_curve: distributed,
};
