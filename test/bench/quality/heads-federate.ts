/**
 * Federated training of a head in the split tier: each participation deals the shoppers into
 * disjoint cohorts, so that a shopper reports once in it; a round clips, rounds and noises every
 * update, adds both servers' noise to the sum and takes the server's step.
 */
import { serverNoise } from '../../../aggregator/noise/noise.ts';
import { initialState, serverStep } from '../../../aggregator/publish/optimizer.ts';
import { type NoiseTask, noiseStd } from '../../../sdk/noise/draw.ts';
import { normBoundSquared } from '../../../shared/field/fixed.ts';
import type { ServerOptimizer } from '../../../shared/model/recipe.ts';
import { discreteGaussian, epsilonOf, NO_MECHANISM } from '../../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../../shared/privacy/zcdp.ts';
import { exactSigmaSquared } from '../../../shared/random/gaussian.ts';
import { fillGaussian } from '../../../shared/random/seeded.ts';
import { ChaChaSource, type RandomSource } from '../../../shared/random/source.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { type HeadShape, localUpdate, weightCount } from './heads-local.ts';

/** How a head is trained; `rounds` cohorts make one participation of everybody. */
export interface HeadPlan {
  readonly participations: number;
  readonly rounds: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly clipL2: number;
  readonly server: ServerOptimizer;
}

/** One row per shopper. */
export interface HeadRows {
  readonly shape: HeadShape;
  /** rows × columns. */
  readonly x: Float32Array;
  /** rows × heads: 0, 1, or −1 where a shopper has no label. */
  readonly labels: Float32Array;
}

/** ε of every report together, and δ, against one honest server. */
export interface Budget {
  readonly epsilon: number;
  readonly delta: number;
}

const SCALE_BITS = 16;

/** σ whose `participations` reports are within the budget, by the provable conversion. */
export function sigmaFor({ epsilon, delta }: Budget, participations: number): number {
  return sigmaOfEpsilon(epsilon, delta) * Math.sqrt(participations);
}

/** What the accountant makes of `participations` reports with that σ. */
export function epsilonFor(sigma: number, delta: number, participations: number): number {
  return epsilonOf(discreteGaussian(sigma), delta, participations);
}

/** The task of one round, as far as its noise goes; σ null: without privacy. */
export function roundTask(
  plan: Pick<HeadPlan, 'clipL2'>,
  d: number,
  reports: number,
  sigma: number | null,
): NoiseTask {
  return {
    tier: sigma === null ? 'test' : 'split',
    mechanism: sigma === null ? NO_MECHANISM : discreteGaussian(sigma),
    d,
    clipL2: plan.clipL2,
    scaleBits: SCALE_BITS,
    minReports: reports,
    maxReports: reports,
  };
}

/** As sdk/noise/clip.ts has it: keeps a scaled norm at or under the clip. */
const MARGIN = 1 - 2 ** -40;
const TWO_32 = 2 ** 32;

/**
 * Adds the fixed point of one update, before its noise, to `sum`: what sdk/noise makes of it with the
 * same words, bit for bit (heads-local.test.ts), without its checks and copies.
 */
export function addFixedPoint(
  sum: Float64Array,
  update: Float32Array,
  task: NoiseTask,
  source: RandomSource,
): void {
  const B = 2 ** task.scaleBits;
  const bound = normBoundSquared(B, task.d);
  let squares = 0;
  for (let i = 0; i < update.length; i++) squares += (update[i] as number) ** 2;
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) throw new RangeError('update must be finite');
  const factor = norm <= task.clipL2 ? 1 : (task.clipL2 / norm) * MARGIN;
  const scale = B / task.clipL2;
  const z = new Int32Array(update.length);
  let rounded = Number.POSITIVE_INFINITY;
  while (rounded > bound) {
    rounded = 0;
    for (let i = 0; i < z.length; i++) {
      const x = (update[i] as number) * factor * scale;
      const whole = Math.trunc(x);
      // Bernoulli of the fraction, by as many of its digits as decide.
      let rest = Math.abs(x - whole);
      let away = 0;
      do {
        rest *= TWO_32;
        const digits = Math.floor(rest);
        const word = source.nextUint32();
        rest -= digits;
        if (word === digits) continue;
        away = word < digits ? 1 : 0;
        break;
      } while (rest > 0);
      z[i] = x < 0 ? whole - away : whole + away;
      rounded += (z[i] as number) ** 2;
    }
  }
  add(sum, z, 0);
}

/** Weights after all participations. σ null: no noise, all else the same. */
export function federate(
  rows: HeadRows,
  start: Float32Array,
  plan: HeadPlan,
  sigma: number | null,
  seed: string,
): Float32Array {
  const { shape, x, labels } = rows;
  const { columns, heads } = shape;
  const shoppers = labels.length / heads;
  const order = new SeededRandom(`${seed}/cohorts`);
  const source = sourceOf(`${seed}/noise`);
  let weights = start;
  let state = initialState(plan.server, weightCount(shape));
  let version = 0;
  for (let p = 0; p < plan.participations; p++) {
    const dealt = order.shuffled(Array.from({ length: shoppers }, (_, i) => i));
    for (let round = 0; round < plan.rounds; round++) {
      const from = Math.floor((round * shoppers) / plan.rounds);
      const cohort = dealt.slice(from, Math.floor(((round + 1) * shoppers) / plan.rounds));
      if (cohort.length === 0) continue;
      const task = roundTask(plan, weights.length, cohort.length, sigma);
      const sum = new Float64Array(weights.length);
      for (const i of cohort) {
        const examples = {
          x: x.subarray(i * columns, (i + 1) * columns),
          labels: labels.subarray(i * heads, (i + 1) * heads),
        };
        addFixedPoint(sum, localUpdate(shape, weights, examples, plan), task, source);
      }
      if (sigma !== null) addNoise(sum, task, cohort.length, source);
      const unit = task.clipL2 / 2 ** task.scaleBits / cohort.length;
      const mean = sum.map((one) => one * unit);
      const step = serverStep(state, weights, mean, plan.server, version++);
      ({ weights, state } = step);
    }
  }
  return weights;
}

/** The browsers' shares, drawn for the whole cohort at once, and the noise of both servers. */
export function addNoise(
  sum: Float64Array,
  task: NoiseTask,
  reports: number,
  source: RandomSource,
): void {
  const shares = new Int32Array(reports * task.d);
  fillGaussian(shares, exactSigmaSquared(noiseStd(task)), source);
  for (let i = 0; i < reports; i++) add(sum, shares, i * task.d);
  for (let server = 0; server < 2; server++) {
    const seed = new Uint8Array(32);
    source.fill(seed);
    add(sum, serverNoise(task, seed).noise, 0);
  }
}

function add(sum: Float64Array, values: Int32Array, at: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[at + i] as number);
}

/** A stream that is the same for the same text, so that a run can be repeated. */
export function sourceOf(text: string): RandomSource {
  const random = new SeededRandom(text);
  const seed = new Uint8Array(32);
  for (let i = 0; i < seed.length; i++) seed[i] = random.below(256);
  return new ChaChaSource(seed);
}
