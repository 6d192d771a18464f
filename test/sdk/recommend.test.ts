import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { StoredModel } from '../../sdk/database/database.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import { diversify } from '../../sdk/recommend/diverse.ts';
import { Recommender } from '../../sdk/recommend/recommender.ts';
import { selectTop } from '../../sdk/recommend/select.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { syntheticCatalogue } from '../bench/synthetic.ts';
import { event, JUNK_EVENTS, smallCatalogue } from './features-goods.ts';

let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

const model = (modelVersion: number, weights: Float32Array): StoredModel => ({
  taskName: 'wide',
  taskHash: 'aa',
  modelVersion,
  modelHash: `hash-${modelVersion}`,
  weights,
  record: null,
  storedAtMs: 0,
});
const view = (...ids: string[]): ShopEvent[] => ids.map((id) => event('view_item', [id]));
const idsOf = (result: { items: readonly { id: string }[] }): string[] =>
  result.items.map((one) => one.id);

describe('Recommender', () => {
  it('names its source: popular, content, model', () => {
    const recommender = new Recommender(goods);
    const popular = recommender.recommend([]);
    expect(popular.source).toBe('popular');
    expect(idsOf(popular)).toEqual(goods.ids);
    expect(recommender.recommend(view('pot-clay')).source).toBe('content');
    recommender.setModel(model(0, startWeights()));
    expect(recommender.recommend(view('pot-clay'))).toMatchObject({
      source: 'content',
      version: 0,
      modelHash: 'hash-0',
    });
    recommender.setModel(model(3, startWeights()));
    expect(recommender.recommend(view('pot-clay'))).toMatchObject({
      source: 'model',
      version: 3,
      modelHash: 'hash-3',
    });
  });

  it('ranks like goods first, in either language', () => {
    const [first] = idsOf(new Recommender(goods).recommend(view('lamp-brass')));
    expect(first).toMatch(/^lamp-/);
  });

  it('orders otherwise with other weights, and says why in exact contributions', () => {
    const weights = startWeights().map((weight) => -weight);
    const plain = new Recommender(goods).recommend(view('pot-clay'));
    const turned = new Recommender(goods, model(1, weights)).recommend(view('pot-clay'));
    expect(idsOf(turned)).not.toEqual(idsOf(plain));
    const only = Float32Array.from({ length: 11 }, (_, f) => (f === 9 ? 2 : 0));
    const [top] = new Recommender(goods, model(1, only)).recommend(view('pot-clay')).items;
    expect(top).toMatchObject({
      id: 'pot-glass',
      score: 2,
      why: [{ feature: 'brand-last', amount: 2 }],
    });
  });

  it('leaves out what was seen, bought and excluded, as told', () => {
    const events = [event('purchase', ['cup-clay']), ...view('pot-clay', 'pot-iron')];
    const shown = idsOf(new Recommender(goods).recommend(events, { exclude: ['lamp-oak'] }));
    for (const id of ['cup-clay', 'pot-clay', 'pot-iron', 'lamp-oak']) {
      expect(shown).not.toContain(id);
    }
    expect(shown).toHaveLength(8);
    const all = new Recommender(goods, null, { hideSeen: false });
    expect(idsOf(all.recommend(events, { bought: 'show' }))).toHaveLength(12);
    expect(idsOf(all.recommend(events, { replenish: ['tea'] }))).toContain('cup-clay');
    expect(idsOf(all.recommend(events, { replenish: ['light'] }))).not.toContain('cup-clay');
  });

  it('ranks all of `among` and nothing else', () => {
    const among = ['lamp-oak', 'pot-clay', 'no-such-item', 'cup-clay'];
    const result = new Recommender(goods).recommend(view('pot-clay'), { among });
    expect(idsOf(result)).toEqual(['pot-clay', 'cup-clay', 'lamp-oak']);
    expect(idsOf(new Recommender(goods).recommend([], { among, limit: 2 }))).toHaveLength(2);
    expect(new Recommender(goods).recommend(view('pot-clay'), { among: [] }).items).toEqual([]);
  });

  it('relates to one item, and falls back by name where it is unknown', () => {
    const recommender = new Recommender(goods);
    const related = recommender.recommend(view('lamp-oak'), {
      model: 'related',
      itemId: 'pot-clay',
      limit: 3,
    });
    expect(idsOf(related)).not.toContain('pot-clay');
    expect(related.items[0]?.id).toMatch(/^(pot|cup)-/);
    const request = { model: 'related', itemId: 'gone' } as const;
    expect(recommender.recommend([], request)).toMatchObject({
      source: 'popular',
      state: 'unknown-item',
    });
    expect(recommender.recommend(view('lamp-oak'), request)).toEqual({
      ...recommender.recommend(view('lamp-oak')),
      state: 'unknown-item',
    });
  });

  it('treats a history of goods that left the catalogue as none', () => {
    expect(new Recommender(goods).recommend(view('gone', 'gone-too'))).toMatchObject({
      source: 'popular',
      state: 'no-history',
    });
  });

  it('counts a model of another length or with NaN as none', () => {
    const nan = startWeights().fill(Number.NaN);
    for (const weights of [nan, new Float32Array(3)]) {
      const result = new Recommender(goods, model(4, weights)).recommend(view('pot-clay'));
      expect(result).toMatchObject({ source: 'content', version: 0, modelHash: null });
    }
  });

  it('answers for catalogues of one item and of none', async () => {
    for (const items of [1, 0]) {
      const { catalogue } = await syntheticCatalogue({ items, k: 4 });
      const recommender = new Recommender(catalogue);
      expect(recommender.recommend([]).items).toHaveLength(items);
      expect(recommender.recommend(view('item-0')).items).toEqual([]);
    }
  });

  it('never throws, whatever it is asked', () => {
    const recommender = new Recommender(goods);
    const wild = fc.anything();
    fc.assert(
      fc.property(
        fc.oneof(wild, fc.shuffledSubarray(JUNK_EVENTS)),
        fc.oneof(
          wild,
          fc.record(
            {
              model: fc.oneof(wild, fc.constantFrom('related', 'similar', 'together', 're-rank')),
              itemId: fc.oneof(wild, fc.constant('pot-clay')),
              limit: wild,
              among: fc.oneof(wild, fc.array(fc.constantFrom('pot-clay', 'gone', 'pan-iron'))),
              exclude: wild,
              diversity: wild,
              bought: wild,
              replenish: wild,
            },
            { requiredKeys: [] },
          ),
        ),
        (events, request) => {
          const result = recommender.recommend(events as ShopEvent[], request as never);
          for (const { score, why } of result.items) {
            expect(Number.isFinite(score)).toBe(true);
            expect(why.every(({ amount }) => Number.isFinite(amount))).toBe(true);
          }
        },
      ),
    );
  });
});

describe('selection', () => {
  it('is the head of a full sort', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
        fc.nat(20),
        (values, count) => {
          const scores = Float32Array.from(values);
          const want = [...values.keys()]
            .filter((i) => i % 3 !== 0)
            .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
            .slice(0, count);
          expect(selectTop(scores, count, (i) => i % 3 !== 0)).toEqual(want);
        },
      ),
    );
  });

  it('shows at most three of a brand and half a page of a category, if there is more', () => {
    const catalogue = {
      brand: Int32Array.of(0, 0, 0, 0, 0, 1, 2, -1, -1),
      category: Int32Array.of(0, 0, 0, 0, 0, 0, 1, 0, 1),
    };
    const ranked = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    expect(diversify(ranked, 4, catalogue)).toEqual([0, 1, 2, 6]);
    expect(diversify(ranked, 9, catalogue)).toEqual([0, 1, 2, 5, 6, 7, 8, 3, 4]);
  });
});
