/** What every database of the SDK keeps: run against memory and IndexedDB, in Node and in a page. */
import { describe, expect, it } from 'vitest';
import type { Database, StoredModel } from '../../sdk/database/database.ts';
import { MAX_COINS } from '../../sdk/database/rules.ts';
import { ledgerContract } from './database-ledger.ts';
import { tabsContract } from './database-tabs.ts';
import {
  BUDGET,
  CONSENT,
  chargeRequest,
  consented,
  HOUR,
  hashOf,
  RETENTION,
  shopEvent,
} from './database-values.ts';

const model = (modelVersion: number, taskHash = hashOf('a')): StoredModel => ({
  taskName: 'wide',
  taskHash,
  modelVersion,
  modelHash: hashOf(`c${modelVersion}`),
  weights: new Float32Array([modelVersion, 0.5]),
  record: null,
  storedAtMs: 1,
});

/** Opens the database of that name; twice the same name gives two connections where there are. */
export type OpenDatabase = (name: string) => Promise<Database>;

export interface ContractOptions {
  /** Whether a second connection sees the first one's data. */
  readonly shared: boolean;
}

export function databaseContract(name: string, open: OpenDatabase, options: ContractOptions): void {
  let count = 0;
  const fresh = (): string => `contract-${name}-${count++}`;
  const openFresh = async (): Promise<Database> => consented(await open(fresh()));

  describe(`${name}: history and small state`, () => {
    it('keeps events in order, with rising keys, and gives the newest', async () => {
      const db = await openFresh();
      await db.appendEvents([shopEvent(1), shopEvent(2)], RETENTION);
      await db.appendEvents([shopEvent(3)], RETENTION);
      const events = await db.readEvents();
      expect(events.map(({ atMs }) => atMs)).toEqual([1, 2, 3]);
      expect(new Set(events.map(({ key }) => key)).size).toBe(3);
      expect((await db.readEvents(2)).map(({ atMs }) => atMs)).toEqual([2, 3]);
      expect(await db.readEvents(0)).toEqual([]);
      expect(events[0]?.items).toEqual([{ id: 'item-1', quantity: 1 }]);
    });

    it('drops the oldest over the ring and those that are too old', async () => {
      const db = await openFresh();
      const ring = { maxEvents: 3, maxAgeMs: 1000 };
      await db.appendEvents(
        [1, 2, 3, 4, 5].map((at) => shopEvent(at)),
        ring,
      );
      expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual([3, 4, 5]);
      await db.appendEvents([shopEvent(1004)], ring);
      expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual([4, 5, 1004]);
      await db.appendEvents([shopEvent(9000)], ring);
      expect((await db.readEvents()).map(({ atMs }) => atMs)).toEqual([9000]);
    });

    it('keeps a full ring within a 64th of its size, and gives the newest', async () => {
      const db = await openFresh();
      const ring = { maxEvents: 128, maxAgeMs: 1000 * HOUR };
      for (let at = 0; at < 200; at += 5) {
        await db.appendEvents(
          [0, 1, 2, 3, 4].map((i) => shopEvent(at + i)),
          ring,
        );
        const kept = (await db.readEvents()).map(({ atMs }) => atMs);
        expect(kept.length >= Math.min(at + 5, 128) && kept.length <= 130).toBe(true);
        expect(kept).toEqual(kept.map((_one, i) => at + 5 - kept.length + i));
      }
      expect((await db.readEvents(3)).map(({ atMs }) => atMs)).toEqual([197, 198, 199]);
    });

    it('replaces one event by a later one, however it was stored', async () => {
      const db = await openFresh();
      const [one] = await db.appendEvents([shopEvent(1)], RETENTION);
      const [two, three] = await db.appendEvents([shopEvent(2), shopEvent(3)], RETENTION);
      const keys = [one, two, three] as number[];
      expect((await db.readEvents()).map(({ key }) => key)).toEqual(keys);
      const replace = async (key: number | undefined, at: number): Promise<number> =>
        (await db.appendEvents([shopEvent(at)], RETENTION, [key as number]))[0] as number;
      const four = await replace(keys[0], 4);
      const five = await replace(keys[1], 5);
      const times = async (): Promise<number[]> => (await db.readEvents()).map(({ atMs }) => atMs);
      expect(await times()).toEqual([3, 4, 5]);
      expect((await db.readEvents()).map(({ key }) => key)).toEqual([keys[2], four, five]);
      await replace(four, 6);
      expect(await times()).toEqual([3, 5, 6]);
      // What is gone is not taken out again, and nothing else is.
      await replace(four, 7);
      expect(await times()).toEqual([3, 5, 6, 7]);
    });

    it('keeps order and keys of a history that came one by one', async () => {
      const db = await openFresh();
      const ring = { maxEvents: 1000, maxAgeMs: 1e12 };
      const keys: number[] = [];
      for (let at = 1; at <= 150; at++) {
        // A consent makes the next writer look at the whole store.
        if (at === 140) await db.setMeta('consent', CONSENT);
        keys.push(...(await db.appendEvents([shopEvent(at)], ring)));
      }
      const events = await db.readEvents();
      expect(events.map(({ atMs }) => atMs)).toEqual(keys.map((_key, i) => i + 1));
      expect(events.map(({ key }) => key)).toEqual(keys);
      await db.appendEvents([shopEvent(151)], ring, [keys[40] as number]);
      const times = (await db.readEvents()).map(({ atMs }) => atMs);
      expect(times).toHaveLength(150);
      expect(times.slice(39, 41)).toEqual([40, 42]);
      expect(times.at(-1)).toBe(151);
      expect(db.damaged).toBe(0);
    });

    it('keeps keys rising after everything old is gone', async () => {
      const db = await openFresh();
      await db.appendEvents([shopEvent(1)], RETENTION);
      const [first] = await db.readEvents();
      await db.appendEvents([shopEvent(2)], { maxEvents: 1, maxAgeMs: HOUR });
      const [second] = await db.readEvents();
      expect(second?.key).toBeGreaterThan(first?.key ?? Number.POSITIVE_INFINITY);
    });

    it('begins the epoch with the first consented write, once', async () => {
      const db = await open(fresh());
      await db.appendEvents([shopEvent(5)], RETENTION);
      expect(await db.getMeta('epochStartMs')).toBeUndefined();
      await db.setMeta('consent', { personalise: true, contribute: false });
      await db.appendEvents([shopEvent(7)], RETENTION);
      await db.appendEvents([shopEvent(9)], RETENTION);
      await db.setMeta('epochStartMs', 1);
      expect(await db.getMeta('epochStartMs')).toBe(7);
    });

    it('PR13 only lowers a pinned budget at its order, and only raises the serial', async () => {
      const db = await open(fresh());
      await db.setMeta('budget', { epsilon: 8, delta: 1e-6, order: 3 });
      await db.setMeta('budget', { epsilon: 20, delta: 1e-9, order: 2 });
      expect(await db.getMeta('budget')).toEqual({ epsilon: 8, delta: 1e-9, order: 3 });
      await db.setMeta('budget', { epsilon: 5, delta: 1e-3, order: 17 });
      expect(await db.getMeta('budget')).toEqual({ epsilon: 5, delta: 1e-9, order: 3 });
      await db.setMeta('siteSerial', 4);
      await db.setMeta('siteSerial', 3);
      expect(await db.getMeta('siteSerial')).toBe(4);
    });

    it('refuses a budget that is none, and keeps the pinned one', async () => {
      const db = await openFresh();
      for (const epsilon of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
        await expect(db.setMeta('budget', { ...BUDGET, epsilon })).rejects.toMatchObject({
          name: 'DatabaseError',
          code: 'failed',
        });
      }
      expect(await db.getMeta('budget')).toEqual(BUDGET);
    });

    it('keeps the newest model of a task name and one catalogue', async () => {
      const db = await openFresh();
      await db.putModel(model(2));
      await db.putModel(model(1));
      expect((await db.getModel('wide'))?.modelVersion).toBe(2);
      expect((await db.getModel('wide'))?.weights).toEqual(new Float32Array([2, 0.5]));
      await db.putModel(model(0, hashOf('d')));
      expect((await db.getModel('wide'))?.taskHash).toBe(hashOf('d'));
      expect(await db.getModel('intent')).toBeUndefined();

      await db.putCatalogue('one', new Uint8Array([1]));
      await db.putCatalogue('two', new Uint8Array([2]));
      expect(await db.getCatalogue('one')).toBeUndefined();
      expect(await db.getCatalogue('two')).toEqual(new Uint8Array([2]));
    });

    it('PR21 draws the coin of a round once', async () => {
      const db = await openFresh();
      const never = (): boolean => {
        throw new Error('drawn again');
      };
      expect(await db.coin('task', 'one', () => false)).toBe(false);
      expect(await db.coin('task', 'one', never)).toBe(false);
      expect(await db.coin('task', 'two', () => true)).toBe(true);
      expect(await db.coin('task', 'two', never)).toBe(true);
    });
  });

  describe(`${name}: what must not pile up or fall`, () => {
    it('PR21 drops the oldest coins, and those alone', async () => {
      const db = await openFresh();
      for (let i = 0; i <= MAX_COINS; i++) await db.coin('task', `round-${i}`, () => i % 2 === 0);
      const drawn: number[] = [];
      for (const i of [1, MAX_COINS - 1, MAX_COINS, 0]) {
        const coin = await db.coin('task', `round-${i}`, () => drawn.push(i) > 0);
        if (i > 0) expect(coin).toBe(i % 2 === 0);
      }
      expect(drawn).toEqual([0]);
      const { coins } = (await db.exportAll()) as { coins: Record<string, boolean> };
      expect(Object.keys(coins)).toHaveLength(MAX_COINS);
    });

    it('two writers of the kept site lose no round number and no newer record', async () => {
      const db = await openFresh();
      const site = (serial: number): object => ({ record: { serial }, signature: '' });
      await db.setMeta('site', { site: site(2), tasks: { t: 1 }, rounds: { a: 7, b: 3 } });
      await db.setMeta('site', { site: site(1), tasks: {}, rounds: { a: 6, c: 1 } });
      const rounds = { a: 7, b: 3, c: 1 };
      expect(await db.getMeta('site')).toEqual({ site: site(2), tasks: {}, rounds });
      const kept = { site: site(2), tasks: {}, rounds };
      const logs = (a: number, b: number) => ({
        a: { size: a, root: `a${a}` },
        b: { size: b, root: `b${b}` },
      });
      await db.setMeta('site', { ...kept, revoked: ['x', 'y'], logs: logs(5, 2) });
      await db.setMeta('site', { ...kept, revoked: ['z'], logs: logs(4, 3) });
      await db.setMeta('site', { ...kept, logs: { a: { size: 5, root: 'other' } } });
      expect(await db.getMeta('site')).toEqual({
        ...kept,
        revoked: ['x', 'y', 'z'],
        logs: logs(5, 3),
      });
      await db.setMeta('site', { site: site(3), tasks: {}, rounds });
      expect(await db.getMeta('site')).toMatchObject({ site: site(3), tasks: {}, rounds });
    });
  });

  ledgerContract(name, openFresh, () => open(fresh()));

  describe(`${name}: export, erase, close`, () => {
    it('exports everything as JSON', async () => {
      const db = await openFresh();
      await db.appendEvents([shopEvent(1)], RETENTION);
      await db.putModel(model(1));
      await db.putCatalogue('cat', new Uint8Array([255, 0]));
      await db.coin('task', 'round', () => true);
      await db.charge(chargeRequest(1));
      const dump = await db.exportAll();
      expect(JSON.parse(JSON.stringify(dump))).toEqual(dump);
      expect(dump).toMatchObject({
        format: 'vitrine-export',
        version: 1,
        meta: { consent: CONSENT, budget: BUDGET, epochStartMs: 1 },
        events: [{ atMs: 1 }],
        models: [{ modelVersion: 1, weights: 'AACAPwAAAD8' }],
        catalogues: [{ hash: 'cat', bytes: '_wA' }],
        coins: { 'task/round': true },
        ledger: [{ reportId: 'report-1' }],
        outbox: [{ reportId: 'report-1', body: 'AQIB' }],
      });
    });

    it('PR23 erases ledger and history together, and closes', async () => {
      const id = fresh();
      const db = await consented(await open(id));
      await db.appendEvents([shopEvent(1)], RETENTION);
      await db.charge(chargeRequest(1));
      await db.erase();
      expect(db.state).toBe('closed');
      const again = await open(id);
      expect(await again.readEvents()).toEqual([]);
      expect(await again.readLedger()).toEqual([]);
      expect(await again.getMeta('budget')).toBeUndefined();
      expect(await again.getMeta('consent')).toBeUndefined();
      again.close();
    });

    it('answers by name after it was closed', async () => {
      const db = await openFresh();
      db.close();
      expect(db.state).toBe('closed');
      const closed = { name: 'DatabaseError', code: 'closed' };
      await expect(db.readEvents()).rejects.toMatchObject(closed);
      await expect(db.charge(chargeRequest(1))).rejects.toMatchObject(closed);
      await expect(db.getCatalogue('x')).rejects.toMatchObject(closed);
      await expect(db.coin('a', 'b', () => true)).rejects.toMatchObject(closed);
    });
  });

  if (options.shared) tabsContract(name, (id) => open(id), fresh);
}
