/** The next version from an opened sum: RD7 and K5 of shared/protocol/SPEC.md, written once more. */
import { unitsOf } from '../../shared/privacy/guard.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import type { Task } from '../../shared/protocol/task.ts';

/**
 * Bytes of the version that follows `base`.
 * @param sum of `reports` reports, integer units.
 * @param baseVersion number of the base.
 */
export function nextModel(
  task: Task,
  base: Float32Array,
  baseVersion: number,
  sum: Float64Array,
  reports: number,
): Uint8Array {
  const scale = reports * unitsOf(task);
  const mean = sum.map((one) => one / scale);
  const { server } = task.recipe;
  if (server.name === 'release') return encodeModel(Float32Array.from(mean));
  const { learningRate, decayRounds } = server;
  const step = decayRounds === null ? learningRate : learningRate / (1 + baseVersion / decayRounds);
  return encodeModel(base.map((weight, i) => weight + step * (mean[i] as number)));
}
