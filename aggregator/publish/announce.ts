/** The signed record that opens a round, its hash, and the secret name of its journal. */
import { createHash } from 'node:crypto';
import { utf8 } from '../../shared/bytes/utf8.ts';
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
  { openedAtMs, ...given }: Omit<RoundRecord, 'version' | 'type' | 'deadlineMs'>,
): Promise<Announced> {
  const deadlineMs = openedAtMs + task.windowMs;
  const record = { version: 1, type: 'round', ...given, openedAtMs, deadlineMs } as const;
  return { signed: signRecord(record, signer), hash: await recordHash(record) };
}

/**
 * 32 bytes that a restart computes again and nobody else can: the hash of a signature that is never
 * shown. Ed25519 signatures are deterministic (RFC 8032).
 */
export function journalIdentity(signer: Signer, roundHash: string): Uint8Array {
  const signature = signer.sign(utf8(`vitrine/journal/v1\n${roundHash}`));
  return createHash('sha256').update(signature).digest();
}
