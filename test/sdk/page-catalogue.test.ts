/** A catalogue of goods that pages told of: what it ranks, alone and behind a published one. */
import { describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { type Good, PageCatalogue } from '../../sdk/features/page-catalogue.ts';
import { rankerOver, visitPairs } from '../../sdk/features/page-visits.ts';
import { RankerScorer, wideRanker } from '../../sdk/features/ranker.ts';
import { indexOf } from '../../sdk/features/sequence.ts';
import { Recommender } from '../../sdk/recommend/recommender.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { vectorDot } from '../../shared/model/similarity.ts';
import { shopEvent } from '../contract/database-values.ts';

const good = (id: string, title: string, more: Partial<Good> = {}): Good => ({
  ...{ id, title, description: '', url: null, image: null, price: null, currency: null },
  ...{ brand: null, category: null },
  ...more,
});

const SHOP: readonly Good[] = [
  good('mug-1', 'Blue ceramic mug', { brand: 'Clay', category: 'Kitchen > Mugs', price: 9 }),
  good('mug-2', 'Red ceramic mug', { brand: 'Clay', category: 'Kitchen > Mugs', price: 11 }),
  good('mug-3', 'Large stoneware mug', { brand: 'Kiln', category: 'Kitchen > Mugs', price: 19 }),
  good('lamp-1', 'Brass desk lamp', { brand: 'Glow', category: 'Light > Lamps', price: 80 }),
  good('lamp-2', 'Steel floor lamp', { brand: 'Glow', category: 'Light > Lamps', price: 120 }),
  good('sock-1', 'Wool hiking socks', { brand: 'Loom', category: 'Clothes > Socks', price: 15 }),
  good('sock-2', 'Cotton ankle socks', { brand: 'Loom', category: 'Clothes > Socks', price: 8 }),
];

const CHINESE: readonly Good[] = [
  good('t1', '西湖龙井绿茶 明前特级 250克', { category: '茶叶 > 绿茶', price: 128 }),
  good('t2', '碧螺春绿茶 明前茶叶 礼盒装', { category: '茶叶 > 绿茶', price: 168 }),
  good('t3', '安溪铁观音 乌龙茶 清香型', { category: '茶叶 > 乌龙茶', price: 98 }),
  good('s1', '男士跑步鞋 透气轻便运动鞋', { category: '鞋 > 跑步鞋', price: 299 }),
  good('s2', '女士运动鞋 轻便透气休闲鞋', { category: '鞋 > 跑步鞋', price: 259 }),
  good('p1', '无线蓝牙耳机 降噪长续航', { category: '数码 > 耳机', price: 199 }),
];

function learned(goods: readonly Good[], base: Catalogue | null = null): Catalogue {
  const page = new PageCatalogue(base);
  for (const one of goods) page.add(one);
  return page.catalogue() as Catalogue;
}

async function published(): Promise<Catalogue> {
  const items = SHOP.slice(0, 5).map(({ id, title, description, brand, category }) => ({
    ...{ id, title, description, brand: brand ?? '', category: category ?? '' },
  }));
  return (await buildCatalogue(items, { embedder: hashedNgrams(256), maxK: 8 })).catalogue;
}

const related = (
  catalogue: Catalogue,
  itemId: string,
  model: 'related' | 'similar' = 'related',
): string[] =>
  new Recommender(catalogue, null, { hideSeen: 'last' })
    .recommend([shopEvent(1, itemId)], {
      ...{ model, itemId, diversity: 0 },
    })
    .items.map(({ id }) => id);

describe('G6 a catalogue of the pages that were opened', () => {
  it('ranks related goods above others', () => {
    const catalogue = learned(SHOP);
    expect(new Set(related(catalogue, 'mug-1').slice(0, 2))).toEqual(new Set(['mug-2', 'mug-3']));
    expect(related(catalogue, 'lamp-1')[0]).toBe('lamp-2');
    expect(related(catalogue, 'sock-2')[0]).toBe('sock-1');
  });

  it('does so in Chinese', () => {
    const catalogue = learned(CHINESE);
    expect(related(catalogue, 't1')[0]).toBe('t2');
    expect(related(catalogue, 't1')[1]).toBe('t3');
    expect(related(catalogue, 's1')[0]).toBe('s2');
  });

  it('is a catalogue like any: unit rows, names, bands, no hash', () => {
    const { hash, ids, vectors, k, title, text, brand, brands, priceBand, categories } =
      learned(SHOP);
    expect(hash).toBe('');
    expect(ids).toEqual(SHOP.map(({ id }) => id));
    for (let i = 0; i < ids.length; i++) {
      expect(vectorDot(vectors, k, i, i)).toBeCloseTo(1, 5);
      for (const rows of [title, text]) {
        const row = rows.values.subarray(rows.starts[i] as number, rows.starts[i + 1] as number);
        expect(Math.hypot(...row)).toBeCloseTo(1, 5);
      }
    }
    expect(brands).toEqual(['Clay', 'Kiln', 'Glow', 'Loom']);
    expect([...brand]).toEqual([0, 0, 1, 2, 2, 3, 3]);
    expect(categories).toHaveLength(3);
    expect([...priceBand.subarray(0, 3)]).toEqual([0, 2, 4]);
  });

  it('is made of one good, and then recommends nothing but names nothing wrong', () => {
    const catalogue = learned([SHOP[0] as Good]);
    expect(catalogue.ids).toEqual(['mug-1']);
    expect(related(catalogue, 'mug-1')).toEqual([]);
    const other = new Recommender(catalogue).recommend([], { model: 'related', itemId: 'gone' });
    expect(other).toMatchObject({ state: 'unknown-item', items: [{ id: 'mug-1', score: 0 }] });
  });

  it('holds no NaN for titles without a letter, and prices that are none', () => {
    const odd = [
      good('a', '!!!', { price: Number.NaN }),
      good('b', '—', { price: 1e300 }),
      ...SHOP,
    ];
    const { vectors, title, text, priceCents } = learned(odd);
    for (const list of [vectors, title.values, text.values]) {
      expect(list.every(Number.isFinite)).toBe(true);
    }
    expect([...priceCents.subarray(0, 3)]).toEqual([-1, -1, 900]);
  });

  it('grows by views: what was handed out stays as it was', () => {
    const page = new PageCatalogue(null);
    for (const one of SHOP.slice(0, 3)) page.add(one);
    const before = page.catalogue() as Catalogue;
    const kept = structuredClone(before);
    for (const one of SHOP.slice(3)) page.add(one);
    const after = page.catalogue() as Catalogue;
    expect(after.ids).toHaveLength(7);
    expect(before).toEqual(kept);
    expect(page.catalogue()).toBe(after);
    page.add(SHOP[0] as Good);
    expect(page.catalogue()).toBe(after);
    page.add({ ...(SHOP[0] as Good), price: 5 });
    expect(page.catalogue()?.priceCents[0]).toBe(500);
  });

  it('another price places nothing again, another text no more than 32 goods for each', () => {
    const page = new PageCatalogue(null);
    const many = Array.from({ length: 100 }, (_, i) => good(`g${i}`, `thing ${i}`, { price: i }));
    for (const one of many) page.add(one);
    const before = page.catalogue() as Catalogue;
    const place = ({ vectors }: Catalogue): ArrayBufferLike => vectors.buffer;
    page.add({ ...(many[7] as Good), price: 999 });
    const priced = page.catalogue() as Catalogue;
    expect([before.priceCents[7], priced.priceCents[7]]).toEqual([700, 99_900]);
    expect(place(priced)).toBe(place(before));
    for (const i of [1, 2, 3]) {
      page.add({ ...(many[i] as Good), title: `lamp ${i}`, price: 500 });
      expect(page.catalogue()?.priceCents[i]).toBe(50_000);
      expect(place(page.catalogue() as Catalogue)).toBe(place(before));
    }
    page.add({ ...(many[4] as Good), title: 'lamp 4' });
    const after = page.catalogue() as Catalogue;
    expect(place(after)).not.toBe(place(before));
    const like = (a: number, b: number): number => vectorDot(after.vectors, after.k, a, b);
    expect(like(1, 4)).toBeGreaterThan(like(1, 5));
  });

  it('one by one ranks as all at once', () => {
    const page = new PageCatalogue(null);
    for (const one of [...CHINESE, ...SHOP]) {
      page.add(one);
      page.catalogue();
    }
    const slowly = page.catalogue() as Catalogue;
    const atOnce = learned([...CHINESE, ...SHOP]);
    expect(slowly.ids).toEqual(atOnce.ids);
    for (const id of ['mug-1', 'lamp-1', 't1', 's1']) {
      expect(related(slowly, id)[0]).toBe(related(atOnce, id)[0]);
    }
  });

  it('one more page of 5,000 costs its own text, not theirs', () => {
    const page = new PageCatalogue(null);
    const many = Array.from({ length: 5000 }, (_, i) =>
      good(`g${i}`, `thing ${i % 97} of kind ${i % 13}`, { category: `c${i % 13}`, price: i }),
    );
    const begin = performance.now();
    for (const one of many) page.add(one);
    page.catalogue();
    const whole = performance.now() - begin;
    // Several, since one alone may be interrupted; the least is what it costs.
    const each = Array.from({ length: 20 }, (_, i) => {
      const start = performance.now();
      page.add(good(`n${i}`, `another thing ${i}`));
      expect(page.catalogue()?.ids).toHaveLength(5001 + i);
      return performance.now() - start;
    });
    expect(Math.min(...each)).toBeLessThan(whole / 10);
  });
});

describe('G6 behind a published catalogue', () => {
  it('adds what that lacks, and leaves its rows as they are', async () => {
    const base = await published();
    const page = new PageCatalogue(base);
    expect(page.catalogue()).toBe(base);
    page.add({ ...(SHOP[0] as Good), title: 'something else' });
    expect(page.catalogue()).toBe(base);
    page.add(good('mug-9', 'Green ceramic mug', { brand: 'Clay', category: 'Kitchen > Mugs' }));
    const both = page.catalogue() as Catalogue;
    expect(both.hash).not.toBe(base.hash);
    expect(both.ids).toEqual([...base.ids, 'mug-9']);
    expect(both.vectors.subarray(0, base.vectors.length)).toEqual(base.vectors);
    expect(both.title.starts.subarray(0, base.ids.length + 1)).toEqual(base.title.starts);
    expect(both.brands[both.brand[5] as number]).toBe('Clay');
    expect(
      related(both, 'mug-9')
        .slice(0, 2)
        .every((id) => id.startsWith('mug')),
    ).toBe(true);
    expect(related(both, 'mug-1')).toContain('mug-9');
  });

  it('the published ranker ranks over more goods', async () => {
    const base = await published();
    const page = new PageCatalogue(base);
    page.add(good('mug-9', 'Green ceramic mug'));
    const both = page.catalogue() as Catalogue;
    const pop = Float32Array.of(5, 4, 3, 2, 1);
    const pair = visitPairs([[0, 3]], 5);
    const ranker = rankerOver({ ...wideRanker(), pop, pair }, both.ids.length);
    const scorer = new RankerScorer(both);
    const history = [indexOf(both).get('mug-1') as number];
    const scores = scorer.scores(history, ranker);
    const plain = scorer.scores(history, wideRanker());
    expect(scores).toHaveLength(6);
    expect((scores[5] as number) - (plain[5] as number)).toBe(0);
    expect((scores[4] as number) - (plain[4] as number)).toBeCloseTo(1, 5);
    expect((scores[3] as number) - (plain[3] as number)).toBeCloseTo(2 + 0.5 * Math.log(2), 5);
  });
});

describe('the own visits', () => {
  it('pair goods of one visit, by how many', () => {
    const table = visitPairs([[0, 2], [2, 0, 1], [3]], 4);
    const { starts, items, values } = table?.rows ?? { starts: [], items: [], values: [] };
    expect([...starts]).toEqual([0, 2, 4, 6, 6]);
    expect([...items]).toEqual([2, 1, 2, 0, 0, 1]);
    expect([...values]).toEqual([2, 1, 1, 1, 2, 1]);
    expect(visitPairs([[1], []], 4)).toBeNull();
  });
});
