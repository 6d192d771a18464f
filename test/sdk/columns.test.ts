import { expect, it } from 'vitest';
import { ColumnCache } from '../../sdk/features/columns.ts';
import { benchCatalogue } from '../bench/goods.ts';

const goods = benchCatalogue(300);
/** Fewer than an eighth of the goods, so that pairs are worked out one by one. */
const others = Uint32Array.from({ length: 20 }, (_, i) => (i * 37) % 300);

it('gives a few pairs as a whole column does', () => {
  const cache = new ColumnCache(goods);
  const pairs = [0, 7, 7, 299].map((item) => cache.gather(item, others));
  expect([0, 7, 299].map((item) => cache.has(item))).toEqual([false, false, false]);
  for (const [i, item] of [0, 7, 7, 299].entries()) {
    const column = cache.get(item);
    others.forEach((other, c) => {
      expect(pairs[i]?.vector[c]).toBe(column.vector[other]);
      expect(pairs[i]?.text[c]).toBeCloseTo(column.text[other] as number, 6);
      expect(pairs[i]?.title[c]).toBeCloseTo(column.title[other] as number, 6);
    });
    expect(cache.gather(item, others).vector).toEqual(pairs[i]?.vector);
  }
  expect(pairs[1]).toEqual(pairs[2]);
  expect(pairs.some(({ text }) => text.some((value) => value > 0))).toBe(true);
});
