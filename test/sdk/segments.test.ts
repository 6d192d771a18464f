import { beforeAll, describe, expect, it } from 'vitest';
import { segmentFields } from '../../sdk/profile/segments.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { FIELDS } from '../../shared/model/expression/fields.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import { event, JUNK_EVENTS, NOON_MS, smallCatalogue } from './features-goods.ts';
import { known, stored } from './profile-world.ts';

const DAY_MS = 86_400_000;
let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});
const rule = (when: string) => [{ id: 'x', label: 'x', when }];
const members = async (events: Parameters<typeof known>[0]) =>
  (await known(events, catalogue))
    .segments(DEFAULT_SEGMENTS)
    .filter(({ member }) => member)
    .map(({ id }) => id);

describe('R11 segments of a new site', () => {
  it('find the bargain hunter and say what holds', async () => {
    const events = ['cup-glass', 'spoon-oak', 'cup-clay', 'spoon-oak'].map((id, i) =>
      event('view_item', [id], { atMs: NOON_MS - 9000 * (9 - i) }),
    );
    const segments = (await known(events, catalogue)).segments(DEFAULT_SEGMENTS);
    const found = segments.find(({ id }) => id === 'bargain-hunter');
    expect(found).toMatchObject({ member: true, score: 1, problem: null });
    expect(found?.why[0]).toEqual({
      test: 'views >= 4',
      op: '>=',
      actual: 4,
      value: 4,
      fields: [{ field: 'views', value: 4 }],
      holds: true,
      problem: null,
    });
  });

  it('find high value, the new, the lapsing, those who only look, and nobody in nothing', async () => {
    const order = (id: string, day: number, session: number) =>
      event('purchase', [id], { value: 150, atMs: NOON_MS - day * DAY_MS, session });
    expect(await members([order('pot-iron', 2, 1), order('lamp-brass', 0, 2)])).toEqual([
      'high-value',
    ]);
    expect(await members([event('view_item', ['pot-clay'])])).toEqual(['new']);
    expect(await members([order('cup-clay', 120, 1)])).toContain('lapsing');
    const looks = ['pot-clay', 'pot-iron', 'lamp-oak', 'lamp-brass', 'pan-iron'].flatMap((id, i) =>
      [1, 2].map((session) =>
        event('view_item', [id], { session, atMs: NOON_MS - (3 - session) * DAY_MS + i * 9000 }),
      ),
    );
    looks.sort((a, b) => a.atMs - b.atMs);
    expect(await members(looks)).toEqual(['looking-around']);
    expect(await members([])).toEqual([]);
  });

  it('need a published head for about-to-buy', async () => {
    const events = [event('add_to_cart', ['pot-clay'], { price: 89 })];
    const without = (await known(events, catalogue)).segments(DEFAULT_SEGMENTS);
    const open = without.find(({ id }) => id === 'about-to-buy');
    expect(open).toMatchObject({ member: false, score: 0.5 });
    expect(open?.why[1]).toMatchObject({ holds: null, problem: 'no-value' });
    const architecture = {
      name: 'head',
      head: 'intent',
      label: { name: 'purchase-in-session' },
      inputs: ['basket-adds'],
      hidden: 0,
    } as const;
    const heads = [{ architecture, model: stored(1, Float32Array.of(1, 3)) }];
    const sure = (await known(events, catalogue, { heads })).segments(DEFAULT_SEGMENTS);
    expect(sure.find(({ id }) => id === 'about-to-buy')?.member).toBe(true);
  });
});

describe('R11 fields', () => {
  it('has a value for every documented one', async () => {
    const events = [
      event('view_item', ['pot-iron'], { atMs: NOON_MS - 3 * DAY_MS, session: 1 }),
      event('search', [], { atMs: NOON_MS - 3 * DAY_MS + 60_000, session: 1, term: 'pot' }),
      event('purchase', ['pot-iron'], { value: 120, atMs: NOON_MS - 2 * DAY_MS, session: 2 }),
      event('add_to_cart', ['pot-iron'], { price: 129, atMs: NOON_MS - 90_000, session: 3 }),
      event('purchase', ['pot-iron'], { value: 129, atMs: NOON_MS - 60_000, session: 3 }),
      event('add_to_cart', ['cup-clay'], { price: 19, session: 3 }),
      event('add_to_wishlist', ['pot-clay'], { session: 3 }),
      event('rate_item', ['pot-iron'], { rating: 5, session: 3 }),
    ];
    const { profile, tally } = await known(events, catalogue, { traits: { plan: 'pro' } });
    const fields = segmentFields(profile, tally, NOON_MS);
    expect(Object.keys(fields).sort()).toEqual(Object.keys(FIELDS).sort());
    expect(fields).toMatchObject({
      ...{ events: 8, sessions: 3, views: 1, searches: 1, 'basket-adds': 2, 'wishlist-adds': 1 },
      ...{ ratings: 1, orders: 2, spend: 249, 'average-order': 124.5, 'discount-share': null },
      ...{ 'days-since-purchase': 60_000 / DAY_MS, 'days-since-first': 3, 'basket-value': 19 },
      ...{ 'days-since-visit': 2, 'days-between-visits': (3 * DAY_MS - 90_000) / DAY_MS / 2 },
      ...{ 'days-between-purchases': 2 - 60_000 / DAY_MS, intent: null, visitor: 'returning' },
      ...{ 'top-category': 'tea', 'top-brand': 'Forge', device: 'desktop', language: 'en' },
      ...{ 'value-tier': 'high' },
    });
    for (const [name, kind] of Object.entries(FIELDS)) {
      const value = fields[name as keyof typeof fields];
      if (value !== null) expect(typeof value).toBe(kind === 'number' ? 'number' : 'string');
    }
  });

  it('asks interests and traits', async () => {
    const events = [event('view_item', ['pot-clay'])];
    const { segments } = await known(events, catalogue, { traits: { plan: 'pro', points: 7 } });
    const holds = (when: string) => segments(rule(when))[0]?.member;
    expect(holds('interest("category", "tea") == 1 and interest("brand", "Forge") == 0')).toBe(
      true,
    );
    expect(holds('trait("plan") == "pro" and trait("points") > 6')).toBe(true);
    expect(holds('trait("toString") == "pro"')).toBe(false);
  });

  it.each([
    ['age > 30', /sensitive-field/],
    ['trait("gender") == "f"', /sensitive-field/],
    ['interest("category", "religion") > 0', /sensitive-field/],
    ['no-such-field > 1', /unknown-field/],
    ['', /bad-syntax/],
    [undefined as unknown as string, /bad-syntax/],
  ])('a rule that cannot be read has no members: %s', async (when, problem) => {
    const { segments } = await known([event('view_item', ['pot-clay'])], catalogue);
    const [one] = segments(rule(when));
    expect(one).toMatchObject({ member: false, score: 0, why: [] });
    expect(one?.problem).toMatch(problem);
  });

  it('survives a broken history', async () => {
    const { segments } = await known(JUNK_EVENTS, catalogue);
    for (const { score } of segments(DEFAULT_SEGMENTS)) {
      expect(score >= 0 && score <= 1).toBe(true);
    }
  });
});
