/** Deleting a whole database, and looking whether it is gone. */
import { deleteDB, openDB } from 'idb';
import { DatabaseError } from './database.ts';

/**
 * Deletes the database `name` and verifies that nothing is left of it.
 *
 * @throws DatabaseError 'blocked' when another tab keeps a connection open for `blockedMs`, and
 * 'failed' when something is left.
 */
export async function eraseDatabase(name: string, blockedMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const blocked = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new DatabaseError('blocked', `${name} is held open by another tab`)),
      blockedMs,
    );
  });
  const deleting = deleteDB(name);
  deleting.catch(() => undefined);
  try {
    await Promise.race([deleting, blocked]);
  } finally {
    clearTimeout(timer);
  }
  if (await isLeft(name)) throw new DatabaseError('failed', `${name} was not deleted`);
}

/** Firefox before 126 has no `databases()`: there, opening shows whether stores are left. */
async function isLeft(name: string): Promise<boolean> {
  if (typeof indexedDB.databases === 'function') {
    return (await indexedDB.databases()).some((one) => one.name === name);
  }
  const probe = await openDB(name);
  const left = probe.objectStoreNames.length > 0;
  probe.close();
  await deleteDB(name);
  return left;
}
