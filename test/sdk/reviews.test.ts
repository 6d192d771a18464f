import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { describe as described, opinionOf, writtenScores } from '../../sdk/features/reviews.ts';
import { sentiment } from '../../sdk/features/sentiment.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { vectorDot } from '../../shared/model/similarity.ts';
import { termHash, textScores, textVector } from '../../shared/model/terms.ts';
import { event, smallCatalogue } from './features-goods.ts';

let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

const best = (scores: Float32Array): string => goods.ids[scores.indexOf(Math.max(...scores))] ?? '';

describe('sentiment', () => {
  it.each([
    'Great teapot, I love it!',
    'Not bad. Great!',
    'never had a problem',
    'works perfectly and is not cheap',
    'I don’t regret it',
    'This T-shirt is great',
    '质量不错，很喜欢',
    '没有问题',
    '这个茶壶很好用',
    '物美价廉！',
  ])('is good: %s', (text) => expect(sentiment(text)).toBeGreaterThan(0.3));

  it.each([
    'It broke after a week, terrible quality',
    'not good',
    "isn't very good",
    'I would not recommend this',
    '不好看',
    '不是很好用',
    '非常失望，退货了',
    '太贵了，不值',
    '杯子漏水，差评',
  ])('is bad: %s', (text) => expect(sentiment(text)).toBeLessThan(-0.3));

  it.each(['', 'ok', 'A pot of two litres.', '茶壶两升', 'Чайник', 'กาน้ำชา', '🙂', '   \n'])(
    'says nothing: %j',
    (text) => expect(sentiment(text)).toBe(0),
  );

  it('has known values: s/√(s² + 2), −0.8 behind a negation, half as much again when strong', () => {
    expect(sentiment('good')).toBeCloseTo(1 / Math.sqrt(3), 12);
    expect(sentiment('not good')).toBeCloseTo(-0.8 / Math.sqrt(2.64), 12);
    expect(sentiment('very good')).toBeCloseTo(1.5 / Math.sqrt(4.25), 12);
    expect(sentiment('not a pot of good')).toBeCloseTo(1 / Math.sqrt(3), 12);
    expect(sentiment('good bad')).toBe(0);
    expect(sentiment('not bad good')).toBeCloseTo(1.8 / Math.sqrt(1.8 ** 2 + 2), 12);
  });

  it('stays within [−1, 1] for a text of any length', () => {
    expect(sentiment('great '.repeat(700))).toBeLessThanOrEqual(1);
    expect(sentiment('差'.repeat(4000))).toBeGreaterThanOrEqual(-1);
  });
});

describe('opinion', () => {
  it('is the stars, and the mean of stars and words where there are words', () => {
    expect(opinionOf({ rating: 5 })).toBe(1);
    expect(opinionOf({ rating: 3 })).toBe(0);
    expect(opinionOf({ rating: 1, text: 'a pot' })).toBe(-1);
    expect(opinionOf({ rating: 5, text: 'terrible' })).toBeCloseTo((1 - 1 / Math.sqrt(3)) / 2, 12);
    expect(opinionOf({ text: 'good' })).toBeGreaterThan(0);
    expect(opinionOf({})).toBe(0);
    expect(opinionOf({ rating: Number.NaN })).toBe(0);
  });
});

