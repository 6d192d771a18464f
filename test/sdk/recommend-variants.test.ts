import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { type ServedRanker, wideRanker } from '../../sdk/features/ranker.ts';
import { marginal } from '../../sdk/recommend/diverse.ts';
import { Recommender, type Taste } from '../../sdk/recommend/recommender.ts';
import { fuse } from '../../sdk/recommend/variants.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { graphRows } from '../../shared/model/pair-rows.ts';
import { event, smallCatalogue } from './features-goods.ts';

let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});
const view = (...ids: string[]): ShopEvent[] => ids.map((id) => event('view_item', [id]));
const idsOf = (result: { items: readonly { id: string }[] }): string[] =>
  result.items.map((one) => one.id);
const at = (id: string): number => goods.ids.indexOf(id);

describe('similar', () => {
  it('is by words without images, by images where the good has one, and never itself', () => {
    const words = new Recommender(goods).recommend([], { model: 'similar', itemId: 'lamp-oak' });
    expect(words).toMatchObject({ source: 'content', state: 'ready' });
    expect(words.items[0]?.id).toMatch(/^lamp-/);
    expect(words.items[0]?.why).toEqual([{ feature: 'content', amount: words.items[0]?.score }]);
    expect(idsOf(words)).not.toContain('lamp-oak');
    const vectors = new Float32Array(goods.ids.length * 2);
    for (const id of ['lamp-oak', 'spoon-oak']) vectors.set([1, 0], 2 * at(id));
    vectors.set([0, 1], 2 * at('lamp-brass'));
    const pictured = new Recommender({ ...goods, image: { vectors, k: 2 } });
    const looks = pictured.recommend([], { model: 'similar', itemId: 'lamp-oak' });
    expect(looks.items[0]).toEqual({
      id: 'spoon-oak',
      score: 1,
      why: [{ feature: 'image', amount: 1 }],
    });
    const none = pictured.recommend([], { model: 'similar', itemId: 'pot-clay' });
    expect(none.items[0]?.why[0]?.feature).toBe('content');
  });
});

describe('together', () => {
  const request = { model: 'together', itemId: 'pot-clay' } as const;
  const taste = (together: readonly (readonly string[])[], bought: string[] = []): Taste => ({
    sequence: [],
    bought: new Set(bought.map(at)),
    together: together.map((visit) => visit.map(at)),
  });

  it('puts the other category first where it knows nothing else, and what was in one visit before it', () => {
    const plain = new Recommender(goods).recommend(taste([]), { ...request, diversity: 0 });
    expect(plain.source).toBe('content');
    const kinds = plain.items.map(({ id }) => goods.category[at(id)]);
    expect(kinds.indexOf(goods.category[at('pot-clay')])).toBeGreaterThan(6);
    const visits = [
      ['pot-clay', 'pan-iron'],
      ['cup-clay', 'lamp-oak'],
    ];
    const own = new Recommender(goods).recommend(taste(visits), request);
    expect(own.items[0]).toMatchObject({ id: 'pan-iron' });
    expect(own.items[0]?.why[0]).toEqual({ feature: 'visits', amount: Math.fround(Math.log(2)) });
    expect(
      idsOf(new Recommender(goods).recommend(taste(visits, ['pan-iron']), request)),
    ).not.toContain('pan-iron');
  });

  it('follows the pair part where that is on', () => {
    const { graph, degree } = goods;
    const matrix = new Float32Array(graph.length);
    const edge = at('pot-clay') * degree + 3;
    matrix[edge] = 50;
    const pair = { rows: graphRows(matrix, goods), weight: 2, decay: 0.6, reach: 3 };
    const served: ServedRanker = {
      ranker: { ...wideRanker(), pair },
      model: null,
      private: null,
    };
    const recommender = new Recommender(goods);
    recommender.setRanker(served);
    const result = recommender.recommend(taste([]), request);
    expect(result).toMatchObject({ source: 'model', state: 'ready' });
    expect(result.items[0]?.id).toBe(goods.ids[graph[edge] as number]);
    expect(result.items[0]?.why[0]).toMatchObject({ feature: 'pair' });
  });
});

