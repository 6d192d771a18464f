/** The database in IndexedDB. Rules are in ledger.ts and rules.ts; this file moves values. */
import type { ShopEvent } from '../capture/event.ts';
import { BLOCKED_MS, Connection, namedError } from './connection.ts';
import type {
  ChargeRefusal,
  ChargeRequest,
  ChargeResult,
  Database,
  DatabaseState,
  LedgerEntry,
  MetaValues,
  OutboxEntry,
  Retention,
  StoredEvent,
  StoredModel,
} from './database.ts';
import { eraseDatabase } from './erase.ts';
import { exported } from './export.ts';
import { chargedEntry, ledgerTime, refusalOf } from './ledger.ts';
import {
  checkMeta,
  coinKey,
  MAX_COINS,
  mergeMeta,
  mergeOutbox,
  oldestKept,
  replacesModel,
  waitingReport,
} from './rules.ts';
import { STORES } from './schema.ts';
import { beginEpoch, dropWaiting, ledgerState, meta } from './steps.ts';

/**
 * Opens the IndexedDB database `name`, migrating what an older release left.
 *
 * @throws DatabaseError 'blocked' or 'version' when another tab or release stands in the way,
 * 'quota' or 'failed' when the browser gives no storage.
 */
export async function indexedDatabase(
  name: string,
  blockedMs: number = BLOCKED_MS,
): Promise<Database> {
  const connection = new Connection(name);
  await connection.open(blockedMs);
  return new IndexedDatabase(connection, blockedMs);
}

class IndexedDatabase implements Database {
  readonly #connection: Connection;
  readonly #blockedMs: number;
  /** What the last trimming of the events left, with what came since; null before the first. */
  #left: { count: number; oldestMs: number } | null = null;

  constructor(connection: Connection, blockedMs: number) {
    this.#connection = connection;
    this.#blockedMs = blockedMs;
  }

  get state(): DatabaseState {
    return this.#connection.state;
  }

  getMeta<K extends keyof MetaValues>(key: K): Promise<MetaValues[K] | undefined> {
    return this.#connection.read(['meta'], (tx) => meta(tx, key));
  }

