/** Clip, round, add noise: the only maker of a `Privatized` value (PR1 to PR4). */
import { normBoundSquared, roundStochastic } from '../../shared/field/fixed.ts';
import type { WordSource } from '../../shared/random/gaussian.ts';
import { clip } from './clip.ts';
import { type Noise, type NoiseTask, noiseStd, takeNoise } from './draw.ts';
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
  const std = noiseStd(task);
  const B = 2 ** task.scaleBits;
  const { clipped, normBefore, normAfter } = clip(update, task.clipL2);
  if (clipped.length !== task.d) throw new RangeError(`update must have ${task.d} coordinates`);
  if (noise.std !== std || noise.coordinates.length !== task.d) {
    throw new NoiseError('wrong-noise', 'noise was drawn for another task');
  }
  const rounded = roundStochastic(clipped, B / task.clipL2, normBoundSquared(B, task.d), source);
  const coordinates = addNoise(rounded, takeNoise(noise));
  const noiseInUnits = (std * task.clipL2) / B;
  const metrics: PrivatizeMetrics = {
    normBefore,
    normAfter,
    noiseStd: noiseInUnits,
    signalToNoise: std === 0 ? Infinity : normAfter / (Math.sqrt(task.d) * noiseInUnits),
  };
  return { tier: task.tier, coordinates, metrics } as Privatized;
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
