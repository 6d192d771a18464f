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
  StoredGood,
  StoredModel,
} from './database.ts';
import { eraseDatabase } from './erase.ts';
import { EventStore } from './events.ts';
import { exported } from './export.ts';
import { GoodsStore } from './goods.ts';
import { Keyring } from './keyring.ts';
import { chargedEntry, ledgerTime, refusalOf } from './ledger.ts';
import {
  checkMeta,
  coinKey,
  MAX_COINS,
  mergeMeta,
  mergeOutbox,
  replacesModel,
  waitingReport,
} from './rules.ts';
import { STORES } from './schema.ts';
import { dropWaiting, ledgerState, meta } from './steps.ts';

/**
 * Opens the IndexedDB database `name`, migrating what an older release left.
 *
 * @throws DatabaseError 'blocked' or 'version' when another tab or release stands in the way,
 * 'quota' or 'failed' when the browser gives no storage, 'closed' when it is absent and may not be
 * made.
 */
export async function indexedDatabase(
  name: string,
  blockedMs: number = BLOCKED_MS,
  create = true,
): Promise<Database> {
  const connection = new Connection(name, create);
  await connection.open(blockedMs);
  return new IndexedDatabase(connection, blockedMs);
}

class IndexedDatabase implements Database {
  readonly #connection: Connection;
  readonly #blockedMs: number;
  readonly #keyring: Keyring;
  readonly #events: EventStore;
  readonly #goods: GoodsStore;

  constructor(connection: Connection, blockedMs: number) {
    this.#connection = connection;
    this.#blockedMs = blockedMs;
    this.#keyring = new Keyring(connection);
    this.#events = new EventStore(connection, this.#keyring);
    this.#goods = new GoodsStore(connection, this.#keyring);
  }

  get damaged(): number {
    return this.#events.damaged;
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
    this.#events.lookAgain();
    await this.#connection.write(['meta'], async (tx) => {
      const put = tx.objectStore('meta').put(consent, 'consent');
      // A page on its way out aborts what is not committed.
      tx.commit();
      await put;
    });
    // Made now, so that the first event waits for nothing; a failure is named when one comes.
    if (consent.personalise) void this.#keyring.key().catch(() => undefined);
    if (!consent.contribute) await this.dropUnsent();
  }

  appendEvents(
    events: readonly ShopEvent[],
    retention: Retention,
    replaced: readonly number[] = [],
  ): Promise<number[]> {
    return this.#events.append(events, retention, replaced);
  }

  readEvents(limit?: number): Promise<StoredEvent[]> {
    return this.#events.read(limit);
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

  getCards(hash: string): Promise<Uint8Array | undefined> {
    return this.#connection.read(
      ['cards'],
      async (tx) => (await tx.objectStore('cards').get(hash))?.bytes,
    );
  }

  async putCards(hash: string, bytes: Uint8Array, current: readonly string[]): Promise<void> {
    await this.#connection.write(['cards'], async (tx) => {
      const store = tx.objectStore('cards');
      for (const one of await store.getAllKeys()) {
        if (!current.includes(one)) await store.delete(one);
      }
      await store.put({ hash, bytes });
    });
  }

  readGoods(): Promise<StoredGood[]> {
    return this.#goods.read();
  }

  putGoods(
    goods: readonly { readonly good: unknown; readonly atMs: number }[],
    replaced: readonly number[],
    retention: Pick<Retention, 'maxAgeMs'>,
  ): Promise<number[]> {
    return this.#goods.put(goods, replaced, retention);
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

  async exportAll(): Promise<Record<string, unknown>> {
    const events = await this.#events.read();
    const goods = await this.#goods.read();
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
      return exported({ ...dump, events, goods });
    });
  }

  async erase(): Promise<void> {
    const { name } = this.#connection;
    // First emptied, so that nothing is readable even while another tab delays the deletion; what
    // cannot be emptied is deleted all the same.
    await this.#connection
      .write([...STORES], async (tx) => {
        for (const store of STORES) await tx.objectStore(store).clear();
      })
      .catch(() => undefined);
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
