import { beforeAll, describe, expect, it } from 'vitest';
import type { StoredModel } from '../../sdk/database/database.ts';
import { intentInputs } from '../../sdk/features/intent.ts';
import { HALF_LIFE_MS } from '../../sdk/profile/interests.ts';
import { profileOf } from '../../sdk/profile/profile.ts';
import { segmentFields, segmentsOf } from '../../sdk/profile/segments.ts';
import { INTENT_INPUTS } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';
import { syntheticCatalogue } from '../bench/synthetic.ts';
import { event, JUNK_EVENTS, NOON_MS, smallCatalogue } from './features-goods.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});

const head = (modelVersion: number, weights: Float32Array): StoredModel => ({
  taskName: 'intent',
  taskHash: 'bb',
  modelVersion,
  modelHash: 'cc',
  weights,
  record: null,
  storedAtMs: 0,
});
const base = { intentModel: null, nowMs: NOON_MS };

describe('interests', () => {
  it('weigh events by kind and age, add up to 1 and say why', () => {
    const events = [
      event('add_to_cart', ['pot-clay'], { atMs: NOON_MS - HALF_LIFE_MS }),
      event('view_item', ['lamp-oak']),
      event('view_item', ['lamp-oak']),
    ];
    const { interests, sessions } = profileOf({ ...base, events, catalogue });
    expect(sessions).toBe(1);
    expect(interests.category.map((one) => [one.id, one.weight])).toEqual([
      ['light', 0.5],
      ['tea', 0.5],
    ]);
    expect(interests.category[0]).toMatchObject({
      lastMs: NOON_MS,
      why: [{ event: 'view_item', count: 2 }],
    });
    expect(interests.brand.map((one) => one.id)).toEqual(['Grain', 'North Hill']);
    const bands = interests.priceBand.reduce((sum, one) => sum + one.weight, 0);
    expect(bands).toBeCloseTo(1, 12);
  });

  it('drop what was taken out of the basket or rated badly', () => {
    const events = [
      event('rate_item', ['pot-clay'], { rating: 1 }),
      event('remove_from_cart', ['lamp-oak']),
      event('view_item', ['spoon-oak']),
    ];
    const { interests } = profileOf({ ...base, events, catalogue });
    expect(interests.category.map((one) => one.id)).toEqual(['kitchen']);
  });

  it('know a good that left the catalogue by what its event carried', () => {
    const gone = { id: 'gone', quantity: 1, brand: 'Old', category: 'attic' };
    const events = [{ ...event('view_item', []), items: [gone] }, event('view_item', ['unknown'])];
    const { interests } = profileOf({ ...base, events, catalogue });
    expect(interests.brand.map((one) => one.id)).toEqual(['Old']);
    expect(interests.category.map((one) => one.id)).toEqual(['attic']);
    expect(interests.priceBand).toEqual([]);
  });

  it('are empty for an empty history, finite for a broken one, and know one item', async () => {
    const empty = profileOf({ ...base, events: [], catalogue });
    expect(empty).toMatchObject({ events: 0, sessions: 0, interests: { category: [] } });
    const broken = profileOf({ ...base, events: JUNK_EVENTS, catalogue });
    for (const one of broken.interests.category) expect(Number.isFinite(one.weight)).toBe(true);
    const { catalogue: one } = await syntheticCatalogue({ items: 1, k: 2 });
    const events = [event('view_item', ['item-0'])];
    expect(profileOf({ ...base, events, catalogue: one }).interests.brand[0]?.weight).toBe(1);
  });
});

describe('intent', () => {
  it('is the logistic of exact contributions', () => {
    const weights = Float32Array.from({ length: INTENT_INPUTS.length + 1 }, (_, i) => 0.1 * i - 1);
    const events = [event('add_to_cart', ['pot-clay'], { price: 89 })];
    const { intent } = profileOf({ ...base, events, catalogue, intentModel: head(2, weights) });
    const inputs = intentInputs(events, NOON_MS);
    const logit = inputs.reduce((sum, x, i) => sum + x * (weights[i] as number), 0);
    const bias = weights[INTENT_INPUTS.length] as number;
    expect(intent.probability).toBeCloseTo(1 / (1 + Math.exp(-logit - bias)), 10);
    const sum = intent.why.reduce((all, one) => all + one.amount, 0);
    expect(sum).toBeCloseTo(logit + bias, 5);
    expect(intent).toMatchObject({ source: 'model', version: 2 });
  });

  it('is null before a published head, for a broken one, and without events', () => {
    const fit = new Float32Array(INTENT_INPUTS.length + 1);
    const events = [event('view_item', ['pot-clay'])];
    for (const intentModel of [null, head(0, fit), head(1, fit.slice(1))]) {
      const { intent } = profileOf({ ...base, events, catalogue, intentModel });
      expect(intent).toEqual({ probability: null, source: 'none', version: 0, why: [] });
    }
    const none = profileOf({ ...base, events: [], catalogue, intentModel: head(1, fit) });
    expect(none.intent.probability).toBeNull();
  });
});

