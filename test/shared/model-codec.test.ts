import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { concatBytes } from '../../shared/bytes/concat.ts';
import { ByteWriter } from '../../shared/bytes/reader.ts';
import type { Catalogue, SparseRows } from '../../shared/model/catalogue.ts';
import { decodeCatalogue, encodeCatalogue } from '../../shared/model/codec.ts';
import { CatalogueError } from '../../shared/model/varint.ts';
import { syntheticCatalogue } from '../bench/synthetic.ts';

type Parts = Omit<Catalogue, 'hash'>;
const HASH = 'ab'.repeat(32);

const sparse = (n: number): fc.Arbitrary<SparseRows> =>
  fc
    .tuple(
      fc.integer({ min: 0, max: 400 }),
      fc.array(
        fc.uniqueArray(
          fc.tuple(fc.nat(399), fc.float({ min: Math.fround(0.01), max: 1, noNaN: true })),
          {
            maxLength: 6,
            selector: ([column]) => column,
          },
        ),
        { minLength: n, maxLength: n },
      ),
    )
    .map(([width, rows]) => {
      const kept = rows.map((row) =>
        row.filter(([column]) => column < width).sort(([a], [b]) => a - b),
      );
      const starts = Uint32Array.from([0, ...kept.map((row) => row.length)]);
      for (let i = 1; i <= n; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
      return {
        starts,
        columns: Uint32Array.from(kept.flat(), ([column]) => column),
        values: Float32Array.from(kept.flat(), ([, value]) => value),
        width,
      };
    });

const parts: fc.Arbitrary<Parts> = fc
  .tuple(
    fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 7 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 4 }),
  )
  .chain(([ids, k, degree]) => {
    const n = ids.length;
    const ints = (min: number, max: number): fc.Arbitrary<number[]> =>
      fc.array(fc.integer({ min, max }), { minLength: n, maxLength: n });
    return fc
      .record({
        vectors: fc.array(fc.float({ min: -1, max: 1, noNaN: true }), {
          minLength: n * k,
          maxLength: n * k,
        }),
        title: sparse(n),
        text: sparse(n),
        brand: ints(-1, 1),
        category: ints(-1, 0),
        priceCents: ints(-1, 0x7fff_fffe),
        priceBand: ints(-1, 4),
        imageK: fc.integer({ min: 0, max: 3 }),
        named: fc.boolean(),
      })
      .map(({ imageK, named, ...one }) => {
        const graph = new Uint32Array(n * degree).fill(n);
        for (let i = 0; i < n; i++) {
          for (let d = 0; d < Math.min(degree, n); d++) graph[i * degree + d] = (i + d) % n;
        }
        const hashes = (width: number): Uint32Array =>
          Uint32Array.from({ length: width }, (_, column) => 4e9 - column);
        return {
          ...one,
          ...(named &&
            one.title.width + one.text.width > 0 && {
              terms: { title: hashes(one.title.width), text: hashes(one.text.width) },
            }),
          ...(imageK > 0 && {
            image: {
              vectors: Float32Array.from({ length: n * imageK }, (_, i) => Math.sin(i)),
              k: imageK,
            },
          }),
          ids,
          k,
          degree,
          graph,
          vectors: Float32Array.from(one.vectors),
          brand: Int32Array.from(one.brand),
          brands: ['北山', 'Acme'],
          category: Int32Array.from(one.category),
          categories: ['tea'],
          priceCents: Int32Array.from(one.priceCents),
          priceBand: Int8Array.from(one.priceBand),
        };
      });
  });

/** The same goods without and with what version 2 adds. */
async function bothVersions(items: number): Promise<Uint8Array[]> {
  const { bytes, catalogue } = await syntheticCatalogue({ items, k: 3 });
  const { title, text } = catalogue;
  const terms = { title: new Uint32Array(title.width), text: new Uint32Array(text.width).fill(7) };
  const image = { vectors: Float32Array.from({ length: 2 * items }, (_, i) => Math.cos(i)), k: 2 };
  return [bytes, encodeCatalogue({ ...catalogue, terms, image })];
}

