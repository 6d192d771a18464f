/** One IndexedDB connection: opening, strict transactions, named failures, quota, versionchange. */
import type { IDBPDatabase, IDBPTransaction } from 'idb';
import { openDB } from 'idb';
import type { DatabaseState } from './database.ts';
import { DatabaseError } from './database.ts';
import type { Schema, StoreName } from './schema.ts';
import { migrate, SCHEMA_VERSION } from './schema.ts';

/** How long another tab may hold an older version before opening is given up. */
export const BLOCKED_MS = 5000;

export type Transaction<M extends IDBTransactionMode> = IDBPTransaction<Schema, StoreName[], M>;

/** The failure by name; a DatabaseError stays as it is. */
export function namedError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { name, message } = (error ?? {}) as { name?: string; message?: string };
  const codes: Record<string, DatabaseError['code']> = {
    QuotaExceededError: 'quota',
    VersionError: 'version',
    InvalidStateError: 'closed',
  };
  return new DatabaseError(codes[name ?? ''] ?? 'failed', message || name || 'unknown', error);
}

export class Connection {
  readonly name: string;
  readonly #create: boolean;
  #db: IDBPDatabase<Schema> | undefined;
  #state: DatabaseState = 'ready';

  /** @param create whether a database that is not there is made */
  constructor(name: string, create: boolean) {
    this.name = name;
    this.#create = create;
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /**
   * @throws DatabaseError 'blocked' when another tab keeps an older version open, 'closed' when
   * there is none to open.
   */
  async open(blockedMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let absent = false;
    const opening = openDB<Schema>(this.name, SCHEMA_VERSION, {
      upgrade: (db, from, _to, tx) => {
        // A failed upgrade rejects the opening; its own promise is not for the page to report.
        tx.done.catch(() => undefined);
        absent = from === 0 && !this.#create;
        if (absent) tx.abort();
        else migrate(db, tx, from);
      },
      // Another tab erases or upgrades: this connection must not stand in its way.
      blocking: () => this.close(),
      terminated: () => this.close(),
    });
    const blocked = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#state = 'blocked';
        reject(new DatabaseError('blocked', `${this.name} is held by another tab`));
      }, blockedMs);
    });
    opening.then((db) => this.#state === 'blocked' && db.close()).catch(() => undefined);
    try {
      this.#db = await Promise.race([opening, blocked]);
    } catch (error) {
      if (absent) throw new DatabaseError('closed', `${this.name} is not there`, error);
      throw namedError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async read<T>(
    stores: StoreName[],
    body: (tx: Transaction<'readonly'>) => Promise<T>,
  ): Promise<T> {
    try {
      const tx = this.#open().transaction(stores, 'readonly');
      const [result] = await Promise.all([body(tx), tx.done]);
      return result;
    } catch (error) {
      throw namedError(error);
    }
  }

  /**
   * Runs `body` in one strict transaction; it may await nothing but the transaction's own
   * requests. When the disk is full, `body` runs once more in a transaction in which the older half
   * of the records of events goes; if that makes no room either, nothing has gone.
   */
  async write<T>(
    stores: StoreName[],
    body: (tx: Transaction<'readwrite'>) => Promise<T>,
  ): Promise<T> {
    try {
      const result = await this.#attempt(stores, body);
      if (this.#state === 'quota') this.#state = 'ready';
      return result;
    } catch (error) {
      if (namedError(error).code !== 'quota') throw namedError(error);
    }
    try {
      return await this.#attempt([...new Set([...stores, 'events' as const])], async (tx) => {
        await dropOlderHalf(tx);
        return body(tx);
      });
    } catch (error) {
      const named = namedError(error);
      if (named.code === 'quota' && this.#state === 'ready') this.#state = 'quota';
      throw named;
    }
  }

  close(): void {
    this.#state = 'closed';
    this.#db?.close();
  }

  async #attempt<T>(
    stores: StoreName[],
    body: (tx: Transaction<'readwrite'>) => Promise<T>,
  ): Promise<T> {
    const tx = this.#open().transaction(stores, 'readwrite', { durability: 'strict' });
    // Handled below; without this a failing body leaves it to the page's unhandledrejection.
    tx.done.catch(() => undefined);
    let result: T;
    try {
      const running = body(tx);
      running.catch(() => undefined);
      // Chromium may leave requests of an explicitly committed transaction that fails unanswered.
      await Promise.race([running, tx.done]);
      result = await running;
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // The failed request has already aborted it.
      }
      await tx.done.catch(() => undefined);
      throw tx.error ?? error;
    }
    await tx.done;
    return result;
  }

  #open(): IDBPDatabase<Schema> {
    if (this.#db === undefined || this.#state === 'closed' || this.#state === 'blocked') {
      throw new DatabaseError('closed', `${this.name} is closed`);
    }
    return this.#db;
  }
}

async function dropOlderHalf(tx: Transaction<'readwrite'>): Promise<void> {
  const events = tx.objectStore('events');
  const count = await events.count();
  const half = Math.floor(count / 2);
  const last = half > 0 ? (await events.getAllKeys(null, half)).at(-1) : undefined;
  if (last !== undefined) await events.delete(IDBKeyRange.upperBound(last));
}
