/**
 * Why a task has no report of this browser now: the page, the device, the task, the ledger and the
 * coin decide, never the history (PR21).
 */
import type { Client } from './client.ts';
import type { Slot } from './downlink.ts';
import { eligible } from './post/eligible.ts';
import type { SkipReason } from './post/outcome.ts';

/** What is known of this page's part in rounds. */
export interface Part {
  /** Whether it is this tab that trains and sends. */
  readonly leads: boolean;
  /** Why no learner could be started in this page, or ''. */
  readonly workerless: string;
}

/** The first reason that there is, or null. @throws DatabaseError when the storage fails. */
export async function reasonAgainst(
  client: Client,
  slot: Slot,
  { leads, workerless }: Part,
): Promise<{ readonly reason: SkipReason | null; readonly detail: string }> {
  const { environment, database, downlink, strain } = client;
  const { task, hash, round, roundHash, refused } = slot;
  if (refused !== null) return refused;
  if (database === null || !client.storable) return { reason: 'storage', detail: '' };
  if (!environment.online()) return { reason: 'offline', detail: '' };
  if (strain !== null) return { reason: strain, detail: '' };
  const refusal = environment.workers.refused || (task.kind === 'train' ? workerless : '');
  if (refusal !== '') return { reason: 'no-worker', detail: refusal };
  if (downlink.catalogue?.hash !== task.catalogue) {
    const { code, detail } = downlink.missing ?? { code: 'no-task', detail: 'no catalogue yet' };
    return { reason: code, detail };
  }
  const skip = await eligible({
    db: database,
    task,
    taskHash: hash,
    round,
    roundHash,
    nowMs: environment.clock.now(),
    gpc: client.gpc,
    source: environment.random(),
  });
  if (skip !== null) return skip;
  if (!leads) return { reason: 'other-tab', detail: '' };
  return { reason: environment.visible() ? null : 'hidden', detail: '' };
}
