/**
 * How far the opened mean of a task lies from the true mean, for every mechanism: the predicted-error
 * guard (PR7) and what a plan shows.
 */
import { assertInteger } from '../assert/assert.ts';
import { type ErrorVerdict, predictedError } from '../plan/error.ts';
import { type Mechanism, sigmaOf } from './mechanism.ts';
import { privUnitScale, privUnitVariance } from './seeded.ts';

/** The fields of a task on which its error depends; any task record has them. */
export interface ErrorTask {
  readonly tier: 'local' | 'split' | 'test';
  readonly mechanism: Mechanism;
  readonly d: number;
  readonly clipL2: number;
  readonly scaleBits: number;
  readonly minReports: number;
}

/**
 * Returns the predicted L2 error of the mean of `reports` reports, root mean square: `predictedError`
 * for noise that is added, C·√((d + γm)/(n·m²)) for PrivUnitG, which is largest for updates of zero.
 */
export function predictedTaskError(task: ErrorTask, reports: number): number {
  const { mechanism, d, clipL2 } = task;
  if (mechanism.name !== 'privunit') {
    return predictedError({ ...task, sigma: sigmaOf(mechanism), reports });
  }
  if (task.tier !== 'local') throw new RangeError('tier must be local for privunit');
  assertInteger('reports', reports, 1);
  return clipL2 * Math.sqrt(privUnitVariance(mechanism, d) / reports);
}

/**
 * Integer units of a summed coordinate for one unit of the update: B/C of fixed point, 2^12·m/C of
 * vectors made from seeds.
 */
export function unitsOf({ mechanism, clipL2, scaleBits }: ErrorTask): number {
  if (mechanism.name === 'privunit') return privUnitScale(mechanism, clipL2);
  return 2 ** scaleBits / clipL2;
}

/**
 * Refuses a task whose mean would be mostly noise: whose predicted L2 error at n_min reports exceeds
 * the clip, the largest norm that the signal can have.
 */
export function taskErrorGuard(task: ErrorTask): ErrorVerdict {
  const predictedL2 = predictedTaskError(task, task.minReports);
  return { ok: predictedL2 <= task.clipL2, predictedL2, clipL2: task.clipL2 };
}
