/** Which tasks and rounds the helper opens a batch for (SPEC.md, S rules). All others by name. */
import { Refusal } from '../../shared/protocol/refusals.ts';
import type { SignedRecord } from '../../shared/protocol/signature.ts';
import { SignatureError, verifyRecord } from '../../shared/protocol/signature.ts';
import type { RoundRecord, Signed, Task } from '../../shared/protocol/task.ts';
import type { LogView, Placed } from './log-view.ts';

/** The helper's own keys, and the site's root key. */
export interface OwnKeys {
  readonly identityKey: string;
  readonly sealingKey: string;
  readonly sealingKeyExpiresAtMs: number;
  readonly trust: string;
}

/** The log up to the last checkpoint that the helper cosigned; what lies behind it is not there. */
export interface CosignedLog {
  readonly view: LogView;
  readonly size: number;
}

function within<T>({ size }: CosignedLog, placed: Placed<T> | null): Placed<T> | null {
  return placed !== null && placed.index < size ? placed : null;
}

async function isSignedBy(signed: Signed<SignedRecord>, key: string): Promise<boolean> {
  try {
    await verifyRecord(signed, key);
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

/**
 * A task of the log, signed by the site and by this helper, with this helper's keys.
 * @throws Refusal unknown-task, foreign-task
 */
export async function ownTask(log: CosignedLog, own: OwnKeys, hash: string): Promise<Task> {
  const placed = within(log, log.view.task(hash));
  if (placed === null) throw new Refusal('unknown-task', 'it is not in the cosigned log');
  const { record, signature, helperSignature } = placed.value;
  const { helper } = record;
  if (!(await isSignedBy({ record, signature }, own.trust))) {
    throw new Refusal('foreign-task', "not signed by the site's root key");
  }
  if (
    helper === null ||
    helper.identityKey !== own.identityKey ||
    helper.sealingKey !== own.sealingKey ||
    helper.sealingKeyExpiresAtMs !== own.sealingKeyExpiresAtMs
  ) {
    throw new Refusal('foreign-task', 'it names other keys than those of this helper');
  }
  const mine = { record, signature: helperSignature ?? '' };
  if (!(await isSignedBy(mine, own.identityKey))) {
    throw new Refusal('foreign-task', 'not signed by this helper');
  }
  if (record.tier !== 'split' || record.mechanism.name !== 'discrete-gaussian') {
    throw new Refusal('foreign-task', 'not of the split tier with discrete Gaussian noise');
  }
  return record;
}

/**
 * A round of the log that the task's aggregator opened.
 * @throws Refusal unknown-round
 */
export async function knownRound(
  log: CosignedLog,
  task: Task,
  taskHash: string,
  roundHash: string,
): Promise<Placed<RoundRecord>> {
  const placed = within(log, log.view.round(roundHash));
  if (placed === null) throw new Refusal('unknown-round', 'it is not in the cosigned log');
  const { record } = placed.value;
  if (record.task !== taskHash || !(await isSignedBy(placed.value, task.aggregatorKey))) {
    throw new Refusal('unknown-round', 'it is no round of this task');
  }
  if (record.deadlineMs !== record.openedAtMs + task.windowMs) {
    throw new Refusal('unknown-round', "its window is not the task's");
  }
  return { value: record, index: placed.index };
}

/**
 * Whether batches of a round may be opened now.
 * @throws Refusal round-closed, foreign-model, key-revoked, key-expired
 */
export async function assertOpenable(
  log: CosignedLog,
  task: Task,
  { value: round, index }: Placed<RoundRecord>,
  nowMs: number,
): Promise<void> {
  const { view } = log;
  if (view.isAbandoned(round.task, round.round)) {
    throw new Refusal('round-closed', 'the log says that it was abandoned');
  }
  if (round.baseModel !== task.initialModel) {
    const model = view.model(round.task, round.baseModel);
    if (
      model === null ||
      model.index >= index ||
      !(await isSignedBy(model.value, task.aggregatorKey))
    ) {
      throw new Refusal('foreign-model', "the round's base model is in no earlier record");
    }
  }
  const { helper, aggregatorKey } = task;
  if (helper === null) throw new Refusal('foreign-task', 'it names no helper');
  const keys = [aggregatorKey, helper.identityKey, helper.sealingKey];
  if (keys.some((key) => view.revoked.has(key))) {
    throw new Refusal('key-revoked', 'by a record of the site in the log');
  }
  // A round that opened in time may close once, and be asked for once more, after the expiry.
  const { sealingKeyExpiresAtMs } = helper;
  if (
    round.openedAtMs >= sealingKeyExpiresAtMs ||
    nowMs > sealingKeyExpiresAtMs + 2 * task.windowMs
  ) {
    throw new Refusal('key-expired', 'the sealing key of the task has expired');
  }
}
