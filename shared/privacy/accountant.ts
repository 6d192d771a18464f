/**
 * The accountant for comparisons and audits: mechanisms as frozen records, composed by Rényi
 * divergences or by privacy loss distributions.
 *
 * Figures from here are indicative. What a task claims, a guard checks or a ledger charges is
 * `mechanism.ts`, whose records are those that a task can name (SPEC.md PR8, PR11).
 */
import { assertInteger } from '../assert/assert.ts';
import type { AtOrder, RdpFunction } from './conversion.ts';
import { DEFAULT_ORDERS, deltaOfRdp, epsilonOfRdp } from './conversion.ts';
import { discreteGaussianLaw } from './discrete-gaussian.ts';
import { discreteLaplaceLaw } from './discrete-laplace.ts';
import { exponentialRdp } from './exponential.ts';
import { laplaceDelta, laplaceLaw, laplaceRdp } from './laplace.ts';
import type { MixturePair } from './mixture.ts';
import {
  gaussianPair,
  mixtureDelta,
  mixtureLaw,
  mixturePair,
  replacementPair,
  reversedMixtureDelta,
} from './mixture.ts';
import { compose } from './pld.ts';
import type { Direction, HockeyStick, RatioLaw } from './ratio.ts';
import {
  atomicDelta,
  atomicRdp,
  DIRECTIONS,
  reversedAtoms,
  sampledDelta,
  sampledLoss,
} from './ratio.ts';
import type { ResponseAdjacency } from './response.ts';
import { responseLaw } from './response.ts';
import type { Part, Target } from './saddle.ts';
import { chernoffEpsilon } from './saddle.ts';
import { sampledGaussianRdp } from './sampled.ts';
import { treeRdp } from './tree.ts';
import { zcdpOfGaussian } from './zcdp.ts';

/** A use of data. `sigma` and `scale` are relative to the sensitivity where none is named. */
export type Accounted =
  | { readonly name: 'gaussian'; readonly sigma: number; readonly q: number }
  | { readonly name: 'gaussian-replaced'; readonly sigma: number; readonly q: number }
  | {
      readonly name: 'gaussian-mixture';
      readonly sigma: number;
      readonly sensitivities: readonly number[];
      readonly probabilities: readonly number[];
    }
  | { readonly name: 'laplace'; readonly scale: number; readonly q: number }
  | {
      readonly name: 'discrete-laplace';
      readonly a: number;
      readonly sensitivity: number;
      readonly q: number;
    }
  | {
      readonly name: 'discrete-gaussian';
      readonly sigma: number;
      readonly sensitivity: number;
      readonly truncation?: number;
      readonly q: number;
    }
  | {
      readonly name: 'randomized-response';
      readonly noise: number;
      readonly buckets: number;
      readonly adjacency: ResponseAdjacency;
    }
  | { readonly name: 'exponential'; readonly epsilon: number }
  | { readonly name: 'tree'; readonly sigma: number; readonly steps: readonly number[] };

/** A mechanism and how often it is used. */
export interface Use {
  readonly mechanism: Accounted;
  readonly count: number;
}

/** Returns the record frozen, its parameters checked by the family that knows them. */
export function accounted<M extends Accounted>(record: M): Readonly<M> {
  if (record.name === 'exponential' || record.name === 'tree') rdpOf(record);
  else lawOf(record);
  return Object.freeze({ ...record });
}

function refuse(record: { readonly name: unknown }, what: string): never {
  const name = String(record.name).slice(0, 64);
  throw new RangeError(`mechanism '${name}' is unknown or has no ${what}`);
}

function pairOf(record: Accounted): MixturePair | undefined {
  switch (record.name) {
    case 'gaussian':
      return gaussianPair(record.sigma);
    case 'gaussian-replaced':
      return replacementPair(record.sigma, record.q);
    case 'gaussian-mixture':
      return mixturePair(record.sigma, record.sensitivities, record.probabilities);
    default:
      return undefined;
  }
}

/**
 * Returns the law of the likelihood ratio of one use, before sampling.
 *
 * @throws RangeError that names a mechanism which is unknown or has no such law.
 */
export function lawOf(record: Accounted): RatioLaw {
  const pair = pairOf(record);
  if (pair !== undefined) return mixtureLaw(pair);
  switch (record.name) {
    case 'laplace':
      return laplaceLaw(record.scale);
    case 'discrete-laplace':
      return discreteLaplaceLaw(record.a, record.sensitivity);
    case 'discrete-gaussian':
      return discreteGaussianLaw(record.sigma, record.sensitivity, record.truncation);
    case 'randomized-response':
      return responseLaw(record.noise, record.buckets, record.adjacency);
    default:
      return refuse(record, 'privacy loss distribution');
  }
}

/** The rate at which `lawOf` is still to be sampled. */
function rateOf(record: Accounted): number {
  return 'q' in record && record.name !== 'gaussian-replaced' ? record.q : 1;
}

/**
 * Returns D_α of one use.
 *
 * @throws RangeError that names a mechanism which is unknown or has no such curve.
 */
