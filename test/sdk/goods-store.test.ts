/** Goods and cards in both databases: kept, replaced, cut, expired, sealed, damaged, erased. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';

const DAY = 86_400_000;
const NOW = 20_000 * DAY;
const KEEP = { maxAgeMs: 10 * DAY };
let names = 0;
const fresh = (): string => `goods-${++names}`;

const KINDS: readonly [string, () => Promise<Database>][] = [
  ['memory', async () => memoryDatabase({ state: 'ready' })],
  ['IndexedDB', () => indexedDatabase(fresh())],
];

describe.each(KINDS)('G6 goods in %s', (_kind, open) => {
  it('G6 are read in the order in which they came, the replaced ones last', async () => {
    const db = await open();
    const good = (id: string) => ({ good: { id }, atMs: NOW });
    const keys = await db.putGoods([good('a'), good('b'), good('c')], [], KEEP);
    expect(keys).toHaveLength(3);
    await db.putGoods([good('b2')], [keys[1] as number], KEEP);
    const kept = await db.readGoods();
    expect(kept.map((one) => one.good)).toEqual([{ id: 'a' }, { id: 'c' }, { id: 'b2' }]);
    expect(kept.every(({ day }) => day === 20_000)).toBe(true);
    const dump = (await db.exportAll()) as { goods: { good: unknown }[] };
    expect(dump.goods.map((one) => one.good)).toEqual(kept.map((one) => one.good));
    db.close();
  });

  it('G6 go when they are older than the history, and beyond 5,000', async () => {
    const db = await open();
    const many = (count: number, atMs: number) =>
      Array.from({ length: count }, (_, i) => ({ good: `${i}`, atMs }));
    await db.putGoods(many(20, NOW - 11 * DAY), [], KEEP);
    await db.putGoods(many(10, NOW - 9 * DAY), [], KEEP);
    expect(await db.readGoods()).toHaveLength(30);
    await db.putGoods(many(1, NOW), [], KEEP);
    expect(await db.readGoods()).toHaveLength(11);
    await db.putGoods(many(4995, NOW), [], KEEP);
    const kept = await db.readGoods();
    expect(kept).toHaveLength(5000);
    expect(kept[0]?.good).toBe('6');
    db.close();
  });

  it('G5 of the cards the current parts are kept', async () => {
    const db = await open();
    await db.putCards('a', Uint8Array.of(1), ['a', 'b']);
    await db.putCards('b', Uint8Array.of(2), ['a', 'b']);
    expect(await db.getCards('a')).toEqual(Uint8Array.of(1));
    await db.putCards('c', Uint8Array.of(3), ['b', 'c']);
    expect(await db.getCards('a')).toBeUndefined();
    expect(await db.getCards('b')).toEqual(Uint8Array.of(2));
    db.close();
  });
});

describe('PR33 goods at rest', () => {
  it('PR33 are sealed; a damaged one is deleted, the others stay; erase leaves none', async () => {
    const name = fresh();
    const db = await indexedDatabase(name);
    const secret = { id: 'secret-id', title: 'secret title' };
    await db.putGoods(
      [
        { good: secret, atMs: NOW },
        { good: 'b', atMs: NOW },
      ],
      [],
      KEEP,
    );
    const raw = await openDB(name);
    const [first] = await raw.getAll('goods');
    expect(Object.keys(first).sort()).toEqual(['data', 'day', 'iv', 'key']);
    expect(new TextDecoder().decode(first.data)).not.toContain('secret');
    expect(first.data.length % 16).toBe(0);
    first.day -= 1;
    await raw.put('goods', first);
    expect((await db.readGoods()).map(({ good }) => good)).toEqual(['b']);
    expect(await raw.count('goods')).toBe(1);
    raw.close();
    await db.erase();
    expect((await indexedDB.databases()).some((one) => one.name === name)).toBe(false);
  });
});
