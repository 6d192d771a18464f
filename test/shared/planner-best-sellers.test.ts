/** Pairs among best sellers: how many of them a shop counts, and what stands on their pairs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAIR } from '../../shared/plan/parts.ts';
import { part, planOf } from './planned.ts';

const best = (shoppers: number, bestSellers: number): ReturnType<typeof part> =>
  part(planOf({ shoppers, bestSellers }), 'pair');

/** Goods whose pairs are counted; 0 while none are. */
const goods = (shoppers: number, bestSellers: number): number => {
  const { architecture } = best(shoppers, bestSellers).task ?? {};
  if (architecture === undefined) return 0;
  if (architecture.name !== 'counts' || architecture.statistic.name !== 'popular-pairs') return -1;
  return architecture.statistic.among.length;
};

describe('pairs among best sellers', () => {
  it('K17 counts those of more goods in larger shops, and of none in a small one', () => {
    const sizes = [3000, 15_000, 25_000, 60_000, 100_000].map((n) => goods(n, 600));
    expect(sizes).toEqual([0, 64, 128, 256, 512]);
    const { task, size } = best(100_000, 600);
    expect([size, task?.d, task?.participations]).toEqual(['512 goods', 130_816, 1]);
    expect(task?.architecture).toMatchObject({ statistic: { gaps: 10, decay: 0.9 } });
  });

  it('never of more goods than the list has', () => {
    const sizes = [512, 511, 256, 128, 100, 64].map((listed) => goods(100_000, listed));
    expect(sizes).toEqual([512, 256, 256, 128, 64, 64]);
    for (const listed of [0, 1, 63]) {
      const { on, why, onFrom } = best(100_000, listed);
      expect([on, onFrom, why]).toEqual([false, null, expect.stringContaining(`${listed} are`)]);
      expect(why).toContain('needs 64 best sellers');
    }
  });

  it('takes the largest size at which 3 σ are below the expected busy count', () => {
    const figures = [15_000, 25_000, 60_000, 100_000].flatMap((shoppers) => {
      const { figure } = best(shoppers, 512);
      return figure?.kind === 'count' ? [[shoppers, figure] as const] : [];
    });
    expect(figures).toHaveLength(4);
    for (const [shoppers, { z, deviations, expected }] of figures) {
      expect([shoppers, deviations, deviations * z <= expected]).toEqual([shoppers, 3, true]);
    }
    // By hand: sum × part ÷ a hundredth of 2,016 pairs, a report.
    const few = best(3000, 512);
    if (few.figure?.kind !== 'count') throw new Error('no count');
    expect(few.figure.expected).toBeCloseTo(2593 * ((0.136 * 0.243) / 20.16), 2);
    expect(3 * few.figure.z > few.figure.expected).toBe(true);
  });

  it('are never fewer with more shoppers, with a larger budget or with a longer list', () => {
    const shop = fc.record({
      shoppers: fc.integer({ min: 1000, max: 400_000 }),
      epsilon: fc.double({ min: 1, max: 16, noNaN: true }),
      bestSellers: fc.integer({ min: 0, max: 800 }),
    });
    const d = (input: Parameters<typeof planOf>[0]): number => {
      const { task } = part(planOf(input), 'pair');
      return task?.d ?? 0;
    };
    fc.assert(
      fc.property(shop, fc.double({ min: 1, max: 4, noNaN: true }), (one, factor) => {
        const { shoppers, epsilon, bestSellers } = one;
        const before = d(one);
        expect(d({ ...one, shoppers: Math.ceil(shoppers * factor) })).toBeGreaterThanOrEqual(
          before,
        );
        expect(d({ ...one, epsilon: Math.min(32, epsilon * factor) })).toBeGreaterThanOrEqual(
          before,
        );
        expect(d({ ...one, bestSellers: bestSellers + 64 })).toBeGreaterThanOrEqual(before);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  it('K18 K20 the ranker and its gate have the settings of these pairs, of a graph’s without a list', () => {
    // Of 22,363 reports the weight is 1 and the scale 1.5.
    const settings = { task: 'pair', weight: 0.45, threshold: 3, decay: 0.6, reach: 5, scale: 3.4 };
    const gate = { task: 'gate', sigmas: 2 };
    const cases = [
      [planOf({ shoppers: 50_000, bestSellers: 600 }), settings],
      [planOf({ shoppers: 50_000 }), PAIR],
    ] as const;
    for (const [plan, expected] of cases) {
      expect(plan?.ranker?.pair).toEqual({ ...expected, gate });
      const { architecture } = part(plan, 'gate').task ?? {};
      expect((architecture as { parts?: { pair: unknown } } | undefined)?.parts?.pair).toEqual(
        expected,
      );
    }
    const small = planOf({ shoppers: 25_000, bestSellers: 600 });
    expect(small?.ranker?.pair).toEqual({ ...settings, weight: 0.89, scale: 1.7 });
    const large = planOf({ shoppers: 1_000_000, bestSellers: 600 });
    expect(large?.ranker?.pair).toMatchObject({ weight: 0.22, scale: 6.7 });
  });

  it('change nothing else of a plan', () => {
    const others = (bestSellers?: number): unknown => {
      const plan = planOf({ shoppers: 15_000, ...(bestSellers !== undefined && { bestSellers }) });
      return plan?.parts.filter(({ name }) => name !== 'pair' && name !== 'wide');
    };
    expect(others(600)).toEqual(others());
    expect(part(planOf({ shoppers: 15_000 }), 'pair').on).not.toBe(best(15_000, 600).on);
  });

  it('refuses more best sellers than there are goods, and parts of one', () => {
    for (const bestSellers of [101, -1, 1.5, Number.NaN]) {
      expect(() => planOf({ items: 100, bestSellers })).toThrow(/bestSellers/);
    }
  });
});
