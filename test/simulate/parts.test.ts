/** Popularity and co-occurrence from real rounds: counted, opened, verified, gated, ranked by. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RankerAssembly } from '../../sdk/features/assemble.ts';
import { type Ranker, RankerScorer, wideRanker } from '../../sdk/features/ranker.ts';
import { itemSequence } from '../../sdk/features/sequence.ts';
import { graphPairs, itemCounts } from '../../sdk/measure/items.ts';
import { published } from '../../sdk/measure/published.ts';
import { rankQuality } from '../../sdk/measure/quality.ts';
import { Recommender } from '../../sdk/recommend/recommender.ts';
import type { RankerParts, RankerRecord } from '../../shared/model/parts.ts';
import {
  type PartsGoods,
  type PartsPlan,
  PartsWorld,
  partsCatalogue,
  walk,
} from './parts-world.ts';

const POP = { task: 'goods', weight: 1000, floor: 1.5, scale: 3 };
const PAIR = { task: 'pairs', weight: 5, threshold: 3, decay: 0.6, reach: 3 };
/** Popularity at a weight that drowns everything: harmful. */
const PARTS: RankerParts = { pop: POP, pair: PAIR, deep: null };
const gate = { task: 'parts', sigmas: 1 };
const RANKER: RankerRecord = {
  wide: 'wide',
  pop: { ...POP, gate },
  pair: { ...PAIR, gate },
  deep: null,
  private: null,
};

const PLANS: readonly PartsPlan[] = [
  { tier: 'test', shoppers: 30, sigma: 0, ranker: RANKER, parts: PARTS },
  // A weak ε, for so few shoppers: what is tested is the way, not the protection.
  { tier: 'split', shoppers: 50, sigma: 0.15, ranker: RANKER, parts: PARTS },
];

describe.each(PLANS)('the ranker’s parts in the $tier tier', (plan) => {
  let built: PartsGoods;
  let world: PartsWorld;
  const assemble = async () => {
    const { site, known } = await world.visit();
    return new RankerAssembly().of(site.ranker, known, built.catalogue);
  };

  beforeAll(async () => {
    built = await partsCatalogue(5, 5);
    world = await PartsWorld.started(built, plan);
  }, 300_000);
  afterAll(() => world.close());

  it('K16 K17 K18 K19 K20 counts, compares, admits what helps and keeps off what harms', async () => {
    const before = await assemble();
    expect(before.parts.map(({ state }) => state)).toEqual(['no-version', 'no-version']);
    expect(before.ranker).toMatchObject({ pop: null, pair: null });

    await world.round('goods');
    await world.round('pairs');
    const counted = await assemble();
    expect(counted.parts.map(({ state }) => state)).toEqual(['not-evaluated', 'not-evaluated']);
    expect(counted.ranker).toMatchObject({ pop: null, pair: null });

    const { known } = await world.visit();
    const sumsOf = (name: string) => {
      const { task, model } = known.get(name) as NonNullable<ReturnType<typeof known.get>>;
      return published(task, model, built.catalogue);
    };
    const truth = (of: (sequence: number[]) => Float32Array): number[] => {
      const sums: number[] = [];
      for (let i = 0; i < plan.shoppers; i++) {
        const events = walk(built.catalogue, `shopper ${i}`, 0);
        of(itemSequence(events, built.catalogue)).forEach((one, j) => {
          sums[j] = (sums[j] ?? 0) + one;
        });
      }
      return sums;
    };
    const { catalogue } = built;
    const n = catalogue.ids.length;
    const edges = n * catalogue.degree;
    const wanted = {
      goods: truth((own) => itemCounts({ name: 'items', items: n }, own, n)),
      pairs: truth((own) => graphPairs({ name: 'graph-pairs', edges, gaps: 3 }, own, catalogue)),
    };
    for (const [name, sums] of Object.entries(wanted)) {
      const seen = sumsOf(name);
      const error = (seen?.entries ?? []).map(({ sum }, j) => sum - (sums[j] as number));
      const deviation = seen?.standardDeviation ?? 0;
      const mean = Math.sqrt(error.reduce((sum, one) => sum + one * one, 0) / error.length);
      expect(error).toHaveLength(sums.length);
      // Chi squared of 24 and more degrees of freedom: either is below 10⁻⁹.
      expect(mean).toBeLessThan(2 * deviation);
      if (plan.tier === 'split') expect(mean).toBeGreaterThan(deviation / 4);
    }
    expect(sumsOf('goods')?.entries.map(({ of }) => of)).toEqual(catalogue.ids);

    await world.round('parts');
    const assembled = await assemble();
    expect(assembled.parts).toMatchObject([
      { part: 'pop', state: 'no-help' },
      { part: 'pair', state: 'on' },
    ]);
    expect(assembled.ranker.pop).toBeNull();

    const scorer = new RankerScorer(catalogue);
    const gain = (ranker: Ranker, seed: string): number => {
      const history = itemSequence(walk(catalogue, seed, 0), catalogue);
      const target = history.pop() as number;
      return rankQuality(scorer.scores(history, ranker), target, history.at(-1) as number).gain;
    };
    const gains = Array.from({ length: 60 }, (_, i) => `somebody new ${i}`).map(
      (seed) => gain(assembled.ranker, seed) - gain(wideRanker(), seed),
    );
    expect(gains.reduce((sum, one) => sum + one, 0) / gains.length).toBeGreaterThan(0.05);
    const recommender = new Recommender(catalogue);
    recommender.setRanker(assembled);
    const { items } = recommender.recommend(walk(catalogue, 'somebody', 0), { limit: 3 });
    expect(items[0]?.why.map(({ feature }) => feature)).toContain('pair');
  }, 600_000);
});
