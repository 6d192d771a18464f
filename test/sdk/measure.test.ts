import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { normalise } from '../../sdk/capture/normalise.ts';
import { PageTracker } from '../../sdk/capture/page.ts';
import { measure } from '../../sdk/measure/measure.ts';
import {
  type CountsArchitecture,
  largestNorm,
  parameterCount,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { hashedBin, pairName, type Statistic } from '../../shared/model/statistic.ts';
import { event, JUNK_EVENTS, NOON_MS, smallCatalogue } from './features-goods.ts';

const HOUR = 3_600_000;
let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

const counts = (statistic: Statistic): CountsArchitecture => ({ name: 'counts', statistic });
const of = (statistic: Statistic, events: readonly ShopEvent[]): number[] => [
  ...measure(counts(statistic), events, goods),
];

const seen = (creative: string, hours: number, promotion = 'spring'): ShopEvent =>
  event('view_promotion', [], { promotion, creative, atMs: NOON_MS + hours * HOUR });
const bought = (hours: number): ShopEvent =>
  event('purchase', ['cup-clay'], { atMs: NOON_MS + hours * HOUR });

describe('a campaign', () => {
  const SPRING: Statistic = {
    name: 'campaign',
    campaign: 'spring',
    arms: ['a', 'b', 'c'],
    windowMs: 24 * HOUR,
  };

  it.each([
    ['nothing', [], [0, 0, 0, 0, 0, 0]],
    ['another campaign', [seen('a', 0, 'winter'), bought(1)], [0, 0, 0, 0, 0, 0]],
    ['an exposure', [seen('b', 0)], [0, 0, 1, 0, 0, 0]],
    ['a purchase in time', [seen('b', 0), bought(24)], [0, 0, 1, 1, 0, 0]],
    ['a purchase too late', [seen('b', 0), bought(24.1)], [0, 0, 1, 0, 0, 0]],
    ['a purchase before', [bought(-1), seen('b', 0)], [0, 0, 1, 0, 0, 0]],
    [
      'a later exposure to the same arm',
      [seen('c', 0), seen('c', 30), bought(40)],
      [0, 0, 0, 0, 1, 1],
    ],
    ['many purchases', [seen('c', 0), bought(1), bought(2)], [0, 0, 0, 0, 1, 1]],
    ['the first arm decides', [seen('a', 0), seen('b', 1), bought(2)], [1, 1, 0, 0, 0, 0]],
    [
      'a second arm gives no new window',
      [seen('a', 0), seen('b', 20), bought(30)],
      [1, 0, 0, 0, 0, 0],
    ],
    [
      'an arm that is not listed first',
      [seen('x', 0), seen('b', 1), bought(2)],
      [0, 0, 0, 0, 0, 0],
    ],
    ['a clock set back', [seen('a', 0), bought(-5)], [1, 1, 0, 0, 0, 0]],
  ] as [string, ShopEvent[], number[]][])('K6 counts %s', (_, events, expected) => {
    expect(of(SPRING, events)).toEqual(expected);
  });

  it('K6 hears of exposures through view_promotion', () => {
    const said: string[] = [];
    const context = { atMs: NOON_MS, session: 1, problem: (one: string) => said.push(one) };
    const banner = { promotion_id: 'spring', creative_slot: 'b', creative_name: '' };
    const exposure = normalise('view_promotion', banner, context);
    expect(exposure).toMatchObject({ promotion: 'spring', creative: 'b' });
    expect(of(SPRING, [exposure as ShopEvent])).toEqual([0, 0, 1, 0, 0, 0]);
    const named = normalise('view_promotion', { ...banner, creative_name: 'a' }, context);
    expect(named?.creative).toBe('a');
    expect(said).toEqual([]);
    expect(normalise('view_promotion', { promotion_id: 'spring' }, context)).toBeNull();
    expect(normalise('view_promotion', { creative_name: 'a' }, context)).toBeNull();
    expect(said).toEqual(['no-promotion', 'no-promotion']);
    // A banner that is told of before its page does not take the page's place.
    const pages: unknown[] = [];
    const tracker = new PageTracker({ now: () => 0 }, (...call) => pages.push(call), true);
    expect(tracker.observe(exposure as ShopEvent)).toBe(true);
    expect(tracker.observe(event('page_view', [], { page: 'home' }))).toBe(true);
    expect(pages).toEqual([]);
    expect(normalise('view_item', { ...banner, items: [{ item_id: 'x' }] }, context)).toEqual(
      expect.not.objectContaining({ promotion: 'spring' }),
    );
  });
});

describe('shares', () => {
  const history = [
    event('view_item', ['pot-clay']),
    event('view_item', ['lamp-oak']),
    event('add_to_cart', ['lamp-oak']),
    event('view_item_list', ['pan-iron', 'spoon-oak']),
    event('purchase', ['lamp-oak', 'unknown']),
    event('dwell', [], { dwellMs: 1000 }),
  ];

  it('K7 of the goods dealt with, by category, brand, and price band', () => {
    const category = (bins: readonly string[]): number[] =>
      of({ name: 'histogram', of: 'category', bins }, history);
    // What neither catalogue nor event gives a category is no part of the whole.
    expect(category(['tea', 'light', 'kitchen'])).toEqual([0.25, 0.75, 0]);
    expect(category(['light'])).toEqual([0.75]);
    const brand = of({ name: 'histogram', of: 'brand', bins: ['Grain', 'North Hill'] }, history);
    expect(brand).toEqual([0.75, 0.25]);
    const bands = ['0', '1', '2', '3', '4'];
    const price = of({ name: 'histogram', of: 'price-band', bins: bands }, history);
    expect(price.reduce((a, b) => a + b)).toBe(1);
    expect(price.filter((share) => share > 0).sort()).toEqual([0.25, 0.75]);
  });

  it('K7 takes what the event says of a good that the catalogue lacks', () => {
    const gone = event('view_item', [], {
      items: [{ id: 'gone', category: 'tea', brand: 'Kiln', quantity: 1 }],
    });
    const of2 = (what: 'category' | 'brand', bins: string[]): number[] =>
      of({ name: 'histogram', of: what, bins }, [gone]);
    expect(of2('category', ['tea', 'light'])).toEqual([1, 0]);
    expect(of2('brand', ['Grain', 'Kiln'])).toEqual([0, 1]);
    expect(of({ name: 'histogram', of: 'price-band', bins: ['0'] }, [gone])).toEqual([0]);
  });

  it('K7 of all events by kind, and of hashed values in their bins', () => {
    const kinds = ['view_item', 'add_to_cart', 'search'];
    const shares = of({ name: 'histogram', of: 'event-kind', bins: kinds }, history);
    expect(shares).toEqual([Math.fround(2 / 6), Math.fround(1 / 6), 0]);
    const hashed = of({ name: 'histogram', of: 'category', bins: 16 }, history);
    const expected = new Array<number>(16).fill(0);
    expected[hashedBin('tea', 16)] = 0.25;
    const light = hashedBin('light', 16);
    expected[light] = (expected[light] as number) + 0.75;
    expect(hashed).toEqual(expected);
  });

  it('K8 of pairs: once a visit, unordered, never across visits, never with itself', () => {
    const bins = 1 << 12;
    const visit = (session: number, ...ids: string[]): ShopEvent[] =>
      ids.map((id) => event('view_item', [id], { session }));
    const pairs = (events: ShopEvent[], what: 'item' | 'category' = 'item'): number[] =>
      of({ name: 'pairs', of: what, bins }, events);
    const at = (a: string, b: string): number => hashedBin(pairName(a, b), bins);

    const one = pairs(visit(1, 'pot-clay', 'lamp-oak', 'pot-clay', 'lamp-oak'));
    expect(one[at('lamp-oak', 'pot-clay')]).toBe(1);
    expect(pairs([...visit(1, 'pot-clay'), ...visit(2, 'lamp-oak')])).toEqual(
      new Array(bins).fill(0),
    );
    const two = pairs([
      ...visit(1, 'pot-clay', 'lamp-oak'),
      ...visit(2, 'lamp-oak', 'pot-clay', 'pan-iron'),
    ]);
    expect(two[at('pot-clay', 'lamp-oak')]).toBe(0.5);
    expect(two[at('pan-iron', 'lamp-oak')]).toBe(0.25);
    expect(two[at('pan-iron', 'pot-clay')]).toBe(0.25);
    const shelves = pairs(visit(1, 'pot-clay', 'pot-iron', 'lamp-oak'), 'category');
    expect(shelves[at('tea', 'light')]).toBe(1);
  });

  it('K8 pairs the newest fifty values of a visit', () => {
    const ids = Array.from({ length: 80 }, (_, i) => `good-${i}`);
    const long = ids.map((id) => event('view_item', [id]));
    const again = [...long, event('view_item', ['good-0'])];
    const bins = 1 << 16;
    const shares = of({ name: 'pairs', of: 'item', bins }, again);
    const at = (a: string, b: string): number => shares[hashedBin(pairName(a, b), bins)] as number;
    expect(at('good-0', 'good-79')).toBeGreaterThan(0);
    expect(at('good-29', 'good-79')).toBe(0);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it('hashed bins are spread and stable', () => {
    // Known answers, from the formula written again in another language.
    expect(['tea', 'light', '茶', ''].map((text) => hashedBin(text, 1024))).toEqual([
      931, 748, 784, 684,
    ]);
    const filled = new Map<number, number>();
    for (let i = 0; i < 4096; i++) {
      const bin = hashedBin(`value-${i}`, 16);
      filled.set(bin, (filled.get(bin) ?? 0) + 1);
    }
    // χ² of a fixed set with 15 degrees of freedom: 10⁻⁶ of uniform hashes lie above 56.5.
    const chi2 = [...filled.values()].reduce((sum, n) => sum + (n - 256) ** 2 / 256, 0);
    expect(filled.size).toBe(16);
    expect(chi2).toBeLessThan(56.5);
  });
});

describe('whatever the history', () => {
  const STATISTICS: Statistic[] = [
    { name: 'campaign', campaign: 'spring', arms: ['a', 'b'], windowMs: HOUR },
    { name: 'histogram', of: 'category', bins: ['tea', 'light'] },
    { name: 'histogram', of: 'brand', bins: 7 },
    { name: 'histogram', of: 'price-band', bins: ['0', '4'] },
    { name: 'histogram', of: 'event-kind', bins: 5 },
    { name: 'pairs', of: 'item', bins: 33 },
    { name: 'pairs', of: 'category', bins: 2 },
  ];
  const ids = ['pot-clay', 'lamp-oak', 'cup-clay', 'gone', 'pan-iron'];
  const anyEvent = fc
    .record({
      name: fc.constantFrom('view_item', 'purchase', 'view_promotion', 'search', 'add_to_cart'),
      items: fc.array(fc.constantFrom(...ids), { maxLength: 4 }),
      atMs: fc.integer({ min: NOON_MS - HOUR, max: NOON_MS + HOUR }),
      session: fc.integer({ min: 1, max: 3 }),
      creative: fc.constantFrom('a', 'b', 'x'),
    })
    .map(({ name, items, ...rest }) =>
      event(name as ShopEvent['name'], items, { ...rest, promotion: 'spring' }),
    );

  it.each(STATISTICS)('K4 the norm is at most what the task states: $name $of', (statistic) => {
    const architecture = counts(statistic);
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const vector = measure(architecture, events, goods);
        expect(vector).toHaveLength(parameterCount(architecture));
        // Float32 rounding of shares may add 2⁻²⁴ of each, which the clip takes off again.
        expect(Math.hypot(...vector)).toBeLessThanOrEqual(largestNorm(architecture) * (1 + 1e-6));
        expect(vector.every((entry) => entry >= 0 && entry <= 1)).toBe(true);
      }),
      { seed: 11 },
    );
    expect(measure(architecture, [], goods)).toEqual(
      new Float32Array(parameterCount(architecture)),
    );
    expect(() => measure(architecture, JUNK_EVENTS, goods)).not.toThrow();
  });
});
