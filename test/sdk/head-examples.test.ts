/** Examples of heads, cut from the past: K23. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { headExamples } from '../../sdk/features/heads.ts';
import { headInputs } from '../../sdk/features/inputs.ts';
import type { HeadArchitecture, TrunkArchitecture } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { columnsOf } from '../../shared/model/heads/inputs.ts';
import { hashedBin } from '../../shared/model/statistic.ts';
import { event, JUNK_EVENTS, NOON_MS, smallCatalogue } from './features-goods.ts';
import { EVERY } from './heads-inputs.ts';

const DAY = 86_400_000;

let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

const at = (days: number): Partial<ShopEvent> => ({
  atMs: NOON_MS - days * DAY,
  session: 1000 - Math.floor(days),
});

const windows: TrunkArchitecture = {
  name: 'trunk',
  inputs: EVERY,
  hidden: 2,
  heads: [
    { head: 'churn', label: { name: 'no-purchase', days: 10 } },
    { head: 'value', label: { name: 'spend-at-least', days: 30, amount: 100 } },
    { head: 'thrift', label: { name: 'discount-share-at-least', days: 30, share: 0.5 } },
  ],
};

const head = (label: HeadArchitecture['label']): HeadArchitecture => ({
  name: 'head',
  head: 'test',
  label,
  inputs: EVERY,
  hidden: 0,
});

/** Events of two hundred days, in the order of time. */
const histories = fc
  .array(
    fc.record({
      name: fc.constantFrom('view_item', 'add_to_cart', 'begin_checkout', 'purchase', 'search'),
      id: fc.constantFrom('pot-clay', 'cup-clay', 'lamp-oak', 'knife-iron', 'gone'),
      days: fc.double({ min: 0, max: 200, noNaN: true }),
      price: fc.double({ min: 0, max: 300, noNaN: true }),
      discount: fc.constantFrom(0, 5),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) =>
    all
      .sort((a, b) => b.days - a.days)
      .map(({ name, id, days, price, discount }): ShopEvent => {
        const { atMs = 0 } = at(days);
        const items = [{ id, quantity: 1, price, discount }];
        return { name: name as ShopEvent['name'], atMs, session: Math.floor(atMs / DAY), items };
      }),
  );

describe('K23 examples of heads', () => {
  it('cut the past by the longest window, newest first kept, with what came after', () => {
    const events = [
      event('view_item', ['pot-clay'], at(100)),
      event('purchase', ['pot-clay'], { ...at(65), value: 50 }),
      event('purchase', ['pot-clay'], { ...at(28), value: 150 }),
      {
        ...event('purchase', [], at(20)),
        items: [{ id: 'cup-clay', quantity: 1, discount: 1, price: 9 }],
      },
    ];
    const built = headExamples(windows, events, goods, 10, NOON_MS);
    expect([built.kind, built.heads, built.width]).toEqual(['head', 3, columnsOf(EVERY)]);
    // Cut 90 days ago nothing had been bought; in the 30 days after the cut 60 days ago neither.
    expect([...built.labels]).toEqual([-1, 0, 0, 1, 0, -1, 0, 1, 1]);
    expect(headExamples(windows, events, goods, 1, NOON_MS).labels).toEqual(
      Float32Array.of(0, 1, 1),
    );
    const cut = NOON_MS - 60 * DAY;
    const row = built.features.slice(built.width, 2 * built.width);
    expect(row).toEqual(headInputs(EVERY, events.slice(0, 2), goods, cut));
  });

  it('look at as many windows as examples, with a label or without', () => {
    const thrift = head({ name: 'discount-share-at-least', days: 30, share: 0.5 });
    const events = [event('view_item', ['pot-clay'], at(65)), event('purchase', ['x'], at(40))];
    expect(headExamples(thrift, events, goods, 1, NOON_MS).examples).toBe(0);
    expect([...headExamples(thrift, events, goods, 2, NOON_MS).labels]).toEqual([0]);
  });

  it('leave out a window that has not passed, and a history that begins inside it', () => {
    const events = [event('purchase', ['pot-clay'], at(29))];
    expect(headExamples(windows, events, goods, 10, NOON_MS).examples).toBe(0);
    expect(headExamples(windows, events, goods, 10, NOON_MS + 2 * DAY).examples).toBe(1);
    expect(headExamples(windows, [], goods, 10, NOON_MS).examples).toBe(0);
    expect(headExamples(windows, events, goods, 10, Number.NaN).examples).toBe(0);
    expect(headExamples(windows, events, goods, 0, NOON_MS + 2 * DAY).examples).toBe(0);
  });

  it('of the next category: every change of goods, by name or hashed', () => {
    const events = ['pot-clay', 'pot-clay', 'cup-clay', 'lamp-oak', 'gone', 'knife-iron'].map(
      (id, i) => event('view_item', [id], at(10 - i)),
    );
    const named = head({ name: 'next-category', categories: ['light', 'tea'] });
    const built = headExamples(named, events, goods, 10, NOON_MS);
    // cup-clay is tea, lamp-oak light; the good that is gone and the knife are not listed.
    expect([...built.labels]).toEqual([1, 0]);
    expect(built.features.slice(0, built.width)).toEqual(
      headInputs(EVERY, events.slice(0, 2), goods, events[1]?.atMs ?? 0),
    );
    const hashed = headExamples(
      head({ name: 'next-category', categories: 7 }),
      events,
      goods,
      10,
      NOON_MS,
    );
    expect([...hashed.labels]).toEqual(['tea', 'light', 'kitchen'].map((c) => hashedBin(c, 7)));
  });

  it('nothing after the cut leaks into the inputs: windows', () => {
    const all = head({ name: 'spend-at-least', days: 30, amount: 100 });
    fc.assert(
      fc.property(histories, histories, fc.integer({ min: 1, max: 6 }), (one, other, cuts) => {
        const cut = NOON_MS - cuts * 30 * DAY;
        const before = one.filter(({ atMs }) => atMs <= cut);
        const changed = [...before, ...other.filter(({ atMs }) => atMs > cut)];
        const [was, is] = [one, changed].map((events) =>
          headExamples(all, events, goods, 100, NOON_MS),
        );
        // Rows run from the oldest cut to the newest; the last `cuts − 1` may see other events.
        const rows = (was?.examples ?? 0) - (cuts - 1);
        if (before.length === 0) return;
        expect(is?.examples).toBe(was?.examples);
        const width = columnsOf(EVERY);
        expect(is?.features.slice(0, rows * width)).toEqual(was?.features.slice(0, rows * width));
      }),
      { seed: 23, numRuns: 60 },
    );
  });

  it('nothing after the cut leaks into the inputs: visits and goods', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom('visit', 'goods'), (events, kind) => {
        const label =
          kind === 'visit'
            ? ({ name: 'purchase-in-session' } as const)
            : ({ name: 'next-category', categories: 3 } as const);
        const built = headExamples(head(label), events, goods, 100, NOON_MS);
        const prefixes = events.map((_, i) =>
          headInputs(EVERY, events.slice(0, i + 1), goods, events[i]?.atMs ?? 0).join(),
        );
        // Each row is what some prefix gave at its own last event; and what came next is no part.
        for (let e = 0; e < built.examples; e++) {
          const row = built.features.slice(e * built.width, (e + 1) * built.width);
          const end = prefixes.indexOf(row.join());
          expect(end).toBeGreaterThanOrEqual(0);
          if (kind === 'visit') {
            expect(['begin_checkout', 'purchase']).not.toContain(events[end]?.name);
          } else {
            const isGood = ({ name }: ShopEvent): boolean =>
              ['view_item', 'add_to_cart', 'purchase'].includes(name);
            const last = events.slice(0, end + 1).findLast(isGood);
            const next = events.slice(end + 1).find(isGood);
            expect(next?.items[0]?.id).not.toBe(last?.items[0]?.id);
          }
        }
      }),
      { seed: 24, numRuns: 60 },
    );
  });

  it('of events in any order and of junk never throw and never hold NaN', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...JUNK_EVENTS, event('purchase', ['pot-clay'], at(70))]),
        (events) => {
          const built = headExamples(windows, events as ShopEvent[], goods, 5, NOON_MS);
          expect(built.features.every((value) => value >= 0 && value <= 1)).toBe(true);
          expect(built.labels.every((value) => [-1, 0, 1].includes(value))).toBe(true);
        },
      ),
      { seed: 25, numRuns: 50 },
    );
  });
});
