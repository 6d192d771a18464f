import { beforeAll, describe, expect, it } from 'vitest';
import type { EventItem, ShopEvent } from '../../sdk/capture/event.ts';
import { headInputs } from '../../sdk/features/inputs.ts';
import type { HeadModel } from '../../sdk/profile/heads.ts';
import {
  type HeadArchitecture,
  parameterCount,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { hashedBin } from '../../shared/model/statistic.ts';
import { event, NOON_MS, smallCatalogue } from './features-goods.ts';
import { known, stored } from './profile-world.ts';

const DAY_MS = 86_400_000;
let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});

describe('estimates', () => {
  const INTENT: HeadArchitecture = {
    name: 'head',
    head: 'intent',
    label: { name: 'purchase-in-session' },
    inputs: ['basket-adds', 'product-pages', 'basket-value'],
    hidden: 0,
  };
  const events = [
    event('view_item', ['pot-clay'], { atMs: NOON_MS - 2000 }),
    event('add_to_cart', ['pot-clay'], { price: 89, atMs: NOON_MS - 1000 }),
  ];
  const model = (
    architecture: HeadModel['architecture'],
    version: number,
    weights: readonly number[],
  ): HeadModel => ({ architecture, model: stored(version, Float32Array.from(weights)) });

  it('of a linear head are the logistic of exact contributions, each with its events', async () => {
    const heads = [model(INTENT, 2, [2, -1, 0.5, -0.25])];
    const { intent } = (await known(events, catalogue, { heads })).profile;
    const [adds = 0, pages = 0, basket = 0] = headInputs(INTENT.inputs, events, catalogue, NOON_MS);
    const logit = 2 * adds - pages + 0.5 * basket - 0.25;
    expect(intent.probability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    expect(intent).toMatchObject({ source: 'model', version: 2, method: 'exact' });
    expect(intent.why.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(logit, 6);
    expect(intent.why.find(({ input }) => input === 'basket-adds')?.events).toEqual([
      { event: 'add_to_cart', atMs: NOON_MS - 1000, item: 'pot-clay' },
    ]);
    expect(intent.why.find(({ input }) => input === 'bias')?.amount).toBeCloseTo(-0.25, 6);
  });

  it('name an input without its scale, with its events', async () => {
    const inputs = ['adds@7~0.4/0.2', '~product-pages', '~basket-adds*adds~0.1/0.5'];
    const heads = [model({ ...INTENT, inputs }, 1, [2, -1, 0.5, -0.25])];
    const { why } = (await known(events, catalogue, { heads })).profile.intent;
    const named = new Map(why.map(({ input, events: its }) => [input, its[0]?.event]));
    expect([...named].sort()).toEqual([
      ['adds@7', 'add_to_cart'],
      ['basket-adds*adds', 'add_to_cart'],
      ['bias', undefined],
      ['product-pages', 'view_item'],
    ]);
  });

  it('of a hidden layer and of a trunk add up by integrated gradients', async () => {
    const trunk: TrunkArchitecture = {
      name: 'trunk',
      inputs: INTENT.inputs,
      hidden: 2,
      heads: [
        { head: 'next-category', label: { name: 'next-category', categories: ['tea', 'light'] } },
        { head: 'churn', label: { name: 'no-purchase', days: 28 } },
      ],
    };
    const weights = Array.from({ length: parameterCount(trunk) }, (_, i) => Math.sin(i + 1));
    const { churn } = (await known(events, catalogue, { heads: [model(trunk, 1, weights)] }))
      .profile;
    expect(churn).toMatchObject({ source: 'model', method: 'integrated-gradients' });
    const logit = Math.log((churn.probability ?? 0) / (1 - (churn.probability ?? 0)));
    expect(churn.why.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(logit, 5);
  });

  it('of the next category are a softmax over the catalogue, by name or by bin', async () => {
    const head = (categories: readonly string[] | number): HeadArchitecture => ({
      name: 'head',
      head: 'next-category',
      label: { name: 'next-category', categories },
      inputs: ['basket-adds'],
      hidden: 0,
    });
    const said = async (categories: readonly string[] | number, weights: readonly number[]) =>
      (await known(events, catalogue, { heads: [model(head(categories), 4, weights)] })).profile
        .nextCategory;
    const named = await said(['light', 'tea', 'attic'], [0, 0, 0, Math.log(3), 0, 0]);
    expect(named).toMatchObject({ source: 'model', version: 4 });
    expect(named.categories.map(({ id }) => id)).toEqual(['light', 'tea']);
    expect(named.categories.map(({ probability }) => probability)).toEqual([
      expect.closeTo(0.6, 6),
      expect.closeTo(0.2, 6),
    ]);
    const hashed = await said(2, [0, 0, 0, 0]);
    const total = hashed.categories.reduce((sum, { probability }) => sum + probability, 0);
    const bins = new Set(catalogue.categories.map((id) => hashedBin(id, 2)));
    expect(total).toBeCloseTo(bins.size / 2, 6);
    expect((await known(events, catalogue)).profile.nextCategory.source).toBe('none');
  });

  it('are not of a head that is unpublished, broken, of another name, or asked of nothing', async () => {
    const other = { ...INTENT, head: 'churn' };
    for (const heads of [
      [],
      [model(INTENT, 0, [1, 1, 1, 1])],
      [model(INTENT, 1, [1, 1, 1])],
      [model(INTENT, 1, [1, 1, Number.NaN, 1])],
      [model(other, 1, [1, 1, 1, 1])],
    ]) {
      const { intent } = (await known(events, catalogue, { heads })).profile;
      expect(intent).toMatchObject({ probability: null, source: 'none', why: [] });
    }
    const heads = [model(INTENT, 1, [1, 1, 1, 1])];
    expect((await known([], catalogue, { heads })).profile.intent.probability).toBeNull();
  });

  it('come from published rules before a head is here', async () => {
    const order = (day: number, session: number): ShopEvent =>
      event('purchase', ['pot-iron'], { atMs: NOON_MS - day * DAY_MS, session, value: 100 });
    const { churn, value } = (await known([order(40, 1), order(20, 2)], catalogue)).profile;
    expect(churn).toMatchObject({ source: 'rule', version: 0, method: 'rule' });
    // Twenty days since the last, twenty between them: r = 1, r/(r + 2).
    expect(churn.probability).toBeCloseTo(1 / 3, 9);
    expect(churn.why[0]).toMatchObject({ input: 'days-since-purchase' });
    expect(churn.why[0]?.events).toHaveLength(2);
    expect(value.tier).toBe('high');
    expect(value.probability).toBeCloseTo((0.4 * 2) / 6 + 0.3 + 0.3 * 2 ** (-20 / 90), 9);
    const parts = value.why.reduce((sum, { amount }) => sum + amount, 0);
    expect(value.probability).toBeCloseTo(parts, 12);
    const few = (await known([order(1, 1)], catalogue)).profile;
    expect(few.churn).toMatchObject({ probability: null, source: 'none' });
    expect(few.value.source).toBe('rule');
  });

  it('of price sensitivity weigh discounts and price bands', async () => {
    const looks = ['cup-glass', 'spoon-oak', 'cup-clay'].map((id, i) =>
      event('view_item', [id], { atMs: NOON_MS - 9000 * (i + 1) }),
    );
    const low = (await known(looks, catalogue)).profile.priceSensitivity;
    expect(low).toMatchObject({ source: 'rule', why: [{ input: 'low-price-share' }] });
    const bought = (discount: number): ShopEvent => ({
      ...event('purchase', [], { value: 80 }),
      items: [{ id: 'gone', quantity: 1, price: 80, discount } as EventItem],
    });
    const saved = (await known([bought(20)], catalogue)).profile.priceSensitivity;
    expect(saved.probability).toBeCloseTo(0.8, 9);
    const full = (await known([bought(0)], catalogue)).profile.priceSensitivity;
    expect(full.probability).toBe(0);
  });
});
