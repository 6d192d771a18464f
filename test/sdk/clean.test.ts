import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { SESSION_GAP_MS } from '../../sdk/capture/session.ts';
import { type Cleaned, cleanHistory, learnable } from '../../sdk/features/clean.ts';
import { event, JUNK_EVENTS, NOON_MS } from './features-goods.ts';

const SECOND = 1000;
const DAY = 86_400_000;
const NOW = NOON_MS + DAY;

const look = (id: string, seconds: number, more: Partial<ShopEvent> = {}): ShopEvent =>
  event('view_item', [id], { atMs: NOON_MS + seconds * SECOND, ...more });
const clean = (events: readonly unknown[], nowMs = NOW): Cleaned =>
  cleanHistory(events as ShopEvent[], nowMs);
const seen = ({ events }: Cleaned): string[] => events.map(({ items }) => items[0]?.id ?? '');
const seconds = ({ events }: Cleaned): number[] =>
  events.map(({ atMs }) => (atMs - NOON_MS) / SECOND);

describe('K15 cleaning', () => {
  it('leaves a sound history as it is', () => {
    const events = [look('a', 0), look('b', 60), look('a', 61, { session: 2 })];
    const cleaned = clean(events);
    expect(cleaned.events).toEqual(events);
    expect(cleaned.events[0]).toBe(events[0]);
    expect(cleaned.dropped).toEqual({ doubled: 0, impossible: 0, future: 0, beyond: 0 });
    expect(cleaned.bot).toBe(false);
  });

  it('counts the same event within two seconds once, whatever lies between', () => {
    const doubled = [look('a', 0), look('b', 1), look('a', 2), look('a', 4.1)];
    expect(seen(clean(doubled))).toEqual(['a', 'b', 'a']);
    expect(clean(doubled).dropped.doubled).toBe(1);
    const other = [look('a', 0), event('add_to_cart', ['a'], { atMs: NOON_MS })];
    expect(clean(other).dropped.doubled).toBe(0);
    const searched = ['pot', 'pot', 'cup'].map((term) => event('search', [], { term }));
    expect(clean(searched).dropped.doubled).toBe(1);
  });

  it('tells an event that another capture path described in more words', () => {
    const named = look('a', 0.5, { items: [{ id: 'a', name: 'Pot', price: 3, quantity: 1 }] });
    expect(clean([look('a', 0), named]).dropped.doubled).toBe(1);
    const two = look('a', 0.5, { items: [{ id: 'a', quantity: 2 }] });
    expect(clean([look('a', 0), two]).dropped.doubled).toBe(0);
  });

  it('counts a receipt that was reloaded within half an hour once', () => {
    const bought = (ms: number, id = 'a'): ShopEvent =>
      event('purchase', [id], { atMs: NOON_MS + ms });
    const events = [
      bought(0),
      bought(9, 'b'),
      bought(SESSION_GAP_MS),
      bought(SESSION_GAP_MS + 3000),
    ];
    expect(clean(events).dropped.doubled).toBe(1);
    expect(seen(clean(events))).toEqual(['a', 'b', 'a']);
  });

  it('leaves out what capture cannot have made', () => {
    const broken = [
      null,
      7,
      [],
      { ...look('a', 0), name: 7 },
      { ...look('a', 0), atMs: Number.NaN },
      { ...look('a', 0), atMs: -1 },
      { ...look('a', 0), atMs: 9e15 },
      { ...look('a', 0), session: undefined },
      event('dwell', [], { dwellMs: 3 * DAY }),
      event('dwell', [], { dwellMs: Number.NaN }),
      event('dwell', []),
    ];
    const cleaned = clean([...broken, look('b', 1)]);
    expect(seen(cleaned)).toEqual(['b']);
    expect(cleaned.dropped.impossible).toBe(broken.length);
  });

  it('takes an impossible amount or text from an event and keeps the rest', () => {
    const of = (item: object, more: object = {}): unknown =>
      clean([{ ...look('a', 0), ...more, items: [{ id: 'a', quantity: 1, ...item }] }]).events[0];
    const plain = look('a', 0, { items: [{ id: 'a', quantity: 1 }] });
    for (const price of [Number.NaN, -5, 1e10, Number.POSITIVE_INFINITY, '19.99', null]) {
      expect(of({ price })).toEqual(plain);
      expect(of({ discount: price })).toEqual(plain);
      expect(of({}, { value: price })).toEqual(plain);
    }
    for (const quantity of [Number.NaN, 0, -1, 1e7, '2', undefined]) {
      expect(of({ quantity })).toEqual(plain);
    }
    expect(of({ brand: 7, category: {}, name: null })).toEqual(plain);
    expect(of({}, { rating: 6, dwellMs: -1, term: 7, currency: 3 })).toEqual(plain);
    expect(of({ price: 1e9, quantity: 1e6 })).toMatchObject({
      items: [{ price: 1e9, quantity: 1e6 }],
    });
    expect(clean([{ ...plain, items: [null, { id: 7 }, { id: '' }] }]).events[0]?.items).toEqual(
      [],
    );
    expect(clean([{ ...plain, items: 'x' }]).events[0]?.items).toEqual([]);
    expect(clean([{ ...plain, items: [undefined] }]).events[0]?.items).toEqual([]);
    expect(clean([{ ...plain, items: new Array(2) }]).events[0]?.items).toEqual([]);
  });

  it('leaves out what is later than now', () => {
    const cleaned = clean([look('a', 0), look('b', 10)], NOON_MS + 9 * SECOND);
    expect(seen(cleaned)).toEqual(['a']);
    expect(cleaned.dropped.future).toBe(1);
    expect(clean([look('a', 0)], NOON_MS).dropped.future).toBe(0);
  });

  it('orders what came up to a minute late by its time, inside a session alone', () => {
    const cleaned = clean([look('a', 0), look('c', 61), look('b', 1), look('d', 70)]);
    expect(seen(cleaned)).toEqual(['a', 'b', 'c', 'd']);
    expect(seconds(cleaned)).toEqual([0, 1, 61, 70]);
    const next = clean([look('a', 50), look('b', 10, { session: 2 }), look('c', 60)]);
    expect(seen(next)).toEqual(['a', 'c', 'b']);
  });

  it('keeps the order in which events came where the clock was set back', () => {
    const ahead = clean([
      look('a', 7200),
      look('b', 7210),
      look('c', 0),
      look('d', 9),
      look('e', 20),
    ]);
    expect(seen(ahead)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(seconds(ahead)).toEqual([0, 0, 0, 9, 20]);
  });

  it('disbelieves a clock that was wrong for a while, and nothing else', () => {
    const reset = { ...look('x', 0), atMs: 5 };
    const events = [look('a', 0), look('b', 100), reset, look('c', 200), look('d', 300)];
    expect(seconds(clean(events))).toEqual([0, 100, 100, 200, 300]);
    const early = look('x', 50_000);
    const later = [look('a', 0), early, look('b', 100), look('c', 200)];
    expect(seen(clean(later))).toEqual(['a', 'x', 'b', 'c']);
    expect(seconds(clean(later))).toEqual([0, 0, 100, 200]);
  });

  it('orders a shuffled history by session and time', () => {
    const events = Array.from({ length: 60 }, (_, i) =>
      look(`item-${i}`, 300 * i, { session: Math.floor(i / 20) }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: 60 }), (shuffled) => {
        expect(clean(shuffled).events).toEqual(events);
      }),
      { seed: 5, numRuns: 20 },
    );
  });

  it('knows a bot by what it does each second for five minutes, however slow the rest', () => {
    const each = (ms: number, count: number, name: ShopEvent['name'] = 'view_item'): ShopEvent[] =>
      Array.from({ length: count }, (_, i) =>
        event(name, [`item-${i % 7}`], { atMs: NOON_MS + ms * i, creative: String(i) }),
      );
    expect(clean(each(999, 301)).bot).toBe(true);
    expect(clean(each(999, 300)).bot).toBe(false);
    expect(clean(each(1000, 1000)).bot).toBe(false);
    expect(clean(each(100, 1000, 'view_promotion')).bot).toBe(false);
    expect(clean([...each(60_000, 50), ...each(500, 700, 'search')]).bot).toBe(true);
    expect(learnable(each(999, 301), NOW)).toEqual([]);
    expect(learnable(each(1000, 301), NOW)).toHaveLength(301);
  });

  it('takes nobody for a bot whose clock was wrong while much was looked at', () => {
    const ahead = Array.from({ length: 400 }, (_, i) => look(`a-${i}`, 7200 + 60 * i));
    const after = Array.from({ length: 500 }, (_, i) => look(`b-${i}`, 30 * i));
    const cleaned = clean([...ahead, ...after]);
    expect(new Set(seconds(cleaned).slice(0, 400))).toEqual(new Set([0]));
    expect(cleaned.bot).toBe(false);
  });

  it('takes the newest 100,000 events, in time that grows with their number', () => {
    const many = Array.from({ length: 100_500 }, (_, i) =>
      look(`item-${i % 500}`, 3 * i, { session: Math.floor(i / 5000) }),
    );
    const cleaned = clean(many, NOON_MS + 1e12);
    expect(cleaned.events).toHaveLength(100_000);
    expect(cleaned.dropped.beyond).toBe(500);
    expect(cleaned.events[0]).toBe(many[500]);
    const falling = clean([...many].reverse(), NOON_MS + 1e12);
    expect(falling.events).toHaveLength(100_000);
    expect(falling.events[0]).toEqual(many[0]);
  });

  it('gives events that are in order, finite and not later than now, and accounts for all', () => {
    const time = fc.oneof(
      fc.integer({ min: NOON_MS - 9000, max: NOON_MS + 9000 }),
      fc.integer({ min: NOON_MS - 9 * DAY, max: NOON_MS + 9 * DAY }),
      fc.constantFrom(0, Number.NaN, -1, Number.POSITIVE_INFINITY),
    );
    const wild = fc.record({
      name: fc.constantFrom('view_item', 'purchase', 'dwell', 'search'),
      atMs: time,
      session: fc.constantFrom(1, 2, 3, Number.NaN),
      items: fc.constantFrom([], null, [undefined], [{ id: 'a', price: Number.NaN, quantity: 1 }]),
      dwellMs: fc.constantFrom(undefined, 10, Number.NaN),
    });
    const list = fc.array(fc.oneof(wild, fc.constantFrom(...JUNK_EVENTS)), { maxLength: 60 });
    fc.assert(
      fc.property(list, (given) => {
        const { events, dropped } = clean(given);
        const left = Object.values(dropped).reduce((a, b) => a + b, 0);
        expect(events.length + left).toBe(given.length);
        for (const [i, one] of events.entries()) {
          expect(one.atMs).toBeLessThanOrEqual(NOW);
          if (i > 0) expect(one.atMs).toBeGreaterThanOrEqual(events[i - 1]?.atMs ?? 0);
        }
        expect(JSON.stringify(events)).not.toContain('null');
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('answers anything', () => {
    for (const given of [null, undefined, 7, {}, 'x']) {
      expect(cleanHistory(given as unknown as ShopEvent[], NOW).events).toEqual([]);
    }
    expect(clean([look('a', 0)], Number.NaN).events).toHaveLength(1);
  });
});
