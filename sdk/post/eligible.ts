/**
 * Whether this browser takes part in a round: rules PR15 to PR21 of shared/privacy/SPEC.md.
 *
 * Nothing here reads the history: consent, the page's signals, the clock, the ledger and a coin
 * decide. The transaction of `charge` asks the ledger again.
 */
import type { RoundRecord, Task } from '../../shared/protocol/task.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import type { Database } from '../database/database.ts';
import { chargeQuestion } from './charge.ts';
import type { SkipReason } from './outcome.ts';

/**
 * A round is begun only with this much of it left, or a tenth of its window: otherwise it would be
 * the length of the training, and so of the history, that decides who takes part (PR21).
 */
const TRAINING_MS = 30_000;

export interface Skip {
  readonly reason: SkipReason;
  readonly detail: string;
}

export interface EligibleInput {
  readonly db: Database;
  readonly task: Task;
  readonly taskHash: string;
  /** The round that is open, or null. */
  readonly round: RoundRecord | null;
  readonly roundHash: string | null;
  readonly nowMs: number;
  /** Global Privacy Control of this page. */
  readonly gpc: boolean;
  readonly source: Pick<RandomSource, 'nextUint32'>;
}

/**
 * The first reason against taking part, or null. The coin comes last, so that it is drawn once
 * for every round that asks for it, and then kept.
 *
 * @throws DatabaseError when the storage fails.
 */
export async function eligible(input: EligibleInput): Promise<Skip | null> {
  const { db, task, taskHash, round, roundHash, nowMs, source } = input;
  const consent = await db.getMeta('consent');
  if (consent?.contribute !== true) return skip('no-consent');
  if (input.gpc) return skip('gpc');
  if (db.state === 'memory') return skip('storage', 'the ledger would not outlive this page');
  const quiet = await quietLeft(db, task, nowMs);
  if (quiet > 0) return skip('quiet-period', `${Math.ceil(quiet / 1000)} s left`);
  if (round === null || roundHash === null) return skip('no-round');
  if (nowMs >= round.deadlineMs) {
    return skip('round-closed', `deadline passed ${nowMs - round.deadlineMs} ms ago`);
  }
  const left = round.deadlineMs - nowMs;
  if (left < Math.min(TRAINING_MS, task.windowMs / 10)) {
    return skip('round-closed', `${left} ms are left, too few to begin`);
  }
  const question = chargeQuestion({ task, taskHash, round, roundHash, nowMs });
  const refusal = await db.canCharge(question);
  if (refusal !== null) return skip(refusal, refusal === 'cap-spent' ? cap(task) : '');
  const draw = (): boolean => source.nextUint32() >>> 16 < task.coin;
  const takesPart = await db.coin(taskHash, roundHash, draw);
  return takesPart ? null : skip('coin', `takes part in ${task.coin} of 65536 rounds`);
}

const skip = (reason: SkipReason, detail = ''): Skip => ({ reason, detail });

const cap = (task: Task): string => `${task.participations} of ${task.participations} reports made`;

/** Milliseconds of the quiet period that are left (PR20); all of it before the first event. */
async function quietLeft(db: Database, task: Task, nowMs: number): Promise<number> {
  if (task.quietMs === 0) return 0;
  const start = await db.getMeta('epochStartMs');
  if (start === undefined) return task.quietMs;
  return start + task.quietMs - (await db.ledgerNow(nowMs));
}
