import { describe, expect, it } from 'vitest';
import { campaign } from '../../demo-shop/catalogue/campaign.ts';
import { categories } from '../../demo-shop/catalogue/categories.ts';
import { goods } from '../../demo-shop/catalogue/goods.ts';

const shelf = campaign.href.split('/').at(-1);
const promoted = goods.filter(({ categoryId }) => categoryId === shelf);

describe('the campaign', () => {
  it('shows goods of the shelf that it leads to', () => {
    expect(categories.map(({ id }) => id)).toContain(shelf);
    for (const id of campaign.goodIds) expect(promoted.map((good) => good.id)).toContain(id);
  });

  it('has arms with names of their own and words in both languages', () => {
    expect(new Set(campaign.arms.map(({ id }) => id)).size).toBe(campaign.arms.length);
    for (const { title, text } of campaign.arms) {
      for (const words of [title, text]) {
        expect(words.en).not.toBe('');
        expect(words.zh).toMatch(/\p{Script=Han}/u);
      }
    }
  });

  it('promises the price and the number of goods that the shelf has', () => {
    const price = campaign.arms.find(({ id }) => id === 'price');
    const cheapest = Math.min(...promoted.map(({ priceCents }) => priceCents)) / 100;
    expect(price?.title.en).toContain(`€${cheapest.toFixed(2)}`);
    expect(price?.title.zh).toContain(`${cheapest.toFixed(2)} 欧元`);
    expect(promoted).toHaveLength(20);
    expect(price?.text.en).toContain('Twenty');
  });
});
