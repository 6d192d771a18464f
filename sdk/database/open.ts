/** The database that this page can have: IndexedDB, or memory where the browser forbids it. */
import { BLOCKED_MS, namedError } from './connection.ts';
import type { Database } from './database.ts';
import { indexedDatabase } from './indexed.ts';
import { memoryDatabase } from './memory.ts';

export interface OpenOptions {
  /** How long another tab may hold the database before 'blocked', ms. */
  readonly blockedMs?: number;
  /** Whether a database that is not there is made; default true. */
  readonly create?: boolean;
}

/**
 * Opens the database `name`, in memory (state 'memory') where IndexedDB is absent, forbidden
 * (private windows, blocked site data) or has no room to open, where WebCrypto is absent, since no
 * history is stored in the clear, and where there is none to open and none is to be made.
 *
 * @throws DatabaseError 'blocked' when another tab keeps an older version open, 'version' when a
 * newer release has already migrated it: both hold a ledger that must not be passed by.
 */
export async function openDatabase(name: string, options: OpenOptions = {}): Promise<Database> {
  try {
    // Reading the global itself throws in a page that may not store.
    if (globalThis.indexedDB === undefined || globalThis.indexedDB === null)
      return memoryDatabase();
    if (globalThis.crypto?.subtle === undefined) return memoryDatabase();
    const { blockedMs = BLOCKED_MS, create = true } = options;
    return await indexedDatabase(name, blockedMs, create);
  } catch (error) {
    const named = namedError(error);
    if (named.code === 'blocked' || named.code === 'version') throw named;
    return memoryDatabase();
  }
}
