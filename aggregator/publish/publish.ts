/** From a closed batch to the next version: mean, server step, model file, signed record. */
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { unitsOf } from '../../shared/privacy/guard.ts';
import { decodeModel, encodeModel } from '../../shared/protocol/model.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type { ModelRecord, RoundRecord, Signed, Task } from '../../shared/protocol/task.ts';
import { type Disk, writeWhole } from '../accumulate/disk.ts';
import { meanOf } from '../average/backend.ts';
import { serverStep } from './fedavg.ts';

export interface Publication {
  readonly task: Task;
  readonly round: RoundRecord;
  readonly roundHash: string;
  /** Version number of the round's base model; 0 is the task's initial model. */
  readonly baseVersion: number;
  /** n, those that were counted. */
  readonly reports: number;
  /** Merkle root over their ids, hex. */
  readonly batch: string;
  readonly closedAtMs: number;
  /** Sum over them, integer units: exact, or with both servers' noise in the split tier. */
  readonly sum: Float64Array;
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
 * Writes the model durably and returns its signed record. Depends on its arguments and the base
 * model alone, so that a restart makes the same bytes.
 * @throws DiskError, ShapeError when the base model is damaged, RangeError
 */
export async function publishVersion(
  disk: Disk,
  signer: Signer,
  { task, round, roundHash, baseVersion, sum, ...counted }: Publication,
): Promise<Signed<ModelRecord>> {
  const stored = await disk.read(modelPath(round.baseModel));
  if ((await sha256Hex(stored)) !== round.baseModel) {
    throw new RangeError('the base model on disk is not the one that the round names');
  }
  const base = decodeModel(stored, task.d);
  const mean = meanOf(sum, counted.reports, unitsOf(task));
  const bytes = encodeModel(serverStep(base, mean, task.recipe.server, baseVersion));
  const model = await sha256Hex(bytes);
  await writeWhole(disk, modelPath(model), bytes);
  return signRecord(
    {
      version: 1,
      type: 'model',
      task: round.task,
      modelVersion: baseVersion + 1,
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
