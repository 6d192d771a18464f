import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { holdOutLast, makeShopper, shuffledHistories } from './behaviour.ts';
import { makeWorld } from './world.ts';

const UNTIL = Date.UTC(2026, 5, 1);

const world = makeWorld(
  Array.from({ length: 120 }, (_, i) => ({
    id: `good-${i}`,
    name: `Good ${i}`,
    category: `category-${i % 6}`,
    brand: `brand-${i % 11}`,
    priceCents: 500 + 37 * i,
  })),
  new Map(Array.from({ length: 120 }, (_, i) => [`good-${i}`, [`good-${(i + 61) % 120}`]])),
);

const shoppers = Array.from({ length: 300 }, (_, i) => makeShopper(world, `test/${i}`, UNTIL));

const looks = (events: readonly ShopEvent[]): string[] =>
  events.flatMap((event) => (event.name === 'view_item' ? [event.items[0]?.id ?? ''] : []));

/** Pairs of looks that followed each other inside one session. */
function steps(): [string, string][] {
  return shoppers.flatMap(({ events }) => {
    const seen = events.filter((event) => event.name === 'view_item');
    return seen.slice(1).flatMap((event, i): [string, string][] => {
      const before = seen[i] as ShopEvent;
      if (before.session !== event.session) return [];
      return [[before.items[0]?.id ?? '', event.items[0]?.id ?? '']];
    });
  });
}

describe('behaviour of simulated shoppers', () => {
  it('B1 is the same for the same seed, another for another, in time order and in the past', () => {
    expect(makeShopper(world, 'test/0', UNTIL)).toEqual(shoppers[0]);
    expect(shoppers[1]?.events).not.toEqual(shoppers[0]?.events);
    for (const { events } of shoppers) {
      expect(events.every((event) => event.atMs < UNTIL)).toBe(true);
      for (let i = 1; i < events.length; i++) {
        expect(events[i]?.atMs).toBeGreaterThanOrEqual(events[i - 1]?.atMs ?? 0);
        expect(events[i]?.session).toBeGreaterThanOrEqual(events[i - 1]?.session ?? 0);
      }
    }
  });

  it('B2 gives loved brands far more looks than their share of the goods', () => {
    let loved = 0;
    let all = 0;
    let expected = 0;
    for (const { taste, events } of shoppers) {
      for (const id of looks(events)) {
        const good = world.goods.find((one) => one.id === id);
        if (taste.lovedBrands.has(good?.brand ?? '')) loved++;
        expected += taste.lovedBrands.size / world.brands.length;
        all++;
      }
    }
    expect(all).toBeGreaterThan(2000);
    expect(loved).toBeGreaterThan(1.8 * expected);
  });

  it('B4 goes on to complements about as often as the model says', () => {
    const at = new Map(world.goods.map((good, i) => [good.id, i]));
    const pairs = steps();
    const complements = pairs.filter(([from, to]) =>
      world.complements[at.get(from) ?? -1]?.includes(at.get(to) ?? -1),
    );
    const share = complements.length / pairs.length;
    expect(share).toBeGreaterThan(0.18);
    expect(share).toBeLessThan(0.3);
  });

  it('B5 never looks at the same good twice running', () => {
    for (const { events } of shoppers) {
      const ids = looks(events);
      for (let i = 1; i < ids.length; i++) expect(ids[i]).not.toBe(ids[i - 1]);
    }
  });

  it('B6 buys only what lies in the basket', () => {
    let purchases = 0;
    for (const { events } of shoppers) {
      for (const event of events.filter((one) => one.name === 'purchase')) {
        purchases++;
        const added = events
          .filter((one) => one.name === 'add_to_cart' && one.session === event.session)
          .map((one) => one.items[0]?.id);
        for (const item of event.items) expect(added).toContain(item.id);
      }
    }
    expect(purchases).toBeGreaterThan(50);
  });

  it('B8 holds out the last look and everything after it', () => {
    for (const { events } of shoppers) {
      const held = holdOutLast(events);
      if (held === null) continue;
      expect(looks(held.history)).toEqual(looks(events).slice(0, -1));
      expect(held.targetId).toBe(looks(events).at(-1));
    }
    expect(holdOutLast([])).toBeNull();
  });

  it('deals the items of the control anew and keeps lengths and popularity', () => {
    const histories = shoppers.map(({ events }) => events);
    const control = shuffledHistories(histories, 'control');
    const ids = (all: readonly (readonly ShopEvent[])[]): string[] =>
      all.flatMap((events) => events.flatMap((event) => event.items.map((item) => item.id)));
    expect(ids(control).sort()).toEqual(ids(histories).sort());
    expect(control.map((events) => events.length)).toEqual(histories.map((one) => one.length));
    expect(control).not.toEqual(histories);
  });
});
