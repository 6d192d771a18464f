import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { normalise, type Problem } from '../../sdk/capture/normalise.ts';
import { readNumber } from '../../sdk/capture/number.ts';
import { PageTracker } from '../../sdk/capture/page.ts';
import { nextSession, SESSION_GAP_MS } from '../../sdk/capture/session.ts';

function capture(
  name: unknown,
  parameters?: unknown,
): { event: ShopEvent | null; said: Problem[] } {
  const said: Problem[] = [];
  const context = { atMs: 1000, session: 3, problem: (one: Problem) => said.push(one) };
  return { event: normalise(name, parameters, context), said };
}

describe('numbers as shops write them', () => {
  it.each([
    [12.5, 12.5],
    ['12.50', 12.5],
    ['12,50', 12.5],
    ['€12.50', 12.5],
    ['12,50 €', 12.5],
    ['€1.234,50', 1234.5],
    ['1,234.50 USD', 1234.5],
    ['1 234,50 kr', 1234.5],
    ["CHF 1'234.50", 1234.5],
    ['¥1,280', 1280],
    ['¥128', 128],
    ['1,234,567', 1234567],
    ['12,-', 12],
    ['-5.00', -5],
    ['€ -5.00', -5],
    ['', null],
    ['free', null],
    ['10 - 20', null],
    ['1.2.3', null],
    ['0x10', null],
    ['12e', 12],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [true, null],
    [{}, null],
  ])('%j is %j', (text, value) => {
    expect(readNumber(text)).toBe(value);
  });

  it('reads back any amount in three ways of writing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999 }), (cents) => {
        const value = cents / 100;
        const english = value.toLocaleString('en-US', { minimumFractionDigits: 2 });
        const german = value.toLocaleString('de-DE', { minimumFractionDigits: 2 });
        expect(readNumber(value.toFixed(2))).toBe(value);
        expect(readNumber(`$${english}`)).toBe(value);
        expect(readNumber(`${german} €`)).toBe(value);
      }),
    );
  });
});

