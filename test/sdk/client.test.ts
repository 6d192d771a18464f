import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InitOptions, Vitrine } from '../../sdk/api.ts';
import type { RoundOutcome } from '../../sdk/post/outcome.ts';
import { createClient } from '../../sdk/surface.ts';
import { FakeBrowser } from './client-browser.ts';
import { FakeServer, keyPair, zeroWorker } from './client-server.ts';

const BOTH = { personalise: true, contribute: true };
const PERSONALISE = { personalise: true, contribute: false };
const NONE = { personalise: false, contribute: false };
const NOW = 1_700_000_000_000;
const ITEM = { item_id: 'item-1', item_name: 'Teapot', price: '12,50' };

let server: FakeServer;
let browser: FakeBrowser;
const clients: Vitrine[] = [];

beforeEach(async () => {
  server = await FakeServer.start({ nowMs: NOW });
  browser = new FakeBrowser(server);
  browser.worker = zeroWorker(server);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one.shutdown()));
});

interface Opened {
  readonly shop: Vitrine;
  readonly tab: ReturnType<FakeBrowser['tab']>;
  readonly errors: string[];
  readonly updates: string[];
  readonly outcomes: RoundOutcome[];
}

async function open(options: Partial<InitOptions> = {}, settle = true): Promise<Opened> {
  const tab = browser.tab();
  const shop = createClient(
    'shop',
    { endpoint: '/vitrine', trust: server.root.publicKey, assetBase: '/assets', ...options },
    tab,
  );
  clients.push(shop);
  const errors: string[] = [];
  const updates: string[] = [];
  const outcomes: RoundOutcome[] = [];
  shop.on('error', ({ code }) => errors.push(code));
  shop.on('update', ({ cause }) => updates.push(cause));
  shop.on('round', ({ outcome }) => outcomes.push(outcome));
  if (settle) await browser.pass(100);
  return { shop, tab, errors, updates, outcomes };
}

const store = () => browser.stores.get('vitrine/shop');

/** A question and the time that its answer may take. */
async function ask<T>(question: Promise<T>, ms = 3000): Promise<T> {
  await browser.pass(ms);
  return question;
}

