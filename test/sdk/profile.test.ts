import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { Follower } from '../../sdk/profile/follower.ts';
import { HALF_LIFE_MS } from '../../sdk/profile/interests.ts';
import { readTraits } from '../../sdk/profile/traits.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { syntheticCatalogue } from '../bench/synthetic.ts';
import { event, JUNK_EVENTS, NOON_MS, smallCatalogue } from './features-goods.ts';
import { known, numbers } from './profile-world.ts';

const DAY_MS = 86_400_000;
let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});

describe('interests', () => {
  it('weigh events by kind and age, add up to 1 and say why, with the events', async () => {
    const agoMs = NOON_MS - HALF_LIFE_MS;
    const events = [
      event('add_to_cart', ['pot-clay'], { atMs: agoMs }),
      event('view_item', ['lamp-oak'], { atMs: NOON_MS - 5000 }),
      event('view_item', ['lamp-oak']),
    ];
    const { interests, sessions } = (await known(events, catalogue)).profile;
    expect(sessions).toBe(1);
    expect(interests.category.map(({ id }) => id)).toEqual(['tea', 'light']);
    expect(interests.category[0]?.weight).toBeCloseTo(0.5, 6);
    expect(interests.category[1]).toMatchObject({
      lastMs: NOON_MS,
      why: [{ event: 'view_item', count: 2 }],
      latest: [
        { event: 'view_item', atMs: NOON_MS, item: 'lamp-oak' },
        { event: 'view_item', atMs: NOON_MS - 5000, item: 'lamp-oak' },
      ],
    });
    expect(interests.brand.map((one) => one.id)).toEqual(['North Hill', 'Grain']);
    const bands = interests.priceBand.reduce((sum, one) => sum + one.weight, 0);
    expect(bands).toBeCloseTo(1, 12);
  });

  it('drop what was taken out of the basket or rated badly', async () => {
    const events = [
      event('rate_item', ['pot-clay'], { rating: 1 }),
      event('remove_from_cart', ['lamp-oak']),
      event('view_item', ['spoon-oak']),
    ];
    const { interests } = (await known(events, catalogue)).profile;
    expect(interests.category.map((one) => one.id)).toEqual(['kitchen']);
  });

  it('know a good that left the catalogue by what its event carried', async () => {
    const gone = { id: 'gone', quantity: 1, brand: 'Old', category: 'attic' };
    const events = [{ ...event('view_item', []), items: [gone] }, event('view_item', ['unknown'])];
    const { interests, vector } = (await known(events, catalogue)).profile;
    expect(interests.brand.map((one) => one.id)).toEqual(['Old']);
    expect(interests.category.map((one) => one.id)).toEqual(['attic']);
    expect(interests.priceBand).toEqual([]);
    expect(vector).toBeNull();
  });
});

describe('basics and rhythm', () => {
  it('tell a new visitor from a returning one, and when visits begin', async () => {
    const visits = [0, 2, 4].map((day, session) =>
      event('view_item', ['pot-clay'], { atMs: NOON_MS - day * DAY_MS, session: 3 - session }),
    );
    const first = await known(visits.slice(-1), catalogue);
    expect(first.profile.basics).toMatchObject({ visitor: 'new', device: 'desktop' });
    const { basics, rhythm } = (await known([...visits].reverse(), catalogue)).profile;
    expect(basics.visitor).toBe('returning');
    expect(rhythm).toMatchObject({
      daysBetweenVisits: 2,
      visitsPerWeek: 3.5,
      daysBetweenPurchases: null,
    });
    expect(rhythm.hours[new Date(NOON_MS).getHours()]).toBe(1);
    const weekdays = visits.map(({ atMs }) => new Date(atMs).getDay());
    for (const day of weekdays) expect(rhythm.weekdays[day]).toBeCloseTo(1 / 3, 12);
  });

  it('keep a decayed mean of the content vectors, and say which goods moved it', async () => {
    const events = [
      event('view_item', ['lamp-oak'], { atMs: NOON_MS - HALF_LIFE_MS }),
      event('add_to_cart', ['pot-clay']),
    ];
    const { vector } = (await known(events, catalogue)).profile;
    const row = (id: string): number[] => {
      const at = catalogue.ids.indexOf(id) * catalogue.k;
      return [...catalogue.vectors.subarray(at, at + catalogue.k)];
    };
    const mean = row('pot-clay').map(
      (value, i) => 4 * value + 0.5 * (row('lamp-oak')[i] as number),
    );
    const norm = Math.hypot(...mean);
    for (const [i, value] of (vector?.values ?? []).entries()) {
      expect(value).toBeCloseTo((mean[i] as number) / norm, 6);
    }
    expect(vector?.why.map(({ item }) => item)).toEqual(['pot-clay', 'lamp-oak']);
    expect(vector?.why[0]?.share).toBeCloseTo(4 / 4.5, 9);
  });
});

