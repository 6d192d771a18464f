import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { META_KEYS } from '../../sdk/database/database.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { type Schema, STORES } from '../../sdk/database/schema.ts';
import type { SealedEvents } from '../../sdk/database/seal.ts';
import { BUDGET, CONSENT, chargeRequest, consented } from '../contract/database-values.ts';

const RETENTION = { maxEvents: 10_000, maxAgeMs: 1e12 };
const DAY = 86_400_000;
let count = 0;
const fresh = (): string => `sealed-${count++}`;

/** Words that stand nowhere else. */
const WORDS = ['teapot-4711', 'Yixing-Kanne', 'Drachenofen', 'Keramikabteilung', 'purpurner-Ton'];
const telling = (atMs: number): ShopEvent => ({
  name: 'search',
  atMs,
  session: 3,
  term: WORDS[4] as string,
  items: [
    {
      id: WORDS[0] as string,
      name: WORDS[1] as string,
      brand: WORDS[2] as string,
      category: WORDS[3] as string,
      quantity: 1,
    },
  ],
});

/** Everything of a value that structured clone carries, bytes as Latin-1. */
function legible(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, one]) => `${key} ${legible(one)}`)
    .join('\n');
}

async function raw(name: string): Promise<Record<string, unknown[]>> {
  const db = await openDB(name);
  const stores: Record<string, unknown[]> = {};
  for (const store of db.objectStoreNames) stores[store] = await db.getAll(store);
  db.close();
  return stores;
}

