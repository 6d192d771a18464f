/** K4, K15: whatever stands in a stored history, what is made of it is finite and inside its bounds. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { learnable } from '../../sdk/features/clean.ts';
import { headExamples } from '../../sdk/features/heads.ts';
import { measure } from '../../sdk/measure/measure.ts';
import { type CountsArchitecture, largestNorm } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { CUSTOMER } from '../../shared/model/heads/customer.ts';
import type { Statistic } from '../../shared/model/statistic.ts';
import { NOON_MS, smallCatalogue } from './features-goods.ts';
import { EVERY } from './heads-inputs.ts';

const DAY = 86_400_000;
const NOW = NOON_MS + 100 * DAY;

let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

const any = fc.constantFrom<unknown>(undefined, null, Number.NaN, -1, 0, 1e300, 'x', '', {}, [7]);
const or = (sound: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: sound }, { weight: 1, arbitrary: any });
const amount = or(fc.constantFrom(0, 5, 1e9));
const item = or(
  fc.record({
    id: or(fc.constantFrom('pot-clay', 'cup-clay', 'lamp-oak', 'knife-iron', 'gone')),
    price: amount,
    discount: amount,
    quantity: amount,
    category: or(fc.constantFrom('tea', '__proto__')),
  }),
);
const event = or(
  fc.record({
    name: or(fc.constantFrom('view_item', 'purchase', 'rate_item', 'view_promotion', 'dwell')),
    atMs: or(fc.integer({ min: NOON_MS - 300 * DAY, max: NOW + DAY })),
    session: or(fc.nat(20)),
    items: or(fc.array(item, { maxLength: 4 })),
    value: amount,
    rating: amount,
    text: or(fc.constantFrom('not good', '不好')),
    promotion: or(fc.constant('spring')),
    creative: or(fc.constantFrom('a', 'b')),
    dwellMs: amount,
  }),
);
const histories = fc
  .array(event, { maxLength: 50 })
  .map((events) => learnable(events as ShopEvent[], NOW));

const inputs = ['recency', 'spend', 'band-1'].map((input) => ({ input, edges: [0.1, 0.5] }));
const label = { name: 'spend-at-least', days: 30, amount: 100 } as const;
const statistics = (): Statistic[] => [
  { name: 'campaign', campaign: 'spring', arms: ['a', 'b'], windowMs: DAY },
  { name: 'histogram', of: 'category', bins: 3 },
  { name: 'histogram', of: 'event-kind', bins: ['view_item', 'purchase'] },
  { name: 'pairs', of: 'item', bins: 2 },
  { name: 'items', items: goods.ids.length },
  { name: 'graph-pairs', edges: goods.graph.length, gaps: 3 },
  { name: 'popular-pairs', among: [0, 1, 3, 6, 9], gaps: 5 },
  { name: 'input-label', label, inputs, ways: 1 },
  { name: 'input-label', label: { name: 'no-purchase', days: 30 }, inputs, ways: 2 },
];

describe('a hostile history', () => {
  it('K4 K15 gives every statistic entries in [0, 1] within its L2 norm', () => {
    const most = new Map<string, number>();
    fc.assert(
      fc.property(histories, (events) => {
        for (const statistic of statistics()) {
          const architecture: CountsArchitecture = { name: 'counts', statistic };
          const entries = measure(architecture, events, goods, NOW);
          expect(entries.every((one) => one >= 0 && one <= 1)).toBe(true);
          // Entries are float32.
          const share = Math.hypot(...entries) / largestNorm(architecture);
          expect(share).toBeLessThanOrEqual(1 + 1e-6);
          most.set(statistic.name, Math.max(share, most.get(statistic.name) ?? 0));
        }
      }),
      { seed: 4, numRuns: 250 },
    );
    // Every bound was reached, so that none of them held for want of counts.
    for (const [name, share] of most) expect(share, name).toBeCloseTo(1, 6);
  });

  it('K15 K22 gives heads finite inputs within their range, and known labels', () => {
    const trunk = { ...CUSTOMER.architecture, inputs: EVERY };
    let examples = 0;
    fc.assert(
      fc.property(histories, (events) => {
        const made = headExamples(trunk, events, goods, 12, NOW);
        expect(made.features.every((one) => one >= -0.5 && one <= 1)).toBe(true);
        expect(made.labels.every((one) => [-1, 0, 1].includes(one))).toBe(true);
        examples += made.examples;
      }),
      { seed: 5, numRuns: 100 },
    );
    expect(examples).toBeGreaterThan(50);
  });
});
