import { describe, expect, it } from 'vitest';
import { brands } from '../../demo-shop/catalogue/brands.ts';
import { categories } from '../../demo-shop/catalogue/categories.ts';
import { complements } from '../../demo-shop/catalogue/complements.ts';
import { drawCategory, drawGood } from '../../demo-shop/catalogue/drawing.ts';
import { goods } from '../../demo-shop/catalogue/goods.ts';
import { emblemNames, patternNames } from '../../demo-shop/catalogue/patterns.ts';
import type { Good } from '../../demo-shop/catalogue/types.ts';

const byId = new Map(goods.map((good) => [good.id, good]));
const fillers = new Set(['and', 'for', 'the', 'set', 'with']);

const nameWords = (good: Good): string[] =>
  (good.name.en.toLowerCase().match(/[a-z]+/g) ?? []).filter(
    (word) => word.length > 2 && !fillers.has(word),
  );

const shared = (left: readonly string[], right: readonly string[]): string[] =>
  left.filter((entry) => right.includes(entry));

/** Names of elements left open or closed out of order; empty for balanced markup. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  for (const [, closing, name = '', selfClosing] of svg.matchAll(
    /<(\/?)([a-zA-Z]+)(?:\s[\w:-]+="[^"<>]*")*\s*(\/?)>/g,
  )) {
    if (selfClosing) continue;
    if (!closing) open.push(name);
    else if (open.pop() !== name) return [name];
  }
  return open;
}

function expectSoundSvg(svg: string): void {
  expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320"')).toBe(
    true,
  );
  expect(svg).toContain('role="img"');
  expect(svg).toMatch(/<title>[^<]+<\/title>/);
  expect(unbalanced(svg)).toEqual([]);
  const text = svg.replace(/<(\/?)([a-zA-Z]+)(?:\s[\w:-]+="[^"<>]*")*\s*(\/?)>/g, '');
  expect(text).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|data:/);
  const ids = [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
}

describe('assortment', () => {
  it('has 240 goods with unique slugs, 20 in each of 12 categories', () => {
    expect(goods).toHaveLength(240);
    expect(byId.size).toBe(240);
    expect(categories).toHaveLength(12);
    for (const { id } of goods) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const { id, coverGoodId } of categories) {
      expect(goods.filter((good) => good.categoryId === id)).toHaveLength(20);
      expect(byId.get(coverGoodId)?.categoryId).toBe(id);
    }
  });

  it('refers to existing brands and categories only, each brand in one to four', () => {
    const categoryIds = categories.map(({ id }) => id);
    const brandIds = brands.map(({ id }) => id);
    expect(new Set(brandIds).size).toBe(brands.length);
    for (const good of goods) {
      expect(categoryIds).toContain(good.categoryId);
      expect(brandIds).toContain(good.brandId);
    }
    for (const brandId of brandIds) {
      const shelves = new Set(
        goods.filter((good) => good.brandId === brandId).map((good) => good.categoryId),
      );
      expect(shelves.size, brandId).toBeGreaterThanOrEqual(1);
      expect(shelves.size, brandId).toBeLessThanOrEqual(4);
    }
  });

  it('has its own name and text for every good in both languages', () => {
    for (const language of ['en', 'zh'] as const) {
      expect(new Set(goods.map((good) => good.name[language])).size).toBe(240);
      expect(new Set(goods.map((good) => good.text[language])).size).toBe(240);
    }
    for (const { name, text } of goods) {
      expect(name.en).toMatch(/^[\x20-\x7e]+$/);
      expect(name.zh).toMatch(/\p{Script=Han}/u);
      expect(text.en.length).toBeGreaterThan(60);
      expect(text.zh.length).toBeGreaterThan(20);
      expect(text.zh).toMatch(/\p{Script=Han}/u);
    }
  });

  it('has whole prices, three to six tags and one to four variants', () => {
    for (const { id, priceCents, tags, variants, drawing } of goods) {
      expect(Number.isInteger(priceCents) && priceCents > 0, id).toBe(true);
      expect(new Set(tags).size, id).toBe(tags.length);
      expect(tags.length, id).toBeGreaterThanOrEqual(3);
      expect(tags.length, id).toBeLessThanOrEqual(6);
      for (const tag of tags) expect(tag).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(variants.length, id).toBeGreaterThanOrEqual(1);
      expect(variants.length, id).toBeLessThanOrEqual(4);
      expect(new Set(variants.map((variant) => variant.id)).size, id).toBe(variants.length);
      for (const { colour } of variants) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
      if (drawing.pattern !== undefined) expect(patternNames).toContain(drawing.pattern);
      if (drawing.motif !== undefined) expect(emblemNames).toContain(drawing.motif);
    }
  });

  it('spreads prices at least threefold within a category', () => {
    for (const { id } of categories) {
      const prices = goods.filter((good) => good.categoryId === id).map((good) => good.priceCents);
      expect(Math.max(...prices) / Math.min(...prices), id).toBeGreaterThan(3);
    }
  });
});

describe('complements', () => {
  it('pairs existing goods across categories, each pair once', () => {
    expect(complements.length).toBeGreaterThanOrEqual(80);
    const keys = complements.map((pair) => [...pair].sort().join('+'));
    expect(new Set(keys).size).toBe(complements.length);
    for (const [a, b] of complements) {
      expect(byId.has(a), a).toBe(true);
      expect(byId.has(b), b).toBe(true);
      expect(byId.get(a)?.categoryId).not.toBe(byId.get(b)?.categoryId);
    }
  });

  it('cannot be guessed from shared tags or name words', () => {
    for (const [a, b] of complements) {
      const left = byId.get(a);
      const right = byId.get(b);
      if (left === undefined || right === undefined) throw new Error(`${a} or ${b} is missing`);
      expect(shared(left.tags, right.tags), `${a} ${b}`).toEqual([]);
      expect(shared(nameWords(left), nameWords(right)), `${a} ${b}`).toEqual([]);
    }
  });
});

describe('pictures', () => {
  it('are sound SVG for every variant of every good', () => {
    for (const good of goods) {
      good.variants.forEach((_, index) => {
        expectSoundSvg(drawGood(good, index));
      });
    }
  });

  it('differ between goods and between variants, and repeat exactly', () => {
    expect(new Set(goods.map((good) => drawGood(good))).size).toBe(240);
    const drawings = new Set(
      goods.map((good) =>
        drawGood(good).replace(/<title>.*?<\/title>| id="[^"]*"|url\([^)]*\)/g, ''),
      ),
    );
    expect(drawings.size).toBe(240);
    for (const good of goods) {
      const views = good.variants.map((_, index) => drawGood(good, index));
      expect(new Set(views).size, good.id).toBe(views.length);
      expect(drawGood(good)).toBe(views[0]);
    }
  });

  it('carry the title in the asked language', () => {
    const good = byId.get('balloon-whisk-set');
    if (good === undefined) throw new Error('balloon-whisk-set is missing');
    expect(drawGood(good)).toContain('<title>Whisk &amp; Spoon Trio</title>');
    expect(drawGood(good, 0, 'zh')).toContain(`<title>${good.name.zh}</title>`);
  });

  it('exist for every category', () => {
    const tiles = categories.map((category) => drawCategory(category));
    for (const tile of tiles) expectSoundSvg(tile);
    expect(new Set(tiles).size).toBe(categories.length);
  });
});
