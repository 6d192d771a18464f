/** Entries of the log, strictly decoded. */
import { ABANDON_REASONS, type AbandonedEntry, type LogEntry } from '../../shared/protocol/log.ts';
import {
  decodeModelRecord,
  decodeOpening,
  decodeRound,
  decodeSigned,
  decodeSignedRotation,
  decodeSignedTask,
  decodeSite,
} from '../../shared/protocol/records.ts';
import { hash, integer, literal, object } from '../../shared/protocol/shape.ts';
import { decodeRestore, decodeVerdict } from '../../shared/protocol/version-records.ts';

const ANY = (): void => undefined;
const ABANDONED = object({
  type: literal('abandoned'),
  task: hash,
  round: integer(1, 2 ** 40),
  reports: integer(0, 2 ** 22),
  reason: literal(...ABANDON_REASONS),
  closedAtMs: integer(0, 2 ** 52),
});

/** @throws ShapeError for what is no entry. */
export function decodeEntry(value: unknown): LogEntry {
  const { type, ...rest } = value as { type?: unknown } & Record<string, unknown>;
  switch (type) {
    case 'site':
      object({ site: ANY })(rest, 'entry');
      return { type, site: decodeSigned(rest.site, decodeSite) };
    case 'task':
      object({ task: ANY })(rest, 'entry');
      return { type, task: decodeSignedTask(rest.task) };
    case 'rotation':
      object({ rotation: ANY })(rest, 'entry');
      return { type, rotation: decodeSignedRotation(rest.rotation) };
    case 'round':
      object({ round: ANY })(rest, 'entry');
      return { type, round: decodeSigned(rest.round, decodeRound) };
    case 'opening':
      object({ leader: ANY, helper: ANY })(rest, 'entry');
      return {
        type,
        leader: decodeSigned(rest.leader, decodeOpening),
        helper: decodeSigned(rest.helper, decodeOpening),
      };
    case 'model':
      object({ model: ANY })(rest, 'entry');
      return { type, model: decodeSigned(rest.model, decodeModelRecord) };
    case 'restore':
      object({ restore: ANY })(rest, 'entry');
      return { type, restore: decodeSigned(rest.restore, decodeRestore) };
    case 'verdict':
      object({ verdict: ANY })(rest, 'entry');
      return { type, verdict: decodeSigned(rest.verdict, decodeVerdict) };
    case 'abandoned':
      ABANDONED(value, 'entry');
      return value as AbandonedEntry;
    default:
      throw new TypeError('no such entry');
  }
}
