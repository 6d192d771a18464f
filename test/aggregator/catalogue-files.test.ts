/** Files that a shop may give: its feed, and vectors of its own. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFeed } from '../../aggregator/catalogue/feed.ts';
import { MatrixError, readMatrix } from '../../aggregator/catalogue/matrix.ts';
import { buildShop } from '../../aggregator/catalogue/shop.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { vectorDot } from '../../shared/model/similarity.ts';
import { newWorld } from './new-world.ts';

/** A .npy file, version 1, as numpy.save writes it. */
function npy(
  descr: string,
  shape: readonly number[],
  bytes: Uint8Array,
  order = 'False',
): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')},), }`;
  const header = text.replace(',),', shape.length === 1 ? ',),' : '),');
  const padded = `${header}${' '.repeat(63 - ((10 + header.length) % 64))}\n`;
  const front = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length, 0);
  return Uint8Array.from([...front, ...new TextEncoder().encode(padded), ...bytes]);
}
const floats = (rows: readonly (readonly number[])[]): Uint8Array =>
  npy(
    '<f4',
    [rows.length, rows[0]?.length ?? 0],
    new Uint8Array(Float32Array.from(rows.flat()).buffer),
  );

describe('a .npy file', () => {
  it('gives rows of any of its number types', () => {
    expect(
      readMatrix(
        floats([
          [1, -2.5],
          [3, 0],
        ]),
      ),
    ).toEqual([Float32Array.of(1, -2.5), Float32Array.of(3, 0)]);
    const doubles = new Uint8Array(Float64Array.of(0.5, 1e-3).buffer);
    expect(readMatrix(npy('<f8', [1, 2], doubles))).toEqual([Float32Array.of(0.5, 1e-3)]);
    expect(readMatrix(npy('|i1', [2, 1], Uint8Array.of(255, 127)))).toEqual([
      Float32Array.of(-1),
      Float32Array.of(127),
    ]);
    // binary16: 1, −2, the smallest subnormal, 65504.
    const halves = Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b);
    expect(readMatrix(npy('<f2', [1, 4], halves))).toEqual([
      Float32Array.of(1, -2, 2 ** -24, 65504),
    ]);
  });

  it('is refused by name where it is something else', () => {
    const good = floats([[1, 2]]);
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [new Uint8Array(4), /not a .npy/],
      [good.slice(0, 40), /ends early/],
      [good.slice(0, -1), /another length/],
      [npy('>f4', [1, 1], new Uint8Array(4)), /numbers must be/],
      [npy('<f4', [1], new Uint8Array(4)), /two dimensions/],
      [npy('<f4', [1, 1], new Uint8Array(4), 'True'), /end to end/],
      [npy('<f4', [1, 0], new Uint8Array(0)), /columns/],
      [floats([[Number.NaN]]), /none/],
      [npy('<f8', [1, 1], new Uint8Array(Float64Array.of(1e300).buffer)), /none/],
      [npy('<f2', [1, 1], Uint8Array.of(0, 0x7c)), /none/],
    ];
    for (const [file, words] of cases) {
      expect(() => readMatrix(file)).toThrow(MatrixError);
      expect(() => readMatrix(file)).toThrow(words);
    }
  });
});

describe("a shop's files", () => {
  const feed = JSON.stringify([
    { id: 'a', attributes: [7, 'oak'] },
    { id: 'b', title: 'Lamp', imageVector: [1, 0] },
    { id: 'c', title: 'Pan', attributes: ['iron'] },
  ]);

  it('declare what there is: attributes in place of a title, pictures for some', async () => {
    expect(readFeed(feed)[0]).toEqual({
      id: 'a',
      title: '',
      description: '',
      attributes: ['7', 'oak'],
    });
    const { catalogue } = await buildShop({ feed });
    expect(catalogue.image?.k).toBe(1);
    expect(catalogue.vectors.every(Number.isFinite)).toBe(true);
  });

  it('take vectors of texts and pictures, a row for each good', async () => {
    const vectors = floats([
      [1, 0, 0],
      [0.9, 0.1, 0],
      [0, 0, 1],
    ]);
    const { catalogue } = await buildShop({ feed, textVectors: vectors, imageVectors: vectors });
    const alike = (other: number): number => vectorDot(catalogue.vectors, catalogue.k, 0, other);
    expect(alike(1)).toBeGreaterThan(alike(2));
    expect(catalogue.image?.vectors).toHaveLength(3 * (catalogue.image?.k ?? 0));
    const short = floats([[1, 0]]);
    await expect(buildShop({ feed, imageVectors: short })).rejects.toThrow(/1 image vectors for 3/);
    await expect(buildShop({ feed, textVectors: short })).rejects.toThrow(MatrixError);
  });

  it('are refused where they say what cannot be', () => {
    const two = (one: object): string => JSON.stringify([{ id: 'x', title: 'X' }, one]);
    const cases: readonly (readonly [object, string])[] = [
      [{ id: 'a' }, 'items[1].title must be a string that is not empty'],
      [{ id: 'a', attributes: [] }, 'items[1].title'],
      [{ id: 'a', attributes: [{}] }, 'items[1].attributes must be a list of words'],
      [{ id: 'a', attributes: 'oak' }, 'items[1].attributes'],
      [{ id: 'a', attributes: [''] }, 'items[1].attributes'],
      [{ id: 'a', title: 'A', imageVector: ['1'] }, 'items[1].imageVector must be a list'],
      [{ id: 'a', title: 'A', imageVector: [] }, 'items[1].imageVector'],
    ];
    for (const [one, words] of cases) expect(() => readFeed(two(one))).toThrow(words);
    const lengths = [
      { id: 'a', title: 'A', imageVector: [1] },
      { id: 'b', title: 'B', imageVector: [1, 2] },
    ];
    expect(() => readFeed(JSON.stringify(lengths))).toThrow('of one length');
  });
});

describe('vitrine new', () => {
  it('takes vectors of texts and pictures from files, with a feed alone', async () => {
    const world = await newWorld();
    try {
      const goods = JSON.parse(await readFile(world.feed, 'utf8')) as unknown[];
      const rows = goods.map((_, i) => [i + 1, i % 2, 1]);
      const [texts, pictures] = ['texts.npy', 'pictures.npy'].map((name) =>
        join(world.folder, name),
      );
      await writeFile(texts as string, floats(rows));
      await writeFile(pictures as string, floats(rows.slice(1)));
      const flags = ['--catalogue', world.feed, '--vectors', texts as string];
      const short = await world.make(...flags, '--image-vectors', pictures as string);
      expect([short.code, short.err]).toEqual([
        1,
        `vitrine: bad-matrix: ${goods.length - 1} image vectors for ${goods.length} goods\n`,
      ]);
      await writeFile(pictures as string, floats(rows));
      const { code } = await world.make(...flags, '--image-vectors', pictures as string);
      expect(code).toBe(0);
      const folder = world.at('server/data/catalogues');
      const [name = ''] = await readdir(folder);
      const bytes = await readFile(join(folder, name));
      const { image, terms } = decodeCatalogue(bytes, name.replace('.bin', ''));
      expect(image?.vectors.length).toBe(goods.length * (image?.k ?? 0));
      expect(terms?.title.length).toBeGreaterThan(0);
      const alone = await world.make('--image-vectors', pictures as string);
      expect(alone.err).toContain('need --catalogue');
      const missing = await world.make('--catalogue', world.feed, '--vectors', '/nowhere.npy');
      expect(missing.err).toContain('--vectors: ');
    } finally {
      await world.end();
    }
  });
});
