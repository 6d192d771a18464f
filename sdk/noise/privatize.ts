/** Clip, then round and add noise, or choose a seed: the only maker of a `Privatized` value (PR1 to PR4, PR38). */
import { normBoundSquared, roundStochastic } from '../../shared/field/fixed.ts';
import { privUnitVariance } from '../../shared/privacy/seeded.ts';
import type { WordSource } from '../../shared/random/gaussian.ts';
import { chooseSeed, SEED_BYTES } from './candidates.ts';
import { clip } from './clip.ts';
import {
  isSeeded,
  type Noise,
  type NoiseTask,
  noiseStd,
  type SeededTask,
  takeNoise,
} from './draw.ts';
import { NoiseError } from './error.ts';
import type { Privatized, PrivatizeMetrics } from './privatized.ts';

/**
 * Makes the vector that may leave of an update of d coordinates.
 *
 * @param noise of `drawNoise` for the same task; spent by this call
 * @throws TypeError or RangeError for an update of another length or kind, with NaN or infinity,
 * or when a noised coordinate is beyond int32; NoiseError for a tier that is not supported, or
 * noise that is not this task's. Nothing is returned but the whole.
 */
export function privatize(
  update: Float32Array,
  task: NoiseTask,
  noise: Noise,
  source: WordSource,
): Privatized {
  if (isSeeded(task)) return privatizeSeed(update, task, noise, source);
  const std = noiseStd(task);
  const B = 2 ** task.scaleBits;
  const { clipped, normBefore, normAfter } = clip(update, task.clipL2);
  if (clipped.length !== task.d) throw new RangeError(`update must have ${task.d} coordinates`);
  if (noise.std !== std || noise.coordinates.length !== task.d) {
    throw new NoiseError('wrong-noise', 'noise was drawn for another task');
  }
  const rounded = roundStochastic(clipped, B / task.clipL2, normBoundSquared(B, task.d), source);
  const coordinates = addNoise(rounded, takeNoise(noise).coordinates);
  const noiseInUnits = (std * task.clipL2) / B;
  const metrics: PrivatizeMetrics = {
    normBefore,
    normAfter,
    noiseStd: noiseInUnits,
    signalToNoise: std === 0 ? Infinity : normAfter / (Math.sqrt(task.d) * noiseInUnits),
  };
  return { tier: task.tier, payload: { form: 'coordinates', coordinates }, metrics } as Privatized;
}

/** PrivUnitG: one of the drawn seeds, by PR38. */
function privatizeSeed(
  update: Float32Array,
  { mechanism, d, clipL2 }: SeededTask,
  noise: Noise,
  source: WordSource,
): Privatized {
  const { clipped, normBefore, normAfter } = clip(update, clipL2);
  if (clipped.length !== d) throw new RangeError(`update must have ${d} coordinates`);
  if (noise.candidates?.length !== SEED_BYTES * mechanism.candidates) {
    throw new NoiseError('wrong-noise', 'noise was drawn for another task');
  }
  const { candidates } = takeNoise(noise);
  const seed = chooseSeed(clipped, clipL2, mechanism, candidates as Uint8Array, source);
  const error = clipL2 * Math.sqrt(privUnitVariance(mechanism, d));
  const metrics: PrivatizeMetrics = {
    normBefore,
    normAfter,
    noiseStd: error / Math.sqrt(d),
    signalToNoise: normAfter / error,
  };
  return { tier: 'local', payload: { form: 'seed', seed }, metrics } as Privatized;
}

function addNoise(rounded: Int32Array, noise: Int32Array): Int32Array<ArrayBuffer> {
  const sum = new Int32Array(rounded.length);
  for (let i = 0; i < sum.length; i++) {
    const value = (rounded[i] as number) + (noise[i] as number);
    if (value !== (value | 0)) throw new RangeError(`coordinates[${i}] is beyond int32`);
    sum[i] = value;
  }
  return sum;
}
