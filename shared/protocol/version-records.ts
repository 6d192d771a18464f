/** Shapes of the records that decide which version of a task is served (SPEC.md, RD and K rules). */
import { flag, hash, integer, literal, nullable, number, object, text } from './shape.ts';
import type { RestoreRecord, VerdictRecord } from './task.ts';

const TIME = integer(0, 2 ** 52);
const VERSION = integer(1, 2 ** 40);
/** A margin is a ratio of two sums, of which the lower is well above its noise. */
const MARGIN = number(-1e12, 1e12);

export const GATE = object({ task: text(40), sigmas: number(0, 10) });

export const SUBJECT = object({ task: hash, modelVersion: integer(0, 2 ** 40), model: hash });

const QUALITY = object({ margin: MARGIN, deviation: number(0, 1e12) });

export const RESTORE = object({
  version: literal(1),
  type: literal('restore'),
  task: hash,
  modelVersion: VERSION,
  model: hash,
  previousModel: hash,
  of: integer(0, 2 ** 40),
  reason: literal('operator'),
  restoredAtMs: TIME,
});

export const VERDICT = object({
  version: literal(1),
  type: literal('verdict'),
  task: hash,
  modelVersion: VERSION,
  model: hash,
  admitted: flag,
  evaluateTask: hash,
  evaluateRound: nullable(integer(1, 2 ** 40)),
  quality: nullable(QUALITY),
  reference: QUALITY,
  decidedAtMs: TIME,
});

export function decodeRestore(value: unknown): RestoreRecord {
  RESTORE(value, 'restore');
  return value as RestoreRecord;
}

export function decodeVerdict(value: unknown): VerdictRecord {
  VERDICT(value, 'verdict');
  return value as VerdictRecord;
}
