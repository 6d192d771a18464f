/** Steps inside an IndexedDB transaction; each awaits the transaction's own requests alone. */
import type { Transaction } from './connection.ts';
import type { MetaValues } from './database.ts';
import type { LedgerState } from './ledger.ts';

type Write = Transaction<'readwrite'>;
type Any = Transaction<'readonly'> | Write;

export async function meta<K extends keyof MetaValues>(
  tx: Any,
  key: K,
): Promise<MetaValues[K] | undefined> {
  return (await tx.objectStore('meta').get(key)) as MetaValues[K] | undefined;
}

export async function ledgerState(tx: Any): Promise<LedgerState> {
  const consent = await meta(tx, 'consent');
  const budget = await meta(tx, 'budget');
  return { consent, budget, entries: await tx.objectStore('ledger').getAll() };
}

export async function beginEpoch(tx: Write, atMs: number): Promise<void> {
  const consent = await meta(tx, 'consent');
  if (consent?.personalise !== true || (await meta(tx, 'epochStartMs')) !== undefined) return;
  await tx.objectStore('meta').put(atMs, 'epochStartMs');
}

export async function dropWaiting(tx: Write): Promise<number> {
  const store = tx.objectStore('outbox');
  const waiting = (await store.getAll()).filter(({ state }) => state === 'waiting');
  for (const { reportId } of waiting) await store.delete(reportId);
  return waiting.length;
}
