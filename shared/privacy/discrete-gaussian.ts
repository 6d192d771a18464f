/**
 * The discrete Gaussian N_ℤ(0, σ²) as a privacy loss, in one dimension, with an integer shift.
 *
 * Canonne, Kamath and Steinke, arXiv:2004.00010v5, Definition 1. This figure is exact for one
 * coordinate only; in many dimensions the claim is zCDP's (Theorem 14), which `zcdp.ts` has.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { Atom, RatioLaw } from './ratio.ts';

/** Both tails beyond this many standard deviations hold less than 1e-44. */
const REACH = 14;

/** Sums run over the support. */
const MAX_SUPPORT = 1e6;

/**
 * Returns the law of ln(P/Q) for noise of parameter `sigma` shifted by `sensitivity`.
 *
 * @param truncation T: the noise is conditioned on |x| ≤ T, so that shifted supports differ and
 * part of δ is there at every ε; without it, nothing is cut but 1e-44.
 */
export function discreteGaussianLaw(
  sigma: number,
  sensitivity: number,
  truncation?: number,
): RatioLaw {
  assertPositive('sigma', sigma);
  assertInteger('sensitivity', sensitivity, 1, MAX_SUPPORT);
  if (truncation !== undefined) {
    assertInteger('truncation', truncation, 1, MAX_SUPPORT);
    if (2 * truncation < sensitivity) throw new RangeError('truncation is below sensitivity / 2');
    return truncated(sigma, sensitivity, truncation);
  }
  const reach = Math.ceil(REACH * sigma) + 1;
  if (reach + sensitivity > MAX_SUPPORT) throw new RangeError('sigma is too large');
  const total = normaliser(sigma, reach + sensitivity);
  const atoms: Atom[] = [];
  for (let x = -reach; x <= reach + sensitivity; x++) {
    atoms.push({ ratio: ratio(x, sigma, sensitivity), mass: weight(x, sigma) / total });
  }
  return { atoms, segments: [], onlyP: 0, cut: 1e-44 };
}

function truncated(sigma: number, sensitivity: number, truncation: number): RatioLaw {
  const total = normaliser(sigma, truncation);
  const atoms: Atom[] = [];
  let lost = 0;
  for (let x = -truncation; x <= truncation; x++) {
    const mass = weight(x, sigma) / total;
    if (x < sensitivity - truncation) lost += mass;
    else atoms.push({ ratio: ratio(x, sigma, sensitivity), mass });
  }
  if (lost > 0) atoms.push({ ratio: Number.NEGATIVE_INFINITY, mass: lost });
  return { atoms, segments: [], onlyP: lost, cut: 0 };
}

function weight(x: number, sigma: number): number {
  return Math.exp(-(x * x) / (2 * sigma * sigma));
}

function ratio(x: number, sigma: number, sensitivity: number): number {
  return (sensitivity * (2 * x - sensitivity)) / (2 * sigma * sigma);
}

function normaliser(sigma: number, reach: number): number {
  let sum = 0;
  for (let x = reach; x >= 1; x--) sum += weight(x, sigma);
  return 1 + 2 * sum;
}
