/**
 * How far the opened sum of a batch of the split tier can lie out when all of its reports are honest
 * (RD18): signal, and the noise of the browsers and of both servers.
 *
 * The noise of a coordinate is a sum of discrete Gaussians of variance (σB′)²·(2 + n/(½·n_min)) in
 * all. Each is sub-Gaussian with its variance as proxy (Canonne, Kamath and Steinke,
 * arXiv:2004.00010, Corollary 17), so their sum s is: P(|x| > 10s) ≤ 2e^−50, and P(‖x‖ > s·(√d + 10))
 * ≤ e^−50 (Hsu, Kakade and Zhang, arXiv:1110.2842, Theorem 2.1).
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import { normBound } from './fixed.ts';

const MARGIN_SIGMAS = 10;

/** The fields of a task that decide it. */
export interface OpenedTask {
  readonly d: number;
  readonly scaleBits: number;
  readonly minReports: number;
}

/** Largest opened sum of honest reports, integer units. */
export interface OpenedLimits {
  /** Of |coordinate|: n·(B′ + 1) + 10·σB′·√(2 + n/(½·n_min)). */
  readonly coordinate: number;
  /** Of the L2 norm: n·B′ + (√d + 10)·σB′·√(2 + n/(½·n_min)). */
  readonly norm: number;
}

/** @param sigma noise multiplier, over B′. @throws RangeError */
export function openedLimits(task: OpenedTask, sigma: number, reports: number): OpenedLimits {
  assertPositive('sigma', sigma);
  assertInteger('reports', reports, 1);
  const bound = normBound(2 ** task.scaleBits, task.d);
  const deviation = sigma * bound * Math.sqrt(2 + reports / (task.minReports / 2));
  return {
    coordinate: reports * (bound + 1) + MARGIN_SIGMAS * deviation,
    norm: reports * bound + (Math.sqrt(task.d) + MARGIN_SIGMAS) * deviation,
  };
}

/** What of an opened sum lies beyond the limits. */
export interface Excess {
  /** Coordinates beyond their limit. */
  readonly coordinates: number;
  /** Whether the L2 norm is beyond its own. */
  readonly norm: boolean;
}

/** @returns null where nothing does. */
export function excessOf(sum: Float64Array, limits: OpenedLimits): Excess | null {
  let coordinates = 0;
  let squares = 0;
  for (const one of sum) {
    if (Math.abs(one) > limits.coordinate) coordinates += 1;
    squares += one * one;
  }
  const norm = squares > limits.norm * limits.norm;
  return coordinates > 0 || norm ? { coordinates, norm } : null;
}
