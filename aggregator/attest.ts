/**
 * What the helper answered, against what was asked and what the task says (SPEC.md, RD15): nothing
 * of an answer is used before all of it holds.
 */
import { sha256Hex } from '../shared/bytes/hash.ts';
import { toHex } from '../shared/bytes/hex.ts';
import type { OpenedAnswer, PrepareAnswer } from '../shared/protocol/opening.ts';
import { SignatureError, verifyRecord } from '../shared/protocol/signature.ts';
import type { OpeningRecord, Task } from '../shared/protocol/task.ts';
import { batchRoot } from './accumulate/close.ts';
import { HelperError } from './helper-client.ts';

/**
 * Ids that the helper left in the batch, ascending, as `ids` are: 16 bytes as latin1 strings.
 * @throws HelperError wrong-batch
 */
export function acceptedIds(
  { rejected, reports, batch }: PrepareAnswer,
  ids: readonly string[],
): readonly string[] {
  const gone = new Set(rejected.map(({ id }) => Buffer.from(id, 'hex').toString('latin1')));
  const accepted = ids.filter((id) => !gone.has(id));
  if (gone.size !== rejected.length || accepted.length !== ids.length - gone.size) {
    throw new HelperError('wrong-batch', 'it rejects what was not asked, or an id twice');
  }
  if (reports !== accepted.length || batch !== toHex(batchRoot(accepted))) {
    throw new HelperError('wrong-batch', 'its count or digest is not that of what it left');
  }
  return accepted;
}

/**
 * @param leader what this server attested of the same batch.
 * @param lastSequence of the helper's last opening of this task.
 * @throws HelperError bad-signature, wrong-batch, wrong-noise, wrong-sequence or wrong-share.
 */
export async function checkOpened(
  { opening, share }: OpenedAnswer,
  leader: OpeningRecord,
  { helper, d }: Task,
  lastSequence: number,
): Promise<void> {
  const { record } = opening;
  try {
    await verifyRecord(opening, helper?.identityKey ?? '');
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new HelperError('bad-signature', 'its record is not signed by the key of the task');
  }
  const same = (['task', 'roundHash', 'batch', 'reports', 'rejected'] as const).every(
    (field) => record[field] === leader[field],
  );
  if (record.role !== 'helper' || !same) {
    throw new HelperError('wrong-batch', 'its record is of another batch');
  }
  if (record.sigma !== leader.sigma || record.variance !== leader.variance) {
    throw new HelperError('wrong-noise', `σ ${record.sigma}, variance ${record.variance}`);
  }
  if (record.sequence <= lastSequence) {
    throw new HelperError('wrong-sequence', `${record.sequence} after ${lastSequence}`);
  }
  if (share.length !== 4 * d || (await sha256Hex(share)) !== record.share) {
    throw new HelperError('wrong-share', `${share.length} bytes for ${d} coordinates`);
  }
}
