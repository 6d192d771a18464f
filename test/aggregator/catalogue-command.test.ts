/** `vitrine catalogue`: files, changes, exit codes; and what `vitrine new` publishes of a feed. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nearestItems } from '../../aggregator/catalogue/graph.ts';
import { nearestOfMany } from '../../aggregator/catalogue/graph-many.ts';
import { tfidf } from '../../aggregator/catalogue/tfidf.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { decodeCards } from '../../shared/model/cards.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { decodeIndex, joinShards } from '../../shared/model/shards.ts';
import { decodeSigned, decodeSite } from '../../shared/protocol/records.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { run } from './new-world.ts';

const HEAD = 'id,title,description,price,brand,product_type,link\n';
const row = (i: number, more: Partial<Record<'title' | 'price', string>> = {}): string =>
  `p${i},${more.title ?? `Thing ${i}`},of kind ${i % 9},${more.price ?? `${i}.50 EUR`},Brand ${i % 3},Things > Kind ${i % 9},https://shop.example/p/${i}\n`;
const feed = (count: number): string =>
  HEAD + Array.from({ length: count }, (_, i) => row(i)).join('');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-catalogue-'));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (...parts: string[]): string => join(folder, ...parts);
async function file(name: string, text: string): Promise<string> {
  await writeFile(at(name), text);
  return at(name);
}

describe('vitrine catalogue', () => {
  it('writes the public side of a feed, by hash', async () => {
    const { code, out } = await run(
      'catalogue',
      await file('a.csv', `${feed(6)},No id,,,,,\n`),
      '--out',
      at('a'),
    );
    expect(code).toBe(0);
    expect(out).toContain('6 goods of 7 rows');
    expect(out).toContain('1 have no id (no-id)\n    row 8');
    const told = JSON.parse(await readFile(at('a/catalogue.json'), 'utf8'));
    expect(told).toMatchObject({
      version: 1,
      goods: 6,
      rows: 7,
      parts: [],
      problems: { 'no-id': 1 },
    });
    const bytes = new Uint8Array(await readFile(at('a/catalogues', `${told.hash}.bin`)));
    expect(await sha256Hex(bytes)).toBe(told.hash);
    expect(decodeCatalogue(bytes, told.hash).categories).toHaveLength(6);
    const cards = await readFile(at('a/catalogues', `${told.cards[0].hash}.bin`));
    expect(decodeCards(new Uint8Array(cards))[1]).toEqual({
      ...{ id: 'p1', title: 'Thing 1', url: 'https://shop.example/p/1', image: null },
      ...{ price: 1.5, currency: 'EUR', brand: 'Brand 1', category: 'Things > Kind 1' },
    });
  });

  it('G1 writes a large one in parts that are the whole', async () => {
    const args = ['catalogue', await file('b.csv', feed(300)), '--part-kib', '4', '--json'];
    const { code, out } = await run(...args, '--out', at('b'));
    expect(code).toBe(0);
    const { hash, goods, parts } = JSON.parse(out);
    expect(goods).toBe(300);
    expect(parts.length).toBeGreaterThan(2);
    const read = async (name: string): Promise<Uint8Array> =>
      new Uint8Array(await readFile(at('b/catalogues', `${name}.bin`)));
    const index = decodeIndex(await read(hash));
    if (index === null) throw new Error('no index');
    const all = await Promise.all(index.shards.map((shard) => read(shard.hash)));
    expect(decodeCatalogue(joinShards(index, all), hash).ids).toHaveLength(300);
  });

  it.each([
    ['nothing', (text: string) => text, 'nothing to publish'],
    ['a price', (text: string) => text.replace(row(2), row(2, { price: '9 EUR' })), '--cards'],
    ['what went', (text: string) => text.replace(row(2), ''), '--cards'],
    ['what came', (text: string) => text + row(99), '--catalogue'],
    ['a title', (text: string) => text.replace(row(2), row(2, { title: 'Other' })), '--catalogue'],
  ])(
    'tells what %s asks for, after an older feed and after a folder',
    async (name, change, words) => {
      const old = await file('old.csv', feed(5));
      const now = await file('now.csv', change(feed(5)));
      expect((await run('catalogue', old, '--out', at('old'))).code).toBe(0);
      for (const before of [old, at('old')]) {
        const { code, out } = await run('catalogue', now, '--before', before);
        expect([name, code]).toEqual([name, 0]);
        expect(out).toContain(words);
        expect(out.includes('new SITE --catalogue')).toBe(words === '--catalogue');
      }
      const { out } = await run('catalogue', now, '--before', old, '--json');
      const { changes } = JSON.parse(out);
      const counted = { ...{ came: 0, went: 0, changed: 0, shown: 0 } } as Record<string, number>;
      const expected: Record<string, string> = {
        'a price': 'shown',
        'what went': 'went',
        'what came': 'came',
        'a title': 'changed',
      };
      if (expected[name] !== undefined) counted[expected[name]] = 1;
      for (const [kind, count] of Object.entries(counted))
        expect([kind, changes[kind]]).toMatchObject([kind, { length: count }]);
    },
  );

  it('has named errors and exit codes', async () => {
    const none = await file('none.csv', 'id,title\n,x\n');
    expect(await run('catalogue', none)).toMatchObject({
      code: 1,
      err: expect.stringContaining('bad-feed: no good in 1 rows'),
    });
    for (const args of [
      [],
      [at('absent.csv')],
      [none, none],
      [none, '--variants', 'all'],
      [none, '--content', '0'],
      [none, '--encoding', 'klingon'],
      [none, '--base', 'shop'],
      [none, '--nonsense'],
    ]) {
      expect([args, (await run('catalogue', ...args)).code]).toEqual([args, 2]);
    }
    expect(await run('catalogue', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--before OLD'),
    });
    expect((await run('--help')).out).toContain('  catalogue  ');
  });
});

describe('vitrine new', () => {
  it('G5 publishes a feed of any form, and newer cards without new tasks', async () => {
    const site = (...args: string[]): ReturnType<typeof run> =>
      run('new', 'shop', '--dir', at('site'), ...args);
    const record = async () =>
      decodeSigned(JSON.parse(await readFile(at('site/server/data/site.json'), 'utf8')), decodeSite)
        .record;
    expect(await site('--catalogue', await file('f.csv', feed(8)))).toMatchObject({
      code: 0,
      err: '',
    });
    const first = await record();
    expect(first.cards).toHaveLength(1);
    expect(await site()).toMatchObject({ code: 0 });
    expect(await record()).toEqual(first);
    const cheaper = feed(8)
      .replace(row(3), row(3, { price: '1 EUR' }))
      .replace(row(4), '');
    expect(await site('--cards', await file('g.csv', cheaper))).toMatchObject({ code: 0, err: '' });
    const second = await record();
    expect([second.serial, second.tasks]).toEqual([first.serial + 1, first.tasks]);
    expect(second.cards).not.toEqual(first.cards);
    const bytes = await readFile(at('site/server/data/catalogues', `${second.cards?.[0]}.bin`));
    const cards = decodeCards(new Uint8Array(bytes));
    expect(cards.map(({ id, price }) => [id, price])).toContainEqual(['p3', 1]);
    expect(cards).toHaveLength(7);
    expect((await readdir(at('site/server/data/catalogues'))).length).toBe(3);
    expect((await site('--cards', at('g.csv'), '--catalogue', at('g.csv'))).code).toBe(2);
  });
});

describe('the graph of many goods', () => {
  it('finds most of the neighbours that a look at all pairs finds', () => {
    const [n, k] = [3000, 16];
    const source = new ChaChaSource(new Uint8Array(32).fill(6));
    const vectors = Float32Array.from({ length: n * k }, () => source.nextUint32() / 2 ** 31 - 1);
    for (let i = 0; i < n; i++) {
      // Forty kinds, as goods have.
      for (let c = 0; c < k; c++) {
        const centre = Math.sin((i % 40) * 7.3 + c * 1.7);
        vectors[i * k + c] = centre + 0.3 * (vectors[i * k + c] as number);
      }
      const norm = Math.hypot(...vectors.subarray(i * k, i * k + k));
      for (let c = 0; c < k; c++) vectors[i * k + c] = (vectors[i * k + c] as number) / norm;
    }
    const title = tfidf(
      Array.from({ length: n }, (_, i) => [`kind${i % 40}`, `g${i}`]),
      1,
    );
    const exact = nearestItems(vectors, k, title, 10);
    const found = nearestOfMany(vectors, k, title, 10);
    let same = 0;
    for (let i = 0; i < n; i++) {
      const row = new Set(exact.subarray(i * 11 + 1, i * 11 + 11));
      for (const item of found.subarray(i * 11 + 1, i * 11 + 11)) if (row.has(item)) same++;
      expect(found[i * 11]).toBe(i);
    }
    expect(same / (10 * n)).toBeGreaterThan(0.9);
  });
});
