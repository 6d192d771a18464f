/** Rules G1, G2, G4, G5 of shared/protocol/SPEC.md: catalogues in parts, and cards. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { publicFiles, readPublic } from '../../aggregator/site-files.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { type Card, decodeCards, encodeCards } from '../../shared/model/cards.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { decodeIndex, joinShards, splitCatalogue } from '../../shared/model/shards.ts';
import { CatalogueError } from '../../shared/model/varint.ts';

const HASH = '0'.repeat(64);

async function catalogue(n: number, terms = true, image = false): Promise<Uint8Array> {
  const items = Array.from({ length: n }, (_, i) => ({
    id: `id-${i}`,
    title: `Thing ${i % 7} of ${i % 11} 茶${i % 5}`,
    description: `about ${i} and ${i * 3}`,
    brand: `brand ${i % 3}`,
    ...(i % 4 > 0 && { priceCents: 100 * i }),
    ...(image && { imageVector: [i % 3, 1, i] }),
  }));
  return (await buildCatalogue(items, { embedder: hashedNgrams(64), neighbours: 4, terms })).bytes;
}

describe('G1 a catalogue in parts', () => {
  it.each([
    [150, true, false],
    [150, false, false],
    [150, true, true],
    [2, true, false],
  ] as const)(
    'G1 joined, the parts of %i goods are its bytes (terms %s, pictures %s)',
    async (n, terms, image) => {
      const bytes = await catalogue(n, terms, image);
      const { index, hash, parts } = await splitCatalogue(bytes, 4096);
      if (n === 2) expect(parts).toHaveLength(2);
      else expect(parts.length).toBeGreaterThan(terms ? 2 : 1);
      expect(await sha256Hex(index)).toBe(hash);
      const read = decodeIndex(index);
      if (read === null) throw new Error('no index');
      expect(read.shards.map((one) => one.hash)).toEqual(parts.map((one) => one.hash));
      for (const part of parts) expect(await sha256Hex(part.bytes)).toBe(part.hash);
      expect(
        joinShards(
          read,
          parts.map((part) => part.bytes),
        ),
      ).toEqual(bytes);
    },
  );

  it('G1 are of about the length that was asked for', async () => {
    const { parts } = await splitCatalogue(await catalogue(200), 4096);
    const goods = parts.slice(0, -1);
    expect(goods.length).toBeGreaterThan(3);
    for (const { bytes } of goods) expect(bytes.length).toBeLessThan(4096 + 1024);
  });

  it('G1 a whole catalogue has no index', async () => {
    expect(decodeIndex(await catalogue(3))).toBeNull();
    expect(decodeIndex(new Uint8Array(3))).toBeNull();
  });

  it('G2 the first parts are a catalogue of the first goods', async () => {
    const bytes = await catalogue(120);
    const whole = decodeCatalogue(bytes, HASH);
    const { index, parts } = await splitCatalogue(bytes, 4096);
    const read = decodeIndex(index);
    if (read === null) throw new Error('no index');
    for (const count of [1, 2]) {
      const first = parts.slice(0, count).map((part) => part.bytes);
      const some = decodeCatalogue(joinShards(read, first), HASH);
      const n = some.ids.length;
      expect(n).toBe(read.shards.slice(0, count).reduce((sum, { items }) => sum + items, 0));
      expect(some.ids).toEqual(whole.ids.slice(0, n));
      expect(some.vectors).toEqual(whole.vectors.subarray(0, n * whole.k));
      expect(some.priceCents).toEqual(whole.priceCents.subarray(0, n));
      expect(some.text.values).toEqual(whole.text.values.subarray(0, some.text.starts[n]));
      expect(some.terms).toBeUndefined();
      for (let e = 0; e < n * whole.degree; e++) expect(some.graph[e]).toBeLessThanOrEqual(n);
    }
  });

  it('G4 damaged, missing or foreign parts are refused', async () => {
    const bytes = await catalogue(120);
    const { index, parts, hash } = await splitCatalogue(bytes, 4096);
    const read = decodeIndex(index);
    if (read === null) throw new Error('no index');
    const all = parts.map((part) => part.bytes);
    const [first, second, ...rest] = all as [Uint8Array, Uint8Array];
    expect(() => joinShards(read, [second, first, ...rest])).toThrow(CatalogueError);
    expect(() => joinShards(read, [first.slice(0, -1), second, ...rest])).toThrow(CatalogueError);
    expect(() =>
      joinShards(
        read,
        all.map(() => new Uint8Array(4)),
      ),
    ).toThrow(CatalogueError);
    expect(() => decodeIndex(index.slice(0, -1))).toThrow(CatalogueError);
    const split = { index, hash, parts };
    await expect(publicFiles({ bytes, hash, split })).resolves.toHaveLength(parts.length + 1);
    const less = { ...split, parts: parts.slice(1) };
    await expect(publicFiles({ bytes, hash, split: less })).rejects.toThrow();
    const files = new Map(parts.map((part) => [part.hash, part.bytes]));
    const from = async (name: string): Promise<Uint8Array> =>
      name === hash ? index : (files.get(name) ?? Promise.reject(new Error('missing')));
    expect((await readPublic(hash, from)).bytes).toEqual(bytes);
    files.delete(parts[1]?.hash ?? '');
    await expect(readPublic(hash, from)).rejects.toThrow('missing');
  });

  it('G4 no bytes make the readers throw anything else', async () => {
    const { index, parts } = await splitCatalogue(await catalogue(40), 4096);
    const read = decodeIndex(index);
    if (read === null) throw new Error('no index');
    const bytes = (parts[0] as { bytes: Uint8Array }).bytes;
    fc.assert(
      fc.property(
        fc.nat(index.length - 1),
        fc.nat(bytes.length - 1),
        fc.nat(255),
        (i, p, value) => {
          const [other, part] = [index.slice(), bytes.slice()];
          other[i] = value;
          part[p] = value;
          const run = (body: () => unknown): void => {
            try {
              body();
            } catch (error) {
              if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
              if (!(error instanceof CatalogueError)) expect(error.name).toBe('CatalogueError');
            }
          };
          run(() => decodeIndex(other));
          run(() => joinShards(read, [part]));
        },
      ),
      { numRuns: 300, seed: 6 },
    );
  });
});

const card = (id: string, more: Partial<Card> = {}): Card => ({
  ...{ id, title: `Title ${id}`, url: `https://shop.example/p/${id}`, image: null },
  ...{ price: 9.5, currency: 'EUR', brand: 'Clay', category: 'mugs' },
  ...more,
});

describe('G5 cards', () => {
  it('G5 are read as they were written, in parts', () => {
    const cards = Array.from({ length: 500 }, (_, i) =>
      card(`${i}`, {
        image: `https://cdn.example/${i}.jpg?w=3`,
        title: `标题 ${i}`,
        brand: i % 2 ? null : 'B',
      }),
    );
    const parts = encodeCards(cards, 8192);
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.flatMap(decodeCards)).toEqual(cards);
    expect(encodeCards([])).toEqual([]);
  });

  it('G5 share the beginning of their addresses', () => {
    const [part] = encodeCards([card('1'), card('2', { url: null })]);
    const text = new TextDecoder().decode(part);
    expect(text.match(/https:/g)).toHaveLength(1);
    expect(decodeCards(part as Uint8Array)[1]?.url).toBeNull();
  });

  it.each([
    [card('1', { url: 'javascript:alert(1)' }), /address/],
    [card('1', { image: 'data:image/png,x' }), /address/],
    [card('1', { url: 'https://a.example/"><script>' }), /address/],
    [card('', {}), /no id/],
    [card('1', { price: -1 }), /price/],
    [card('1', { currency: 'euro' }), /currency/],
  ])('G5 refuses %j', (one, words) => {
    const [part] = encodeCards([one]);
    expect(() => decodeCards(part as Uint8Array)).toThrow(words);
    expect(() => decodeCards(part as Uint8Array)).toThrow(CatalogueError);
  });

  it.each(['', '[]', 'null', '{"cards":[]}', '{"type":"cards","version":1}'])(
    'G5 refuses %s',
    (text) => {
      expect(() => decodeCards(new TextEncoder().encode(text))).toThrow(CatalogueError);
    },
  );
});