describe("a browser's own text among the goods", () => {
  it('finds goods by their words, in English and in Chinese', () => {
    expect(best(textScores('paper LAMP for the floor', goods))).toBe('lamp-paper');
    expect(best(textScores('想要一把紫砂茶壶', goods))).toBe('pot-clay');
    expect(best(textScores('黄铜', goods))).toBe('lamp-brass');
  });

  it('ranks a good first by its own text, and every text scores in [0, 1]', () => {
    for (const [item, text] of [
      [0, 'Clay teapot 紫砂茶壶'],
      [11, 'Iron pan 铸铁锅'],
    ] as const) {
      const scores = textScores(`${text} ${text}. Made for the kitchen and the table.`, goods);
      expect(best(scores)).toBe(goods.ids[item]);
      expect(scores[item]).toBeGreaterThan(0.7);
      expect(scores[item]).toBeLessThanOrEqual(1 + 1e-6);
      expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
    }
  });

  it('reads texts as the build step does: a title has the cosine 1 with its own title', () => {
    // Which is half of the score; the other half is by the whole text, of more words.
    const scores = textScores('Oak spoon 橡木勺', goods);
    const item = goods.ids.indexOf('spoon-oak');
    expect(best(scores)).toBe('spoon-oak');
    expect(scores[item]).toBeGreaterThan(0.5 * 0.999);
  });

  it('says nothing of unknown words, and without hashes', () => {
    const nothing = new Float32Array(goods.ids.length);
    expect(textScores('zzz 龘龘 чайник', goods)).toEqual(nothing);
    expect(textScores('', goods)).toEqual(nothing);
    const { terms: _, ...bare } = goods;
    expect(textScores('teapot', bare)).toEqual(nothing);
    expect([...textVector('', goods)].every((value) => value === 0)).toBe(true);
  });

  it('places a good that the catalogue lacks near its kind', () => {
    const item = { id: 'new', name: 'Copper desk lamp', brand: 'Forge', quantity: 1 };
    const vector = textVector(described(item), goods);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    const vectors = Float32Array.from([...vector, ...goods.vectors]);
    const likeness = goods.ids.map((_, i) => vectorDot(vectors, goods.k, 0, i + 1));
    const [first = '', second = ''] = goods.ids
      .map((id, i) => [id, likeness[i] as number] as const)
      .sort((a, b) => b[1] - a[1])
      .map(([id]) => id);
    expect([first, second].every((id) => id.startsWith('lamp-'))).toBe(true);
  });

  it('takes of two columns with one hash the commoner, which stands first', () => {
    const hashes = Uint32Array.from(goods.terms?.title ?? []);
    const lamp = hashes.indexOf(termHash('lamp'));
    hashes[hashes.length - 1] = termHash('lamp');
    expect(lamp).toBeLessThan(hashes.length - 1);
    const text = goods.terms?.text ?? new Uint32Array(0);
    const twice = { ...goods, terms: { title: hashes, text } };
    expect(textScores('lamp', twice)).toEqual(textScores('lamp', goods));
  });

  it('weighs the vectors of goods by the square of their score', () => {
    const scores = textScores('oak lamp', goods);
    const sum = new Float64Array(goods.k);
    for (const [item, score] of scores.entries()) {
      for (let c = 0; c < goods.k; c++) {
        sum[c] = (sum[c] as number) + score ** 2 * (goods.vectors[item * goods.k + c] as number);
      }
    }
    const norm = Math.hypot(...sum);
    for (const [c, value] of textVector('oak lamp', goods).entries()) {
      expect(value).toBeCloseTo((sum[c] as number) / norm, 5);
    }
  });

  it('hashes terms as statistics do, to 32 bits', () => {
    expect(termHash('')).toBe(Math.floor(termHash('')));
    expect(termHash('茶壶')).toBeLessThan(2 ** 32);
    expect(termHash('a')).not.toBe(termHash('b'));
  });
});

describe('what was written', () => {
  const searched = (term: string): ShopEvent => event('search', [], { term });
  const rated = (rating: number, text: string): ShopEvent =>
    event('rate_item', ['pot-iron'], { rating, text });

  it('speaks for what was searched and against what was found bad', () => {
    const scores = writtenScores([searched('lamp'), rated(1, 'teapot, terrible')], goods);
    if (scores === null) throw new Error('nothing written');
    expect(scores[goods.ids.indexOf('lamp-oak')]).toBeGreaterThan(0);
    expect(scores[goods.ids.indexOf('pot-iron')]).toBeLessThan(0);
    expect(scores.every((score) => score >= -1 && score <= 1)).toBe(true);
  });

  it('counts what is newer for more, and the newest ten alone', () => {
    const at = (id: string, ...terms: string[]): number =>
      writtenScores(terms.map(searched), goods)?.[goods.ids.indexOf(id)] ?? 0;
    expect(at('knife-iron', 'lamp', 'knife')).toBeGreaterThan(at('knife-iron', 'knife', 'lamp'));
    expect(at('lamp-oak', 'knife', 'lamp')).toBeGreaterThan(at('lamp-oak', 'lamp', 'knife'));
    const many = [searched('lamp'), ...Array.from({ length: 10 }, () => searched('knife'))];
    const scores = writtenScores(many, goods) as Float32Array;
    expect(scores[goods.ids.indexOf('lamp-oak')]).toBe(0);
  });

  it('is null where nothing was written that the catalogue knows', () => {
    expect(writtenScores([], goods)).toBeNull();
    expect(writtenScores([searched('zzz'), event('view_item', ['pot-clay'])], goods)).toBeNull();
    expect(writtenScores([rated(3, 'a pot')], goods)).toBeNull();
  });
});
