/** A shop that writes Chinese alone: its untrained ranker against popularity, on the same shoppers. */
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { brands } from '../../demo-shop/catalogue/brands.ts';
import { categories } from '../../demo-shop/catalogue/categories.ts';
import { goods } from '../../demo-shop/catalogue/goods.ts';
import { indexOf, itemSequence } from '../../sdk/features/sequence.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { pairedBootstrap } from '../../shared/model/metrics/resample.ts';
import { textScores } from '../../shared/model/terms.ts';
import { holdOutLast, makeShopper } from './behaviour.ts';
import type { EvaluationRow } from './dataset.ts';
import { demoWorld } from './demo-world.ts';
import { rankRows } from './evaluate.ts';
import { meanQuality, type RowQuality, rowQuality } from './metrics.ts';

const UNTIL = Date.UTC(2026, 5, 1);
const SHOPPERS = 600;
const FRESH = 800;
const zh = new Map([...brands, ...categories].map(({ id, name }) => [id, name.zh]));

describe('a Chinese shop', () => {
  let catalogue: Catalogue;
  let rows: EvaluationRow[];
  let popularity: RowQuality[];

  beforeAll(async () => {
    const built = await buildCatalogue(
      goods.map(({ id, name, text, brandId, categoryId, priceCents }) => ({
        id,
        title: name.zh,
        description: text.zh,
        brand: zh.get(brandId) as string,
        category: zh.get(categoryId) as string,
        priceCents,
      })),
      { embedder: hashedNgrams(512), embedText: (item) => `${item.title} ${item.description}` },
    );
    ({ catalogue } = built);
    const world = demoWorld();
    const eventsOf = (seed: string) => makeShopper(world, `zh/${seed}`, UNTIL).events;
    const counts = new Float64Array(goods.length);
    for (let i = 0; i < SHOPPERS; i++) {
      for (const item of itemSequence(eventsOf(`${i}`), catalogue)) {
        counts[item] = (counts[item] as number) + 1;
      }
    }
    rows = Array.from({ length: FRESH }, (_, i) => holdOutLast(eventsOf(`fresh/${i}`))).flatMap(
      (held) => {
        const target = held === null ? undefined : indexOf(catalogue).get(held.targetId);
        if (held === null || target === undefined) return [];
        return [{ history: itemSequence(held.history, catalogue), target }];
      },
    );
    popularity = rows.map(({ history, target }) => rowQuality(counts, target, history.slice(-1)));
  });

  it('has no Latin word in its texts that a score could stand on', () => {
    const text = goods.map(({ name, text: { zh: said } }) => `${name.zh} ${said}`).join(' ');
    const latin = text.match(/[A-Za-z]{3,}/g) ?? [];
    expect(latin.length).toBeLessThan(goods.length / 10);
    expect(catalogue.text.columns.length).toBeGreaterThan(5 * goods.length);
    for (const [i, { name }] of goods.entries()) {
      const scores = textScores(name.zh, catalogue);
      expect(scores[i]).toBe(Math.max(...scores));
    }
  });

  it.each([
    ['the untrained ranker', () => startWeights()],
    [
      'its text alone, without brands',
      () =>
        startWeights().map((weight, f) =>
          /^(vector|text|title)/.test(WIDE_FEATURES[f]?.id ?? '') ? weight : 0,
        ),
    ],
  ])('%s beats popularity on shoppers whom neither has seen', (_, weights) => {
    expect(rows.length).toBeGreaterThanOrEqual(500);
    const untrained = rankRows(catalogue, weights(), rows, {
      historyLength: 10,
      withoutLast: true,
    });
    const gains = (list: readonly RowQuality[]): number[] => list.map(({ gain }) => gain);
    const better = pairedBootstrap(gains(untrained), gains(popularity), 1000, 5);
    expect(better.low).toBeGreaterThan(0);
    expect(meanQuality(untrained).hr10).toBeGreaterThan(1.5 * meanQuality(popularity).hr10);
  });
});
