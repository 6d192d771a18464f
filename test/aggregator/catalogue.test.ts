import { describe, expect, it } from 'vitest';
import { buildCatalogue, type CatalogueItem } from '../../aggregator/catalogue/build.ts';
import { givenVectors, hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { nearestItems } from '../../aggregator/catalogue/graph.ts';
import { symmetricEigen } from '../../aggregator/catalogue/linear.ts';
import { readPrice } from '../../aggregator/catalogue/price.ts';
import { reduceVectors } from '../../aggregator/catalogue/reduce.ts';
import { tfidf } from '../../aggregator/catalogue/tfidf.ts';
import { termsOf } from '../../aggregator/catalogue/words.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { priceBands } from '../../shared/model/bands.ts';
import type { SparseRows } from '../../shared/model/catalogue.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const item = (id: string, title: string, more: Partial<CatalogueItem> = {}): CatalogueItem => ({
  id,
  title,
  description: '',
  ...more,
});

function cosine(matrix: Float32Array, k: number, a: number, b: number): number {
  let sum = 0;
  for (let c = 0; c < k; c++) {
    sum += (matrix[a * k + c] as number) * (matrix[b * k + c] as number);
  }
  return sum;
}

function sparseCosine(rows: SparseRows, a: number, b: number): number {
  let sum = 0;
  for (let e = rows.starts[a] as number; e < (rows.starts[a + 1] as number); e++) {
    for (let f = rows.starts[b] as number; f < (rows.starts[b + 1] as number); f++) {
      if (rows.columns[e] === rows.columns[f]) {
        sum += (rows.values[e] as number) * (rows.values[f] as number);
      }
    }
  }
  return sum;
}

describe('terms', () => {
  it('are lower-case words without English stop words', () => {
    expect(termsOf('The Oak Teapot, with 2 Cups (a set)', 1)).toEqual([
      'oak',
      'teapot',
      '2',
      'cups',
      'set',
    ]);
    expect(termsOf('Size M teapot', 2)).toEqual(['size', 'teapot']);
  });

  it('have one spelling for full-width, composed and decomposed letters', () => {
    expect(termsOf('ＴＥＡ cafe\u0301', 1)).toEqual(termsOf('tea caf\u00e9', 1));
    expect(termsOf('Kiln™ tea', 1)).toEqual(['kiln', 'tea']);
  });

  it('are bigrams where Chinese, Japanese or Korean is written', () => {
    expect(termsOf('紫砂茶壶 200ml', 1)).toEqual(['紫砂', '砂茶', '茶壶', '200ml']);
    expect(termsOf('A4纸', 1)).toEqual(['a4', '纸']);
    expect(termsOf('コーヒー', 1)).toEqual(['コー', 'ーヒ', 'ヒー']);
  });
});

describe('tf-idf', () => {
  it('has tf = 1 + ln(count), idf = 1 + ln((1 + n)/(1 + df)) and unit rows', () => {
    const rows = tfidf([['a', 'b', 'a'], ['a'], []], 1);
    const a = (1 + Math.log(2)) * (1 + Math.log(4 / 3));
    const b = 1 + Math.log(4 / 2);
    expect(rows.width).toBe(2);
    expect([...rows.starts]).toEqual([0, 2, 3, 3]);
    expect(rows.values[0]).toBeCloseTo(a / Math.hypot(a, b), 6);
    expect(rows.values[1]).toBeCloseTo(b / Math.hypot(a, b), 6);
    expect(rows.values[2]).toBe(1);
  });

  it('drops terms of too few documents', () => {
    expect(tfidf([['a', 'b'], ['a'], ['c']], 2).width).toBe(1);
  });
});

