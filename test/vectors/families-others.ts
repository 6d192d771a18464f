/** PrivUnitG, empirical lower bounds and shuffling. */
import type { RatioMethod } from '../../shared/privacy/empirical.ts';
import { epsilonLowerBound, ratioLowerBound } from '../../shared/privacy/empirical.ts';
import { bestPrivUnit, privUnitEpsilon, privUnitError } from '../../shared/privacy/privunit.ts';
import {
  shuffledDelta,
  shuffledEpsilon,
  shuffledEpsilonClosed,
} from '../../shared/privacy/research/shuffle.ts';
import { normalQuantile } from '../../shared/privacy/special.ts';
import type { Family } from './compute.ts';
import type { Params } from './row.ts';

/** What a row's ε may differ by from that of its own p and q. */
const SAME_EPSILON = 1e-6;

/** p and q as the row states them, else those of the smallest error at its ε. */
function privUnitOf(params: Params, d: number, epsilon: number | null): readonly [number, number] {
  const other = (known: number): number => {
    if (epsilon === null) throw new RangeError('epsilon is missing');
    return 1 / (1 + Math.exp(Math.log(known) - Math.log1p(-known) - epsilon));
  };
  if (params.has('p') && params.has('q')) {
    const [p, q] = [params.number('p'), params.number('q')];
    if (epsilon !== null && Math.abs(privUnitEpsilon(p, q) - epsilon) > SAME_EPSILON) {
      throw new RangeError('epsilon is not that of p and q');
    }
    return [p, q];
  }
  if (params.has('p')) return [params.number('p'), other(params.number('p'))];
  if (params.has('q')) return [other(params.number('q')), params.number('q')];
  if (epsilon === null) throw new RangeError('epsilon is missing');
  const { p, q } = bestPrivUnit(epsilon, d);
  return [p, q];
}

const privUnit: Family = {
  figures: (params) => {
    const d = params.number('d');
    const pair = (epsilon: number | null): readonly [number, number] =>
      privUnitOf(params, d, epsilon);
    const error = (epsilon: number | null): number => privUnitError(d, ...pair(epsilon));
    return {
      epsilon: () => privUnitEpsilon(...pair(null)),
      others: {
        mse: error,
        mse_over_d: (epsilon) => error(epsilon) / d,
        p: (epsilon) => pair(epsilon)[0],
        q: (epsilon) => pair(epsilon)[1],
        gamma: (epsilon) => normalQuantile(pair(epsilon)[1]),
      },
    };
  },
};

const empirical: Family = {
  figures: (params) => {
    const counts = {
      truePositives: params.number('tp'),
      falseNegatives: params.number('fn'),
      falsePositives: params.number('fp'),
      trueNegatives: params.number('tn'),
    };
    const method = params.text('method') as RatioMethod;
    const alpha = params.number('alpha');
    const bound = (): number => epsilonLowerBound(counts, alpha, method);
    const ratio = (): number => ratioLowerBound(counts, alpha, method);
    return { epsilon: bound, others: { 'ln(ratio)': bound, ratio, ratio_lower_bound: ratio } };
  },
};

const shuffleClosed: Family = {
  figures: (params) => ({
    epsilon: (delta) => shuffledEpsilonClosed(params.number('n'), params.number('eps0'), delta),
  }),
  solvable: { eps0: 'rises' },
};

const shuffleExact: Family = {
  figures: (params) => ({
    epsilon: (delta) => shuffledEpsilon(params.number('n'), params.number('eps0'), delta),
    delta: (epsilon) => shuffledDelta(params.number('n'), params.number('eps0'), epsilon),
  }),
  solvable: { eps0: 'rises' },
};

export const OTHERS: Readonly<Record<string, Family>> = {
  privunitg_mse: privUnit,
  privunitg: privUnit,
  empirical_epsilon_lower_bound: empirical,
  shuffle_closed_form: shuffleClosed,
  shuffle_numerical: shuffleExact,
  shuffle_numerical_bracket: shuffleExact,
};