describe('segments', () => {
  const evaluate = (events: Parameters<typeof profileOf>[0]['events']) =>
    segmentsOf(DEFAULT_SEGMENTS, profileOf({ ...base, events, catalogue }), {
      events,
      nowMs: NOON_MS,
    });

  it('finds the bargain hunter and says what holds', () => {
    const events = ['cup-glass', 'spoon-oak', 'cup-clay', 'spoon-oak'].map((id) =>
      event('view_item', [id]),
    );
    const segment = evaluate(events).find((one) => one.id === 'bargain-hunter');
    expect(segment).toMatchObject({ member: true, score: 1 });
    expect(segment?.why[0]).toEqual({
      field: 'views',
      op: '>=',
      value: 4,
      actual: 4,
      holds: true,
      problem: null,
    });
  });

  it('finds high value, and nobody in an empty history', () => {
    const events = [
      event('purchase', ['pot-iron'], { value: 129 }),
      event('purchase', ['lamp-brass'], { value: 159 }),
    ];
    expect(
      evaluate(events)
        .filter((one) => one.member)
        .map((one) => one.id),
    ).toEqual(['high-value']);
    expect(evaluate([]).some((one) => one.member)).toBe(false);
  });

  it('needs a published head for about-to-buy', () => {
    const events = [event('add_to_cart', ['pot-clay'], { price: 89 })];
    const [, problem] = evaluate(events).find((one) => one.id === 'about-to-buy')?.why ?? [];
    expect(problem).toMatchObject({ holds: false, problem: 'no-value' });
    const sure = new Float32Array(INTENT_INPUTS.length + 1).fill(1);
    const profile = profileOf({ ...base, events, catalogue, intentModel: head(1, sure) });
    const segments = segmentsOf(DEFAULT_SEGMENTS, profile, { events, nowMs: NOON_MS });
    expect(segments.find((one) => one.id === 'about-to-buy')?.member).toBe(true);
  });

  it.each([
    ['age', 'sensitive-field'],
    ['Gender', 'sensitive-field'],
    ['health-status', 'sensitive-field'],
    ['religion', 'sensitive-field'],
    ['no-such-field', 'unknown-field'],
    ['constructor', 'unknown-field'],
    ['average', 'unknown-field'],
    ['days-since-purchase', 'no-value'],
    ['top-brand', 'wrong-kind'],
  ])('does not hold a test on %s: %s', (field, problem) => {
    const events = [event('view_item', ['pot-clay'])];
    const profile = profileOf({ ...base, events, catalogue });
    const rules = [{ id: 'x', label: 'x', when: [{ field, op: '>=' as const, value: 1 }] }];
    const [segment] = segmentsOf(rules, profile, { events, nowMs: NOON_MS });
    expect(segment).toMatchObject({ member: false, score: 0 });
    expect(segment?.why[0]).toMatchObject({ field, holds: false, problem });
  });

  it('has values for every documented field', () => {
    const events = [
      event('view_item', ['pot-iron'], { atMs: NOON_MS - 86_400_000 }),
      event('add_to_cart', ['pot-iron'], { price: 129 }),
      event('purchase', ['pot-iron'], { value: 129 }),
      event('add_to_cart', ['cup-clay'], { price: 19 }),
    ];
    const profile = profileOf({ ...base, events, catalogue });
    expect(segmentFields(profile, { events, nowMs: NOON_MS })).toMatchObject({
      views: 1,
      orders: 1,
      spend: 129,
      'average-order': 129,
      'days-since-purchase': 0,
      'days-since-first': 1,
      'basket-value': 19,
      'top-category': 'tea',
      'top-brand': 'Forge',
      intent: null,
    });
  });

  it('survives broken events and a rule without tests', () => {
    const profile = profileOf({ ...base, events: JUNK_EVENTS, catalogue });
    const rules = [...DEFAULT_SEGMENTS, { id: 'all', label: 'all', when: [] }];
    const segments = segmentsOf(rules, profile, { events: JUNK_EVENTS, nowMs: NOON_MS });
    expect(segments[3]).toMatchObject({ member: false, score: 0 });
  });
});
