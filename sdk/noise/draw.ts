/** The noise of one report: rules PR3 and PR4 of shared/privacy/SPEC.md. */
import { assertInteger, assertPositive } from '../../shared/assert/assert.ts';
import { assertNoWrap, MAX_LOCAL_REPORTS, normBound } from '../../shared/field/fixed.ts';
import type { PrivUnitMechanism } from '../../shared/privacy/mechanism.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { exactSigmaSquared, type WordSource } from '../../shared/random/gaussian.ts';
import { fillGaussian } from '../../shared/random/seeded.ts';
import { drawCandidates } from './candidates.ts';
import { NoiseError } from './error.ts';

/** The fields of a task on which its noise depends. */
export type NoiseTask = Pick<
  Task,
  'tier' | 'mechanism' | 'd' | 'clipL2' | 'scaleBits' | 'minReports' | 'maxReports'
>;

/** Such a task whose mechanism is PrivUnitG. */
export type SeededTask = NoiseTask & { readonly mechanism: PrivUnitMechanism };

declare const drawn: unique symbol;

/** The noise of one report, good for one `privatize`; only `drawNoise` makes one. */
export interface Noise {
  readonly [drawn]: true;
  /** d coordinates; zeros in the test tier, none for PrivUnitG. */
  readonly coordinates: Int32Array<ArrayBuffer>;
  /** Standard deviation of a coordinate, integer units; 0 in the test tier and for PrivUnitG. */
  readonly std: number;
  /** PrivUnitG: N seeds of 32 bytes, one of which will leave; else null. */
  readonly candidates: Uint8Array<ArrayBuffer> | null;
}

const unused = new WeakSet<object>();

/** Above the eight roundings of a deviation at most, so that the deviation is never below what is claimed. */
const UP = 1 + 2 ** -50;

/**
 * Standard deviation of a coordinate's noise, integer units: σ·Δ with Δ = 2B′ (replace-one) in
 * the local tier, the browser's share σB′/√(½·n_min) in the split tier, 0 in the test tier.
 *
 * @throws NoiseError 'wrong-mechanism' for a tier without its mechanism; RangeError for a σ that is
 * not above 0, where int32 or the sum could wrap (PR6), and in the split tier where n_max > 2·n_min.
 */
export function noiseStd(task: NoiseTask): number {
  const { tier, mechanism, d, maxReports } = task;
  const B = 2 ** task.scaleBits;
  switch (tier) {
    case 'local': {
      if (mechanism.name !== 'discrete-gaussian') {
        throw new NoiseError('wrong-mechanism', `tier local with mechanism ${mechanism.name}`);
      }
      assertPositive('sigma', mechanism.sigma);
      assertNoWrap({ tier, maxReports, B, d, sigma: mechanism.sigma });
      return mechanism.sigma * 2 * normBound(B, d) * UP;
    }
    case 'split': {
      if (mechanism.name !== 'discrete-gaussian') {
        throw new NoiseError('wrong-mechanism', `tier split with mechanism ${mechanism.name}`);
      }
      const { minReports } = task;
      if (maxReports > 2 * minReports) {
        throw new RangeError('maxReports must be at most twice minReports in the split tier');
      }
      assertPositive('sigma', mechanism.sigma);
      assertNoWrap({ tier, maxReports, minReports, B, d, sigma: mechanism.sigma });
      return ((mechanism.sigma * normBound(B, d)) / Math.sqrt(minReports / 2)) * UP;
    }
    case 'test':
      if (mechanism.name !== 'none') {
        throw new NoiseError('wrong-mechanism', `tier test with mechanism ${mechanism.name}`);
      }
      assertNoWrap({ tier, maxReports, B, d, sigma: 0 });
      return 0;
    default:
      throw new NoiseError('unsupported-tier', `tier ${String(tier)}`);
  }
}

/**
 * Draws the whole vector, before training starts: how long it takes depends on the noise alone.
 *
 * @throws NoiseError or RangeError as `noiseStd`.
 */
export function drawNoise(task: NoiseTask, source: WordSource): Noise {
  const noise = isSeeded(task) ? drawSeeds(task, source) : drawCoordinates(task, source);
  unused.add(noise);
  return noise;
}

/** Tells whether a task of the local tier takes seeds of PrivUnitG. */
export function isSeeded(task: NoiseTask): task is SeededTask {
  return task.tier === 'local' && task.mechanism.name === 'privunit';
}

function drawSeeds({ mechanism, maxReports }: SeededTask, source: WordSource): Noise {
  assertInteger('maxReports', maxReports, 1, MAX_LOCAL_REPORTS);
  const candidates = drawCandidates(mechanism.candidates, source);
  return { coordinates: new Int32Array(0), std: 0, candidates } as Noise;
}

function drawCoordinates(task: NoiseTask, source: WordSource): Noise {
  const std = noiseStd(task);
  const coordinates = new Int32Array(task.d);
  if (std > 0) fillGaussian(coordinates, exactSigmaSquared(std), source);
  return { coordinates, std, candidates: null } as Noise;
}

/**
 * Takes the noise for one report.
 *
 * @throws NoiseError 'reused-noise' when it was taken before or not drawn by `drawNoise`: two
 * reports with the same noise would reveal their difference.
 */
export function takeNoise(noise: Noise): Noise {
  if (!unused.delete(noise)) throw new NoiseError('reused-noise', 'noise is good for one report');
  return noise;
}
