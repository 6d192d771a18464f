/**
 * The head of a task: its open round and the version that is served, signed by the aggregator that
 * the task names, and what both stand on (shared/protocol/SPEC.md, R7, R8, R10, K11, K12).
 */
import { versionEntry } from '../../shared/protocol/log.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type {
  Logged,
  ModelRecord,
  RestoreRecord,
  RoundRecord,
  Task,
  TaskHead,
} from '../../shared/protocol/task.ts';
import type { StoredModel } from '../database/database.ts';
import { ReceiveError } from './error.ts';
import type { PlacedEntry } from './public-log.ts';

export interface Head {
  /** The open round and its hash, or null. */
  readonly round: RoundRecord | null;
  readonly roundHash: string | null;
  /** The version that is served, or null while it is the task's initial model. */
  readonly model: ModelRecord | RestoreRecord | null;
  readonly modelHash: string;
  /** 0 for the initial model. */
  readonly modelVersion: number;
  /** What of it must be in the log before this browser takes part. */
  readonly entries: readonly PlacedEntry[];
  /** Signed record of the version that the round is about, not yet verified. */
  readonly subject: Logged<ModelRecord> | null;
}

/** What this browser has seen of the task before. */
export interface Seen {
  readonly model: StoredModel | null;
  /** Largest round number. */
  readonly round: number;
}

/** @throws ReceiveError bad-record; SignatureError */
export async function readHead(
  task: Task,
  taskHash: string,
  served: TaskHead,
  seen: Seen,
): Promise<Head> {
  const { model, round, modelIndex, roundIndex } = served;
  const entries: PlacedEntry[] = [];
  if (model !== null) {
    await verifyRecord(model, task.aggregatorKey);
    assertOf('model', model.record.task, taskHash);
    entries.push({ index: modelIndex, entry: versionEntry(model) });
    entries.push(...(await assertServable(task, taskHash, served)));
  }
  const modelHash = model?.record.model ?? task.initialModel;
  const modelVersion = model?.record.modelVersion ?? 0;
  assertNewer(modelVersion, modelHash, seen.model);
  const known = { model: model?.record ?? null, modelHash, modelVersion, entries };
  if (round === null) return { ...known, round: null, roundHash: null, subject: null };
  const { record } = round;
  await verifyRecord(round, task.aggregatorKey);
  assertOf('round', record.task, taskHash);
  entries.push({ index: roundIndex, entry: { type: 'round', round } });
  if (record.deadlineMs - record.openedAtMs !== task.windowMs) {
    throw new ReceiveError('bad-record', 'the round has another window than its task');
  }
  if (record.baseModel !== modelHash) {
    throw new ReceiveError('bad-record', 'the round starts from another model than the head');
  }
  if ((record.subject !== undefined) !== (task.kind === 'evaluate')) {
    throw new ReceiveError('bad-record', 'an evaluation names its subject, and no other round');
  }
  const last = model?.record.type === 'model' ? model.record.round : -1;
  const least = Math.max(seen.round, last + 1);
  if (record.round < least) {
    throw new ReceiveError('bad-record', `round ${record.round} after ${least}`);
  }
  const { subject } = served;
  return { ...known, round: record, roundHash: await recordHash(record), subject };
}

/** Entries that show that an earlier version may be served again, and what admitted it. */
async function assertServable(
  task: Task,
  taskHash: string,
  { model, origin, verdict }: TaskHead,
): Promise<readonly PlacedEntry[]> {
  const entries: PlacedEntry[] = [];
  let made = model?.record ?? null;
  if (made?.type === 'restore') {
    if (task.kind !== 'train') throw new ReceiveError('bad-record', 'a statistic is restored');
    const { of, model: hash } = made;
    if (of === 0) {
      if (hash === task.initialModel) return [];
      throw new ReceiveError('bad-record', 'version 0 is restored as another model');
    }
    if (origin === null) throw new ReceiveError('bad-record', `version ${of} is not shown`);
    await verifyRecord(origin, task.aggregatorKey);
    assertOf('origin', origin.record.task, taskHash);
    if (origin.record.modelVersion !== of || origin.record.model !== hash) {
      throw new ReceiveError('bad-record', `version ${of} is restored as another model`);
    }
    entries.push(placed(origin));
    made = origin.record;
  }
  if (made === null || task.gate === undefined) return entries;
  if (verdict === null) {
    throw new ReceiveError('bad-record', `version ${made.modelVersion} was not admitted`);
  }
  const { record, signature, index } = verdict;
  await verifyRecord(verdict, task.aggregatorKey);
  assertOf('verdict', record.task, taskHash);
  if (record.modelVersion !== made.modelVersion || record.model !== made.model) {
    throw new ReceiveError('bad-record', `the verdict is not on version ${made.modelVersion}`);
  }
  if (!record.admitted) {
    throw new ReceiveError('bad-record', `version ${made.modelVersion} was refused`);
  }
  entries.push({ index, entry: { type: 'verdict', verdict: { record, signature } } });
  return entries;
}

function assertNewer(version: number, hash: string, known: StoredModel | null): void {
  if (known === null) return;
  if (version < known.modelVersion) {
    throw new ReceiveError('bad-record', `model version ${version} after ${known.modelVersion}`);
  }
  if (version === known.modelVersion && hash !== known.modelHash) {
    throw new ReceiveError('bad-record', `another model under version ${version}`);
  }
}

/**
 * Model and place in the log of the version that a round of an evaluation is about.
 * @param task whose version it is
 * @throws ReceiveError bad-record; SignatureError
 */
export async function readSubject(
  task: Task,
  taskHash: string,
  { round, subject: shown }: Pick<Head, 'round' | 'subject'>,
): Promise<{
  readonly modelVersion: number;
  readonly modelHash: string;
  readonly record: ModelRecord | null;
  readonly entries: readonly PlacedEntry[];
}> {
  const subject = round?.subject;
  if (subject === undefined) throw new ReceiveError('bad-record', 'no round of an evaluation');
  assertOf('subject', subject.task, taskHash);
  const { modelVersion, model: modelHash } = subject;
  if (modelVersion === 0) {
    if (modelHash === task.initialModel) {
      return { modelVersion, modelHash, record: null, entries: [] };
    }
    throw new ReceiveError('bad-record', 'the subject is another model than version 0');
  }
  if (shown === null) throw new ReceiveError('bad-record', `version ${modelVersion} is not shown`);
  await verifyRecord(shown, task.aggregatorKey);
  const { record } = shown;
  assertOf('subject', record.task, taskHash);
  if (record.modelVersion !== modelVersion || record.model !== modelHash) {
    throw new ReceiveError('bad-record', `the subject is not version ${modelVersion}`);
  }
  return { modelVersion, modelHash, record, entries: [placed(shown)] };
}

function placed({ record, signature, index }: Logged<ModelRecord>): PlacedEntry {
  return { index, entry: versionEntry({ record, signature }) };
}

function assertOf(name: string, task: string, taskHash: string): void {
  if (task !== taskHash) throw new ReceiveError('bad-record', `${name} of another task`);
}
