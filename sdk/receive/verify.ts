/**
 * Whether a browser reports to a task, of any kind: rules PR6, PR7, PR10, PR12 and PR44 of
 * shared/privacy/SPEC.md.
 *
 * Ranking is another question. A model of an authentic task may always rank, whether or not this
 * browser reports to it: showing a ranking sends nothing.
 */
import { assertNoWrap, normBound } from '../../shared/field/fixed.ts';
import { taskErrorGuard } from '../../shared/privacy/guard.ts';
import { epsilonOf, sigmaOf } from '../../shared/privacy/mechanism.ts';
import { MAX_EVALUATIONS } from '../../shared/privacy/seeded.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { ReceiveError, receiveError } from './error.ts';

/** Reports that a round with noise must average at least, whatever its task says. */
const MIN_REPORTS = 50;

/** σB′, integer units, from which the sum of two discrete Gaussians is one (PR26). */
const MIN_SPLIT_DEVIATION = 1000;

/** Above it, (ε, δ) would allow a mechanism that publishes one browser in 100,000 outright. */
const MAX_DELTA = 1e-5;

export interface ReportFloor {
  /** Highest ε of one report that this page accepts. */
  readonly maxEpsilon: number;
  readonly allowTestTier: boolean;
  readonly endpoint: string;
  readonly nowMs: number;
}

/**
 * @throws ReceiveError no-task (expired), false-claim, weak-privacy, key-expired (the helper's),
 * predicted-error (with both figures), too-costly or bad-record (sums could wrap).
 */
export function assertReportable(task: Task, floor: ReportFloor): void {
  if (floor.nowMs >= task.expiresAtMs) throw new ReceiveError('no-task', 'the task has expired');
  try {
    if (task.tier === 'test') assertTestTier(task, floor);
    else if (task.tier === 'local') assertLocalTier(task, floor);
    else assertSplitTier(task, floor);
  } catch (error) {
    throw receiveError(error);
  }
}

function assertTestTier(task: Task, { allowTestTier, endpoint }: ReportFloor): void {
  if (!allowTestTier || !isLoopback(endpoint)) {
    throw new ReceiveError('weak-privacy', 'tier test has no privacy and is for loopback alone');
  }
  if (task.mechanism.name !== 'none' || task.epsilon !== 'none') {
    throw new ReceiveError('false-claim', 'tier test claims nothing');
  }
  const { maxReports, d } = task;
  assertNoWrap({ tier: 'test', maxReports, B: 2 ** task.scaleBits, d, sigma: 0 });
}

function assertLocalTier(task: Task, floor: ReportFloor): void {
  const { mechanism, d, maxReports } = task;
  if (mechanism.name === 'none') {
    throw new ReceiveError('weak-privacy', `tier local with mechanism ${mechanism.name}`);
  }
  assertClaim(task, floor);
  const sigma = sigmaOf(mechanism);
  assertNoWrap({ tier: 'local', maxReports, B: 2 ** task.scaleBits, d, sigma });
  assertUseful(task);
  if (mechanism.name === 'privunit') assertAffordable(mechanism.candidates, d);
}

function assertSplitTier(task: Task, floor: ReportFloor): void {
  const { mechanism, d, maxReports, minReports, helper } = task;
  if (mechanism.name !== 'discrete-gaussian') {
    throw new ReceiveError('weak-privacy', `tier split with mechanism ${mechanism.name}`);
  }
  if (helper === null) throw new ReceiveError('bad-record', 'tier split without a helper');
  if (floor.nowMs >= helper.sealingKeyExpiresAtMs) {
    const past = floor.nowMs - helper.sealingKeyExpiresAtMs;
    throw new ReceiveError('key-expired', `the helper's sealing key expired ${past} ms ago`);
  }
  assertClaim(task, floor);
  if (maxReports > 2 * minReports) {
    const detail = `up to ${maxReports} reports, above twice ${minReports}`;
    throw new ReceiveError('weak-privacy', detail);
  }
  const { sigma } = mechanism;
  const B = 2 ** task.scaleBits;
  const deviation = sigma * normBound(B, d);
  if (!(deviation >= MIN_SPLIT_DEVIATION)) {
    const detail = `noise of ${deviation.toPrecision(4)} units, below ${MIN_SPLIT_DEVIATION}`;
    throw new ReceiveError('weak-privacy', detail);
  }
  assertNoWrap({ tier: 'split', maxReports, minReports, B, d, sigma });
  assertUseful(task);
}

/** The claim recomputed (PR10), and the floors that no task and no page lowers. */
function assertClaim(task: Task, { maxEpsilon }: ReportFloor): void {
  const { mechanism, delta, epsilon, minReports } = task;
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
  if (minReports < MIN_REPORTS) {
    throw new ReceiveError('weak-privacy', `${minReports} reports, below ${MIN_REPORTS}`);
  }
}

/** PR7, with both figures. */
function assertUseful(task: Task): void {
  const { ok, predictedL2, clipL2 } = taskErrorGuard(task);
  if (ok) return;
  const figures = `${predictedL2.toPrecision(4)} at ${task.minReports} reports`;
  const detail = `predicted L2 error ${figures} exceeds the clip ${clipL2}`;
  throw new ReceiveError('predicted-error', detail);
}

/** PR42: N·d within what one report may cost. */
function assertAffordable(candidates: number, d: number): void {
  if (candidates * d <= MAX_EVALUATIONS) return;
  const detail = `${candidates} candidates of ${d} coordinates, above ${MAX_EVALUATIONS} in all`;
  throw new ReceiveError('too-costly', detail);
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
