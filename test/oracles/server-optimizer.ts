/**
 * Server optimisers in exact arithmetic: numbers are BigInt multiples of 2^-400, momentum and second
 * moment are the sums over all rounds to which the recursions of Reddi et al., arXiv:2003.00295v5,
 * Algorithm 2, and Hsu et al., arXiv:1909.06335, unroll. Slow, and shares nothing with the
 * aggregator. Weights are rounded to float32 at each version, as SPEC RD7 says.
 */
import type { ServerOptimizer } from '../../shared/model/recipe.ts';

const BITS = 400n;
const ONE = 1n << BITS;

/** The exact value of a float64. */
function exact(value: number): bigint {
  let whole = value;
  let shift = 0n;
  for (; !Number.isInteger(whole); shift++) whole *= 2;
  return (BigInt(whole) << BITS) >> shift;
}

const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
const over = (a: bigint, b: bigint): bigint => (a << BITS) / b;
const power = (a: bigint, n: number): bigint => (n === 0 ? ONE : times(a, power(a, n - 1)));
const nearest = (a: bigint): number => Number(a) / 2 ** Number(BITS);

function root(a: bigint): bigint {
  const square = a << BITS;
  if (square === 0n) return 0n;
  let x = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (x + square / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

const sum = (terms: readonly bigint[]): bigint => terms.reduce((all, one) => all + one, 0n);

function momentum(optimizer: ServerOptimizer, deltas: readonly bigint[]): bigint {
  if (optimizer.name === 'fedavg') return deltas.at(-1) ?? 0n;
  const old = exact(optimizer.name === 'fedavgm' ? optimizer.momentum : optimizer.beta1);
  const share = optimizer.name === 'fedavgm' ? ONE : ONE - old;
  const last = deltas.length - 1;
  return sum(deltas.map((delta, s) => times(power(old, last - s), times(share, delta))));
}

function secondMoment(optimizer: ServerOptimizer, deltas: readonly bigint[]): bigint | null {
  if (optimizer.name === 'fedavg' || optimizer.name === 'fedavgm') return null;
  const start = times(exact(optimizer.tau), exact(optimizer.tau));
  const squares = deltas.map((delta) => times(delta, delta));
  if (optimizer.name === 'fedadagrad') return start + sum(squares);
  const old = exact(optimizer.beta2);
  if (optimizer.name === 'fedadam') {
    const last = deltas.length - 1;
    const terms = squares.map((q, s) => times(times(ONE - old, power(old, last - s)), q));
    return times(power(old, deltas.length), start) + sum(terms);
  }
  return squares.reduce((v, q) => {
    const part = times(ONE - old, q);
    if (v > q) return v - part;
    return v < q ? v + part : v;
  }, start);
}

export interface OracleStep {
  /** Float32 values. */
  readonly weights: readonly number[];
  /** The float64 nearest to the exact value; empty where the optimiser keeps none. */
  readonly m: readonly number[];
  readonly v: readonly number[];
}

/** Every version that a list of means leads to, from the initial one on. */
export function serverOptimizerSteps(
  optimizer: ServerOptimizer,
  initial: readonly number[],
  means: readonly (readonly number[])[],
): OracleStep[] {
  const steps: OracleStep[] = [];
  let weights = initial.map(Math.fround);
  for (let version = 0; version < means.length; version++) {
    const seen = weights.map((_, i) =>
      means.slice(0, version + 1).map((one) => exact(one[i] ?? 0)),
    );
    const m = seen.map((deltas) => momentum(optimizer, deltas));
    const v = seen.map((deltas) => secondMoment(optimizer, deltas));
    const { learningRate, decayRounds } = optimizer;
    const decay = decayRounds === null ? 0n : over(BigInt(version) * ONE, exact(decayRounds));
    const step = over(exact(learningRate), ONE + decay);
    weights = weights.map((weight, i) => {
      const second = v[i] ?? null;
      const tau = 'tau' in optimizer ? exact(optimizer.tau) : 0n;
      const divisor = second === null ? ONE : root(second) + tau;
      return Math.fround(nearest(exact(weight) + over(times(step, m[i] ?? 0n), divisor)));
    });
    steps.push({
      weights,
      m: optimizer.name === 'fedavg' ? [] : m.map(nearest),
      v: v.flatMap((one) => (one === null ? [] : [nearest(one)])),
    });
  }
  return steps;
}