describe('bad input', () => {
  it('is named: nothing, one event, a broken history, a machine', async () => {
    expect((await known([], catalogue)).profile).toMatchObject({
      state: 'empty',
      interests: { category: [] },
      basics: { visitor: null },
      value: { tier: null },
    });
    const one = (await known([event('view_item', ['pot-clay'])], catalogue)).profile;
    expect(one).toMatchObject({ state: 'ready', events: 1, sessions: 1 });
    const machine = Array.from({ length: 400 }, (_, i) =>
      event('view_item', [`item-${i}`], { atMs: NOON_MS - 100 * (400 - i) }),
    );
    expect((await known(machine, catalogue)).profile.state).toBe('automated');
    expect((await known(machine.slice(200), catalogue)).profile.state).toBe('ready');
  });

  it('takes no clock that was set back for a machine', async () => {
    const views = Array.from({ length: 900 }, (_, i) =>
      event('view_item', [`good-${i}`], {
        atMs: NOON_MS - (i < 450 ? 0 : 90 * DAY_MS) - (900 - i) * 3_600_000,
        session: i + 1,
      }),
    );
    const { profile } = await known(views, catalogue);
    expect(profile).toMatchObject({ state: 'ready', events: 900 });
  });

  it('leaves no NaN, and knows a catalogue of one item', async () => {
    const junk = await known(JUNK_EVENTS, catalogue);
    expect(junk.profile.events).toBeGreaterThan(0);
    for (const value of numbers(junk.profile)) expect(Number.isFinite(value)).toBe(true);
    const { catalogue: single } = await syntheticCatalogue({ items: 1, k: 2 });
    const { profile } = await known([event('view_item', ['item-0'])], single);
    expect(profile.interests.brand[0]?.weight).toBe(1);
    expect(profile.vector?.why).toEqual([{ item: 'item-0', share: 1 }]);
  });

  it('counts a double once, and an event of the future when its time has come', async () => {
    let nowMs = NOON_MS;
    const events = [
      event('view_item', ['pot-clay']),
      event('view_item', ['pot-clay'], { atMs: NOON_MS + 500 }),
      event('search', [], { atMs: NOON_MS + 60_000, term: 'pot' }),
    ];
    const follower = new Follower({
      events: () => events,
      catalogue: () => catalogue,
      now: () => nowMs,
      pause: () => Promise.resolve(),
    });
    expect((await follower.settled()).events).toBe(1);
    nowMs += 60_000;
    const later = await follower.settled();
    expect([later.count('view_item'), later.count('search')]).toEqual([1, 1]);
  });
});

describe('following', () => {
  const shop = fc.record({
    name: fc.constantFrom(
      ...(['view_item', 'add_to_cart', 'purchase', 'remove_from_cart', 'dwell'] as const),
    ),
    id: fc.constantFrom('pot-clay', 'lamp-oak', 'pan-iron', 'gone'),
    minutes: fc.integer({ min: -3, max: 50 }),
    value: fc.double({ min: 0, max: 500, noNaN: true }),
  });

  it('one event at a time comes to what reading all at once gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(shop, { maxLength: 60 }), async (drawn) => {
        let atMs = NOON_MS - 100 * DAY_MS;
        let session = 1;
        const events = drawn.map(({ name, id, minutes, value }) => {
          atMs += minutes * 60_000;
          if (minutes > 30) session++;
          return event(name, [id], { atMs, session, value, price: value, dwellMs: 900 });
        });
        const list: ShopEvent[] = [];
        const follower = new Follower({
          events: () => list,
          catalogue: () => catalogue,
          now: () => NOON_MS,
          pause: () => Promise.resolve(),
        });
        await follower.settled();
        for (const one of events) {
          list.push(one);
          follower.added(one);
          await follower.settled();
        }
        const step = await follower.settled();
        const { tally } = await known(events, catalogue);
        for (const field of ['events', 'spend', 'basket', 'beforeMs'] as const) {
          expect(step[field]).toBe(tally[field]);
        }
        expect(step.sequence).toEqual(tally.sequence);
        expect([...step.bought]).toEqual([...tally.bought]);
        expect(step.interests.shares('category')).toEqual(tally.interests.shares('category'));
        expect(step.vector()).toEqual(tally.vector());
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('reads a long history in slices, and again when it is another', async () => {
    const list = Array.from({ length: 5000 }, (_, i) =>
      event('view_item', ['pot-clay'], { atMs: NOON_MS - 60_000 * (5000 - i) }),
    );
    let pauses = 0;
    let of: readonly ShopEvent[] = list;
    const follower = new Follower({
      events: () => of,
      catalogue: () => catalogue,
      now: () => NOON_MS,
      pause: async () => {
        pauses++;
      },
    });
    const both = await Promise.all([follower.settled(), follower.settled()]);
    expect(both.map((tally) => tally.events)).toEqual([5000, 5000]);
    expect(pauses).toBeGreaterThanOrEqual(9);
    of = list.slice(0, 7);
    follower.reset();
    expect((await follower.settled()).events).toBe(7);
  });
});

describe('traits', () => {
  it('are flat, short and not sensitive; what is left out is named', () => {
    const told: string[] = [];
    const kept = readTraits(
      {
        plan: 'pro',
        points: 12,
        member: true,
        gender: 'f',
        userAge: 31,
        note: 'health insurance',
        list: [1],
        nothing: null,
        far: Number.POSITIVE_INFINITY,
        nan: Number.NaN,
        long: 'x'.repeat(101),
        ['n'.repeat(41)]: 1,
        constructor: 1,
      },
      (problem, name) => told.push(`${problem} ${name.slice(0, 8)}`),
    );
    expect(kept).toEqual({ plan: 'pro', points: 12, member: true });
    expect(told).toEqual([
      'sensitive-trait gender',
      'sensitive-trait userAge',
      'sensitive-trait note',
      'bad-trait list',
      'bad-trait nothing',
      'bad-trait far',
      'bad-trait nan',
      'bad-trait long',
      'bad-trait nnnnnnnn',
      'bad-trait construc',
    ]);
  });

  it('are at most 32, and nothing where they are no record', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, i]));
    const told: string[] = [];
    expect(Object.keys(readTraits(many, (one) => told.push(one)) ?? {})).toHaveLength(32);
    expect(told).toEqual(Array(8).fill('too-many-traits'));
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const kept = readTraits(value, () => undefined);
        if (kept !== null) expect(Object.keys(kept).length).toBeLessThanOrEqual(32);
      }),
    );
    for (const value of [null, 'x', 7, [1]]) expect(readTraits(value, () => undefined)).toBeNull();
  });
});
