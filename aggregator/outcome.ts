/**
 * The end of a round whose membership is fixed: list of spent ids, in the split tier the opening,
 * then the next version, then the line of the log with which it counts. Each step makes the same
 * bytes when a restart repeats it.
 */
import { concatBytes } from '../shared/bytes/concat.ts';
import { toHex } from '../shared/bytes/hex.ts';
import type { AbandonedEntry, LogEntry, OpeningEntry } from '../shared/protocol/log.ts';
import type { Signer } from '../shared/protocol/signature.ts';
import type { RoundRecord, Task } from '../shared/protocol/task.ts';
import { idOf, type OpenBatch } from './accumulate/batch.ts';
import { batchRoot, type CloseRecord, sortedIds } from './accumulate/close.ts';
import { type Disk, writeWhole } from './accumulate/disk.ts';
import { encodeSpent, hashBody, type SpentId } from './accumulate/spent.ts';
import { combine, implausible, type Leader, type Opened } from './leader.ts';
import type { RecordLog } from './log/record-log.ts';
import { publishVersion } from './publish/publish.ts';

export interface OutcomeDeps {
  readonly disk: Disk;
  readonly log: RecordLog;
  readonly signer: Signer;
}

export interface Ending {
  readonly task: Task;
  readonly round: RoundRecord;
  readonly roundHash: string;
  /** Version of the round's base model. */
  readonly baseVersion: number;
  /** Closed. */
  readonly batch: OpenBatch;
  readonly spentPath: string;
  readonly batchPath: string;
}

/** How a batch of the split tier gets its sum. */
export interface Opening {
  readonly leader: Leader;
  /** Both servers' attestations, once they are in the log. */
  logged(): OpeningEntry | null;
  record(entry: OpeningEntry): Promise<void>;
  /** Told how many coordinates of the opened sum no honest batch has. */
  implausible(coordinates: number): void;
}

/** The entry with which the round counts as ended, not yet in the log. */
export interface Outcome {
  readonly entry: LogEntry & { readonly type: 'model' | 'abandoned' };
  /** How many were counted, or would have been. */
  readonly reports: number;
}

/**
 * Makes the next version, or abandons with too few.
 * @param opening in the split tier, and in it alone.
 * @throws DiskError, CorruptJournal, RangeError; HelperError while the helper has not opened.
 */
export async function concludeRound(
  deps: OutcomeDeps,
  ending: Ending,
  opening?: Opening,
): Promise<Outcome> {
  const { disk, signer } = deps;
  const { task, batch, spentPath, batchPath } = ending;
  await writeWhole(disk, spentPath, encodeSpent(await spentOf(batch)));
  if (batch.count < task.minReports) return abandonRound(ending, batch.count, 'too-few');
  const ids = opening === undefined ? [...batch.ids] : await opening.leader.members();
  if (ids.length < task.minReports) return abandonRound(ending, ids.length, 'too-few');
  const opened = opening === undefined ? null : await openOnce(disk, ids, opening, task);
  await writeWhole(disk, batchPath, concatBytes(...sortedIds(ids)));
  const model = await publishVersion(disk, signer, {
    ...ending,
    reports: ids.length,
    batch: toHex(batchRoot(ids)),
    closedAtMs: closeOf(batch).closedAtMs,
    sum: opened?.sum ?? batch.sum,
    openings: opened?.openings ?? null,
  });
  return { entry: { type: 'model', model }, reports: ids.length };
}

/** Without a model: the reports are discarded, what their browsers were charged stays spent. */
export function abandonRound(
  { round, batch }: Pick<Ending, 'round' | 'batch'>,
  reports: number,
  reason: AbandonedEntry['reason'],
): Outcome {
  const { closedAtMs } = closeOf(batch);
  const of = { task: round.task, round: round.round, reports, reason, closedAtMs };
  return { entry: { type: 'abandoned', ...of }, reports };
}

async function openOnce(
  disk: Disk,
  ids: readonly string[],
  opening: Opening,
  task: Task,
): Promise<Opened> {
  if (opening.logged() === null) await opening.record(await opening.leader.open(ids));
  const entry = opening.logged();
  if (entry === null) throw new Error('an opening that was logged is not in the history');
  const opened = await combine(disk, entry, task.d);
  const coordinates = implausible(opened.sum, task, ids.length);
  if (coordinates > 0) opening.implausible(coordinates);
  return opened;
}

async function spentOf(batch: OpenBatch): Promise<SpentId[]> {
  const spent: SpentId[] = [];
  await batch.walk((bodies) => {
    for (const body of bodies) spent.push({ id: idOf(body), bodyHash: hashBody(body) });
  });
  return spent;
}

function closeOf({ closed }: OpenBatch): CloseRecord {
  if (closed === null) throw new RangeError('batch must be closed');
  return closed;
}
