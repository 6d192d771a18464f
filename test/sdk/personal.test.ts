/** What a browser learns for itself alone: it fits, and it goes nowhere. */
import { beforeAll, describe, expect, it } from 'vitest';
import { PersonalCache, PersonalOffset } from '../../sdk/features/personal.ts';
import { type Ranker, RankerScorer, wideRanker } from '../../sdk/features/ranker.ts';
import { Recommender } from '../../sdk/recommend/recommender.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { event, NOON_MS, smallCatalogue } from './features-goods.ts';

const PART = { rate: 1, steps: 5, pull: 0.1 };
/** Teapots and cups, again and again. */
const TEA = [0, 3, 1, 4, 0, 4, 1, 3, 0, 3];

let goods: Catalogue;
let scorer: RankerScorer;
const ranker: Ranker = wideRanker();
beforeAll(async () => {
  goods = await smallCatalogue();
  scorer = new RankerScorer(goods);
});

/** Mean softmax loss of the last item of every prefix, over all goods. */
function loss(personal: PersonalOffset | null): number {
  let sum = 0;
  for (let i = 1; i < TEA.length; i++) {
    const scores = scorer.scores(TEA.slice(0, i), { ...ranker, personal });
    const total = scores.reduce((all, one) => all + Math.exp(one), 0);
    sum += Math.log(total) - (scores[TEA[i] as number] as number);
  }
  return sum / (TEA.length - 1);
}

describe('K21 the private part', () => {
  it('lowers the loss on its own history', () => {
    const personal = PersonalOffset.fit(scorer, ranker, TEA, PART);
    expect(loss(personal)).toBeLessThan(loss(null) - 0.01);
  });

  it('is pulled towards the shared model', () => {
    const size = (pull: number): number => {
      const offset = PersonalOffset.fit(scorer, ranker, TEA, { ...PART, pull });
      return Math.max(...(offset as PersonalOffset).scores(goods).map(Math.abs));
    };
    expect(size(0.5)).toBeLessThan(size(0) * 0.9);
  });

  it('is the first step of the gradient, by finite differences', () => {
    // One small step without pull: the loss over the drawn candidates falls by rate·‖gradient‖².
    const rate = 1e-3;
    const before = loss(null);
    const personal = PersonalOffset.fit(scorer, ranker, TEA, { rate, steps: 1, pull: 0 });
    const fall = before - loss(personal);
    const twice = PersonalOffset.fit(scorer, ranker, TEA, { rate: 2 * rate, steps: 1, pull: 0 });
    expect(fall).toBeGreaterThan(0);
    expect((before - loss(twice)) / fall).toBeCloseTo(2, 1);
  });

  it('has nothing to learn from short histories, and none to keep from a fit that diverges', () => {
    for (const history of [[], [3]]) {
      expect(PersonalOffset.fit(scorer, ranker, history, PART)).toBeNull();
    }
    for (const rate of [1e308, 100]) {
      const wild = { rate, steps: 20, pull: 100 };
      expect(PersonalOffset.fit(scorer, ranker, TEA, wild)).toBeNull();
    }
  });

  it('shows no weights to what stores, exports, copies or sends', () => {
    const personal = PersonalOffset.fit(scorer, ranker, TEA, PART) as PersonalOffset;
    expect(JSON.stringify(personal)).toBe('{}');
    expect(Object.keys(personal)).toEqual([]);
    expect(Object.getOwnPropertyNames(personal)).toEqual([]);
    expect(Object.keys(structuredClone({ personal }).personal)).toEqual([]);
    // @ts-expect-error it is no vector that could be clipped or packed
    const vector: ArrayLike<number> = personal;
    expect(vector.length).toBeUndefined();
  });

  it('moves what is recommended here when the site lets it, and only then', () => {
    const events = TEA.map((item, i) =>
      event('view_item', [goods.ids[item] as string], { atMs: NOON_MS + 60_000 * i }),
    );
    const why = (part: typeof PART | null): string[] => {
      const recommender = new Recommender(goods);
      recommender.setRanker({ ranker, model: null, private: part });
      const { items } = recommender.recommend(events, { limit: 12 });
      return items.flatMap((item) => item.why.map(({ feature }) => feature));
    };
    // Three reasons are told of each item: a large step makes it one of them.
    expect(why({ rate: 30, steps: 5, pull: 0 })).toContain('private');
    expect(why(null)).not.toContain('private');
  });

  it('is fitted once for a history and a ranker', () => {
    const cache = new PersonalCache();
    const first = cache.of(scorer, ranker, TEA, PART);
    expect(cache.of(scorer, ranker, [...TEA], PART)).toBe(first);
    expect(cache.of(scorer, ranker, [...TEA, 5], PART)).not.toBe(first);
    const again = cache.of(scorer, ranker, TEA, PART);
    expect(cache.of(scorer, wideRanker(), TEA, PART)).not.toBe(again);
  });
});
