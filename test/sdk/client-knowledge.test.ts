/** profile(), segments(), traits() and the variants of recommend() as a page gets them. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import {
  ask,
  browser,
  freshBrowser,
  ITEM,
  NONE,
  open,
  PERSONALISE,
  server,
  store,
} from './client-open.ts';

freshBrowser();

describe('traits', () => {
  it('are kept, told of, exported, read on the next page, and erased', async () => {
    const { shop, updates, errors } = await open({ consent: PERSONALISE });
    const kept = await ask(shop.traits({ plan: 'pro', gender: 'f' } as never));
    expect(kept).toEqual({ plan: 'pro' });
    expect(errors).toEqual(['sensitive-trait']);
    expect(updates).toContain('traits');
    expect((await ask(shop.profile())).basics.traits).toEqual({ plan: 'pro' });
    expect(await ask(shop.exportData())).toMatchObject({ meta: { traits: { plan: 'pro' } } });
    await shop.shutdown();
    const next = await open();
    expect(await ask(next.shop.traits())).toEqual({ plan: 'pro' });
    expect(await ask(next.shop.traits({}))).toEqual({});
    await ask(next.shop.traits({ plan: 'free' }));
    await next.shop.erase();
    expect(store()).toBeUndefined();
    await ask(next.shop.consent.set(PERSONALISE));
    expect(await ask(next.shop.traits())).toEqual({});
  });

  it('are kept nowhere without consent, and it says so', async () => {
    const { shop, errors } = await open();
    expect(await ask(shop.traits({ plan: 'pro' }))).toEqual({});
    expect(errors).toEqual(['no-consent']);
    expect(store()).toBeUndefined();
    await ask(shop.consent.set(PERSONALISE));
    expect(await ask(shop.traits())).toEqual({});
    await ask(shop.traits({ plan: 'pro' }));
    await ask(shop.consent.set(NONE));
    expect((await ask(shop.profile())).basics).toEqual({
      device: null,
      locale: null,
      visitor: null,
      traits: {},
    });
  });

  it('are in no answer that a withdrawal has overtaken', async () => {
    const first = await open({ consent: PERSONALISE });
    await ask(first.shop.traits({ plan: 'pro' }));
    const { shop, updates } = await open();
    const database = store();
    if (database === undefined) throw new Error('nothing is stored');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { getMeta, setMeta } = database;
    database.getMeta = (async (key) => {
      const value = await getMeta.call(database, key);
      if (key === 'traits') await held;
      return value;
    }) as Database['getMeta'];
    database.setMeta = async (key, value) => {
      await setMeta.call(database, key, value);
      if (key === 'traits') await held;
    };
    const asked = [shop.profile(), shop.segments(), shop.traits({ plan: 'free' })] as const;
    await browser.pass(3000);
    const withdrawn = shop.consent.set(NONE);
    release();
    await browser.pass(3000);
    await withdrawn;
    const [profile, segments, traits] = await Promise.all(asked);
    expect(profile.state).toBe('empty');
    expect(profile.basics.traits).toEqual({});
    expect(segments).toEqual([]);
    expect(traits).toEqual({});
    expect(updates).not.toContain('traits');
    expect(store()).toBeUndefined();
  });

  it('leave what was there when they cannot be read', async () => {
    const { shop, errors } = await open({ consent: PERSONALISE });
    await ask(shop.traits({ plan: 'pro' }));
    expect(await ask(shop.traits(7 as never))).toEqual({ plan: 'pro' });
    expect(errors).toEqual(['bad-traits']);
  });

  it('are never sent', async () => {
    const { shop } = await open({ consent: { personalise: true, contribute: true } });
    await ask(shop.traits({ plan: 'velvet-plan' }));
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(120_000);
    expect(server.received).toHaveLength(1);
    const bytes = await shop.reportBytes(server.received[0] as string);
    expect(Buffer.from(bytes ?? []).includes('velvet-plan')).toBe(false);
    expect(server.requests.join('\n')).not.toContain('velvet-plan');
  });
});

describe('answers follow the history', () => {
  it('after each event, without a write', async () => {
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    const first = await ask(shop.profile());
    shop.track('view_item', { items: [ITEM] });
    const second = await ask(shop.profile(), 0);
    expect(second.events).toBe(first.events + 2);
    shop.track('add_to_cart', { items: [ITEM] });
    const third = await ask(shop.profile(), 0);
    expect(third.interests.category[0]?.why).toContainEqual({ event: 'add_to_cart', count: 1 });
    const [active] = await ask(shop.segments(), 0);
    expect(active).toMatchObject({ id: 'active', member: true, score: 1 });
    expect(active?.why[0]).toMatchObject({ test: 'events >= 1', actual: third.events });
    expect((await ask(shop.recommend(), 0)).items.map(({ id }) => id)).not.toContain('item-1');
  });

  it('also what another tab wrote, once this one is looked at again', async () => {
    const one = await open({ consent: PERSONALISE });
    const two = await open();
    await browser.pass(3000);
    two.shop.track('purchase', { items: [ITEM], value: 9, transaction_id: 't' } as never);
    await browser.pass(1000);
    await ask(one.shop.profile());
    await ask(two.shop.traits({ plan: 'pro' }));
    await one.tab.fire('visible');
    const profile = await ask(one.shop.profile());
    expect(profile.value).toMatchObject({ source: 'rule', tier: expect.any(String) });
    expect(profile.basics.traits).toEqual({ plan: 'pro' });
    expect(profile.basics).toMatchObject({ device: 'phone', locale: 'zh-CN', visitor: 'new' });
  });

  it('count a dwell that goes on once', async () => {
    const { shop } = await open({ consent: PERSONALISE });
    shop.track('page_view', { page: 'product' });
    await ask(shop.profile());
    await browser.pass(20_000);
    const kept = (await store()?.readEvents()) ?? [];
    expect(kept.map(({ name }) => name)).toEqual(['page_view', 'dwell']);
    expect((await ask(shop.profile(), 0)).events).toBe(2);
  });

  it('name what there is not', async () => {
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    expect((await ask(shop.recommend())).state).toBe('no-history');
    const unknown = { model: 'similar', itemId: 'gone' } as const;
    expect((await ask(shop.recommend(unknown))).state).toBe('unknown-item');
    expect((await ask(shop.recommend(7 as never))).state).toBe('bad-request');
    const ranked = await ask(shop.recommend({ model: 're-rank', among: ['x', 'item-2', 'y'] }));
    expect(ranked.items.map(({ id }) => id)).toEqual(['x', 'item-2', 'y']);
    expect(ranked.source).toBe('given');
  });
});
