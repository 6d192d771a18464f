/**
 * Laplace noise of scale b, sensitivity Δ, in pure shift: ε₀ = Δ/b.
 *
 * Rényi: Mironov, arXiv:1702.07476v3, Proposition 6. δ(ε) = 1 − e^((ε − ε₀)/2) for |ε| ≤ ε₀
 * (Balle, Barthe and Gaboardi, arXiv:1807.01647, Theorem 3).
 */
import { assertFinite, assertPositive } from '../assert/assert.ts';
import type { RdpFunction } from './conversion.ts';
import type { HockeyStick, RatioLaw } from './ratio.ts';
import { assertOrder } from './sampled.ts';

/** Returns D_α of Laplace noise of `scale` times the sensitivity. */
export function laplaceRdp(scale: number): RdpFunction {
  assertPositive('scale', scale);
  const epsilon = 1 / scale;
  return (order) => {
    assertOrder(order);
    if (order === 1) return epsilon + Math.expm1(-epsilon);
    if (order === Number.POSITIVE_INFINITY) return epsilon;
    const excess = Math.expm1((1 - 2 * order) * epsilon) / (2 * order - 1);
    return epsilon + Math.log1p((order - 1) * excess) / (order - 1);
  };
}

/** Returns δ(ε), at any real ε, of Laplace noise of `scale` times the sensitivity. */
export function laplaceDelta(scale: number): HockeyStick {
  assertPositive('scale', scale);
  return (epsilon) => {
    assertFinite('epsilon', epsilon);
    if (epsilon * scale >= 1) return 0;
    if (epsilon * scale <= -1) return -Math.expm1(epsilon);
    return -Math.expm1((epsilon - 1 / scale) / 2);
  };
}

/** Returns the law of ln(P/Q): two atoms at ±ε₀ and a segment between them. */
export function laplaceLaw(scale: number): RatioLaw {
  assertPositive('scale', scale);
  const epsilon = 1 / scale;
  // x in units of b, so that r = 2x − ε₀ and the density is ½·e^(−x).
  return {
    atoms: [
      { ratio: -epsilon, mass: 0.5 },
      { ratio: epsilon, mass: 0.5 * Math.exp(-epsilon) },
    ],
    segments: [
      {
        from: 0,
        to: epsilon,
        scale: Math.min(1, epsilon),
        logDensity: (x) => -x - Math.LN2,
        ratio: (x) => 2 * x - epsilon,
        slope: () => 2,
        inverse: (r) => (r + epsilon) / 2,
      },
    ],
    onlyP: 0,
    cut: 0,
  };
}