describe('before consent', () => {
  it('stores nothing, opens nothing, fetches nothing, and starts no Worker', async () => {
    const { shop } = await open();
    shop.track('view_item', { items: [ITEM] });
    const answer = await ask(shop.recommend({ among: ['a', 'b', 'c'], exclude: ['b'], limit: 5 }));
    expect(answer).toEqual({
      items: [
        { id: 'a', score: 0, why: [] },
        { id: 'c', score: 0, why: [] },
      ],
      source: 'popular',
      version: 0,
      modelHash: null,
    });
    await browser.pass(60_000);
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

describe('with consent to personalise', () => {
  it('stores events in batches and tells of them', async () => {
    const { shop, updates } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    shop.track('add_to_cart', { items: [ITEM], value: '€12,50', currency: 'EUR' });
    await browser.pass(100);
    const events = (await store()?.readEvents()) ?? [];
    expect(events.map(({ name }) => name)).toEqual(['page_view', 'view_item', 'add_to_cart']);
    expect(events[1]?.items[0]).toMatchObject({ id: 'item-1', price: 12.5 });
    expect(events[2]).toMatchObject({ value: 12.5, session: 1 });
    expect(updates.filter((cause) => cause === 'event')).toHaveLength(3);
  });

  it('names what it drops and goes on', async () => {
    const { shop, errors } = await open({ consent: PERSONALISE });
    shop.track('view_item', {});
    shop.track('nonsense' as never);
    shop.track('view_item', null as never);
    shop.track('view_item', { items: [{ item_id: 'not-in-the-catalogue' }] });
    await browser.pass(100);
    expect(errors).toEqual(['no-items', 'unknown-event', 'no-items']);
    expect((await ask(shop.recommend())).items.length).toBeGreaterThan(0);
    expect((await store()?.readEvents())?.at(-1)?.items[0]?.id).toBe('not-in-the-catalogue');
  });

  it('counts the dwell time of a page', async () => {
    const { shop, tab } = await open({ consent: PERSONALISE });
    shop.track('page_view', { page: 'product' });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(4000);
    await tab.fire('hidden');
    await browser.pass(100);
    const last = (await store()?.readEvents())?.at(-1);
    expect(last).toMatchObject({ name: 'dwell', dwellMs: 4000, page: 'product' });
  });

  it('never starts a Worker or sends without consent to contribute', async () => {
    const { shop } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(120_000);
    expect(browser.workersStarted).toBe(0);
    expect(server.received).toEqual([]);
    const [task] = (await shop.status()).tasks;
    expect(task).toMatchObject({
      reason: 'no-consent',
      words: 'There is no consent to contribute.',
    });
  });

  it('answers on the next page from storage, without network', async () => {
    const first = await open({ consent: PERSONALISE });
    first.shop.track('view_item', { items: [ITEM] });
    await browser.pass(3000);
    await first.tab.fire('pagehide');
    await first.shop.shutdown();
    server.mood = 'silent';
    server.requests.length = 0;
    const second = await open({}, false);
    const answer = await ask(second.shop.recommend(), 0);
    expect(answer.items.length).toBeGreaterThan(0);
    expect(answer.modelHash).toBe(server.task.initialModel);
    expect(server.requests).toEqual([]);
    expect(second.shop.consent.get()).toEqual(PERSONALISE);
  });

  it('tells of a new version and ranks with it', async () => {
    const { shop, updates } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(3000);
    const before = await ask(shop.recommend());
    expect(before).toMatchObject({ source: 'content', version: 0 });
    await server.publish(1, [-1, -2, -2, -1, -2, -1, -2, -1, 1, -0.5, -0.5], browser.nowMs);
    await browser.pass(20_000);
    expect(updates.filter((cause) => cause === 'model').length).toBeGreaterThan(0);
    const after = await ask(shop.recommend());
    expect(after).toMatchObject({ source: 'model', version: 1 });
    expect(after.items.map(({ id }) => id)).not.toEqual(before.items.map(({ id }) => id));
  });

  it('gives a profile, segments and an export', async () => {
    const { shop } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(3000);
    const profile = await ask(shop.profile());
    expect(profile.events).toBeGreaterThan(0);
    expect(profile.interests.category[0]?.id).toBe('Tea');
    expect((await ask(shop.segments())).map(({ id }) => id)).toEqual(['active']);
    expect(JSON.stringify(await ask(shop.exportData(), 100))).toContain('item-1');
  });
});

describe('contributing', () => {
  it('waits for the quiet period, trains once, sends, and tells what left', async () => {
    const { shop, outcomes } = await open({ consent: BOTH });
    await browser.pass(5000);
    expect((await shop.status()).tasks[0]).toMatchObject({ reason: 'quiet-period' });
    expect((await shop.status()).tasks[0]?.words).toContain('until 2023-11-14T22:13:30');
    expect(browser.workersStarted).toBe(0);
    await browser.pass(55_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
    expect(server.received).toHaveLength(1);
    const report = await ask(shop.privacyReport());
    expect(report.reports).toMatchObject([{ state: 'sent', task: 'wide', round: 1, epsilon: 4 }]);
    expect(report.epsilonSpent).toBeGreaterThanOrEqual(4);
    // RDP orders form a grid: a little above the figure of the exact conversion.
    expect(report.epsilonSpent).toBeLessThan(4.01);
    expect(report.statement).toContain('differentially private');
    const bytes = await shop.reportBytes(server.received[0] as string);
    expect(bytes).toHaveLength(88 + 4 * 11);
    expect(browser.workersAlive).toBe(0);
  });

  it('trains in one tab at a time', async () => {
    const one = await open({ consent: BOTH });
    const two = await open({ consent: BOTH });
    await browser.pass(60_000);
    expect(browser.workersStarted).toBe(1);
    expect(server.received).toHaveLength(1);
    expect([...one.outcomes, ...two.outcomes]).toHaveLength(1);
    server.openRound(2, browser.nowMs);
    await one.tab.fire('pagehide');
    await browser.pass(60_000);
    expect(two.outcomes.map(({ state }) => state)).toEqual(['enqueued']);
  });

  it('uploads nothing under Global Privacy Control', async () => {
    browser.gpc = true;
    const { shop } = await open({ consent: BOTH });
    await browser.pass(60_000);
    expect(browser.workersStarted).toBe(0);
    expect((await shop.status()).tasks[0]).toMatchObject({ reason: 'gpc' });
  });

  it('goes on recommending without a Worker, and says so', async () => {
    browser.worker = null;
    const { shop, outcomes } = await open({ consent: BOTH });
    await browser.pass(60_000);
    expect(outcomes).toMatchObject([{ state: 'skipped', reason: 'no-worker' }]);
    expect((await shop.status()).tasks[0]).toMatchObject({ reason: 'no-worker' });
    expect((await ask(shop.recommend())).items.length).toBeGreaterThan(0);
    expect(await store()?.readLedger()).toEqual([]);
  });

  it('refuses a task that would drown in its noise, with both figures', async () => {
    server = await FakeServer.start({ nowMs: NOW, task: { minReports: 51, scaleBits: 4 } });
    browser.transport = server;
    const { shop } = await open({ consent: BOTH });
    await browser.pass(60_000);
    const [task] = (await shop.status()).tasks;
    expect(task).toMatchObject({ reason: 'predicted-error' });
    expect(task?.words).toMatch(/predicted L2 error 0\.\d+ at 51 reports exceeds the clip 0\.5/);
    expect(browser.workersStarted).toBe(0);
  });

  it('deletes what is unsent and stops the round when contributing is withdrawn', async () => {
    const { shop, outcomes } = await open({ consent: BOTH });
    await browser.pass(9000);
    server.mood = 'offline';
    await browser.pass(4000);
    server.mood = 'well';
    for (let i = 0; i < 40 && outcomes.length === 0; i++) await browser.pass(500);
    const waiting = ((await store()?.readOutbox()) ?? []).filter(
      ({ state }) => state === 'waiting',
    );
    const sent = server.received.length;
    expect(waiting.length + sent).toBe(1);
    await ask(shop.consent.set(PERSONALISE), 100);
    expect(((await store()?.readOutbox()) ?? []).filter((one) => one.state === 'waiting')).toEqual(
      [],
    );
    expect(browser.workersAlive).toBe(0);
    await browser.pass(120_000);
    expect(server.received).toHaveLength(sent);
    expect(await store()?.readLedger()).toHaveLength(1);
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
      expect(answer.source).toBe('popular');
      await browser.pass(30_000);
      const status = await shop.status();
      expect(status.state).toBe(state);
      expect(status.words.length).toBeGreaterThan(20);
      expect(errors.length).toBeGreaterThan(0);
      expect(await store()?.readEvents()).toHaveLength(2);
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
    expect((await ask(shop.profile())).events).toBe(2);
    expect(browser.workersStarted).toBe(0);
    browser.full = false;
    await browser.pass(6000);
    expect((await shop.status()).state).toBe('ready');
    expect(await store()?.readEvents()).toHaveLength(2);
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
