/**
 * Whether a browser trains for a task: rules PR6, PR7, PR10 and PR12 of shared/privacy/SPEC.md.
 *
 * Ranking is another question. A model of an authentic task may always rank, whether or not this
 * browser trains for it: showing a ranking sends nothing.
 */
import { assertNoWrap } from '../../shared/field/fixed.ts';
import { errorGuard } from '../../shared/plan/error.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { ReceiveError, receiveError } from './error.ts';

/** Reports that a local round must average at least, whatever its task says. */
export const MIN_LOCAL_REPORTS = 50;

/** Above it, (ε, δ) would allow a mechanism that publishes one browser in 100,000 outright. */
const MAX_DELTA = 1e-5;

export interface TrainingFloor {
  /** Highest ε of one report that this page accepts. */
  readonly maxEpsilon: number;
  readonly allowTestTier: boolean;
  readonly endpoint: string;
  readonly nowMs: number;
}

/**
 * @throws ReceiveError no-task (expired, or of a kind or tier that this release does not run),
 * false-claim, weak-privacy, predicted-error (with both figures) or bad-record (sums could wrap).
 */
export function assertTrainable(task: Task, floor: TrainingFloor): void {
  if (floor.nowMs >= task.expiresAtMs) throw new ReceiveError('no-task', 'the task has expired');
  if (task.kind !== 'train') throw new ReceiveError('no-task', `kind ${task.kind} is not run here`);
  try {
    if (task.tier === 'test') assertTestTier(task, floor);
    else if (task.tier === 'local') assertLocalTier(task, floor);
    else throw new ReceiveError('no-task', `tier ${task.tier} is not run here`);
  } catch (error) {
    throw receiveError(error);
  }
}

function assertTestTier(task: Task, { allowTestTier, endpoint }: TrainingFloor): void {
  if (!allowTestTier || !isLoopback(endpoint)) {
    throw new ReceiveError('weak-privacy', 'tier test has no privacy and is for loopback alone');
  }
  if (task.mechanism.name !== 'none' || task.epsilon !== 'none') {
    throw new ReceiveError('false-claim', 'tier test claims nothing');
  }
  const { maxReports, d } = task;
  assertNoWrap({ tier: 'test', maxReports, B: 2 ** task.scaleBits, d, sigma: 0 });
}

function assertLocalTier(task: Task, { maxEpsilon }: TrainingFloor): void {
  const { mechanism, delta, epsilon, d, maxReports, minReports } = task;
  if (mechanism.name !== 'discrete-gaussian') {
    throw new ReceiveError('weak-privacy', `tier local with mechanism ${mechanism.name}`);
  }
  const truth = epsilonOf(mechanism, delta, 1);
  if (epsilon === 'none' || !(epsilon >= truth)) {
    throw new ReceiveError('false-claim', `claims ε ${epsilon}, is ${truth}`);
  }
  if (!(truth <= maxEpsilon)) {
    throw new ReceiveError('weak-privacy', `ε ${truth} of a report is above ${maxEpsilon}`);
  }
  if (!(delta <= MAX_DELTA)) {
    throw new ReceiveError('weak-privacy', `δ ${delta} is above ${MAX_DELTA}`);
  }
  if (minReports < MIN_LOCAL_REPORTS) {
    throw new ReceiveError('weak-privacy', `${minReports} reports, below ${MIN_LOCAL_REPORTS}`);
  }
  const { sigma } = mechanism;
  assertNoWrap({ tier: 'local', maxReports, B: 2 ** task.scaleBits, d, sigma });
  const guard = errorGuard({ ...task, tier: 'local', sigma });
  if (!guard.ok) {
    const predicted = guard.predictedL2.toPrecision(4);
    const detail = `predicted L2 error ${predicted} at ${minReports} reports exceeds the clip ${guard.clipL2}`;
    throw new ReceiveError('predicted-error', detail);
  }
}

/** 127.0.0.0/8, ::1 and localhost (RFC 6761 §6.3). */
export function isLoopback(endpoint: string): boolean {
  try {
    const { hostname } = new URL(endpoint);
    return /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  } catch {
    return false;
  }
}