describe('PR33 the history at rest', () => {
  it('PR33 stores nothing of an event but how many and of which day', async () => {
    const name = fresh();
    const db = await consented(await indexedDatabase(name));
    const atMs = 20_000 * DAY + 12_345_678;
    await db.appendEvents([telling(atMs)], RETENTION);
    await db.appendEvents([telling(atMs + 1), { ...telling(atMs + 2), items: [] }], RETENTION);
    const stores = await raw(name);
    expect(stores.events).toHaveLength(2);
    expect(legible({ words: WORDS })).toContain(WORDS[0]);
    for (const word of [...WORDS, 'search', 'session', String(atMs)]) {
      expect(legible(stores.events)).not.toContain(word);
    }
    const records = stores.events as SealedEvents[];
    for (const record of records) {
      expect(Object.keys(record).sort()).toEqual(['count', 'data', 'day', 'iv', 'key']);
      expect(record.day).toBe(20_000);
      expect(record.iv).toHaveLength(12);
      // 16 bytes of tag behind a multiple of 256.
      expect(record.data.length % 256).toBe(16);
    }
    expect(records.map((record) => record.count)).toEqual([1, 2]);
    expect(new Set(records.map(({ iv }) => iv.join())).size).toBe(2);
    expect((await db.readEvents()).map(({ key: _key, ...event }) => event)[0]).toEqual(
      telling(atMs),
    );
  });

  it('PR33 seals under a key that gives its bytes to no script, one for all tabs', async () => {
    const name = fresh();
    const [a, b] = [await indexedDatabase(name), await indexedDatabase(name)];
    await Promise.all([a.setMeta('consent', CONSENT), b.setMeta('consent', CONSENT)]);
    await Promise.all([
      a.appendEvents([telling(1)], RETENTION),
      b.appendEvents([telling(2)], RETENTION),
    ]);
    expect(await a.readEvents()).toHaveLength(2);
    expect(await b.readEvents()).toHaveLength(2);
    const keys = (await raw(name)).keys as CryptoKey[];
    expect(keys).toHaveLength(1);
    const [key] = keys as [CryptoKey];
    expect(key.extractable).toBe(false);
    expect(key.algorithm).toEqual({ name: 'AES-GCM', length: 256 });
    for (const format of ['raw', 'jwk'] as const) {
      await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow();
    }
  });

  it('PR33 deletes what it cannot decrypt, counts it, and gives the rest', async () => {
    const name = fresh();
    const db = await consented(await indexedDatabase(name));
    for (const at of [1, 2, 3, 4]) await db.appendEvents([telling(at)], RETENTION);
    const hand = await openDB<Schema>(name);
    const [first, second, third] = (await hand.getAll('events')) as [
      SealedEvents,
      SealedEvents,
      SealedEvents,
    ];
    await hand.put('events', { ...first, data: first.data.with(3, (first.data[3] ?? 0) ^ 1) });
    await hand.put('events', { ...second, day: second.day + 1 });
    await hand.put('events', { key: third.key } as SealedEvents);
    hand.close();
    expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual([4]);
    expect(db.damaged).toBe(3);
    expect(await db.readEvents()).toHaveLength(1);
    expect(db.damaged).toBe(3);
    expect((await raw(name)).events).toHaveLength(1);
  });

  it('PR33 starts anew where the key is gone or is none', async () => {
    const name = fresh();
    const db = await consented(await indexedDatabase(name));
    await db.appendEvents([telling(1)], RETENTION);
    db.close();
    const hand = await openDB<Schema>(name);
    await hand.put('keys', { type: 'secret' } as CryptoKey, 'history');
    hand.close();
    const again = await indexedDatabase(name);
    expect(await again.readEvents()).toEqual([]);
    expect(again.damaged).toBe(1);
    await again.appendEvents([telling(2)], RETENTION);
    expect((await again.readEvents()).map(({ atMs }) => atMs)).toEqual([2]);
  });

  it('PR33 stores no history where the browser keeps no key', async () => {
    const name = fresh();
    const db = await consented(await indexedDatabase(name));
    const { generateKey } = crypto.subtle;
    const refuse = (): Promise<never> =>
      Promise.reject(new DOMException('no', 'NotSupportedError'));
    crypto.subtle.generateKey = refuse as typeof generateKey;
    const other = fresh();
    try {
      const keyless = await consented(await indexedDatabase(other));
      await expect(keyless.appendEvents([telling(1)], RETENTION)).rejects.toMatchObject({
        name: 'DatabaseError',
        code: 'failed',
      });
    } finally {
      crypto.subtle.generateKey = generateKey;
    }
    expect((await raw(other)).events).toEqual([]);
    await db.appendEvents([telling(1)], RETENTION);
  });

  it('PR33 cuts by the first event of a page what an earlier page left too much or too old', async () => {
    const name = fresh();
    const earlier = await consented(await indexedDatabase(name));
    const old = Array.from({ length: 130 }, (_, at) => telling(at));
    await earlier.appendEvents(old, RETENTION);
    await earlier.appendEvents([telling(20 * DAY)], RETENTION);
    earlier.close();
    const few = { maxEvents: 64, maxAgeMs: 1e12 };
    const next = await indexedDatabase(name);
    expect(await next.readEvents(few.maxEvents)).toHaveLength(64);
    await next.appendEvents([telling(20 * DAY + 1)], few);
    expect(await next.readEvents()).toHaveLength(64);
    next.close();
    const last = await indexedDatabase(name);
    await last.readEvents(100);
    await last.appendEvents([telling(30 * DAY)], { maxEvents: 1000, maxAgeMs: 10 * DAY });
    expect((await last.readEvents()).map(({ atMs }) => atMs)).toEqual([
      20 * DAY,
      20 * DAY + 1,
      30 * DAY,
    ]);
    last.close();
  });

  it('PR33 merges by the first event of a page the many small records that it has read', async () => {
    const name = fresh();
    const earlier = await indexedDatabase(name);
    for (let at = 0; at < 200; at++) await earlier.appendEvents([telling(at)], RETENTION);
    earlier.close();
    const next = await indexedDatabase(name);
    await next.readEvents(1000);
    await next.appendEvents([telling(200)], RETENTION);
    expect(((await raw(name)).events as SealedEvents[]).length).toBeLessThan(50);
    expect(await next.readEvents()).toHaveLength(201);
  });

  it('PR33 reads a history in parts, in its order, and begins the epoch although nothing goes', async () => {
    const name = fresh();
    const earlier = await indexedDatabase(name);
    const many = Array.from({ length: 64 * 40 + 5 }, (_, at) => telling(at));
    await earlier.appendEvents(many, RETENTION);
    earlier.close();
    const next = await indexedDatabase(name);
    expect((await next.readEvents()).map(({ atMs }) => atMs)).toEqual(many.map((one) => one.atMs));
    expect((await next.readEvents(70)).map(({ atMs }) => atMs)).toEqual(
      many.slice(-70).map((one) => one.atMs),
    );
    await next.appendEvents([telling(9000)], RETENTION);
    expect(await next.getMeta('epochStartMs')).toBeUndefined();
    await next.setMeta('consent', CONSENT);
    await next.appendEvents([telling(9001)], RETENTION);
    expect(await next.getMeta('epochStartMs')).toBe(9001);
    expect(await next.readEvents()).toHaveLength(many.length + 2);
  });

  it('PR33 merges small records, so that a long history is a few', async () => {
    const name = fresh();
    const db = await consented(await indexedDatabase(name));
    for (let at = 0; at < 300; at++) {
      if (at % 150 === 149) await db.setMeta('consent', CONSENT);
      await db.appendEvents([telling(at)], RETENTION);
    }
    const records = (await raw(name)).events as SealedEvents[];
    expect(records.length).toBeLessThan(200);
    expect(records.reduce((sum, record) => sum + record.count, 0)).toBe(300);
    expect(Math.max(...records.map((record) => record.count))).toBe(64);
    expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 300 }, (_, at) => at),
    );
  });
});

