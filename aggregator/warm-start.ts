/** A task that begins where another one has come to (SPEC.md, K25). */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import type { Architecture } from '../shared/model/architecture.ts';
import { decodeModel } from '../shared/protocol/model.ts';
import { recordHash } from '../shared/protocol/records.ts';
import { verifyRecord } from '../shared/protocol/signature.ts';
import type { ModelRecord, Signed, Task } from '../shared/protocol/task.ts';

/** Weights of a published model, and the hash under which the log shows it. */
export interface WarmStart {
  readonly modelHash: string;
  readonly weights: ArrayLike<number>;
}

/** What another task has published. */
export interface PublishedModel {
  readonly task: Task;
  readonly model: Signed<ModelRecord>;
  /** The model's bytes (W7). */
  readonly bytes: Uint8Array;
}

/**
 * The start of a new task of `architecture` from a model of another one: the same architecture, and
 * signed by that task's aggregator.
 *
 * @throws RangeError where task, record and bytes do not belong together or the architecture is
 * another one; SignatureError
 */
export async function warmStartFrom(
  { task, model, bytes }: PublishedModel,
  architecture: Architecture,
): Promise<WarmStart> {
  if (canonicalJson(task.architecture) !== canonicalJson(architecture)) {
    throw new RangeError(`warmStart: task ${task.name} has another architecture`);
  }
  if (model.record.task !== (await recordHash(task))) {
    throw new RangeError(`warmStart: the model is not one of task ${task.name}`);
  }
  await verifyRecord(model, task.aggregatorKey);
  if (model.record.model !== (await sha256Hex(bytes))) {
    throw new RangeError('warmStart: the bytes are not those of the model');
  }
  return { modelHash: model.record.model, weights: decodeModel(bytes, task.d) };
}