describe('re-rank', () => {
  const among = ['lamp-oak', 'knife-iron', 'new-in-shop', 'pot-glass', 'spoon-oak', 'cup-clay'];

  it('keeps the given order for an empty history, all of it', () => {
    const result = new Recommender(goods).recommend([], { model: 're-rank', among });
    expect(result).toMatchObject({ source: 'given', state: 'no-history' });
    expect(idsOf(result)).toEqual(among);
    const wide = Array.from({ length: 40 }, (_, i) => `id-${i}`);
    expect(idsOf(new Recommender(goods).recommend([], { model: 're-rank', among: wide }))).toEqual(
      wide,
    );
  });

  it('moves up what the shopper likes, and leaves what it does not know in its place', () => {
    const { items, ...result } = new Recommender(goods).recommend(view('pot-clay', 'cup-glass'), {
      model: 're-rank',
      among: [...among, 'lamp-oak'],
      exclude: ['knife-iron'],
    });
    expect(result).toMatchObject({ source: 'content', state: 'ready' });
    const ids = idsOf({ items });
    expect([...ids].sort()).toEqual(among.filter((id) => id !== 'knife-iron').sort());
    expect(ids.indexOf('cup-clay')).toBeLessThan(4);
    expect(ids.indexOf('pot-glass')).toBeLessThan(ids.indexOf('spoon-oak'));
    for (const { score, why } of items) {
      expect(why.map(({ feature }) => feature)).toEqual(['relevance', 'taste']);
      expect(why.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(score, 12);
    }
  });

  it('is the given order where scores agree with it or say nothing', () => {
    const ids = fc.uniqueArray(fc.string({ maxLength: 5 }), { maxLength: 30 });
    fc.assert(
      fc.property(ids, (list) => {
        expect(fuse(list, () => null).map(({ id }) => id)).toEqual(list);
        expect(fuse(list, () => 1).map(({ id }) => id)).toEqual(list);
        expect(fuse(list, (id) => -list.indexOf(id)).map(({ id }) => id)).toEqual(list);
      }),
    );
  });

  it('ranks what it knows among the places that this held', () => {
    const fused = fuse(['gone', 'a', 'b'], (id) => ({ a: 1, b: 2 })[id] ?? null);
    const taste = new Map(fused.map(({ id, why }) => [id, why[1]?.amount]));
    expect([taste.get('gone'), taste.get('b'), taste.get('a')]).toEqual([1 / 61, 1 / 62, 1 / 63]);
  });

  it('names a request without among', () => {
    const result = new Recommender(goods).recommend(view('pot-clay'), { model: 're-rank' });
    expect(result.state).toBe('bad-request');
    expect(result.items.length).toBeGreaterThan(0);
  });
});

describe('diversity', () => {
  it('is by score alone at 0, and less alike the more weight it has', () => {
    const recommender = new Recommender(goods);
    const page = (id: string, diversity: number): string[] =>
      idsOf(recommender.recommend(view(id), { diversity, limit: 4 }));
    const cosine = (a: string, b: string): number => {
      let sum = 0;
      for (let c = 0; c < goods.k; c++) {
        sum +=
          (goods.vectors[at(a) * goods.k + c] as number) *
          (goods.vectors[at(b) * goods.k + c] as number);
      }
      return sum;
    };
    const alike = (ids: readonly string[]): number =>
      ids.reduce((sum, a, i) => ids.slice(0, i).reduce((all, b) => all + cosine(a, b), sum), 0);
    const scores = recommender.recommend(view('lamp-oak'), { diversity: 0 }).items;
    for (const [i, { score }] of scores.slice(1).entries()) {
      expect(score).toBeLessThanOrEqual(scores[i]?.score as number);
    }
    const all = (diversity: number): number =>
      goods.ids.reduce((sum, id) => sum + alike(page(id, diversity)), 0);
    expect(all(0.9)).toBeLessThan(all(0) - 1);
    expect(page('lamp-oak', 0.9)).toHaveLength(4);
  });

  it('takes each place by (1 − w)·score − w·largest cosine', () => {
    const catalogue = { k: 2, vectors: Float32Array.of(1, 0, 1, 0, 0, 1, 0.6, 0.8) };
    const scores = [1, 0.9, 0.5, 0];
    expect(marginal([0, 1, 2, 3], scores, 3, 0, catalogue)).toEqual([0, 1, 2]);
    // After 0: 1 has 0.45 − 0.5, 2 has 0.25 − 0, 3 has 0 − 0.3.
    expect(marginal([0, 1, 2, 3], scores, 4, 0.5, catalogue)).toEqual([0, 2, 1, 3]);
    expect(marginal([], scores, 4, 0.5, catalogue)).toEqual([]);
  });
});

describe('cold goods', () => {
  it('rank by content under a model that was trained without them', () => {
    const pop = Float32Array.from(goods.ids, (id) => (id === 'pot-glass' ? 0 : 0.3));
    const recommender = new Recommender(goods);
    recommender.setRanker({ ranker: { ...wideRanker(), pop }, model: null, private: null });
    expect(idsOf(recommender.recommend(view('pot-clay'), { limit: 3 }))).toContain('pot-glass');
  });
});

describe('requests', () => {
  it.each([
    [{ model: 'best' }],
    [{ limit: 'ten' }],
    [{ among: 'pot-clay' }],
    [{ diversity: 2 }],
    [{ bought: true }],
    ['for-you'],
  ])('passes over what is wrong and says so: %j', (request) => {
    const result = new Recommender(goods).recommend(view('pot-clay'), request as never);
    expect(result.state).toBe('bad-request');
    expect(result.items.length).toBeGreaterThan(0);
  });

  it('answers where a field cannot even be read', () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const broken = {
      get limit(): number {
        throw new Error('broken');
      },
    };
    for (const request of [broken, { among: proxy }, proxy]) {
      const result = new Recommender(goods).recommend(view('pot-clay'), request as never);
      expect(result.state).toBe('bad-request');
      expect(result.items.length).toBeGreaterThan(0);
    }
  });

  it.each([
    [{ limit: 0 }, 0],
    [{ limit: -3 }, 0],
    [{ limit: Number.NEGATIVE_INFINITY }, 0],
    [{ limit: Number.POSITIVE_INFINITY, bought: 'show' }, 11],
    [{ limit: 1e300 }, 11],
    [{ limit: 2.9 }, 2],
    [{ among: ['pan-iron', 'pan-iron', 'gone', 'pot-clay'] }, 2],
    [{ among: [] }, 0],
    [{ model: 'similar', itemId: 'pot-clay', diversity: 1, limit: 5 }, 5],
    [{ model: 'together', itemId: 'gone', limit: 5 }, 5],
  ])('gives as many as there are: %j', (request, count) => {
    const { items } = new Recommender(goods).recommend(view('pot-clay'), request as never);
    expect(items).toHaveLength(count);
    expect(new Set(items.map(({ id }) => id)).size).toBe(count);
    expect(items.every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('re-ranks all ids of a long search', () => {
    const among = Array.from({ length: 1500 }, (_, i) => `gone-${i}`);
    const asked = { model: 're-rank', among } as const;
    expect(new Recommender(goods).recommend(view('pot-clay'), asked).items).toHaveLength(1500);
    expect(new Recommender(goods).recommend([], asked).items).toHaveLength(1500);
  });

  it('has nothing to give where all is bought', () => {
    const all = goods.ids.map((id) => event('purchase', [id]));
    for (const model of ['for-you', 'related', 'together'] as const) {
      const result = new Recommender(goods).recommend(all, { model, itemId: 'pot-clay' });
      expect(result.items).toEqual([]);
      expect(result.state).toBe('ready');
    }
  });
});
