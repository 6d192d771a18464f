/** L2 clip of an update: rule PR1 of shared/privacy/SPEC.md. */
import { assertPositive } from '../../shared/assert/assert.ts';

export interface Clipped {
  /** u = Δ·min(1, C/‖Δ‖₂), float64, ‖u‖₂ ≤ C as computed. */
  readonly clipped: Float64Array<ArrayBuffer>;
  readonly normBefore: number;
  readonly normAfter: number;
}

/** Keeps a scaled norm at or under C whatever its roundings: each is 2^-53, and few add up. */
const MARGIN = 1 - 2 ** -40;

/**
 * Clips an update of d coordinates to L2 norm `clipL2`.
 *
 * @throws TypeError or RangeError for another kind, a clip that is not positive, and NaN or
 * infinity anywhere in the update: it is refused, never zeroed.
 */
export function clip(update: Float32Array, clipL2: number): Clipped {
  if (!(update instanceof Float32Array)) throw new TypeError('update must be a Float32Array');
  assertPositive('clipL2', clipL2);
  for (const [i, value] of update.entries()) {
    if (!Number.isFinite(value)) throw new RangeError(`update[${i}] must be finite`);
  }
  const clipped = Float64Array.from(update);
  const normBefore = norm(clipped);
  if (normBefore <= clipL2) return { clipped, normBefore, normAfter: normBefore };
  const factor = (clipL2 / normBefore) * MARGIN;
  for (let i = 0; i < clipped.length; i++) clipped[i] = (clipped[i] as number) * factor;
  const normAfter = norm(clipped);
  if (!(normAfter <= clipL2)) throw new RangeError('update could not be clipped');
  return { clipped, normBefore, normAfter };
}

/** Squares of float32 values, from 1e-90 to 1e77, neither overflow nor vanish in float64. */
function norm(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (values[i] as number);
  return Math.sqrt(sum);
}
