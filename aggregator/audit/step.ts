/**
 * The next version from an opened sum: RD7, RD21 and K5 of shared/protocol/SPEC.md, written once more,
 * a coordinate at a time.
 */
import { isTraining, type ServerOptimizer } from '../../shared/model/recipe.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import type { Task } from '../../shared/protocol/task.ts';

/** Momentum and second moment of a coordinate. */
type Moment = readonly [m: number, v: number];

/** State that goes with a version, a pair for each coordinate. */
export type Moments = readonly Moment[];

/** Whether the next version depends on more than the last one and the mean. */
export function keepsMoments({ recipe }: Task): boolean {
  return isTraining(recipe) && recipe.server.name !== 'fedavg';
}

export interface NextModel {
  readonly bytes: Uint8Array;
  /** Null for an optimiser that keeps none. */
  readonly moments: Moments | null;
}

/**
 * The version that follows `base`.
 * @param baseVersion number under which the base was made.
 * @param moments of the base; null where they begin: for the initial version and a restored one.
 * @param sum of `reports` reports, integer units.
 */
export function nextModel(
  task: Task,
  base: Float32Array,
  baseVersion: number,
  moments: Moments | null,
  sum: Float64Array,
  reports: number,
): NextModel {
  const scale = reports * unitsOf(task);
  const mean = sum.map((one) => one / scale);
  const { server } = task.recipe;
  if (server.name === 'release') {
    const rounds = Math.min(baseVersion + 1, server.over ?? 1);
    const released = Array.from(mean, (one, i) =>
      rounds === 1 ? one : (base[i] as number) + (one - (base[i] as number)) / rounds,
    );
    return { bytes: encodeModel(Float32Array.from(released)), moments: null };
  }
  const { learningRate, decayRounds } = server;
  const step = decayRounds === null ? learningRate : learningRate / (1 + baseVersion / decayRounds);
  const after = Array.from(mean, (one, i) => nextMoment(server, moments?.[i], one));
  const weights = base.map((weight, i) => {
    const [m, v] = after[i] as Moment;
    const scaled = step * m;
    return weight + ('tau' in server ? scaled / (Math.sqrt(v) + server.tau) : scaled);
  });
  return { bytes: encodeModel(weights), moments: keepsMoments(task) ? after : null };
}

function nextMoment(server: ServerOptimizer, before: Moment | undefined, mean: number): Moment {
  if (server.name === 'fedavg') return [mean, 0];
  if (server.name === 'fedavgm') return [server.momentum * (before?.[0] ?? 0) + mean, 0];
  const { beta1, tau } = server;
  const [m, v] = before ?? [0, tau * tau];
  const next = beta1 * m + (1 - beta1) * mean;
  const square = mean * mean;
  if (server.name === 'fedadagrad') return [next, v + square];
  const part = (1 - server.beta2) * square;
  if (server.name === 'fedadam') return [next, server.beta2 * v + part];
  if (v === square) return [next, v];
  return [next, v > square ? v - part : v + part];
}
