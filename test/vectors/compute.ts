/** From a row to the quantity that it asks for, by the family that its mechanism belongs to. */
import { solve } from '../../shared/privacy/special.ts';
import { FAMILIES } from './families.ts';
import type { Params, Row } from './row.ts';
import { paramsOf } from './row.ts';

/** What a family can tell for given parameters; each figure is computed when asked for. */
export interface Figures {
  readonly epsilon?: (delta: number) => number;
  readonly delta?: (epsilon: number) => number;
  /** D_α of everything in the row, by order. */
  readonly rdp?: (order: number) => number;
  readonly orders?: readonly number[];
  readonly others?: Readonly<
    Record<string, (epsilon: number | null, delta: number | null) => number>
  >;
}

/** A family of mechanisms, and the parameters that can be solved for. */
export interface Family {
  readonly figures: (params: Params) => Figures;
  /** Whether ε falls as the parameter grows. */
  readonly solvable?: Readonly<Record<string, 'falls' | 'rises' | 'whole'>>;
}

/** Relative precision of a parameter that is solved for. */
const PRECISION = 1e-11;

/**
 * Returns the output that the row asks for, computed without its stated value.
 *
 * @throws RangeError that names a mechanism or an output which is not supported.
 */
export function compute(row: Row): number | readonly number[] {
  const family = FAMILIES.get(row.mechanism);
  if (family === undefined) throw new RangeError(`mechanism '${row.mechanism}' is unsupported`);
  const params = paramsOf(row);
  const { output, epsilon, delta } = row;
  const way = family.solvable?.[output];
  if (way !== undefined) return solved(family, params, row, way);
  const figures = family.figures(params);
  if (output === 'epsilon' && figures.epsilon && delta !== null) return figures.epsilon(delta);
  if (output === 'delta' && figures.delta && epsilon !== null) return figures.delta(epsilon);
  if (output === 'rdp' && figures.rdp && figures.orders) return figures.orders.map(figures.rdp);
  const other = figures.others?.[output];
  if (other !== undefined) return other(epsilon, delta);
  throw new RangeError(`output '${output}' of mechanism '${row.mechanism}' is unsupported`);
}

function solved(
  family: Family,
  params: Params,
  { output, epsilon, delta }: Row,
  way: 'falls' | 'rises' | 'whole',
): number {
  if (epsilon === null || delta === null) {
    throw new RangeError(`output '${output}' needs epsilon and delta`);
  }
  // What is calibrated has to hold in both directions, whichever one the row looks at.
  const sided = /^(ADD|REMOVE)$/.test(String(params.raw('adjacency')));
  const known = sided ? params.with('adjacency', undefined) : params;
  const excess = (value: number): number => {
    const figures = family.figures(known.with(output, value));
    if (figures.epsilon) return figures.epsilon(delta) - epsilon;
    if (figures.delta) return figures.delta(epsilon) - delta;
    throw new RangeError(`output '${output}' is unsupported`);
  };
  if (way !== 'whole') return solve(excess, way === 'falls', PRECISION);
  let [low, high] = [0, 1];
  while (excess(high) <= 0 && high < 2 ** 40) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (excess(middle) <= 0) low = middle;
    else high = middle;
  }
  return low;
}
