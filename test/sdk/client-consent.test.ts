import { describe, expect, it } from 'vitest';
import {
  ask,
  BOTH,
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

describe('before consent', () => {
  it('stores nothing, opens nothing, fetches nothing, and starts no Worker', async () => {
    const { shop, ready } = await open();
    shop.track('view_item', { items: [ITEM] });
    const answer = await ask(shop.recommend({ among: ['a', 'b', 'c'], exclude: ['b'], limit: 5 }));
    expect(answer).toEqual({
      items: [
        { id: 'a', score: 0, why: [] },
        { id: 'c', score: 0, why: [] },
      ],
      source: 'given',
      state: 'no-catalogue',
      version: 0,
      modelHash: null,
    });
    await browser.pass(60_000);
    expect(ready.map(({ state }) => state)).toEqual(['consent-required']);
    expect(browser.opened).toEqual([]);
    expect(browser.stores.size).toBe(0);
    expect(server.requests).toEqual([]);
    expect(browser.workersStarted).toBe(0);
    expect(await shop.status()).toMatchObject({
      state: 'consent-required',
      consent: NONE,
      tasks: [],
    });
    expect((await ask(shop.profile())).events).toBe(0);
    expect(await ask(shop.segments())).toEqual([]);
    expect((await ask(shop.privacyReport())).reports).toEqual([]);
    expect(await shop.exportData()).toEqual({});
  });

  it('does not keep later what was tracked before', async () => {
    const { shop } = await open();
    shop.track('view_item', { items: [ITEM] });
    await ask(shop.consent.set(PERSONALISE), 100);
    expect(await store()?.readEvents()).toEqual([]);
  });

  it('captures nothing in an insecure context, even with consent', async () => {
    browser.secure = false;
    const { shop } = await open({ consent: BOTH });
    shop.track('view_item', { items: [ITEM] });
    await ask(shop.consent.set(BOTH), 100);
    expect(await shop.status()).toMatchObject({ state: 'insecure-context', consent: NONE });
    expect((await ask(shop.recommend({ among: ['x'] }))).items).toHaveLength(1);
    expect([browser.opened, server.requests]).toEqual([[], []]);
  });

  it.each([
    [{ personalise: 'yes', contribute: 1 }, NONE],
    [{ personalise: false, contribute: true }, NONE],
    [null, NONE],
  ])('takes %j for no consent', async (given, taken) => {
    const { shop } = await open();
    await ask(shop.consent.set(given as never), 100);
    expect(shop.consent.get()).toEqual(taken);
    expect(browser.stores.size).toBe(0);
  });
});

describe('withdrawal and erasing', () => {
  it('erases everything when personalising is withdrawn, and writes nothing afterwards', async () => {
    const { shop, updates } = await open({ consent: BOTH });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(30_000);
    const changes: unknown[] = [];
    shop.consent.onChange((consent) => changes.push(consent));
    shop.track('view_item', { items: [ITEM] });
    await ask(shop.consent.set(NONE), 2500);
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(60_000);
    expect(browser.stores.size).toBe(0);
    expect(browser.workersAlive).toBe(0);
    expect(changes).toEqual([NONE]);
    expect(updates.at(-1)).toBe('erased');
    expect((await shop.status()).state).toBe('consent-required');
    expect((await ask(shop.recommend())).items).toEqual([]);
  });

  it('stops the other tabs, which write nothing afterwards', async () => {
    const one = await open({ consent: PERSONALISE });
    const two = await open({ consent: PERSONALISE });
    two.shop.track('view_item', { items: [ITEM] });
    const erased = one.shop.erase();
    two.shop.track('add_to_cart', { items: [ITEM] });
    await ask(erased, 2500);
    two.shop.track('purchase', { items: [ITEM] });
    await two.tab.fire('hidden');
    await browser.pass(60_000);
    expect(browser.stores.size).toBe(0);
    expect(two.shop.consent.get()).toEqual(NONE);
    expect((await two.shop.status()).state).toBe('consent-required');
  });

  it('tells the other tabs of a changed mind', async () => {
    const one = await open({ consent: BOTH });
    const two = await open({ consent: BOTH });
    await ask(one.shop.consent.set(PERSONALISE), 100);
    expect(two.shop.consent.get()).toEqual(PERSONALISE);
  });

  it('erases what an earlier page stored when the page now says no', async () => {
    const first = await open({ consent: PERSONALISE });
    first.shop.track('view_item', { items: [ITEM] });
    await browser.pass(100);
    await first.shop.shutdown();
    await open({ consent: NONE });
    await browser.pass(2500);
    expect(browser.stores.size).toBe(0);
  });

  it('carries out the last of several decisions', async () => {
    const { shop } = await open();
    const all = [BOTH, NONE, PERSONALISE].map((one) => shop.consent.set(one));
    await ask(Promise.all(all), 3000);
    expect(shop.consent.get()).toEqual(PERSONALISE);
    expect(await store()?.getMeta('consent')).toEqual(PERSONALISE);
  });

  it('notices after the back/forward cache that another tab has erased', async () => {
    const one = await open({ consent: PERSONALISE });
    const two = await open({ consent: PERSONALISE });
    await two.tab.fire('pagehide');
    await ask(one.shop.erase(), 2500);
    await two.tab.fire('pageshow');
    two.shop.track('view_item', { items: [ITEM] });
    await browser.pass(1000);
    expect(browser.stores.size).toBe(0);
    expect(two.shop.consent.get()).toEqual(NONE);
  });
});

describe('a withdrawal whose page has gone at once', () => {
  it('of personalise is stored first, and the next page carries it out', async () => {
    const { shop } = await open({ consent: BOTH });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(1000);
    expect(await store()?.readEvents()).not.toEqual([]);
    void shop.consent.set(NONE);
    expect((await store()?.getMeta('consent'))?.personalise).toBe(false);
  });

  it('left a database behind: the next page erases it', async () => {
    const first = await open({ consent: BOTH });
    first.shop.track('view_item', { items: [ITEM] });
    await browser.pass(1000);
    await store()?.setMeta('consent', NONE);
    const next = await open();
    await browser.pass(1000);
    expect(next.shop.consent.get()).toEqual(NONE);
    expect(browser.stores.size).toBe(0);
  });
});
