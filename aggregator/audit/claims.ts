/** What a task claims, recomputed (PR51). */
import { assertNoWrap, normBound } from '../../shared/field/fixed.ts';
import { taskErrorGuard } from '../../shared/privacy/guard.ts';
import { epsilonOf, sigmaOf } from '../../shared/privacy/mechanism.ts';
import { MAX_EVALUATIONS } from '../../shared/privacy/seeded.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { Checks } from './check.ts';

/** Tasks made for an audit; browsers refuse them, because their batches are small. */
const AUDIT_PREFIX = 'audit';

/** Floors of every browser: PR10 and PR44. */
const MAX_DELTA = 1e-5;
const MIN_REPORTS = 50;
const MIN_SPLIT_DEVIATION = 1000;

export function isAuditTask({ name }: Task): boolean {
  return name.startsWith(AUDIT_PREFIX);
}

export function checkClaims(task: Task, checks: Checks): void {
  checkEpsilon(task, checks);
  checkBounds(task, checks);
}

function checkEpsilon({ name, tier, mechanism, epsilon, delta }: Task, checks: Checks): void {
  if (tier === 'test') {
    const detail = 'the test tier claims nothing, and no noise is added';
    if (epsilon === 'none' && mechanism.name === 'none') checks.skip('task-epsilon', name, detail);
    else checks.fail('task-epsilon', name, 'the test tier claims an ε');
    return;
  }
  const truth = epsilonOf(mechanism, delta, 1);
  const figures = { claimed: epsilon, recomputed: truth, delta };
  const holds = epsilon !== 'none' && epsilon >= truth;
  const detail = `claims ε ${epsilon} of one report at δ ${delta}, recomputed ${truth}`;
  checks.decide(holds, 'task-epsilon', name, detail, figures);
}

function checkBounds(task: Task, checks: Checks): void {
  const { name, tier, mechanism, d, delta, minReports, maxReports } = task;
  const sigma = sigmaOf(mechanism);
  const B = 2 ** task.scaleBits;
  const faults: string[] = [];
  let kept = '';
  const figures: Record<string, number> = { d, minReports, maxReports };
  try {
    assertNoWrap({ tier, maxReports, minReports, B, d, sigma });
  } catch (error) {
    faults.push((error as Error).message);
  }
  if (tier !== 'test') {
    if (!(delta <= MAX_DELTA)) faults.push(`δ ${delta} is above ${MAX_DELTA}`);
    if (tier === 'split') {
      if (maxReports > 2 * minReports) faults.push(`n_max ${maxReports} is above 2·n_min`);
      const deviation = sigma * normBound(B, d);
      if (!(deviation >= MIN_SPLIT_DEVIATION)) {
        faults.push(`noise of ${deviation.toPrecision(4)} units is below ${MIN_SPLIT_DEVIATION}`);
      }
    }
    if (mechanism.name === 'privunit' && mechanism.candidates * d > MAX_EVALUATIONS) {
      faults.push(`${mechanism.candidates} candidates of ${d} coordinates cost too much`);
    }
    const { ok, predictedL2, clipL2 } = taskErrorGuard(task);
    Object.assign(figures, { predictedL2, clipL2 });
    const floors: string[] = [];
    if (minReports < MIN_REPORTS) floors.push(`n_min ${minReports} is below ${MIN_REPORTS}`);
    if (!ok) floors.push(`predicted L2 error ${predictedL2.toPrecision(4)} exceeds ${clipL2}`);
    if (!isAuditTask(task)) faults.push(...floors);
    else if (floors.length > 0) kept = ` (no browser reports to it: ${floors.join('; ')})`;
  }
  if (faults.length > 0) {
    checks.fail('task-bounds', name, faults.join('; '), figures);
    return;
  }
  const error = figures.predictedL2;
  const predicted =
    error === undefined ? '' : `, predicted L2 error ${error.toPrecision(3)} of ${task.clipL2}`;
  checks.pass('task-bounds', name, `no wrap at n_max ${maxReports}${predicted}${kept}`, figures);
}
