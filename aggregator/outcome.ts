/**
 * The end of a round whose membership is fixed: list of spent ids, in the split tier the opening,
 * then the next version, then the line of the log with which it counts. Each step makes the same
 * bytes when a restart repeats it.
 */
import { concatBytes } from '../shared/bytes/concat.ts';
import { toHex } from '../shared/bytes/hex.ts';
import { type Excess, excessOf, openedLimits } from '../shared/field/opened.ts';
import { aggregateOf } from '../shared/model/recipe.ts';
import { sigmaOf } from '../shared/privacy/mechanism.ts';
import type { AbandonedEntry, LogEntry, OpeningEntry } from '../shared/protocol/log.ts';
import type { Signer } from '../shared/protocol/signature.ts';
import type { RoundRecord, Task } from '../shared/protocol/task.ts';
import { idOf } from './accumulate/batch.ts';
import { batchRoot, type CloseRecord, sortedIds } from './accumulate/close.ts';
import type { Batch } from './accumulate/contract.ts';
import { type Disk, writeWhole } from './accumulate/disk.ts';
import { encodeSpent, hashBody, type SpentId } from './accumulate/spent.ts';
import type { Gram } from './average/robust/gram.ts';
import { robustMean } from './average/robust/mean.ts';
import { combine, type Leader, type Opened } from './leader.ts';
import type { RecordLog } from './log/record-log.ts';
import { publishVersion } from './publish/publish.ts';

export interface OutcomeDeps {
  readonly disk: Disk;
  readonly log: RecordLog;
  readonly signer: Signer;
  /** Of multi-Krum; in float64 on this thread when left out. */
  readonly gram?: Gram;
}

export interface Ending {
  readonly task: Task;
  readonly round: RoundRecord;
  readonly roundHash: string;
  /** Number under which the weights of the round's base model were made; 0 for the initial model. */
  readonly baseVersion: number;
  /** Number of the version that the round makes. */
  readonly modelVersion: number;
  /** False where the base is the initial model, or one that was restored (R10). */
  readonly baseFromRound: boolean;
  /** Closed. */
  readonly batch: Batch;
  readonly spentPath: string;
  readonly batchPath: string;
}

/** How a batch of the split tier gets its sum. */
export interface Opening {
  readonly leader: Leader;
  /** Both servers' attestations, once they are in the log. */
  logged(): OpeningEntry | null;
  record(entry: OpeningEntry): Promise<void>;
  /** Told what of the opened sum no honest batch has: the batch is rejected (RD18). */
  rejected(excess: Excess): void;
}

/** The entry with which the round counts as ended, not yet in the log. */
export interface Outcome {
  readonly entry: LogEntry & { readonly type: 'model' | 'abandoned' };
  /** How many were counted, or would have been. */
  readonly reports: number;
}

/**
 * Makes the next version, or abandons with too few or, in the split tier, with an opened sum that
 * no honest batch has: nothing is made of it then, and the model before it stays.
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
  const opened = opening === undefined ? null : await openOnce(disk, ids, opening, task.d);
  if (opening !== undefined && opened !== null) {
    const excess = excessOf(opened.sum, openedLimits(task, sigmaOf(task.mechanism), ids.length));
    if (excess !== null) {
      opening.rejected(excess);
      return abandonRound(ending, ids.length, 'implausible');
    }
  }
  const aggregate = aggregateOf(task.recipe);
  await writeWhole(disk, batchPath, concatBytes(...sortedIds(ids)));
  const model = await publishVersion(disk, signer, {
    ...ending,
    reports: ids.length,
    batch: toHex(batchRoot(ids)),
    closedAtMs: closeOf(batch).closedAtMs,
    sum: opened?.sum ?? batch.sum,
    ...(aggregate && { robust: await robustMean(aggregate, task, batch, deps.gram) }),
    openings: opened?.openings ?? null,
  });
  return { entry: { type: 'model', model }, reports: ids.length };
}

/** The end of a round at the operator's word (RD23): its ids are spent, and nothing is opened. */
export async function giveUpRound(
  { disk }: Pick<OutcomeDeps, 'disk'>,
  ending: Pick<Ending, 'round' | 'batch' | 'spentPath'>,
): Promise<Outcome> {
  const { batch, spentPath } = ending;
  await writeWhole(disk, spentPath, encodeSpent(await spentOf(batch)));
  return abandonRound(ending, batch.count, 'operator');
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
  d: number,
): Promise<Opened> {
  if (opening.logged() === null) await opening.record(await opening.leader.open(ids));
  const entry = opening.logged();
  if (entry === null) throw new Error('an opening that was logged is not in the history');
  return combine(disk, entry, d);
}

async function spentOf(batch: Batch): Promise<readonly SpentId[]> {
  if (batch.spent !== undefined) return batch.spent();
  const spent: SpentId[] = [];
  await batch.walk((bodies) => {
    for (const body of bodies) spent.push({ id: idOf(body), bodyHash: hashBody(body) });
  });
  return spent;
}

function closeOf({ closed }: Batch): CloseRecord {
  if (closed === null) throw new RangeError('batch must be closed');
  return closed;
}
