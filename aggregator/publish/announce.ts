/** The signed record that opens a round, and its hash. */
import { recordHash } from '../../shared/protocol/records.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type { RoundRecord, Signed, Task } from '../../shared/protocol/task.ts';

export interface Announced {
  readonly signed: Signed<RoundRecord>;
  /** Hex. */
  readonly hash: string;
}

export async function announceRound(
  signer: Signer,
  task: Task,
  { openedAtMs, ...given }: Pick<RoundRecord, 'task' | 'round' | 'baseModel' | 'openedAtMs'>,
): Promise<Announced> {
  const deadlineMs = openedAtMs + task.windowMs;
  const record = { version: 1, type: 'round', ...given, openedAtMs, deadlineMs } as const;
  return { signed: signRecord(record, signer), hash: await recordHash(record) };
}
