/** What a shop may give beside plain English text: any script, attributes, prices, pictures. */
import { describe, expect, it } from 'vitest';
import { joinBlocks, priceBlock } from '../../aggregator/catalogue/blocks.ts';
import { buildCatalogue, type CatalogueItem } from '../../aggregator/catalogue/build.ts';
import { givenVectors, hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { termsOf } from '../../aggregator/catalogue/words.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { imageColumn, vectorDot } from '../../shared/model/similarity.ts';
import { textScores } from '../../shared/model/terms.ts';

const embedder = hashedNgrams(64);
const item = (id: string, title: string, more: Partial<CatalogueItem> = {}): CatalogueItem => ({
  id,
  title,
  description: '',
  ...more,
});
const built = async (
  items: readonly CatalogueItem[],
  more: Partial<Parameters<typeof buildCatalogue>[1]> = {},
): Promise<Catalogue> => (await buildCatalogue(items, { embedder, ...more })).catalogue;
const alike = ({ vectors, k }: Catalogue, a: number, b: number): number =>
  vectorDot(vectors, k, a, b);

const WORDS =
  'oak iron clay glass wool paper brass linen cork jute slate ash zinc hemp felt bone reed silk'.split(
    ' ',
  );

/** Mean cosine of goods whose numbers differ by `rest` modulo `kinds`. */
function meanAlike(goods: Catalogue, kinds: number, rest: number): number {
  const cosines = goods.ids.flatMap((_, a) =>
    goods.ids.flatMap((_, b) => (b > a && (b - a) % kinds === rest ? [alike(goods, a, b)] : [])),
  );
  return cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
}

describe('every script', () => {
  it.each([
    ['Japanese', '木製デスクランプ', '真鍮デスクランプ', '鉄フライパン'],
    ['Korean', '원목 책상 스탠드', '황동 책상 스탠드', '무쇠 프라이팬'],
    ['Thai', 'โคมไฟตั้งโต๊ะไม้', 'โคมไฟตั้งโต๊ะทองเหลือง', 'กระทะเหล็ก'],
    ['Cyrillic', 'Дубовая настольная лампа', 'Латунная настольная лампа', 'Чугунная сковорода'],
    ['Arabic', 'مصباح مكتب خشبي', 'مصباح مكتب نحاسي', 'مقلاة حديد'],
    ['Hindi', 'लकड़ी का टेबल लैंप', 'पीतल का टेबल लैंप', 'लोहे की कड़ाही'],
    ['Chinese', '橡木台灯', '黄铜台灯', '铸铁锅'],
  ])('%s: like goods are alike, and are found by a word', async (_, a, b, other) => {
    const goods = await built(
      [item('a', a), item('b', b), item('c', other), item('d', 'Tea cup')],
      {
        neighbours: 1,
      },
    );
    expect([...goods.graph.subarray(0, 4)]).toEqual([0, 1, 1, 0]);
    const scores = textScores(b, goods);
    expect(scores.indexOf(Math.max(...scores))).toBe(1);
    expect(scores[0]).toBeGreaterThan(0);
    expect([scores[2], scores[3]]).toEqual([0, 0]);
  });

  it('cuts unspaced alphabets into 4-grams, whole where they are shorter', () => {
    expect(termsOf('โคมไฟ', 1)).toEqual(['โคมไ', 'คมไฟ']);
    expect(termsOf('ชา', 1)).toEqual(['ชา']);
    expect(termsOf('ชา tea 茶壶', 1)).toEqual(['ชา', 'tea', '茶壶']);
  });
});

describe('attributes', () => {
  const tagged = [
    item('a', '', { attributes: ['7', '12', '300'] }),
    item('b', '', { attributes: ['7', '12', '301'] }),
    item('c', '', { attributes: ['71', '120', '3001'] }),
    item('d', '', { attributes: ['71', '120', '3002'] }),
  ];

  it('stand for a text that a shop lacks: whole ids, which are alike when equal alone', async () => {
    const goods = await built(tagged, { neighbours: 2 });
    expect([goods.graph[1], goods.graph[4], goods.graph[7], goods.graph[10]]).toEqual([1, 0, 3, 2]);
    expect(alike(goods, 0, 1)).toBeGreaterThan(alike(goods, 0, 2));
    expect(goods.title.width).toBe(8);
    expect(goods.text.width).toBe(4);
  });

  it('are vectors of up to 64, where nothing else is said', async () => {
    const own = (i: number) => ({ attributes: [`${i}`, `b${i % 90}`] });
    const titled = (title: string) =>
      built(Array.from({ length: 200 }, (_, i) => item(`${i}`, title, own(i))));
    expect((await titled(' ')).k).toBe(64);
    expect((await titled('pan')).k).toBe(128);
    const embedder = givenVectors(Array.from({ length: 200 }, (_, i) => Float32Array.of(i, 1)));
    const goods = Array.from({ length: 200 }, (_, i) => item(`${i}`, '', own(i)));
    expect((await buildCatalogue(goods, { embedder })).catalogue.k).toBe(128);
    expect((await buildCatalogue(goods, { embedder, maxK: 32 })).catalogue.k).toBe(32);
  });

  it('count beside a text', async () => {
    const named = WORDS.map((word, i) => item(`${i}`, word, { attributes: [`kind-${i % 3}`] }));
    const goods = await built(named);
    const plain = await built(named.map(({ id, title }) => item(id, title)));
    expect(meanAlike(goods, 3, 0)).toBeGreaterThan(meanAlike(plain, 3, 0) + 0.1);
    expect(meanAlike(goods, 3, 1)).toBeLessThan(meanAlike(plain, 3, 1));
    expect(textScores('kind-1 1 kind', goods).every((score) => score === 0)).toBe(true);
  });
});

describe('price', () => {
  it('is an angle by mid-rank, and nothing where there is none', () => {
    const rows = priceBlock(Int32Array.of(100, 300, 300, -1));
    expect(Math.atan2(rows[0]?.[1] ?? 0, rows[0]?.[0] ?? 0)).toBeCloseTo(Math.PI / 12, 6);
    expect(rows[1]).toEqual(rows[2]);
    expect([...(rows[3] as Float32Array)]).toEqual([0, 0]);
  });

  it('draws goods of one price together by its weight, 0 by default', async () => {
    const lamps = WORDS.map((word, i) =>
      item(`${i}`, word, { priceCents: (i % 2 === 0 ? 100 : 90_000) + i }),
    );
    const plain = await built(lamps);
    const priced = await built(lamps, { priceWeight: 3 });
    expect(plain).toEqual(await built(lamps, { priceWeight: 0 }));
    expect(meanAlike(priced, 2, 0)).toBeGreaterThan(meanAlike(plain, 2, 0) + 0.1);
    expect(meanAlike(priced, 2, 1)).toBeLessThan(meanAlike(plain, 2, 1));
    await expect(built(lamps, { priceWeight: Number.NaN })).rejects.toThrow(/priceWeight/);
  });

  it('blocks keep their weight, rows without content stay zero', () => {
    const [first, second] = joinBlocks([
      { rows: [Float32Array.of(3, 4), new Float32Array(2)], weight: 1 },
      { rows: [Float32Array.of(5), Float32Array.of(-5)], weight: 0.5 },
    ]);
    expect([...(first as Float32Array)].map((x) => x.toFixed(3))).toEqual([
      '0.600',
      '0.800',
      '0.500',
    ]);
    expect([...(second as Float32Array)]).toEqual([0, 0, -0.5]);
  });
});

describe('pictures', () => {
  const shapes = [
    [1, 0.1, 0],
    [1, 0, 0.1],
    [0, 1, 0.9],
    [0, 0, 0],
    [0, 0.9, 1],
  ];
  const goods = shapes.map((_, i) => item(`${i}`, `Good ${i}`));

  it('are a second modality: looks alike is not reads alike', async () => {
    const withPictures = await built(
      goods.map((one, i) => ({ ...one, imageVector: shapes[i] as number[] })),
    );
    const looks = new Float32Array(5);
    expect(imageColumn(withPictures, 0, looks)).toBe(true);
    expect(looks[0]).toBeCloseTo(1, 2);
    expect(looks[1]).toBeGreaterThan(looks[2] as number);
    expect(looks[3]).toBe(0);
    expect(imageColumn(withPictures, 3, looks)).toBe(false);
    const rows = shapes.map((row) => Float32Array.from(row));
    expect((await built(goods, { imageVectors: rows })).image).toEqual(withPictures.image);
  });

  it('need not be', async () => {
    const none = await built(goods);
    expect(none.image).toBeUndefined();
    expect(imageColumn(none, 0, new Float32Array(5))).toBe(false);
    expect((await built(goods, { imageVectors: goods.map(() => new Float32Array(3)) })).image).toBe(
      undefined,
    );
    await expect(built(goods, { imageVectors: [] })).rejects.toThrow(/imageVectors/);
  });
});

describe('odd catalogues', () => {
  it('names are cut between characters', async () => {
    const { brands } = await built([item('a', 'Cup', { brand: `${'b'.repeat(199)}😀` })]);
    expect(brands).toEqual(['b'.repeat(199)]);
  });

  it('one good, and goods of one title, have a graph of the right degree and finite numbers', async () => {
    const one = await built([item('only', 'Lamp', { imageVector: [1, 2], priceCents: 5 })], {
      priceWeight: 1,
    });
    expect([...one.graph]).toEqual([0, ...new Array(10).fill(1)]);
    const same = await built(
      Array.from({ length: 15 }, (_, i) => item(`${i}`, 'Oak lamp')),
      { neighbours: 4 },
    );
    for (let i = 0; i < 15; i++) {
      const row = [...same.graph.subarray(5 * i, 5 * i + 5)];
      const others = [0, 1, 2, 3, 4].filter((other) => other !== i);
      expect(row).toEqual([i, ...others.slice(0, 4)]);
    }
    const untold = await built([item('a', '...'), item('b', '!!!'), item('c', 'Lamp')]);
    for (const goods of [one, same, untold]) {
      for (const values of [goods.vectors, goods.title.values, goods.text.values]) {
        expect(values.every(Number.isFinite)).toBe(true);
      }
      expect(textScores('lamp', goods).every(Number.isFinite)).toBe(true);
    }
  });
});
