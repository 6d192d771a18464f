/**
 * PrivUnitG: a unit vector as a Gaussian that lies, with probability p, in a cap around it.
 *
 * Asi, Feldman and Talwar, "Optimal Algorithms for Mean Estimation under Local Differential
 * Privacy", arXiv:2205.02466v1, §4: U = ⟨G, v⟩·√d is N(0, 1) conditioned on U ≥ γ with
 * probability p and on U < γ otherwise, q = Φ(γ), ε = ln(p/(1 − p)) + ln(q/(1 − q)), and
 * E‖Ĝ − v‖² = E‖G‖²/m² − 1 with m = E⟨G, v⟩. Real arithmetic: a sampler's own ε needs its
 * table, its cut tail and its number of candidates besides.
 */
import { assertFinite, assertInteger, assertPositive } from '../assert/assert.ts';
import { normalQuantile } from './special.ts';

/** The two parameters that share ε. */
export interface PrivUnit {
  /** Probability of the cap's side. */
  readonly p: number;
  /** Φ(γ): the probability of the other side under no conditioning. */
  readonly q: number;
  readonly gamma: number;
}

function assertOpen(name: string, x: number): void {
  assertFinite(name, x);
  if (x <= 0 || x >= 1) throw new RangeError(`${name} must lie between 0 and 1`);
}

const logit = (x: number): number => Math.log(x) - Math.log1p(-x);

/** Returns ε of PrivUnitG, at δ = 0; p and q at least ½. */
export function privUnitEpsilon(p: number, q: number): number {
  assertOpen('p', p);
  assertOpen('q', q);
  if (p < 0.5 || q < 0.5) throw new RangeError('p and q must be at least 0.5');
  return logit(p) + logit(q);
}

/** Returns E‖Ĝ − v‖² of one report of a unit vector in `d` coordinates. */
export function privUnitError(d: number, p: number, q: number): number {
  assertInteger('d', d, 1);
  privUnitEpsilon(p, q);
  const gamma = normalQuantile(q);
  const density = Math.exp(-0.5 * gamma * gamma) / Math.sqrt(2 * Math.PI);
  const gain = density * (p / (1 - q) - (1 - p) / q);
  // m² = gain²/d; E‖G‖² = (d − 1)/d + E[U²]/d, E[U²] = 1 + γ·gain.
  if (gain <= 0) throw new RangeError('p and q carry no signal');
  return (d + gamma * gain) / (gain * gain) - 1;
}

/** Returns the p, q and γ of the smallest error at `epsilon` in `d` coordinates. */
export function bestPrivUnit(epsilon: number, d: number): PrivUnit {
  assertPositive('epsilon', epsilon);
  assertInteger('d', d, 1);
  // λ = logit(p) shares ε with logit(q) = ε − λ; the error has one valley between 0 and ε.
  const at = (part: number): [number, number] => [
    1 / (1 + Math.exp(-part)),
    1 / (1 + Math.exp(part - epsilon)),
  ];
  const error = (part: number): number => privUnitError(d, ...at(part));
  let low = epsilon * 1e-9;
  let high = epsilon * (1 - 1e-9);
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 60; i++) {
    const [c, e] = [high - golden * (high - low), low + golden * (high - low)];
    if (error(c) <= error(e)) high = e;
    else low = c;
  }
  const [p, q] = at((low + high) / 2);
  return Object.freeze({ p, q, gamma: normalQuantile(q) });
}