describe('reduction', () => {
  const source = new ChaChaSource(new Uint8Array(32).fill(3));
  const random = (n: number, d: number, rank: number): Float32Array[] => {
    const uniform = (): number => source.nextUint32() / 2 ** 31 - 1;
    const axes = Array.from({ length: rank }, (_, r) =>
      Float64Array.from({ length: d }, () => uniform() / (1 + r)),
    );
    return Array.from({ length: n }, () => {
      const row = new Float32Array(d);
      for (const axis of axes) {
        const weight = uniform();
        for (let c = 0; c < d; c++) row[c] = (row[c] as number) + weight * (axis[c] as number);
      }
      return row;
    });
  };

  /** The same by the whole eigenproblem of the scatter matrix. */
  function exact(vectors: Float32Array[], k: number): Float64Array[] {
    const d = vectors[0]?.length ?? 0;
    const rows = vectors.map((row) => {
      const norm = Math.hypot(...row);
      return Float64Array.from(row, (value) => value / norm);
    });
    for (let c = 0; c < d; c++) {
      const mean = rows.reduce((sum, row) => sum + (row[c] as number), 0) / rows.length;
      for (const row of rows) row[c] = (row[c] as number) - mean;
    }
    const scatter = new Float64Array(d * d);
    for (const row of rows) {
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < d; j++) {
          scatter[i * d + j] =
            (scatter[i * d + j] as number) + (row[i] as number) * (row[j] as number);
        }
      }
    }
    const { values, vectors: axes } = symmetricEigen(scatter, d);
    return rows.map((row) => {
      const score = Float64Array.from({ length: k }, (_, i) => {
        const axis = axes[i] as Float64Array;
        const dot = axis.reduce((sum, value, c) => sum + value * (row[c] as number), 0);
        return dot / (values[i] as number) ** 0.25;
      });
      const norm = Math.hypot(...score);
      return score.map((value) => value / norm);
    });
  }

  it('agrees with the whole eigenproblem, formed and unformed', () => {
    const vectors = random(60, 40, 12);
    const wide = vectors.map((row) => {
      const padded = new Float32Array(1100);
      padded.set(row, 500);
      return padded;
    });
    const expected = exact(vectors, 6);
    for (const given of [vectors, wide]) {
      const { vectors: reduced, k } = reduceVectors(given, 6);
      expect(k).toBe(6);
      for (let a = 0; a < 60; a += 7) {
        for (let b = 0; b < 60; b += 5) {
          const row = expected[b] as Float64Array;
          const want = (expected[a] as Float64Array).reduce((s, v, c) => s + v * (row[c] ?? 0), 0);
          expect(cosine(reduced, k, a, b)).toBeCloseTo(want, 3);
        }
      }
    }
  });

  it('solves a known symmetric eigenproblem', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 12);
    expect(values[1]).toBeCloseTo(1, 12);
    expect(Math.abs(vectors[0]?.[0] ?? 0)).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it('keeps no more components than there are, and is the same each time', () => {
    const vectors = random(30, 20, 4);
    const first = reduceVectors(vectors, 16);
    expect(first.k).toBeLessThanOrEqual(5);
    expect(reduceVectors(vectors, 16)).toEqual(first);
  });

  it('survives one item, equal items and empty vectors', () => {
    for (const given of [
      [Float32Array.of(1, 2)],
      [Float32Array.of(1, 2), Float32Array.of(2, 4)],
      [new Float32Array(3), new Float32Array(3)],
      [],
    ]) {
      const { vectors, k } = reduceVectors(given, 8);
      expect(vectors.length).toBe(given.length * k);
      expect(vectors.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses ragged and non-finite vectors by name', () => {
    expect(() => reduceVectors([Float32Array.of(1), Float32Array.of(1, 2)], 2)).toThrow(
      /vectors\[1\]/,
    );
    expect(() => reduceVectors([Float32Array.of(Number.NaN)], 2)).toThrow(/finite/);
  });
});

describe('prices', () => {
  it('fall into quintiles of their category', () => {
    const prices = Int32Array.of(10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 5, -1);
    const category = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect([...priceBands(prices, category)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 2, -1]);
  });

  it('share a band when they are equal', () => {
    const bands = priceBands(Int32Array.of(7, 7, 7, 100), Int32Array.of(0, 0, 0, 0));
    expect(new Set(bands.slice(0, 3)).size).toBe(1);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '19.99', {}])(
    'name %s as a problem and keep no price',
    (priceCents) => {
      const problems: string[] = [];
      expect(readPrice({ id: 'x', priceCents }, problems)).toBe(-1);
      expect(problems).toHaveLength(1);
    },
  );
});

