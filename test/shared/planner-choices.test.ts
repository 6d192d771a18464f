/** The planner's choices: which parts, how large, where from, and what it refuses. */
import { describe, expect, it } from 'vitest';
import { buildShop } from '../../aggregator/catalogue/shop.ts';
import { autoPlan, type PlanInput } from '../../aggregator/plan-auto.ts';
import type { PlanError } from '../../shared/plan/request.ts';
import { wideServer } from '../../shared/plan/wide-steps.ts';
import { qualityOf } from '../../shared/protocol/gate.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { names, part, planOf, USUAL } from './planned.ts';

describe('what it chooses', () => {
  it('follows the study: pairs at 32,850 shoppers and not at 3,285, popularity at both, never locally', () => {
    for (const shoppers of [3285, 32_850]) {
      const plan = planOf({ shoppers, participations: 10 });
      expect([shoppers, part(plan, 'pop').on]).toEqual([shoppers, true]);
      expect([shoppers, part(plan, 'pair').on]).toEqual([shoppers, shoppers > 10_000]);
      expect(names(planOf({ shoppers, tier: 'local' }))).not.toContain('pop');
    }
  });

  it('K4 expects of no entry more than a browser puts there, however few goods there are', () => {
    for (const items of [1, 2, 10, 60, 3686]) {
      const plan = planOf({ items });
      for (const name of ['pop', 'pair']) {
        const { figure } = part(plan, name);
        if (figure?.kind !== 'count') throw new Error(`${name}: ${figure?.kind}`);
        expect(figure.expected, `${name} of ${items}`).toBeLessThanOrEqual(2593);
      }
    }
  });

  it('takes the graph to be as long as the build step makes it, for few goods too', async () => {
    const feed = JSON.stringify([1, 2, 3].map((id) => ({ id: `${id}`, title: `Cup ${id}` })));
    const { graph } = (await buildShop({ feed })).catalogue;
    expect(planOf({ items: 3, shoppers: 40_000 })?.request.edges).toBe(graph.length);
  });

  it('says from where a part that is off is on, and is right', () => {
    const plan = planOf({});
    for (const name of ['pair', 'gate', 'deep', 'next-category']) {
      const from = part(plan, name).onFrom ?? 0;
      expect([name, from > 3000]).toEqual([name, true]);
      expect(names(planOf({ shoppers: from }))).toContain(name);
      expect(names(planOf({ shoppers: Math.floor(0.85 * from) }))).not.toContain(name);
      expect(part(plan, name).why).toContain(from.toLocaleString('en-GB'));
    }
    expect(part(plan, 'wide').onFrom).toBeNull();
  });

  it('K20 shows no tower before a gate has seen it, and gates pairs where it can see their gain', () => {
    const small = planOf({ shoppers: 25_000 });
    expect(small?.ranker).toMatchObject({ pair: { task: 'pair' }, deep: null });
    expect(small?.ranker?.pair).not.toHaveProperty('gate');
    const large = planOf({ shoppers: 50_000 });
    const gate = { task: 'gate', sigmas: 2 };
    expect(large?.ranker).toMatchObject({ pair: { gate }, deep: { task: 'deep', gate } });
    const { architecture } = part(large, 'gate').task ?? {};
    expect(architecture).toMatchObject({
      of: 'parts',
      base: large?.ranker?.pop,
      parts: { pop: null, deep: { task: 'deep' } },
    });
    const { gate: _, ...settings } = large?.ranker?.pair ?? {};
    expect((architecture as { parts?: unknown } | undefined)?.parts).toMatchObject({
      pair: settings,
    });
    const blind = planOf({ shoppers: 1_000_000, participations: 8 });
    expect([names(blind).includes('gate'), names(blind).includes('deep')]).toEqual([false, false]);
  });

  it('K13 K20 predicts what the gate will reckon, with four browsers in five to evaluate', () => {
    const gate = part(planOf({ shoppers: 50_000 }), 'gate');
    if (gate.task === null || gate.figure?.kind !== 'gate') throw new Error('no gate');
    const { minReports, d } = gate.task;
    const means = Array<number>(d).fill(0.08);
    means[0] = 0.8;
    const quality = qualityOf(gate.task as unknown as Task, means, minReports);
    expect(quality?.margin).toBe(0);
    expect(gate.figure.gain).toBeCloseTo(2 * (quality?.deviation ?? 0), 6);
  });

  it('leaves out what the goods have nothing for, and says what is missing', () => {
    const none = { prices: false, texts: false, brands: false, categories: false };
    const plan = planOf({ shoppers: 100_000, has: none });
    for (const [name, lacks] of [
      ['value', 'prices'],
      ['price-sensitivity', 'prices'],
      ['next-category', 'categories'],
      ['deep', 'content vectors'],
    ] as const) {
      expect([name, part(plan, name).on, part(plan, name).why]).toEqual([
        ...[name, false],
        `needs ${lacks}`,
      ]);
    }
    expect(part(plan, 'wide').why).toContain('without texts');
    expect(names(planOf({ shoppers: 100_000, items: 1 }))).not.toContain('deep');
  });

  it('takes a hidden layer where rounds are many and large', () => {
    const intent = (shoppers: number): unknown => {
      const { architecture } = part(planOf({ shoppers }), 'intent').task ?? {};
      return (architecture as { hidden?: number } | undefined)?.hidden;
    };
    expect([intent(3000), intent(300_000)]).toEqual([0, 8]);
    const deep = (shoppers: number): number => part(planOf({ shoppers }), 'deep').task?.d ?? 0;
    expect(deep(300_000)).toBeGreaterThan(deep(35_000));
  });

  it('gives the wide part falling steps with momentum, and negatives by popularity', () => {
    for (const [shoppers, tier] of [
      [300, 'split'],
      [3000, 'local'],
      [300_000, 'split'],
    ] as const) {
      const { recipe, rounds = 0 } = part(planOf({ shoppers, tier }), 'wide').task ?? {};
      expect(rounds).toBeGreaterThan(4);
      expect(recipe).toMatchObject({ popularNegatives: 0.75, server: wideServer(rounds) });
    }
    // More momentum than a quarter of the rounds would swing past the fit.
    expect([1, 4, 8, 40, 1000].map((rounds) => wideServer(rounds).momentum)).toEqual([
      0, 0, 0.5, 0.9, 0.9,
    ]);
  });

  it('auto takes the second server where it switches something on, and else does without', () => {
    const auto = autoPlan({ ...USUAL, tier: 'auto' });
    expect([auto.plan.request.tier, auto.reason]).toEqual([
      'split',
      expect.stringContaining('pop'),
    ]);
    const few = { prices: false, texts: false, brands: false, categories: false };
    const alone = autoPlan({
      ...{ ...USUAL, shoppers: 5000, items: 60_000, has: few, participations: 6, tier: 'auto' },
    });
    expect(alone.plan.request.tier).toBe('local');
    expect(names(alone.plan)).toEqual(['wide', 'intent']);
  });

  it('refuses nonsense by name, and tells a small shop what it can have', () => {
    const refusal = (input: Partial<PlanInput>): unknown => {
      try {
        return autoPlan({ ...USUAL, ...input }).plan.spare;
      } catch (error) {
        return [(error as PlanError).code, (error as Error).message];
      }
    };
    const cases: readonly (readonly [Partial<PlanInput>, string, string])[] = [
      [{ shoppers: 0 }, 'bad-request', 'shoppers'],
      [{ shoppers: 2.5 }, 'bad-request', 'shoppers'],
      [{ shoppers: Number.NaN }, 'bad-request', 'shoppers'],
      [{ epsilon: 0 }, 'bad-request', 'epsilon'],
      [{ epsilon: -1 }, 'bad-request', 'epsilon'],
      [{ epsilon: Number.NaN }, 'bad-request', 'epsilon'],
      [{ epsilon: 33 }, 'bad-request', 'epsilon'],
      [{ delta: 1e-4 }, 'bad-request', 'delta'],
      [{ delta: 0 }, 'bad-request', 'delta'],
      [{ participations: 0 }, 'bad-request', 'participations'],
      [{ items: 0 }, 'bad-request', 'items'],
      [{ visitsPerWeek: 0 }, 'bad-request', 'visits'],
      [{ shoppers: 40 }, 'too-few-shoppers', 'rank by content'],
      [{ epsilon: 0.02 }, 'too-little-budget', 'rank by content'],
    ];
    for (const [input, code, words] of cases) {
      expect([input, refusal(input)]).toEqual([input, [code, expect.stringContaining(words)]]);
    }
  });
});
