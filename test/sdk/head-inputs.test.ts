/** Inputs of heads, by name: K22. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { headInputs } from '../../sdk/features/inputs.ts';
import { intentInputs } from '../../sdk/features/intent.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { columnsOf, factorsOf, INTENT_INPUTS } from '../../shared/model/heads/inputs.ts';
import { hashedBin } from '../../shared/model/statistic.ts';
import { event, JUNK_EVENTS, NOON_MS, smallCatalogue } from './features-goods.ts';
import { EVERY } from './heads-inputs.ts';

const DAY = 86_400_000;

let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

const scaled = (value: number, cap: number): number => Math.log1p(value) / Math.log1p(cap);
const at = (days: number): Partial<ShopEvent> => ({
  atMs: NOON_MS - days * DAY,
  session: 1000 - Math.floor(days),
});
const valuesOf = (names: readonly string[], events: readonly ShopEvent[]): number[] => [
  ...headInputs(names, events, goods, NOON_MS),
];

describe('K22 names of inputs', () => {
  it.each([
    'shoe-size',
    '',
    'recency@30',
    'month-3@7',
    'orders@0',
    'orders@731',
    'orders#4',
    'category',
    'category:4',
    'category#1',
    'brand#65537',
    'recency:1',
    'recency:65',
    'orders*spend*views',
    'orders*',
    'constructor',
  ])('%j is none, and is named', (name) => {
    expect(() => factorsOf(name)).toThrow(`unknown input ${JSON.stringify(name)}`);
    expect(() => headInputs(['orders', name], [], goods, NOON_MS)).toThrow(RangeError);
  });

  it('take the columns that they declare', () => {
    const columns = ['orders', 'recency:4', 'category@7#5', 'spend*category#5', 'recency:4*idle:2'];
    expect(columns.map((one) => columnsOf([one]))).toEqual([1, 4, 5, 5, 8]);
    expect(headInputs(EVERY, [], goods, NOON_MS)).toHaveLength(columnsOf(EVERY));
  });
});

describe('K22 inputs of a head', () => {
  const history = [
    event('view_item', ['pot-clay'], at(200)),
    event('purchase', ['pot-clay', 'lamp-oak'], { ...at(100), value: 120 }),
    event('search', [], { ...at(41), term: 'cup' }),
    event('purchase', ['cup-clay'], { ...at(40), price: 15 }),
    event('rate_item', ['cup-clay'], { ...at(39), rating: 5, text: 'great, I love it' }),
    {
      ...event('purchase', [], at(10)),
      items: [
        { id: 'knife-iron', quantity: 3, price: 30, discount: 10 },
        { id: 'gone', quantity: 1, price: 10, category: 'tea', brand: 'Forge' },
      ],
    },
    event('add_to_cart', ['pan-iron'], at(0.5)),
  ];

  it('recency, frequency and money, over all and over the last days', () => {
    const values = valuesOf(
      ['recency', 'idle', 'tenure', 'order-tenure', 'orders', 'orders@30', 'spend', 'spend@30'],
      history,
    );
    const want = [
      ...[scaled(10, 730), scaled(0.5, 730), scaled(200, 1825), scaled(100, 1825)],
      ...[scaled(3, 100), scaled(1, 100), scaled(120 + 15 + 100, 10_000), scaled(100, 10_000)],
    ];
    want.forEach((value, i) => {
      expect(values[i]).toBeCloseTo(value, 6);
    });
  });

  it('orders, gaps and what was let off', () => {
    const values = valuesOf(
      [
        ...['order-value', 'largest-order', 'goods-bought', 'items-per-order'],
        ...['order-gap', 'gap-spread', 'overdue', 'order-span', 'bought', 'bought-again'],
        ...['discount-share', 'discount-mean', 'review-sentiment', 'rating-mean', 'queries@7'],
      ],
      history,
    );
    const spread = 15 / 45;
    const want = [
      ...[scaled(235 / 3, 2000), scaled(120, 2000), scaled(7, 1000), scaled(7 / 3, 100)],
      ...[scaled(45, 365), spread / (1 + spread), 10 / 45 / (1 + 10 / 45), 0.9, 1, 1],
      ...[1 / 5, 0.25 / 5],
    ];
    want.forEach((value, i) => {
      expect(values[i]).toBeCloseTo(value, 6);
    });
    expect(values[12]).toBeGreaterThan(0.7);
    expect(values.slice(13)).toEqual([1, 0]);
  });

  it('goods by category, brand and price, from the catalogue or else from the event', () => {
    const values = valuesOf(['category#64', 'categories', 'brands', 'goods'], history);
    // pot-clay twice, cup-clay twice and the good that is gone are tea; seven and one light, kitchen.
    const bins = ['tea', 'light', 'kitchen'].map((name) => hashedBin(name, 64));
    expect(new Set(bins).size).toBe(3);
    [5 / 8, 1 / 8, 2 / 8].forEach((share, i) => {
      expect(values[bins[i] as number]).toBeCloseTo(share, 6);
    });
    expect(values[64]).toBeCloseTo(scaled(3, 50), 6);
    expect(values[65]).toBeCloseTo(scaled(3, 50), 6);
    expect(values[66]).toBeCloseTo(scaled(6, 500), 6);
  });

  it('bins hold one 1, crosses are products', () => {
    const [recency = 0, spend = 0] = valuesOf(['recency', 'spend'], history);
    expect(valuesOf(['recency:4'], history)).toEqual(
      [0, 1, 2, 3].map((bin) => (Math.floor(recency * 4) === bin ? 1 : 0)),
    );
    const crossed = valuesOf(['spend*recency:4'], history);
    expect(crossed.reduce((sum, one) => sum + one)).toBeCloseTo(spend, 6);
  });

  it('with a tilde lie around 0, in crosses too', () => {
    const [recency = 0, spend = 0, centred, cross] = valuesOf(
      ['recency', 'spend', '~recency', '~recency*~spend'],
      history,
    );
    expect(centred).toBeCloseTo(recency - 0.5, 6);
    expect(cross).toBeCloseTo((recency - 0.5) * (spend - 0.5), 6);
    for (const name of ['~', '~~recency', '~recency:4', '~category#4', 'recency~']) {
      expect(() => factorsOf(name)).toThrow(/unknown input/);
    }
  });

  it('with a centre and a spread are less the one, over the other', () => {
    const [spend = 0, week = 0, scaled, windowed, cross] = valuesOf(
      ['spend', 'orders@7', 'spend~0.31/0.08', 'orders@7~1/1', 'spend~0/0.5*orders@7~0.25/0.05'],
      history,
    );
    expect(scaled).toBeCloseTo((spend - 0.31) / 0.08, 5);
    expect(windowed).toBeCloseTo(week - 1, 6);
    expect(cross).toBeCloseTo((spend / 0.5) * ((week - 0.25) / 0.05), 5);
    for (const scale of ['0.31', '/1', '0.31/', '2/1', '1.5/1', '0.5/0.04', '0.5/0', '0.5/2']) {
      expect(() => factorsOf(`spend~${scale}`)).toThrow(/unknown input/);
    }
    for (const scale of ['-0.1/1', '0.12345/1', '.5/1', '0.5/1e0', '0.5/0.5/0.5', '0.5/1:4']) {
      expect(() => factorsOf(`spend~${scale}`)).toThrow(/unknown input/);
    }
    for (const name of ['~spend~0.5/1', 'spend:4~0.5/1', 'category#4~0.5/1', 'category~0.5/1']) {
      expect(() => factorsOf(name)).toThrow(/unknown input/);
    }
  });

  it('rhythm is that of the clock in UTC', () => {
    const noon = [event('view_item', ['pot-clay'])];
    expect(valuesOf(['night', 'morning', 'afternoon', 'evening', 'weekend-share'], noon)).toEqual([
      0, 0, 1, 0, 0,
    ]);
    const sunday = [event('view_item', ['pot-clay'], { atMs: Date.UTC(2026, 2, 1, 3) })];
    expect(valuesOf(['night', 'weekend-share'], sunday)).toEqual([1, 1]);
  });

  it('the 27 of the first intent head are what they were', () => {
    const events = [
      event('page_view', [], { page: 'product', session: 1 }),
      event('dwell', [], { page: 'product', dwellMs: 61_000, session: 2 }),
      event('add_to_cart', ['pot-clay'], { price: 99, session: 2 }),
    ];
    expect(headInputs(INTENT_INPUTS, events, goods, NOON_MS)).toEqual(
      intentInputs(events, NOON_MS),
    );
  });

  it('of nothing, of junk and of a future are in [0, 1], never NaN', () => {
    for (const events of [[], JUNK_EVENTS, [event('purchase', [], { atMs: NOON_MS + DAY })]]) {
      for (const nowMs of [NOON_MS, Number.NaN, 0]) {
        const values = headInputs(EVERY, events, goods, nowMs);
        expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
      }
    }
    expect(valuesOf(['recency', 'order-gap', 'tenure', 'rating-mean'], [])).toEqual([1, 1, 0, 0.5]);
    const far = ['spend~1/0.05', 'recency~0/0.05', 'orders@7~0.5/0.05'];
    for (const events of [[], JUNK_EVENTS]) {
      expect(valuesOf(far, events).every((value) => Math.abs(value) <= 20)).toBe(true);
      const [product = Number.NaN] = valuesOf(['spend~1/0.05*recency~0/0.05'], events);
      expect(Math.abs(product)).toBeLessThanOrEqual(400);
    }
  });

  it('of a hundred thousand events come in one pass each', () => {
    const events = Array.from({ length: 100_000 }, (_, i) =>
      event('purchase', ['pot-clay'], { atMs: NOON_MS - (100_000 - i) * 1000, session: i >> 4 }),
    );
    const values = valuesOf(['orders', 'spend@30', 'visits', 'gap-spread'], events);
    expect(values.slice(0, 3)).toEqual([1, 1, 1]);
  });
});