describe('catalogue codec', () => {
  it('keeps everything exact but rounded rows, and codes what it read to the same bytes', () => {
    fc.assert(
      fc.property(parts, (one) => {
        const bytes = encodeCatalogue(one);
        const read = decodeCatalogue(bytes, HASH);
        for (const key of ['ids', 'brands', 'categories', 'k', 'degree', 'graph'] as const) {
          expect(read[key]).toEqual(one[key]);
        }
        for (const key of ['brand', 'category', 'priceCents', 'priceBand'] as const) {
          expect(read[key]).toEqual(one[key]);
        }
        for (const key of ['title', 'text'] as const) {
          expect(read[key].starts).toEqual(one[key].starts);
          expect(read[key].columns).toEqual(one[key].columns);
          expect(read[key].width).toBe(one[key].width);
        }
        expect(read.terms).toEqual(one.terms);
        expect(read.image?.k).toBe(one.image?.k);
        expect(read.image?.vectors.length).toBe(one.image?.vectors.length);
        expect(bytes[3]).toBe(one.terms || one.image ? 0x32 : 0x31);
        expect(encodeCatalogue(read)).toEqual(bytes);
      }),
    );
  });

  it('reads version 1, and keeps writing it where nothing of version 2 is there', async () => {
    const { bytes, catalogue } = await syntheticCatalogue({ items: 5, k: 3 });
    expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe('VTC1');
    expect(catalogue.terms).toBeUndefined();
    expect(catalogue.image).toBeUndefined();
    const image = { vectors: Float32Array.from({ length: 10 }, (_, i) => i - 4), k: 2 };
    const both = encodeCatalogue({ ...catalogue, image });
    expect(new TextDecoder().decode(both.subarray(0, 4))).toBe('VTC2');
    expect(encodeCatalogue({ ...decodeCatalogue(both, HASH), image: undefined })).toEqual(bytes);
  });

  it('gives unit rows that point where the given ones pointed', async () => {
    const { catalogue } = await syntheticCatalogue({ items: 50, k: 32 });
    for (let row = 0; row < 50; row++) {
      const vector = catalogue.vectors.subarray(row * 32, row * 32 + 32);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      const { starts, values } = catalogue.text;
      expect(Math.hypot(...values.subarray(starts[row], starts[row + 1]))).toBeCloseTo(1, 5);
    }
    const ramp = Float32Array.from({ length: 32 }, (_, i) => i - 10.3);
    const norm = Math.hypot(...ramp);
    const { bytes } = await syntheticCatalogue({ items: 1, k: 32 });
    const one = { ...decodeCatalogue(bytes, HASH), vectors: ramp };
    const read = decodeCatalogue(encodeCatalogue(one), HASH).vectors;
    const cosine = read.reduce((sum, value, i) => sum + (value * (ramp[i] as number)) / norm, 0);
    expect(cosine).toBeGreaterThan(0.9999);
  });

  it('keeps 10,000 items under 3 MB', async () => {
    const { bytes } = await syntheticCatalogue({ items: 10_000 });
    expect(bytes.length).toBeLessThan(3_000_000);
  });

  it('refuses every truncation and any byte left over', async () => {
    for (const bytes of await bothVersions(4)) {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeCatalogue(bytes.slice(0, length), HASH)).toThrow(CatalogueError);
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(() => decodeCatalogue(longer, HASH)).toThrow(/left over/);
    }
  });

  it('either refuses a changed byte with CatalogueError or reads a whole catalogue', async () => {
    for (const bytes of await bothVersions(6)) {
      let refused = 0;
      for (let at = 0; at < bytes.length; at++) {
        for (const flip of [1, 0x80, 0xff]) {
          const changed = bytes.slice();
          changed[at] = (changed[at] as number) ^ flip;
          try {
            const read = decodeCatalogue(changed, HASH);
            expect(read.vectors.every(Number.isFinite)).toBe(true);
            expect(read.image?.vectors.every(Number.isFinite)).not.toBe(false);
            expect(encodeCatalogue(read).length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(CatalogueError);
            refused++;
          }
        }
      }
      expect(refused).toBeGreaterThan(0);
    }
  });

  it('refuses a version 2 without anything of it, and pictures that it does not declare', async () => {
    const [, bytes] = (await bothVersions(2)) as [Uint8Array, Uint8Array];
    const end = 8 + new DataView(bytes.buffer).getUint32(4, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
    const [titleTerms, textTerms, image] = header.sections.slice(-3);
    const body = bytes.subarray(end);
    const remade = (sections: readonly number[], cut: number): Uint8Array => {
      const all = [...header.sections.slice(0, -3), ...sections];
      const json = canonicalBytes({ ...header, imageK: 0, sections: all });
      const front = new ByteWriter().u32(0x32435456).u32(json.length).finish();
      return concatBytes(front, json, body.subarray(0, body.length - cut));
    };
    const terms = titleTerms + textTerms;
    expect(decodeCatalogue(remade([titleTerms, textTerms, 0], image), HASH).image).toBeUndefined();
    expect(() => decodeCatalogue(remade([0, 0, 0], image + terms), HASH)).toThrow(/without/);
    expect(() => decodeCatalogue(remade([titleTerms, textTerms, image], 0), HASH)).toThrow(/image/);
  });

  it('refuses what no catalogue has', async () => {
    const { catalogue } = await syntheticCatalogue({ items: 3, k: 2 });
    const wrong = (change: Partial<Parts>): (() => Uint8Array) => {
      return () => encodeCatalogue({ ...catalogue, ...change });
    };
    const text = { ...catalogue.text, columns: catalogue.text.columns.slice().reverse() };
    expect(wrong({ text })).toThrow(/ascend/);
    expect(wrong({ vectors: new Float32Array(6).fill(Number.NaN) })).toThrow(/finite/);
    expect(wrong({ vectors: new Float32Array(5) })).toThrow(/n × k/);
    expect(wrong({ ids: ['a', 'a', 'b'] })).toThrow(/repeats/);
    expect(wrong({ image: { vectors: new Float32Array(5), k: 2 } })).toThrow(/n × k/);
    expect(wrong({ image: { vectors: new Float32Array(0), k: 0 } })).toThrow(CatalogueError);
    const none = { ...catalogue.title, starts: new Uint32Array(4), columns: new Uint32Array(0) };
    const empty = { ...none, values: new Float32Array(0), width: 0 };
    const noTerms = { title: new Uint32Array(0), text: new Uint32Array(0) };
    expect(wrong({ title: empty, text: empty, terms: noTerms })).toThrow(/terms/);
    const short = { title: new Uint32Array(1), text: new Uint32Array(1) };
    expect(wrong({ terms: short })).toThrow(/terms.title/);
    expect(wrong({ brand: Int32Array.of(0, 9, 0) })).toThrow(/brand/);
    expect(wrong({ priceBand: Int8Array.of(0, 5, 0) })).toThrow(/priceBand/);
    expect(wrong({ category: Int32Array.of(0, 0) })).toThrow(/category/);
    expect(wrong({ graph: catalogue.graph.slice().fill(0) })).toThrow(/graph/);
    expect(wrong({ graph: catalogue.graph.map((item) => item + 9) })).toThrow(/graph/);
    expect(() => decodeCatalogue(encodeCatalogue(catalogue), 'no hash')).toThrow(CatalogueError);
  });
});
