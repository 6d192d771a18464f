/**
 * The law of a likelihood ratio: all that (ε, δ) accounting needs to know of a pair (P, Q).
 *
 * P is the output's distribution with the record, Q without. Poisson sampling of rate q turns
 * the pair into ((1 − q)·Q + q·P, Q) where the record is removed and (Q, (1 − q)·Q + q·P) where
 * it is added: the dominating pairs of Zhu, Dong and Wang, arXiv:2106.08567v4, Theorem 11. The
 * two directions differ; a mechanism's ε is the larger one.
 */
import { assertFinite } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import { assertOrder, assertProbability } from './sampled.ts';
import { logSum } from './special.ts';

/** Whether the record is in the data of the distribution in front: REMOVE if it is. */
export type Direction = 'ADD' | 'REMOVE';

/** Both directions, for the larger of two figures. */
export const DIRECTIONS: readonly Direction[] = Object.freeze(['ADD', 'REMOVE']);

/** An outcome, or all outcomes of the same ratio. */
export interface Atom {
  /** r = ln(P/Q); −infinity where P has nothing. */
  readonly ratio: number;
  /** Probability under Q. */
  readonly mass: number;
}

/** An interval on which Q has a density and r rises with x. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** A length in x over which density and ratio change little. */
  readonly scale: number;
  /** ln of Q's density at x. */
  readonly logDensity: (x: number) => number;
  readonly ratio: (x: number) => number;
  /** dr/dx at x. */
  readonly slope: (x: number) => number;
  /** The x with ratio(x) = r, for an r between those of the ends. */
  readonly inverse: (r: number) => number;
}

/** The law of r = ln(P/Q) under Q, and what lies outside it. */
export interface RatioLaw {
  readonly atoms: readonly Atom[];
  readonly segments: readonly Segment[];
  /** P's probability where Q has none: r = infinity. */
  readonly onlyP: number;
  /** Upper bound on the probability, under either, that was cut off the segments' ends. */
  readonly cut: number;
}

/** One-sided δ(ε) of a pair, at any real ε. */
export type HockeyStick = (epsilon: number) => number;

/** ln(1 − q + q·e^r): the loss of the sampled pair where the record is removed. */
export function sampledLoss(ratio: number, q: number): number {
  if (q === 1) return ratio;
  if (ratio > 30) return ratio + Math.log(q + (1 - q) * Math.exp(-ratio));
  return Math.log1p(q * Math.expm1(ratio));
}

/** The ratio whose `sampledLoss` is `loss`; −infinity at or below ln(1 − q). */
export function unsampledRatio(loss: number, q: number): number {
  if (q === 1) return loss;
  if (loss > 30) return loss + Math.log(1 / q - ((1 - q) / q) * Math.exp(-loss));
  const grown = Math.expm1(loss) / q;
  return grown <= -1 ? Number.NEGATIVE_INFINITY : Math.log1p(grown);
}

/**
 * Returns δ(ε) of a pair under Poisson sampling, exactly, from its unsampled curves.
 *
 * REMOVE: q·δ(ln(1 + (e^ε − 1)/q)), or 1 − e^ε below ln(1 − q). ADD, with c = 1 − e^ε·(1 − q):
 * c·δ′(ln(q·e^ε/c)), or 0 where c ≤ 0; δ′ is the curve of (Q, P), the same one if the noise is
 * symmetric. Balle, Barthe and Gaboardi, arXiv:1807.01647, Theorem 8, for both directions.
 */
export function sampledDelta(
  remove: HockeyStick,
  add: HockeyStick,
  q: number,
  direction: Direction,
): HockeyStick {
  assertProbability('q', q);
  return (epsilon) => {
    assertFinite('epsilon', epsilon);
    if (q === 0) return Math.max(0, -Math.expm1(epsilon));
    if (direction === 'REMOVE') {
      const inner = unsampledRatio(epsilon, q);
      return inner === Number.NEGATIVE_INFINITY ? -Math.expm1(epsilon) : q * remove(inner);
    }
    const c = q === 1 ? 1 : q - (1 - q) * Math.expm1(epsilon);
    return c <= 0 ? 0 : c * add(epsilon + Math.log(q) - Math.log(c));
  };
}

/** Returns δ(ε) of (P, Q) where the ratio takes finitely many values. */
export function atomicDelta(law: RatioLaw): HockeyStick {
  if (law.segments.length > 0) throw new RangeError('law must have no segments');
  return (epsilon) => {
    assertFinite('epsilon', epsilon);
    let delta = law.onlyP;
    for (const { ratio, mass } of law.atoms) {
      if (ratio > epsilon) delta += mass * Math.exp(ratio) * -Math.expm1(epsilon - ratio);
    }
    return Math.min(1, delta);
  };
}

/** Returns the law of (Q, P), for noise that is not symmetric; of atoms only. */
export function reversedAtoms(law: RatioLaw): RatioLaw {
  if (law.segments.length > 0) throw new RangeError('law must have no segments');
  const known = law.atoms.filter((atom) => atom.ratio !== Number.NEGATIVE_INFINITY);
  const lost = law.atoms.filter((atom) => atom.ratio === Number.NEGATIVE_INFINITY);
  const atoms = known.map(({ ratio, mass }) => ({ ratio: -ratio, mass: mass * Math.exp(ratio) }));
  if (law.onlyP > 0) atoms.push({ ratio: Number.NEGATIVE_INFINITY, mass: law.onlyP });
  const onlyP = lost.reduce((sum, atom) => sum + atom.mass, 0);
  return { atoms, segments: [], onlyP, cut: law.cut };
}

/** Returns D_α of the larger direction where the ratio takes finitely many values. */
export function atomicRdp(law: RatioLaw): RdpFunction {
  const laws = [law, reversedAtoms(law)];
  return (order) => {
    assertOrder(order);
    return Math.max(...laws.map((one) => divergence(one, order)));
  };
}

function divergence({ atoms, onlyP }: RatioLaw, order: number): number {
  if (onlyP > 0) return Number.POSITIVE_INFINITY;
  const known = atoms.filter(({ ratio }) => ratio !== Number.NEGATIVE_INFINITY);
  if (order === Number.POSITIVE_INFINITY) {
    return known.reduce((most, { ratio }) => Math.max(most, ratio), Number.NEGATIVE_INFINITY);
  }
  if (order === 1) {
    return known.reduce((sum, { ratio, mass }) => sum + mass * Math.exp(ratio) * ratio, 0);
  }
  const terms = known.map(({ ratio, mass }) => Math.log(mass) + order * ratio);
  return Math.max(0, logSum(terms) / (order - 1));
}