  async setMeta<K extends keyof MetaValues>(key: K, value: MetaValues[K]): Promise<void> {
    checkMeta(key, value);
    if (key === 'consent') return this.#setConsent(value as MetaValues['consent']);
    await this.#connection.write(['meta'], async (tx) => {
      const merged = mergeMeta(key, await meta(tx, key), value);
      await tx.objectStore('meta').put(merged, key);
    });
  }

  async #setConsent(consent: MetaValues['consent']): Promise<void> {
    // A consent that comes later than events begins the epoch with the next of them.
    this.#left = null;
    await this.#connection.write(['meta'], async (tx) => {
      const put = tx.objectStore('meta').put(consent, 'consent');
      // A page on its way out aborts what is not committed.
      tx.commit();
      await put;
    });
    if (!consent.contribute) await this.dropUnsent();
  }

  async appendEvents(events: readonly ShopEvent[], retention: Retention): Promise<void> {
    const [first] = events;
    if (first !== undefined) {
      await this.#connection.write(['events'], async (tx) => {
        const store = tx.objectStore('events');
        // The key is the store's to give: the type has it for what is read back.
        const added = events.map((event) => store.add(event as StoredEvent));
        // A page on its way out aborts what is not committed.
        tx.commit();
        await Promise.all(added);
      });
    }
    if (first !== undefined && this.#fits(events, retention)) return;
    try {
      await this.#trim(events, retention);
    } catch (error) {
      // The events are stored: to a caller that tried again they would come twice.
      if (first === undefined || namedError(error).code !== 'quota') throw error;
    }
  }

  /**
   * Whether no event has to go, by what the last trimming left and what came since. A transaction
   * less matters: behind one that still runs, the last write of a page that is left is lost.
   */
  #fits(events: readonly ShopEvent[], retention: Retention): boolean {
    if (this.#left === null) return false;
    this.#left.count += events.length;
    const times = events.map(({ atMs }) => atMs);
    this.#left.oldestMs = Math.min(this.#left.oldestMs, ...times);
    const oldest = oldestKept(Math.max(...times), retention);
    return this.#left.count <= retention.maxEvents && this.#left.oldestMs >= oldest;
  }

  async #trim(events: readonly ShopEvent[], retention: Retention): Promise<void> {
    const [first] = events;
    this.#left = await this.#connection.write(['meta', 'events'], async (tx) => {
      if (first !== undefined) await beginEpoch(tx, first.atMs);
      const store = tx.objectStore('events');
      const over = (await store.count()) - retention.maxEvents;
      if (over > 0) {
        const last = (await store.getAllKeys(null, over)).at(-1);
        if (last !== undefined) await store.delete(IDBKeyRange.upperBound(last));
      }
      const byTime = store.index('by-time');
      const newest =
        events.length > 0
          ? Math.max(...events.map(({ atMs }) => atMs))
          : ((await byTime.openCursor(null, 'prev'))?.key ?? Number.NEGATIVE_INFINITY);
      const oldest = oldestKept(newest, retention);
      const old = Number.isFinite(oldest)
        ? await byTime.getAllKeys(IDBKeyRange.upperBound(oldest, true))
        : [];
      for (const key of old) await store.delete(key);
      const oldestMs = (await byTime.openKeyCursor())?.key ?? Number.POSITIVE_INFINITY;
      return { count: await store.count(), oldestMs };
    });
  }

  readEvents(limit?: number): Promise<StoredEvent[]> {
    return this.#connection.read(['events'], async (tx) => {
      const store = tx.objectStore('events');
      if (limit === undefined) return store.getAll();
      const newest: StoredEvent[] = [];
      let cursor = limit > 0 ? await store.openCursor(null, 'prev') : null;
      while (cursor !== null) {
        newest.push(cursor.value);
        cursor = newest.length < limit ? await cursor.continue() : null;
      }
      return newest.reverse();
    });
  }

  getModel(taskName: string): Promise<StoredModel | undefined> {
    return this.#connection.read(['models'], (tx) => tx.objectStore('models').get(taskName));
  }

  async putModel(model: StoredModel): Promise<void> {
    await this.#connection.write(['models'], async (tx) => {
      const store = tx.objectStore('models');
      if (replacesModel(await store.get(model.taskName), model)) await store.put(model);
    });
  }

  getCatalogue(hash: string): Promise<Uint8Array | undefined> {
    return this.#connection.read(
      ['catalogues'],
      async (tx) => (await tx.objectStore('catalogues').get(hash))?.bytes,
    );
  }

  async putCatalogue(hash: string, bytes: Uint8Array): Promise<void> {
    await this.#connection.write(['catalogues'], async (tx) => {
      await tx.objectStore('catalogues').clear();
      await tx.objectStore('catalogues').put({ hash, bytes });
    });
  }

  coin(taskHash: string, roundHash: string, draw: () => boolean): Promise<boolean> {
    return this.#connection.write(['coins'], async (tx) => {
      const store = tx.objectStore('coins');
      const round = coinKey(taskHash, roundHash);
      const before = await store.index('by-round').get(round);
      if (before !== undefined) return before.takesPart;
      const takesPart = draw();
      await store.add({ round, takesPart });
      const over = (await store.count()) - MAX_COINS;
      const last = over > 0 ? (await store.getAllKeys(null, over)).at(-1) : undefined;
      if (last !== undefined) await store.delete(IDBKeyRange.upperBound(last));
      return takesPart;
    });
  }

  ledgerNow(nowMs: number): Promise<number> {
    return this.#connection.read(['ledger'], async (tx) =>
      ledgerTime(await tx.objectStore('ledger').getAll(), nowMs),
    );
  }

  charge(request: ChargeRequest): Promise<ChargeResult> {
    return this.#connection.write<ChargeResult>(['meta', 'ledger', 'outbox'], async (tx) => {
      const state = await ledgerState(tx);
      const reason = refusalOf(state, request);
      if (reason !== null) return { ok: false, reason };
      const entry = chargedEntry(state.entries, request);
      await tx.objectStore('outbox').add(waitingReport(request));
      const key = await tx.objectStore('ledger').add(entry as LedgerEntry);
      return { ok: true, entry: { ...entry, key } };
    });
  }

  canCharge(request: Omit<ChargeRequest, 'report'>): Promise<ChargeRefusal | null> {
    return this.#connection.read(['meta', 'ledger'], async (tx) =>
      refusalOf(await ledgerState(tx), request),
    );
  }

  readLedger(): Promise<LedgerEntry[]> {
    return this.#connection.read(['ledger'], (tx) => tx.objectStore('ledger').getAll());
  }

  readOutbox(): Promise<OutboxEntry[]> {
    return this.#connection.read(['outbox'], (tx) => tx.objectStore('outbox').getAll());
  }

  async updateOutbox(reportId: string, change: Partial<OutboxEntry>): Promise<void> {
    await this.#connection.write(['outbox'], async (tx) => {
      const before = await tx.objectStore('outbox').get(reportId);
      if (before !== undefined) await tx.objectStore('outbox').put(mergeOutbox(before, change));
    });
  }

  dropUnsent(): Promise<number> {
    return this.#connection.write(['outbox'], dropWaiting);
  }

  exportAll(): Promise<Record<string, unknown>> {
    return this.#connection.read([...STORES], async (tx) => {
      const dump: Record<string, unknown> = {};
      for (const name of STORES) {
        const store = tx.objectStore(name);
        const values: unknown[] = await store.getAll();
        const keyed = store.keyPath === null;
        const keys = keyed ? await store.getAllKeys() : [];
        dump[name] = keyed ? Object.fromEntries(keys.map((key, i) => [key, values[i]])) : values;
      }
      const coins = await tx.objectStore('coins').getAll();
      dump.coins = Object.fromEntries(coins.map(({ round, takesPart }) => [round, takesPart]));
      return exported(dump);
    });
  }

  async erase(): Promise<void> {
    const { name } = this.#connection;
    try {
      // First emptied, so that nothing is readable even while another tab delays the deletion.
      await this.#connection.write([...STORES], async (tx) => {
        for (const store of STORES) await tx.objectStore(store).clear();
      });
    } catch (error) {
      if (namedError(error).code !== 'closed') throw namedError(error);
    }
    this.close();
    try {
      await eraseDatabase(name, this.#blockedMs);
    } catch (error) {
      throw namedError(error);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
