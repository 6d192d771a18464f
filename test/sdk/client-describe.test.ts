/** What a shelf shows, catalogues in parts, and goods of the shop's pages, in one client. */
import { describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import type { PageProduct } from '../../sdk/capture/understand-product.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { readSettings } from '../../sdk/settings.ts';
import { openClient } from '../../sdk/surface.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { type Card, encodeCards } from '../../shared/model/cards.ts';
import { splitCatalogue } from '../../shared/model/shards.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { catalogueBytes } from './client-goods.ts';
import {
  ask,
  browser,
  freshBrowser,
  NONE,
  NOW,
  open,
  PERSONALISE,
  server,
  serveWith,
  store,
} from './client-open.ts';
import { FakeServer } from './client-server.ts';

freshBrowser();

const card = (i: number): Card => ({
  ...{ id: `item-${i}`, title: `Thing ${i}`, url: `https://shop.example/${i}`, image: null },
  ...{ price: i, currency: 'EUR', brand: null, category: 'Tea' },
});

/** Cards of all items but the last, in parts. */
async function withCards(): Promise<string[]> {
  const hashes: string[] = [];
  for (const cards of [
    [0, 1, 2, 3],
    [4, 5, 6, 7, 8, 9, 10],
  ]) {
    const [bytes] = encodeCards(cards.map(card));
    const hash = await sha256Hex(bytes as Uint8Array);
    server.putBytes(PATHS.catalogue(hash), bytes as Uint8Array);
    hashes.push(hash);
  }
  server.publishSite(2, [], hashes);
  return hashes;
}

const product = (id: string, title: string, more: Partial<PageProduct> = {}): PageProduct => ({
  ...{ id, groupId: null, title, description: '', brand: null, category: null, price: null },
  ...{ currency: null, url: null, image: null, lang: null },
  ...more,
});

describe('G5 describe', () => {
  it('G5 tells what the cards say, the second page without network', async () => {
    const hashes = await withCards();
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    const asked = server.requests.filter((path) => hashes.some((hash) => path.includes(hash)));
    expect(asked).toEqual(hashes.map((hash) => PATHS.catalogue(hash)));
    const told = await ask(shop.describe(['item-5', 'item-11', 'nobody', '', 3 as never]));
    expect(told).toEqual([
      card(5),
      {
        ...card(11),
        title: 'item-11',
        url: null,
        price: 21,
        currency: null,
        brand: 'Loom',
        category: 'Cloth',
      },
      {
        ...card(0),
        id: 'nobody',
        title: 'nobody',
        url: null,
        price: null,
        currency: null,
        category: null,
      },
    ]);
    server.mood = 'offline';
    const second = await open();
    const before = server.requests.length;
    expect(await ask(second.shop.describe(['item-5']))).toEqual([card(5)]);
    expect(server.requests.slice(before).filter((path) => path.includes('catalogues'))).toEqual([]);
  });

  it('G5 recommends nothing that has no card, unless it is named', async () => {
    await withCards();
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    shop.track('view_item', { items: [{ item_id: 'item-0' }] });
    const { items } = await ask(shop.recommend({ limit: 100 }));
    expect(items.map(({ id }) => id)).not.toContain('item-11');
    expect(items.length).toBe(10);
    const named = await ask(shop.recommend({ among: ['item-11', 'item-10'] }));
    expect(named.items.map(({ id }) => id).sort()).toEqual(['item-10', 'item-11']);
  });

  it('answers before consent, and for what is no list', async () => {
    const { shop } = await open();
    expect(await ask(shop.describe(['item-1']))).toEqual([
      { ...card(1), title: 'item-1', url: null, price: null, currency: null, category: null },
    ]);
    expect(await ask(shop.describe('item-1' as never))).toEqual([]);
  });
});

describe('G3 a catalogue in parts', () => {
  async function inParts(
    bytes: Uint8Array = catalogueBytes(),
  ): Promise<{ readonly index: string; readonly parts: readonly string[] }> {
    const { index, hash, parts } = await splitCatalogue(bytes, 4096);
    await serveWith(await FakeServer.start({ nowMs: NOW, task: { catalogue: hash } }));
    server.putBytes(PATHS.catalogue(hash), index);
    for (const part of parts) server.putBytes(PATHS.catalogue(part.hash), part.bytes);
    return { index: hash, parts: parts.map((part) => part.hash) };
  }
  const asked = (): string[] =>
    server.requests.filter((path) => path.includes('/catalogues/')).map((path) => path.slice(-64));

  it('G3 is fetched whole and in its order, and stored', async () => {
    const { index, parts } = await inParts();
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    expect(asked()).toEqual([index, ...parts]);
    expect((await ask(shop.recommend({ limit: 100 }))).items).toHaveLength(12);
    expect((await ask(shop.status())).catalogue).toEqual({ hash: index, items: 12 });
    expect(await store()?.getCatalogue(index)).toEqual(catalogueBytes());
  });

  it('G3 G4 ranks by the first part, whatever becomes of the others', async () => {
    const items = Array.from({ length: 150 }, (_, i) => ({
      ...{ id: `item-${i}`, title: `Thing ${i % 10} of ${i}`, description: `kind ${i % 10}` },
    }));
    const { bytes } = await buildCatalogue(items, { embedder: hashedNgrams(64) });
    const { parts } = await inParts(bytes);
    expect(parts.length).toBeGreaterThan(3);
    server.putBytes(PATHS.catalogue(parts[1] as string), new Uint8Array(8));
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    shop.track('view_item', { items: [{ item_id: 'item-3' }] });
    const { items: found, state } = await ask(shop.recommend({ limit: 1000 }));
    expect(state).toBe('ready');
    expect(found.length).toBeGreaterThan(5);
    expect(found.length).toBeLessThan(100);
    expect((await ask(shop.status())).catalogue?.hash).toBe(parts[0]);
    expect(asked()).not.toContain(parts[2]);
  });

  it('G4 a damaged part is refused, and the catalogue with it', async () => {
    const { parts, index } = await inParts();
    server.putBytes(PATHS.catalogue(parts[0] as string), new Uint8Array(8));
    const { shop, errors } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    expect(await ask(shop.recommend())).toMatchObject({ items: [], state: 'no-catalogue' });
    expect(errors).toContain('hash-mismatch');
    expect(await store()?.getCatalogue(index)).toBeUndefined();
  });
});

describe('G6 goods of the pages', () => {
  function listening() {
    const settings = readSettings('shop', {
      ...{
        endpoint: '/vitrine',
        trust: server.root.publicKey,
        assetBase: '/assets',
        consent: PERSONALISE,
      },
    });
    return openClient(settings, browser.tab());
  }
  const MUGS = [
    product('m1', 'Blue ceramic mug', {
      category: 'Mugs',
      price: 9,
      url: 'https://shop.example/m1',
    }),
    product('m2', 'Red ceramic mug', { category: 'Mugs', price: 8, image: 'javascript:alert(1)' }),
    product('l1', 'Brass desk lamp', { category: 'Lamps' }),
  ];

  it('G6 are ranked and described where no catalogue is published, on the next page too', async () => {
    server.mood = 'offline';
    const { vitrine, client } = listening();
    await browser.pass(100);
    client.goods.hear(MUGS);
    vitrine.track('view_item', { items: [{ item_id: 'm1' }] });
    const found = await ask(vitrine.recommend());
    expect(found).toMatchObject({ source: 'seen', version: 0, modelHash: null });
    expect(found.items.map(({ id }) => id)).toEqual(['m2', 'l1']);
    const among = await ask(vitrine.recommend({ among: ['x', 'l1', 'm2', 'y'] }));
    expect(among.items.map(({ id }) => id)).toEqual(['m2', 'l1', 'x', 'y']);
    expect(await ask(vitrine.describe(['m1', 'm2']))).toMatchObject([
      { id: 'm1', price: 9, url: 'https://shop.example/m1' },
      { id: 'm2', image: null },
    ]);
    await vitrine.shutdown();
    const next = await open();
    const again = await ask(next.shop.recommend({ model: 'related', itemId: 'm2' }));
    expect(again.items.map(({ id }) => id)).toEqual(['m1', 'l1']);
    await ask(next.shop.erase(), 100);
    const gone = await open({ consent: PERSONALISE });
    expect(await ask(gone.shop.recommend())).toMatchObject({ items: [], state: 'no-catalogue' });
  });

  it('G6 stand behind a published catalogue, which keeps its hash', async () => {
    const { vitrine, client } = listening();
    await browser.pass(3000);
    const hash = await sha256Hex(catalogueBytes());
    client.goods.hear(MUGS);
    vitrine.track('view_item', { items: [{ item_id: 'm1' }] });
    const { items, source } = await ask(vitrine.recommend({ limit: 100 }));
    expect(source).not.toBe('seen');
    expect(items.slice(0, 1)).toMatchObject([{ id: 'm2' }]);
    expect(items.length).toBe(14);
    expect((await ask(vitrine.status())).catalogue).toEqual({ hash, items: 12 });
    await vitrine.shutdown();
  });

  it('G6 keeps nothing without consent, and what it keeps is exported', async () => {
    const { client, vitrine } = listening();
    await browser.pass(100);
    await ask(vitrine.consent.set(NONE), 100);
    client.goods.hear(MUGS);
    await ask(vitrine.consent.set(PERSONALISE), 100);
    expect(await store()?.readGoods()).toEqual([]);
    client.goods.hear(MUGS);
    client.goods.hear([product('', 'no id'), product('x', ''), null as never, { id: 3 } as never]);
    await browser.pass(100);
    const { goods } = (await ask(vitrine.exportData())) as { goods: { good: { id: string } }[] };
    expect(goods.map(({ good }) => good.id)).toEqual(['m1', 'm2', 'l1']);
    client.goods.hear([{ ...(MUGS[0] as PageProduct), price: 5 }]);
    await browser.pass(100);
    const kept = (await store()?.readGoods()) ?? [];
    expect(kept).toHaveLength(3);
    expect(kept.at(-1)).toMatchObject({ good: { id: 'm1', price: 5 } });
    await vitrine.shutdown();
  });

  it('G6 the newest are kept, and none older than the history', async () => {
    const db = memoryDatabase({ state: 'ready' });
    const day = 86_400_000;
    const old = Array.from({ length: 3000 }, (_, i) => ({
      good: { id: `a${i}` },
      atMs: NOW - 9 * day,
    }));
    await db.putGoods(old, [], { maxAgeMs: 10 * day });
    const more = Array.from({ length: 2500 }, (_, i) => ({ good: { id: `b${i}` }, atMs: NOW }));
    await db.putGoods(more, [], { maxAgeMs: 10 * day });
    const all = await db.readGoods();
    expect(all).toHaveLength(5000);
    expect(all[0]?.good).toEqual({ id: 'a500' });
    await db.putGoods([{ good: { id: 'c' }, atMs: NOW + 2 * day }], [], { maxAgeMs: 10 * day });
    expect(await db.readGoods()).toHaveLength(2501);
  });
});
