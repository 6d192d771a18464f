/**
 * Discrete Laplace (geometric) noise: Pr[x] = tanh(a/2)·e^(−a|x|) on the integers, shifted by an
 * integer sensitivity.
 *
 * Ghosh, Roughgarden and Sundararajan, arXiv:0811.2841. The ratio takes the values
 * a·(Δ − 2j), j = 0 … Δ, so that everything is a finite sum.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { Atom, RatioLaw } from './ratio.ts';

/** Sums run over the sensitivity. */
const MAX_SENSITIVITY = 1e6;

/** Returns the law of ln(P/Q) of noise of parameter `a` (1/scale) and integer `sensitivity`. */
export function discreteLaplaceLaw(a: number, sensitivity: number): RatioLaw {
  assertPositive('a', a);
  assertInteger('sensitivity', sensitivity, 1, MAX_SENSITIVITY);
  // Pr[x ≥ k] = e^(−ak)/(1 + e^(−a)) for k ≥ 0 and Pr[x < 0] = Pr[x ≥ 1].
  const tail = (k: number): number => Math.exp(-a * k) / (1 + Math.exp(-a));
  const atoms: Atom[] = [{ ratio: -a * sensitivity, mass: tail(0) }];
  for (let x = 1; x < sensitivity; x++) {
    atoms.push({ ratio: a * (2 * x - sensitivity), mass: Math.tanh(a / 2) * Math.exp(-a * x) });
  }
  atoms.push({ ratio: a * sensitivity, mass: tail(sensitivity) });
  return { atoms, segments: [], onlyP: 0, cut: 0 };
}
