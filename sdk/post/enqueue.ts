/** The charge and the finished bytes, in one transaction (PR14), with a random time to send. */
import { assertBytes } from '../../shared/assert/assert.ts';
import { reportLength } from '../../shared/protocol/report.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import type { ChargeResult, Database } from '../database/database.ts';
import { type ChargeInput, chargeQuestion } from './charge.ts';

export interface EnqueueInput extends ChargeInput {
  readonly db: Database;
  readonly reportId: string;
  /** The finished report, of the task's exact length. */
  readonly body: Uint8Array;
  readonly source: Pick<RandomSource, 'nextUint32'>;
}

export type EnqueueResult = ChargeResult & { readonly sendAtMs: number };

/** Time that an upload and one retry may take before the round closes, at most. */
const MARGIN_MS = 5000;

/**
 * Stores the report to be sent at a time uniform over what is left of the round's window (PR21),
 * less a tenth of it, or 5 s where that is shorter, for the upload itself.
 *
 * @throws TypeError or RangeError for a body of another length; DatabaseError.
 */
export async function enqueue(input: EnqueueInput): Promise<EnqueueResult> {
  const { db, task, round, body, nowMs, source } = input;
  assertBytes('body', body, reportLength(task));
  const left = Math.max(0, round.deadlineMs - nowMs);
  const window = left - Math.min(MARGIN_MS, left / 10);
  const sendAtMs = nowMs + Math.floor((window * source.nextUint32()) / 2 ** 32);
  const { deadlineMs } = round;
  const question = chargeQuestion(input);
  const result = await db.charge({ ...question, report: { body, sendAtMs, deadlineMs } });
  return { ...result, sendAtMs };
}