describe('item graph', () => {
  it('holds the nearest by the mean of both cosines, as a full sort finds them', async () => {
    const words = ['oak', 'tea', 'cup', 'lamp', 'wool', 'clay', 'iron', 'linen'];
    const source = new ChaChaSource(new Uint8Array(32).fill(5));
    const titles = Array.from({ length: 40 }, () =>
      Array.from({ length: 3 }, () => words[source.nextUint32() % 8]).join(' '),
    );
    const title = tfidf(
      titles.map((one) => termsOf(one, 1)),
      1,
    );
    const { vectors, k } = reduceVectors(await hashedNgrams(64).embed(titles), 8);
    const graph = nearestItems(vectors, k, title, 4);
    const score = (a: number, b: number): number =>
      cosine(vectors, k, a, b) + sparseCosine(title, a, b);
    for (let a = 0; a < 40; a++) {
      const want = Array.from({ length: 40 }, (_, b) => b)
        .filter((b) => b !== a)
        .map((b) => score(a, b))
        .sort((x, y) => y - x)
        .slice(0, 4);
      expect(graph[a * 5]).toBe(a);
      for (const [d, best] of want.entries()) {
        expect(score(a, graph[a * 5 + 1 + d] as number)).toBeCloseTo(best, 4);
      }
    }
  });
});

describe('buildCatalogue', () => {
  it('finds like Chinese goods alike, and addresses its bytes', async () => {
    const built = await buildCatalogue(
      [
        item('t1', '紫砂茶壶', { brand: '北山', category: '茶具', priceCents: 19_900 }),
        item('t2', '白瓷茶壶', { brand: '北山', category: '茶具', priceCents: 9_900 }),
        item('l1', '黄铜台灯', { category: '灯具', priceCents: 29_900 }),
        item('l2', '木质台灯', { category: '灯具' }),
      ],
      { embedder: hashedNgrams(), neighbours: 2 },
    );
    const { catalogue } = built;
    expect(built.hash).toBe(await sha256Hex(built.bytes));
    expect(catalogue.graph[1]).toBe(1);
    expect(catalogue.graph[2 * 3 + 1]).toBe(3);
    expect(cosine(catalogue.vectors, catalogue.k, 0, 1)).toBeGreaterThan(
      cosine(catalogue.vectors, catalogue.k, 0, 2),
    );
    expect([...catalogue.brand]).toEqual([0, 0, -1, -1]);
    expect(catalogue.categories).toEqual(['茶具', '灯具']);
    expect([...catalogue.priceCents]).toEqual([19_900, 9_900, 29_900, -1]);
    expect([...catalogue.priceBand]).toEqual([3, 1, 2, -1]);
  });

  it('gives the same bytes for the same goods', async () => {
    const goods = ['oak lamp', 'iron lamp', 'wool rug'].map((title, i) => item(`${i}`, title));
    const first = await buildCatalogue(goods, { embedder: hashedNgrams() });
    const second = await buildCatalogue(goods, { embedder: hashedNgrams() });
    expect(second.hash).toBe(first.hash);
  });

  it('builds a catalogue of one item, and of none', async () => {
    for (const goods of [[item('only', 'Lamp')], []]) {
      const { catalogue } = await buildCatalogue(goods, { embedder: hashedNgrams() });
      expect(catalogue.ids).toHaveLength(goods.length);
      expect(catalogue.vectors.every(Number.isFinite)).toBe(true);
    }
  });

  it('refuses repeated ids, and vectors that are not one per item', async () => {
    const embedder = hashedNgrams();
    await expect(buildCatalogue([item('a', 'x'), item('a', 'y')], { embedder })).rejects.toThrow(
      /items\[1\].id/,
    );
    await expect(buildCatalogue([item('a', 'x')], { embedder: givenVectors([]) })).rejects.toThrow(
      /rows/,
    );
  });
});
