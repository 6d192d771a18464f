import 'fake-indexeddb/auto';
import { type IDBPDatabase, openDB } from 'idb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { openDatabase } from '../../sdk/database/open.ts';
import { migrate, SCHEMA_VERSION, type Schema, STORES } from '../../sdk/database/schema.ts';
import {
  budgetOf,
  CONSENT,
  chargeRequest,
  consented,
  shopEvent,
} from '../contract/database-values.ts';

const RETENTION = { maxEvents: 1000, maxAgeMs: 1e12 };
let count = 0;
const fresh = (): string => `database-${count++}`;

/** Makes the store of `method` answer as a full disk does, `times` times, in `store` alone. */
function fillDisk(method: 'add' | 'put', store: string, times: number): { failures: number } {
  const seen = { failures: 0 };
  const real = IDBObjectStore.prototype[method];
  vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
    this: IDBObjectStore,
    ...args: Parameters<typeof real>
  ) {
    if (this.name !== store || seen.failures >= times) return real.apply(this, args);
    seen.failures++;
    throw new DOMException('full', 'QuotaExceededError');
  });
  return seen;
}

/** A database as an older release left it. */
const version = (name: string, at: number): Promise<IDBPDatabase> =>
  openDB(name, at, {
    upgrade: (db, from, _to, tx) =>
      migrate(db as unknown as Upgraded[0], tx as unknown as Upgraded[1], from, at),
  });
type Upgraded = Parameters<typeof migrate>;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('migrations', () => {
  it('PR13 a budget of before there was an order gets that of its own ε and δ', async () => {
    const name = fresh();
    const old = await version(name, 3);
    await old.put('meta', CONSENT, 'consent');
    await old.put('meta', { epsilon: 8, delta: 1e-6 }, 'budget');
    old.close();
    const db = await indexedDatabase(name);
    expect(await db.charge(chargeRequest(1))).toEqual({ ok: false, reason: 'budget-spent' });
    await db.setMeta('budget', { ...budgetOf(20), order: 17 });
    expect(await db.getMeta('budget')).toEqual(budgetOf(8));
    expect((await db.charge(chargeRequest(1))).ok).toBe(true);
    db.close();
  });

  it.each([1, 2, 3])('PR33 opens what version %i left, without its plain history', async (at) => {
    const name = fresh();
    const old = await version(name, at);
    for (const atMs of [1, 2, 3]) await old.add('events', { ...shopEvent(atMs), key: atMs });
    await old.put('meta', { personalise: true, contribute: true }, 'consent');
    await old.put('meta', { number: 4, lastEventMs: 3 }, 'session');
    old.close();

    const db = await indexedDatabase(name);
    expect(await db.readEvents()).toEqual([]);
    expect(await db.getMeta('consent')).toEqual({ personalise: true, contribute: true });
    await db.appendEvents([shopEvent(12)], RETENTION);
    expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual([12]);
    db.close();

    const raw = await openDB<Schema>(name);
    expect(raw.version).toBe(SCHEMA_VERSION);
    expect([...raw.objectStoreNames]).toEqual([...STORES].sort());
    expect([...raw.transaction('events').store.indexNames]).toEqual([]);
    expect([...raw.transaction('coins').store.indexNames]).toEqual(['by-round']);
    expect(await raw.getAllKeys('meta')).toEqual(['consent', 'epochStartMs']);
    raw.close();
  });

  it('refuses by name what a newer release has migrated', async () => {
    const name = fresh();
    (await openDB(name, SCHEMA_VERSION + 1)).close();
    await expect(openDatabase(name)).rejects.toMatchObject({ code: 'version' });
  });
});

