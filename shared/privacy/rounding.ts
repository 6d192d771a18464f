/**
 * Norms of a clipped vector after stochastic rounding to integers, as the papers on distributed
 * noise bound them. What a browser enforces is `field/fixed.ts`.
 *
 * Kairouz, Liu and Steinke, arXiv:2102.06387v4, Theorem 1 (conditional rounding with bias β).
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import { assertProbability } from './sampled.ts';

/** L1 and L2 sensitivity of the rounded vector, in the units of the clip. */
export interface Sensitivity {
  readonly l1: number;
  readonly l2: number;
}

/** What decides the sensitivity of one client's vector. */
export interface RoundingInput {
  /** Integer units per unit of the clip. */
  readonly scale: number;
  readonly clipL2: number;
  readonly dimension: number;
  /** β of conditional rounding: 0 for the unconditional bound. */
  readonly beta: number;
  /** False leaves the norm as it is: a vector that is on the grid already. */
  readonly rounding: boolean;
}

/** Returns the sensitivities after scaling and rounding: min(c + √d, √(c² + d/4 + …)) for L2. */
export function roundedSensitivity(input: RoundingInput): Sensitivity {
  const { scale, clipL2, dimension, beta, rounding } = input;
  assertPositive('scale', scale);
  assertPositive('clipL2', clipL2);
  assertInteger('dimension', dimension, 1);
  assertProbability('beta', beta);
  const root = Math.sqrt(dimension);
  if (!rounding) return { l1: clipL2 * root, l2: clipL2 };
  const norm = clipL2 * scale;
  const plain = norm + root;
  const chance = Math.sqrt(2 * Math.log(1 / beta));
  const conditional = Math.sqrt(norm * norm + dimension / 4 + chance * (norm + root / 2));
  const l2 = beta === 0 ? plain : Math.min(plain, conditional);
  // Integers have |z| ≤ z², so that the L1 norm is at most the squared L2 norm as well.
  return { l1: (l2 * Math.min(root, l2)) / scale, l2: l2 / scale };
}
