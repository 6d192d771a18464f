/** What one report costs and how its noise is drawn: the split tier, ε 2 per participation. */
import { serverNoise } from '../../../aggregator/noise/noise.ts';
import { type NoiseTask, noiseStd } from '../../../sdk/noise/draw.ts';
import { normBoundSquared, roundStochastic } from '../../../shared/field/fixed.ts';
import { discreteGaussian, epsilonOf, type Mechanism } from '../../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../../shared/privacy/zcdp.ts';
import { exactSigmaSquared } from '../../../shared/random/gaussian.ts';
import { fillGaussian } from '../../../shared/random/seeded.ts';
import { ChaChaSource, type RandomSource } from '../../../shared/random/source.ts';

/** Of one report. */
export const EPSILON = 2;
export const DELTA = 1e-6;
/** Most reports of one shopper, statistics included. */
export const MOST_PARTICIPATIONS = 10;

const MECHANISM: Mechanism = discreteGaussian(sigmaOfEpsilon(EPSILON, DELTA));
const MOST_SCALE_BITS = 16;
/** Of 2^31, what so many whole norms may take: the rest is for noise. */
const SHARE_OF_SUM = 0.95;

/** ε of `participations` reports at `DELTA`, against one honest server. */
export function epsilonAfter(participations: number): number {
  return participations === 0 ? 0 : epsilonOf(MECHANISM, DELTA, participations);
}

/** A stream of its own for each purpose: the name's last 32 bytes are its seed. */
export function sourceOf(name: string): ChaChaSource {
  const seed = new Uint8Array(32);
  seed.set(new TextEncoder().encode(name).subarray(-32));
  return new ChaChaSource(seed);
}

/** A task of the split tier, in which all `reports` arrive; without noise, of the test tier. */
export function noiseTask(d: number, clipL2: number, reports: number, noised: boolean): NoiseTask {
  return {
    tier: noised ? 'split' : 'test',
    mechanism: noised ? MECHANISM : { name: 'none' },
    d,
    clipL2,
    // PR6: a sum of more reports would wrap.
    scaleBits: Math.min(MOST_SCALE_BITS, Math.floor(Math.log2((SHARE_OF_SUM * 2 ** 31) / reports))),
    minReports: reports,
    maxReports: reports,
  };
}

/** Adds the noise of both servers to a sum, in integer units; none outside the split tier. */
export function addServerNoise(sum: Float64Array, task: NoiseTask, source: RandomSource): void {
  if (task.tier !== 'split') return;
  for (let server = 0; server < 2; server++) {
    const seed = new Uint8Array(32);
    source.fill(seed);
    addTo(sum, serverNoise(task, seed).noise);
  }
}

export function addTo(sum: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
}

/** The entries of a statistic that are not zero. */
export interface SparseReport {
  readonly entries: Uint32Array;
  readonly values: Float32Array;
}

/** The entries of a vector that are not zero. */
export function sparse(values: Float32Array): SparseReport {
  const entries: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) entries.push(i);
  const kept = Uint32Array.from(entries);
  return { entries: kept, values: Float32Array.from(kept, (i) => values[i] as number) };
}

/** The same, where they are known already. */
export function entriesOf(values: ReadonlyMap<number, number>): SparseReport {
  const entries = Uint32Array.from(values.keys()).sort();
  return { entries, values: Float32Array.from(entries, (i) => values.get(i) as number) };
}

/** The sum of a statistic as the two servers open it, and the deviation of its noise. */
export interface OpenedSums {
  readonly sums: Float64Array;
  /** Standard deviation of the noise in one sum; 0 without noise. */
  readonly deviation: number;
}

/**
 * Opens the sum of one report per shopper. Only entries that are not zero are rounded (a zero rounds
 * to zero), and the shoppers' shares of noise are drawn as their sum: discrete Gaussians of a
 * thousand units and more add up to one of the summed variance but for less than 2^-1000.
 *
 * `noiseShare` is 1, or less for a shop of 1/noiseShare times the shoppers with the same shares:
 * noise is divided, the counts stay.
 *
 * @param reports of L2 norm at most 1 each
 */
export function openSums(
  reports: readonly SparseReport[],
  d: number,
  { noised, source, noiseShare = 1 }: SumOptions,
): OpenedSums {
  const task = noiseTask(d, 1, reports.length, noised);
  const B = 2 ** task.scaleBits;
  const bound = normBoundSquared(B, d);
  const sum = new Float64Array(d);
  for (const { entries, values } of reports) {
    if (entries.length === 0) continue;
    const units = roundStochastic(withinOne(values), B, bound, source);
    for (let i = 0; i < entries.length; i++) {
      const at = entries[i] as number;
      sum[at] = (sum[at] as number) + (units[i] as number);
    }
  }
  if (!noised) return { sums: sum.map((value) => value / B), deviation: 0 };
  const shares = noiseStd(task) * Math.sqrt(reports.length);
  const noise = new Float64Array(d);
  const clients = new Int32Array(d);
  fillGaussian(clients, exactSigmaSquared(shares), source);
  addTo(noise, clients);
  addServerNoise(noise, task, source);
  const servers = Math.SQRT2 * noiseStd(task) * Math.sqrt(reports.length / 2);
  return {
    sums: sum.map((value, i) => (value + noiseShare * (noise[i] as number)) / B),
    deviation: (noiseShare * Math.hypot(shares, servers)) / B,
  };
}

export interface SumOptions {
  readonly noised: boolean;
  readonly source: RandomSource;
  readonly noiseShare?: number;
}

/** Mean of several openings of the same statistic, with the deviation of that mean. */
export function meanOpened(openings: readonly OpenedSums[]): OpenedSums {
  const [first] = openings;
  if (first === undefined) throw new RangeError('openings: empty');
  const sums = new Float64Array(first.sums.length);
  for (const opening of openings) addTo(sums, opening.sums);
  return {
    sums: sums.map((value) => value / openings.length),
    deviation: first.deviation / Math.sqrt(openings.length),
  };
}

/** Clips a vector whose norm is above 1 by a rounding. */
function withinOne(values: Float32Array): Float64Array {
  let squares = 0;
  for (const value of values) squares += value * value;
  const factor = squares > 1 ? (1 - 2 ** -40) / Math.sqrt(squares) : 1;
  return Float64Array.from(values, (value) => value * factor);
}
