import { describe, expect, it } from 'vitest';
import {
  ask,
  BOTH,
  browser,
  freshBrowser,
  ITEM,
  open,
  PERSONALISE,
  server,
  store,
} from './client-open.ts';
import { keyPair } from './client-server.ts';

freshBrowser();

/** One view of one product that stays on the screen. */
const SEEN = ['page_view', 'view_item', 'dwell'];
const namesOf = (events: readonly { readonly name: string }[] = []): string[] =>
  events.map(({ name }) => name);

describe('when something is wrong', () => {
  it.each([
    ['offline', 'offline'],
    ['nonsense', 'server-error'],
    ['other-key', 'bad-signature'],
    ['wrong-catalogue', 'server-error'],
  ] as const)(
    'an aggregator that is %s: state %s, no exception, nothing lost or sent',
    async (mood, state) => {
      server.mood = mood;
      const { shop, errors } = await open({ consent: BOTH });
      shop.track('view_item', { items: [ITEM] });
      const answer = await ask(shop.recommend({ among: ['item-3'] }));
      expect(answer.items.map(({ id }) => id)).toEqual(['item-3']);
      expect(answer).toMatchObject({ source: 'given', state: 'no-catalogue' });
      await browser.pass(30_000);
      const status = await shop.status();
      expect(status.state).toBe(state);
      expect(status.words.length).toBeGreaterThan(20);
      expect(errors.length).toBeGreaterThan(0);
      expect(namesOf(await store()?.readEvents())).toEqual(SEEN);
      expect(server.received).toEqual([]);
    },
  );

  it('comes back when the aggregator does', async () => {
    server.mood = 'nonsense';
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(10_000);
    expect((await shop.status()).state).toBe('server-error');
    server.mood = 'well';
    await browser.pass(60_000);
    expect((await shop.status()).state).toBe('ready');
    expect((await ask(shop.recommend())).items.length).toBeGreaterThan(0);
  });

  it('an aggregator that never answers: recommend still resolves, in bounded time', async () => {
    server.mood = 'silent';
    const { shop } = await open({ consent: BOTH });
    const started = browser.nowMs;
    const answer = await ask(shop.recommend(), 2600);
    expect(answer.source).toBe('popular');
    expect(browser.nowMs - started).toBeLessThan(3000);
  });

  it('a site record under another key than the pinned one is refused', async () => {
    const { shop } = await open({ consent: BOTH, trust: keyPair().publicKey });
    await browser.pass(5000);
    expect(await shop.status()).toMatchObject({ state: 'bad-signature', tasks: [] });
    expect((await ask(shop.recommend())).source).toBe('popular');
  });

  it.each(['forbidden', 'held'] as const)(
    'storage that is %s: remembers in the page, sends nothing',
    async (storage) => {
      browser.storage = storage;
      const { shop } = await open({ consent: BOTH });
      shop.track('view_item', { items: [ITEM] });
      await browser.pass(60_000);
      const status = await shop.status();
      expect(status).toMatchObject({ state: 'storage-blocked', storage: 'memory' });
      expect(status.tasks[0]).toMatchObject({ reason: 'storage' });
      expect((await ask(shop.profile())).events).toBeGreaterThan(0);
      expect((await ask(shop.recommend())).items.length).toBeGreaterThan(0);
      expect(browser.workersStarted).toBe(0);
    },
  );

  it('a full disk: keeps events in the page, sends nothing, and writes them when there is room', async () => {
    const { shop, errors } = await open({ consent: BOTH });
    await browser.pass(3000);
    browser.full = true;
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(20_000);
    expect(errors).toContain('quota');
    expect((await shop.status()).state).toBe('storage-blocked');
    expect(await store()?.readEvents()).toEqual([]);
    expect((await ask(shop.profile())).events).toBe(SEEN.length);
    expect(browser.workersStarted).toBe(0);
    browser.full = false;
    await browser.pass(6000);
    expect((await shop.status()).state).toBe('ready');
    expect(namesOf(await store()?.readEvents())).toEqual(SEEN);
  });

  it('a disk that is full from the start: the page is served all the same', async () => {
    browser.full = true;
    const { shop } = await open({ consent: BOTH });
    shop.track('view_item', { items: [ITEM] });
    expect((await ask(shop.recommend({ among: ['a'] }))).items).toHaveLength(1);
    await browser.pass(30_000);
    expect((await shop.status()).state).toBe('storage-blocked');
    expect(server.received).toEqual([]);
  });

  it('looks at nothing while hidden or without network, and again afterwards', async () => {
    const { shop, tab } = await open({ consent: PERSONALISE });
    await browser.pass(1000);
    await tab.fire('hidden');
    const seen = server.requests.length;
    await browser.pass(60_000);
    expect(server.requests.length).toBe(seen);
    browser.online = false;
    await tab.fire('visible');
    await browser.pass(60_000);
    expect(server.requests.length).toBe(seen);
    expect((await shop.status()).state).toBe('offline');
    browser.online = true;
    await tab.fire('online');
    await browser.pass(1000);
    expect(server.requests.length).toBeGreaterThan(seen);
    expect((await shop.status()).state).toBe('ready');
  });

  it('a listener of the shop that throws harms nobody', async () => {
    const { shop } = await open({ consent: PERSONALISE });
    let seen = 0;
    shop.on('update', () => {
      throw new Error('shop');
    });
    const undo = shop.on('update', ({ cause }) => {
      if (cause === 'event') seen++;
    });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(100);
    expect(seen).toBe(2);
    undo();
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(100);
    expect(seen).toBe(2);
    expect(() => shop.on('update', null as never)()).not.toThrow();
  });

  it('stops for good on shutdown', async () => {
    const { shop, tab } = await open({ consent: BOTH });
    await ask(shop.shutdown(), 100);
    const seen = server.requests.length;
    shop.track('view_item', { items: [ITEM] });
    await ask(shop.consent.set(BOTH), 100);
    await tab.fire('visible');
    await browser.pass(60_000);
    expect(server.requests.length).toBe(seen);
    expect((await shop.status()).state).toBe('shutdown');
    expect((await ask(shop.recommend({ among: ['a'] }))).items).toHaveLength(1);
  });
});
