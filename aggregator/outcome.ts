/**
 * The end of a round whose membership is fixed: list of spent ids, then the next version, then the
 * line of the log with which it counts. Each step makes the same bytes when a restart repeats it.
 */

import type { Signer } from '../shared/protocol/signature.ts';
import type { ModelRecord, RoundRecord, Signed, Task } from '../shared/protocol/task.ts';
import type { OpenBatch } from './accumulate/batch.ts';
import type { CloseRecord } from './accumulate/close.ts';
import { type Disk, writeWhole } from './accumulate/disk.ts';
import { encodeSpent } from './accumulate/spent.ts';
import type { Place } from './ended.ts';
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
  readonly batch: OpenBatch;
  readonly close: CloseRecord;
  readonly spentPath: string;
}

export interface Outcome {
  /** Null when the round was abandoned. */
  readonly model: Signed<ModelRecord> | null;
  readonly place: Place;
}

/** Publishes or abandons. @throws DiskError, CorruptJournal, RangeError */
export async function concludeRound(deps: OutcomeDeps, ending: Ending): Promise<Outcome> {
  const { disk, log, signer } = deps;
  const { task, round, roundHash, baseVersion, batch, close, spentPath } = ending;
  await writeWhole(disk, spentPath, encodeSpent(await batch.spent()));
  const { closedAtMs, count } = close;
  if (count < task.minReports) {
    const entry = { task: round.task, round: round.round, reports: count, closedAtMs };
    return { model: null, place: await log.append({ type: 'abandoned', ...entry }) };
  }
  const { sum } = batch;
  const publication = { task, round, roundHash, baseVersion, close, sum };
  const model = await publishVersion(disk, signer, publication);
  return { model, place: await log.append({ type: 'model', model }) };
}