describe('GA4 calls', () => {
  const item = {
    item_id: 'a1',
    item_name: 'Teapot',
    item_brand: 'Kiln',
    item_category: 'Tea',
    price: '€12,50',
    quantity: '2',
  };

  it('keeps GA4 names and fields', () => {
    const { event, said } = capture('add_to_cart', {
      currency: 'eur',
      value: '25.00',
      items: [item],
    });
    expect(said).toEqual([]);
    expect(event).toEqual({
      name: 'add_to_cart',
      atMs: 1000,
      session: 3,
      currency: 'EUR',
      value: 25,
      items: [
        { id: 'a1', name: 'Teapot', brand: 'Kiln', category: 'Tea', price: 12.5, quantity: 2 },
      ],
    });
  });

  it('drops an unknown name with a named problem', () => {
    expect(capture('teleport', { items: [item] })).toEqual({
      event: null,
      said: ['unknown-event'],
    });
  });

  it.each([
    'view_item',
    'view_item_list',
    'add_to_cart',
    'remove_from_cart',
    'begin_checkout',
    'purchase',
    'add_to_wishlist',
  ])('drops %s without items with a named problem', (name) => {
    expect(capture(name, {})).toEqual({ event: null, said: ['no-items'] });
    expect(capture(name, { items: [{}] })).toEqual({ event: null, said: ['bad-item', 'no-items'] });
  });

  it('leaves impossible values out and keeps the event', () => {
    const { event, said } = capture('view_item', {
      value: -1,
      currency: 'gold',
      items: [{ item_id: 7, price: 'ask us', quantity: -3 }],
    });
    expect(event?.items).toEqual([{ id: '7', quantity: 1 }]);
    expect(event).not.toHaveProperty('value');
    expect(event).not.toHaveProperty('currency');
    expect(said).toEqual(['bad-price', 'bad-quantity', 'bad-value', 'bad-currency']);
  });

  it('keeps the term of a search and drops a search without one', () => {
    expect(capture('search', { search_term: ' 茶壶 ' }).event?.term).toBe('茶壶');
    expect(capture('search', {})).toEqual({ event: null, said: ['no-term'] });
  });

  it('keeps rating and text of rate_item, and the kind of page_view', () => {
    const rated = capture('rate_item', { items: [item], rating: '4', text: 'Good.' }).event;
    expect(rated).toMatchObject({ rating: 4, text: 'Good.' });
    expect(capture('rate_item', { items: [item], rating: 9 }).said).toEqual(['no-rating']);
    expect(capture('page_view', { page: 'product' }).event?.page).toBe('product');
    expect(capture('page_view', { page: 'moon' }).said).toEqual(['bad-page']);
  });

  it('cuts long texts between characters and long lists at 200', () => {
    const long = capture('view_item', {
      items: [{ item_id: 'x', item_name: `a${'😀'.repeat(200)}` }],
    });
    expect(long.said).toEqual(['text-cut']);
    expect(long.event?.items[0]?.name).toBe(`a${'😀'.repeat(149)}`);
    const many = capture('view_item_list', { items: Array.from({ length: 300 }, () => item) });
    expect(many.event?.items).toHaveLength(200);
    expect(many.said).toEqual(['too-many-items']);
  });

  it('never throws, and names a parameter object that throws', () => {
    const trap = {
      get items(): never {
        throw new Error('trap');
      },
    };
    expect(capture('view_item', trap)).toEqual({ event: null, said: ['bad-parameters'] });
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (name, parameters) => {
        capture(name, parameters);
        capture('view_item', parameters);
        const { event } = capture('view_item', { items: [parameters], value: parameters });
        for (const one of event?.items ?? []) expect(one.quantity).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('sessions', () => {
  it('begin after 30 minutes without an event, and never when the clock is set back', () => {
    const first = nextSession(undefined, 1e6);
    expect(first).toEqual({ number: 1, lastEventMs: 1e6 });
    expect(nextSession(first, 1e6 + SESSION_GAP_MS).number).toBe(1);
    expect(nextSession(first, 1e6 + SESSION_GAP_MS + 1).number).toBe(2);
    expect(nextSession(first, 5)).toEqual(first);
  });
});

describe('page views and dwell', () => {
  function page(visible = true): {
    tracker: PageTracker;
    emitted: unknown[];
    pass: (ms: number) => void;
    saw: (name: string, parameters: unknown) => boolean;
  } {
    let nowMs = 0;
    const emitted: unknown[] = [];
    const clock = { now: () => nowMs };
    const tracker = new PageTracker(
      clock,
      (name, fields, continues) => {
        if (continues) emitted.pop();
        emitted.push({ name, ...fields });
      },
      visible,
    );
    return {
      tracker,
      emitted,
      pass: (ms) => {
        nowMs += ms;
      },
      saw: (name, parameters) => {
        const event = capture(name, parameters).event;
        if (event === null) throw new Error('dropped');
        return tracker.observe(event);
      },
    };
  }

  it('counts one page view for a product page that the shop does not report', () => {
    const { tracker, emitted, pass, saw } = page();
    expect(saw('view_item', { items: [{ item_id: 'a' }] })).toBe(true);
    expect(emitted).toEqual([{ name: 'page_view', page: 'product' }]);
    expect(saw('page_view', { page: 'product' })).toBe(false);
    pass(4000);
    saw('add_to_cart', { items: [{ item_id: 'a' }] });
    tracker.hide();
    expect(emitted.slice(1)).toEqual([
      { name: 'dwell', dwell_ms: 4000, items: [{ item_id: 'a' }], page: 'product' },
    ]);
  });

  it('counts only visible time, and nothing under half a second', () => {
    const { tracker, emitted, pass, saw } = page();
    saw('page_view', { page: 'home' });
    pass(2000);
    tracker.hide();
    pass(60_000);
    tracker.show();
    pass(400);
    tracker.hide();
    expect(emitted).toEqual([{ name: 'dwell', dwell_ms: 2000, items: [], page: 'home' }]);
  });

  it('PR36 tells the dwell so far at 0.5, 1, 2, 4 … seconds, each in place of the last', () => {
    const { tracker, emitted, pass, saw } = page();
    expect(tracker.dueMs()).toBeNull();
    saw('view_item', { items: [{ item_id: 'a' }] });
    const at: number[] = [];
    for (let passed = 0, due = tracker.dueMs(); due !== null; due = tracker.dueMs()) {
      passed += due;
      pass(due);
      tracker.look();
      at.push(passed);
      expect(emitted.slice(1)).toEqual([
        { name: 'dwell', dwell_ms: passed, items: [{ item_id: 'a' }], page: 'product' },
      ]);
    }
    expect(at).toEqual(Array.from({ length: 12 }, (_, i) => 500 * 2 ** i));
    pass(1000);
    tracker.hide();
    expect(emitted).toHaveLength(2);
    expect(emitted[1]).toMatchObject({ dwell_ms: 1_024_000 + 1000 });
    expect(tracker.dueMs()).toBeNull();
    tracker.show();
    pass(700);
    tracker.look();
    tracker.look();
    expect(emitted.slice(2)).toEqual([
      { name: 'dwell', dwell_ms: 700, items: [{ item_id: 'a' }], page: 'product' },
    ]);
  });

  it('ends the page before when a single-page shop moves on', () => {
    const { emitted, pass, saw } = page();
    saw('page_view', { page: 'product' });
    saw('view_item', { items: [{ item_id: 'a' }] });
    pass(3000);
    saw('view_item', { items: [{ item_id: 'b' }] });
    expect(emitted).toEqual([
      { name: 'dwell', dwell_ms: 3000, items: [{ item_id: 'a' }], page: 'product' },
      { name: 'page_view', page: 'product' },
    ]);
  });

  it('counts a page on which the shop tracked nothing', () => {
    const { tracker, emitted, pass } = page();
    pass(1500);
    tracker.hide();
    expect(emitted).toEqual([{ name: 'page_view' }, { name: 'dwell', dwell_ms: 1500, items: [] }]);
  });
});