describe('PR34 the export', () => {
  it('PR34 has every store and every meta key, the history decrypted, the key described', async () => {
    const name = fresh();
    const db = await consented(await indexedDatabase(name));
    await db.setMeta('epochStartMs', 5);
    await db.setMeta('siteSerial', 2);
    await db.setMeta('traits', { plan: 'pro' });
    await db.setMeta('site', { site: { record: { serial: 2 } }, tasks: {}, rounds: {} });
    await db.appendEvents([telling(7)], RETENTION);
    await db.putModel({
      taskName: 'wide',
      taskHash: 'a',
      modelVersion: 1,
      modelHash: 'b',
      weights: new Float32Array([1]),
      record: null,
      storedAtMs: 3,
    });
    await db.putCatalogue('c', new Uint8Array([1]));
    await db.putCards('c', new Uint8Array([1]), ['c']);
    await db.putGoods([{ good: { id: 'a' }, atMs: 1 }], [], RETENTION);
    await db.coin('t', 'r', () => true);
    await db.charge(chargeRequest(1));
    const stores = await raw(name);
    // A store that nothing here fills would be checked by nobody.
    for (const [store, values] of Object.entries(stores))
      expect([store, values]).not.toEqual([store, []]);
    expect(Object.keys(stores)).toEqual([...STORES].sort());
    const dump = await db.exportAll();
    expect(Object.keys(dump).sort()).toEqual(['format', 'version', ...STORES].sort());
    expect(Object.keys(dump.meta as object).sort()).toEqual([...META_KEYS].sort());
    for (const [store, values] of Object.entries(stores)) {
      expect([store, Object.keys(dump[store] as object).length]).toEqual([
        store,
        store === 'meta' ? META_KEYS.length : values.length,
      ]);
    }
    expect(dump.events).toEqual([{ ...telling(7), key: expect.any(Number) }]);
    expect(dump.keys).toEqual({ history: { name: 'AES-GCM', length: 256, extractable: false } });
    expect(dump.meta).toMatchObject({ consent: CONSENT, budget: BUDGET, siteSerial: 2 });
    expect(JSON.parse(JSON.stringify(dump))).toEqual(dump);
    // What is stored of a report and a charge, field by field.
    for (const store of ['ledger', 'outbox', 'models'] as const) {
      const [stored] = stores[store] as [object];
      const [given] = dump[store] as [object];
      expect(Object.keys(given).sort()).toEqual(Object.keys(stored).sort());
    }
  });
});
