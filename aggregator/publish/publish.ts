/** From a closed batch to the next version: mean, server step, model and state, signed record. */
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { decodeModel, encodeModel } from '../../shared/protocol/model.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type { ModelRecord, RoundRecord, Signed, Task } from '../../shared/protocol/task.ts';
import { type Disk, writeWhole } from '../accumulate/disk.ts';
import { meanOf } from '../average/backend.ts';
import { serverStep } from './optimizer.ts';
import { readState, writeState } from './state.ts';

export interface Publication {
  readonly task: Task;
  readonly round: RoundRecord;
  readonly roundHash: string;
  /** Number under which the base model's weights were made; 0 is the task's initial model. */
  readonly baseVersion: number;
  /** Number of the version that is made. */
  readonly modelVersion: number;
  /** False where the base is the initial model, or one that was restored (RD21). */
  readonly baseFromRound: boolean;
  /** n, those that were counted. */
  readonly reports: number;
  /** Merkle root over their ids, hex. */
  readonly batch: string;
  readonly closedAtMs: number;
  /** Sum over them, integer units: exact, or with both servers' noise in the split tier. */
  readonly sum: Float64Array;
  /** What the recipe's `aggregate` puts in place of the mean, in the units of the update. */
  readonly robust?: Float64Array;
  readonly openings: ModelRecord['openings'];
}

export function modelPath(hash: string): string {
  return `models/${hash}.bin`;
}

/** File of a server's noised share. */
export function sharePath(hash: string): string {
  return `shares/${hash}.bin`;
}

/**
 * Writes the model, and the optimiser's state, durably and returns its signed record. Depends on its
 * arguments, the base model and its state alone, so that a restart makes the same bytes.
 * @throws DiskError, CorruptState, ShapeError when the base model is damaged, RangeError
 */
export async function publishVersion(
  disk: Disk,
  signer: Signer,
  publication: Publication,
): Promise<Signed<ModelRecord>> {
  const { task, round, roundHash, baseVersion, modelVersion, sum, robust, ...counted } =
    publication;
  const stored = await disk.read(modelPath(round.baseModel));
  if ((await sha256Hex(stored)) !== round.baseModel) {
    throw new RangeError('the base model on disk is not the one that the round names');
  }
  const base = decodeModel(stored, task.d);
  const { server } = task.recipe;
  const taskHash = round.task;
  const from = { taskHash, version: baseVersion, model: round.baseModel };
  const fromRound = publication.baseFromRound;
  const state = await readState(disk, { ...from, fromRound }, server, task.d);
  const mean = robust ?? meanOf(sum, counted.reports, unitsOf(task));
  const next = serverStep(state, base, mean, server, baseVersion);
  const bytes = encodeModel(next.weights);
  const model = await sha256Hex(bytes);
  await writeWhole(disk, modelPath(model), bytes);
  const made = { taskHash, version: modelVersion, model };
  if (next.state !== null) await writeState(disk, made, next.state);
  return signRecord(
    {
      version: 1,
      type: 'model',
      task: round.task,
      modelVersion,
      model,
      previousModel: round.baseModel,
      round: round.round,
      roundHash,
      reports: counted.reports,
      batch: counted.batch,
      closedAtMs: counted.closedAtMs,
      openings: counted.openings,
    },
    signer,
  );
}
