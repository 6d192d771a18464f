/** What a report of a task costs, in the form in which the ledger is asked. */
import { zeroCurve } from '../../shared/privacy/curve.ts';
import { curveOf, epsilonOf } from '../../shared/privacy/mechanism.ts';
import { statementOf } from '../../shared/privacy/statement.ts';
import { reportLength } from '../../shared/protocol/report.ts';
import type { RoundRecord, Task } from '../../shared/protocol/task.ts';
import type { ChargeRequest } from '../database/database.ts';

export interface ChargeInput {
  readonly task: Task;
  readonly taskHash: string;
  readonly round: RoundRecord;
  readonly roundHash: string;
  readonly nowMs: number;
  /** Hex of the 16 random bytes; a question needs none. */
  readonly reportId?: string;
}

/**
 * The request without its report. ε is recomputed, never the task's claim; the test tier claims
 * nothing and its curve is zero.
 */
export function chargeQuestion(input: ChargeInput): Omit<ChargeRequest, 'report'> {
  const { task, taskHash, round, roundHash, nowMs, reportId = '' } = input;
  const { mechanism, delta } = task;
  const claimsNothing = mechanism.name === 'none';
  return {
    entry: {
      taskHash,
      taskName: task.name,
      roundHash,
      round: round.round,
      reportId,
      epsilon: claimsNothing ? 'none' : epsilonOf(mechanism, delta, 1),
      delta,
      curve: claimsNothing ? zeroCurve() : curveOf(mechanism),
      bytes: reportLength(task),
      statement: statementOf(task).text,
    },
    nowMs,
    participations: task.participations,
    separationMs: task.separationMs,
  };
}
