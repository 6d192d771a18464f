/** A statistic of some 50,000 entries through the split tier. */
import { describe, expect, it } from 'vitest';
import { itemSequence } from '../../sdk/features/sequence.ts';
import { graphPairs } from '../../sdk/measure/items.ts';
import { published } from '../../sdk/measure/published.ts';
import { PartsWorld, partsCatalogue, walk } from './parts-world.ts';

const PAIR = { task: 'pairs', weight: 1, threshold: 3, decay: 0.6, reach: 3 };
const PARTS = { pop: null, pair: PAIR, deep: null };

describe('co-occurrence of a large catalogue', () => {
  it('K17 goes through the split tier with d near 50,000', async () => {
    const built = await partsCatalogue(324, 11);
    const d = built.catalogue.ids.length * built.catalogue.degree;
    expect(d).toBe(49_896);
    const plan = {
      tier: 'split',
      shoppers: 50,
      sigma: 0.1,
      parts: PARTS,
      tasks: ['pairs'],
    } as const;
    const world = await PartsWorld.started(built, plan);
    try {
      await world.round('pairs');
      const { known } = await world.visit();
      const { task, model } = known.get('pairs') as NonNullable<ReturnType<typeof known.get>>;
      expect(task.d).toBe(d);
      const seen = published(task, model, built.catalogue);
      const sums = new Float64Array(d);
      for (let i = 0; i < plan.shoppers; i++) {
        const own = itemSequence(walk(built.catalogue, `shopper ${i}`, 0), built.catalogue);
        const counts = graphPairs({ name: 'graph-pairs', edges: d, gaps: 3 }, own, built.catalogue);
        for (let e = 0; e < d; e++) sums[e] = (sums[e] as number) + (counts[e] as number);
      }
      const squares = (seen?.entries ?? []).map(({ sum }, e) => (sum - (sums[e] as number)) ** 2);
      const mean = Math.sqrt(squares.reduce((a, b) => a + b, 0) / d);
      // Within 3 % at 10⁻²⁰ for so many degrees of freedom.
      expect(mean / (seen?.standardDeviation ?? 0)).toBeGreaterThan(0.97);
      expect(mean / (seen?.standardDeviation ?? 0)).toBeLessThan(1.03);
    } finally {
      await world.close();
    }
  }, 600_000);
});