describe('openDatabase', () => {
  it('PR35 makes none where none is to be made', async () => {
    const name = fresh();
    const db = await openDatabase(name, { create: false });
    expect(db.state).toBe('memory');
    await db.appendEvents([shopEvent(1)], RETENTION);
    expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(name);
    const made = await openDatabase(name);
    await made.appendEvents([shopEvent(1)], RETENTION);
    made.close();
    const again = await openDatabase(name, { create: false });
    expect(again.state).toBe('ready');
    expect(await again.readEvents()).toHaveLength(1);
  });

  it('keeps data from one opening to the next', async () => {
    const name = fresh();
    const db = await openDatabase(name);
    expect(db.state).toBe('ready');
    await db.appendEvents([shopEvent(1)], RETENTION);
    db.close();
    expect(await (await openDatabase(name)).readEvents()).toHaveLength(1);
  });

  it('falls back to memory where IndexedDB is absent', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const db = await openDatabase(fresh());
    expect(db.state).toBe('memory');
    await db.appendEvents([shopEvent(1)], RETENTION);
    expect(await db.readEvents()).toHaveLength(1);
  });

  it('PR33 falls back to memory where WebCrypto is absent: no history in the clear', async () => {
    vi.stubGlobal('crypto', {});
    const name = fresh();
    expect((await openDatabase(name)).state).toBe('memory');
    expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(name);
  });

  it('falls back to memory where IndexedDB is forbidden', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    expect((await openDatabase(fresh())).state).toBe('memory');
  });

  it('says blocked when a tab keeps an older version open', async () => {
    const name = fresh();
    const stubborn = await version(name, 1);
    await expect(openDatabase(name, { blockedMs: 30 })).rejects.toMatchObject({ code: 'blocked' });
    stubborn.close();
  });

  it('falls back to memory when a migration fails, and reports nothing to the page', async () => {
    const name = fresh();
    (await openDB(name, 1)).close();
    expect((await openDatabase(name)).state).toBe('memory');
  });

  it('lets a newer release in, and answers closed from then on', async () => {
    const name = fresh();
    const db = await openDatabase(name);
    const newer = await openDB(name, SCHEMA_VERSION + 1);
    expect(db.state).toBe('closed');
    await expect(db.readEvents()).rejects.toMatchObject({ code: 'closed' });
    newer.close();
  });
});

describe('a full disk', () => {
  it('drops the older half of the records of events and stores what came', async () => {
    const db = await openDatabase(fresh());
    for (const at of [1, 2, 3, 4]) await db.appendEvents([shopEvent(at)], RETENTION);
    const seen = fillDisk('add', 'events', 1);
    await db.appendEvents([shopEvent(5)], RETENTION);
    expect(seen.failures).toBe(1);
    expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual([3, 4, 5]);
    expect(db.state).toBe('ready');
  });

  it('says quota when that does not help, and is ready again when there is room', async () => {
    const db = await openDatabase(fresh());
    await db.appendEvents([shopEvent(1), shopEvent(2)], RETENTION);
    fillDisk('add', 'events', 2);
    await expect(db.appendEvents([shopEvent(3)], RETENTION)).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'quota',
    });
    expect(db.state).toBe('quota');
    await db.appendEvents([shopEvent(4)], RETENTION);
    expect(db.state).toBe('ready');
  });

  it('PR14 leaves neither charge nor report when the ledger cannot be written', async () => {
    const db = await consented(await openDatabase(fresh()));
    fillDisk('add', 'ledger', 2);
    await expect(db.charge(chargeRequest(1))).rejects.toMatchObject({ code: 'quota' });
    expect(await db.readOutbox()).toEqual([]);
    expect(await db.readLedger()).toEqual([]);
    expect((await db.charge(chargeRequest(1))).ok).toBe(true);
  });
});

describe('durability and erasure', () => {
  it('PR14 charges in one strict transaction over ledger, outbox and meta', async () => {
    const db = await consented(await openDatabase(fresh()));
    // Consent begins the making of the history's key: a stored event has waited for it.
    await db.appendEvents([shopEvent(1)], RETENTION);
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await db.charge(chargeRequest(1));
    expect(transaction.mock.calls).toEqual([
      [['meta', 'ledger', 'outbox'], 'readwrite', { durability: 'strict' }],
    ]);
  });

  it('says blocked when a tab holds the database, and has emptied it all the same', async () => {
    const name = fresh();
    const db = await openDatabase(name, { blockedMs: 30 });
    await db.appendEvents([shopEvent(1)], RETENTION);
    const stubborn = await openDB<Schema>(name);
    await expect(db.erase()).rejects.toMatchObject({ code: 'blocked' });
    expect(await stubborn.count('events')).toBe(0);
    stubborn.close();
  });

  it('verifies the deletion where the browser cannot list databases', async () => {
    const name = fresh();
    vi.stubGlobal(
      'indexedDB',
      new Proxy(indexedDB, {
        get: (target, key) => {
          if (key === 'databases') return undefined;
          const value = Reflect.get(target, key) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
    );
    const db = await openDatabase(name);
    await db.erase();
    vi.unstubAllGlobals();
    expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(name);
  });

  it('says failed when the browser keeps what it should delete', async () => {
    const name = fresh();
    const db = await openDatabase(name);
    const list = indexedDB.databases.bind(indexedDB);
    vi.spyOn(indexedDB, 'databases').mockImplementation(async () => [
      ...(await list()),
      { name, version: 1 },
    ]);
    await expect(db.erase()).rejects.toMatchObject({ code: 'failed' });
  });
});