export function rdpOf(record: Accounted): RdpFunction {
  if (record.name !== 'gaussian' && rateOf(record) !== 1) refuse(record, 'sampled Rényi curve');
  switch (record.name) {
    case 'gaussian':
      return sampledGaussianRdp(record.sigma, record.q);
    case 'laplace':
      return laplaceRdp(record.scale);
    case 'discrete-gaussian': {
      if (record.truncation !== undefined) refuse(record, 'Rényi curve when truncated');
      assertInteger('sensitivity', record.sensitivity, 1);
      const rho = zcdpOfGaussian(record.sigma / record.sensitivity);
      return (order) => rho * order;
    }
    case 'discrete-laplace':
    case 'randomized-response':
      return atomicRdp(lawOf(record));
    case 'exponential':
      return exponentialRdp(record.epsilon);
    case 'tree':
      return treeRdp(record.sigma, record.steps);
    default:
      return refuse(record, 'Rényi curve');
  }
}

/** Returns δ(ε) of one use in one direction, without a grid. */
export function deltaOf(record: Accounted, direction: Direction): HockeyStick {
  const pair = pairOf(record);
  const q = rateOf(record);
  if (pair !== undefined) {
    return sampledDelta(mixtureDelta(pair), reversedMixtureDelta(pair), q, direction);
  }
  if (record.name === 'laplace') {
    const delta = laplaceDelta(record.scale);
    return sampledDelta(delta, delta, q, direction);
  }
  const law = lawOf(record);
  return sampledDelta(atomicDelta(law), atomicDelta(reversedAtoms(law)), q, direction);
}

function partsOf(uses: readonly Use[], direction: Direction): Part[] {
  return uses.map(({ mechanism, count }) => ({
    law: lawOf(mechanism),
    q: rateOf(mechanism),
    direction,
    count,
  }));
}

/** The largest loss, of one use of every part; infinity where there is none. */
function largestLoss({ law, q, direction }: Part): number {
  if (law.cut > 0) return Number.POSITIVE_INFINITY;
  if (direction === 'REMOVE') {
    if (law.onlyP > 0) return Number.POSITIVE_INFINITY;
    return law.atoms.reduce(
      (most, { ratio }) => Math.max(most, sampledLoss(ratio, q)),
      Number.NEGATIVE_INFINITY,
    );
  }
  return law.atoms.reduce(
    (most, { ratio }) => Math.max(most, -sampledLoss(ratio, q)),
    Number.NEGATIVE_INFINITY,
  );
}

function sumOfLargest(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.count * largestLoss(part), 0);
}

/**
 * Returns ε at `delta` by composing privacy losses: the larger of the directions; at δ = 0 the
 * sum of the largest losses.
 */
export function epsilonByPld(
  uses: readonly Use[],
  delta: number,
  directions: readonly Direction[] = DIRECTIONS,
): number {
  const sides = sidesOf(uses, directions).map((direction) => partsOf(uses, direction));
  if (delta === 0) {
    return Math.max(0, ...sides.map(sumOfLargest));
  }
  if (sides.length === 1) return compose(sides[0] as Part[], { delta }).epsilon(delta);
  // The direction of the smaller bound need not be composed if the other exceeds that bound.
  const bounded = sides.map((parts) => ({ parts, most: chernoffEpsilon(parts, delta) }));
  bounded.sort((a, b) => b.most - a.most);
  let epsilon = 0;
  for (const { parts, most } of bounded) {
    if (most > epsilon) epsilon = Math.max(epsilon, compose(parts, { delta }).epsilon(delta));
  }
  return epsilon;
}

/** One direction is enough where noise is symmetric and nothing is sampled. */
function sidesOf(uses: readonly Use[], directions: readonly Direction[]): readonly Direction[] {
  const symmetric = uses.every(
    ({ mechanism }) => SYMMETRIC.has(mechanism.name) && (!('q' in mechanism) || mechanism.q === 1),
  );
  return symmetric ? directions.slice(0, 1) : directions;
}

const SYMMETRIC: ReadonlySet<string> = new Set([
  'gaussian',
  'laplace',
  'discrete-laplace',
  'discrete-gaussian',
]);

/** Returns δ at `epsilon` by composing privacy losses: the larger of the directions. */
export function deltaByPld(
  uses: readonly Use[],
  epsilon: number,
  directions: readonly Direction[] = DIRECTIONS,
): number {
  const target: Target = { epsilon };
  const sides = sidesOf(uses, directions).map((direction) => partsOf(uses, direction));
  // At the sum of the largest losses δ is 0, which the grid cannot tell.
  const open = sides.filter((parts) => epsilon < sumOfLargest(parts));
  return Math.max(0, ...open.map((parts) => compose(parts, target).delta(epsilon)));
}

function curveAt(uses: readonly Use[], orders: readonly number[]): number[] {
  const curves = uses.map(({ mechanism, count }) => ({ rdp: rdpOf(mechanism), count }));
  for (const { count } of curves) assertInteger('count', count, 1);
  return orders.map((order) => curves.reduce((sum, { rdp, count }) => sum + count * rdp(order), 0));
}

/** Returns ε at `delta` by adding Rényi divergences, and the best order. */
export function epsilonByRdp(
  uses: readonly Use[],
  delta: number,
  orders: readonly number[] = DEFAULT_ORDERS,
): AtOrder {
  return epsilonOfRdp(orders, curveAt(uses, orders), delta);
}

/** Returns δ at `epsilon` by adding Rényi divergences, and the best order. */
export function deltaByRdp(
  uses: readonly Use[],
  epsilon: number,
  orders: readonly number[] = DEFAULT_ORDERS,
): AtOrder {
  return deltaOfRdp(orders, curveAt(uses, orders), epsilon);
}
