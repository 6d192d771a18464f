import { describe, expect, it } from 'vitest';
import type { WorkerApi } from '../../sdk/worker-api.ts';
import { epsilonAtOrder, gaussianOrder } from '../../shared/privacy/curve.ts';
import { curveOf } from '../../shared/privacy/mechanism.ts';
import {
  ask,
  BOTH,
  browser,
  freshBrowser,
  ITEM,
  NOW,
  open,
  PERSONALISE,
  server,
  serveWith,
  store,
} from './client-open.ts';
import { FakeServer } from './client-server.ts';

freshBrowser();

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
    expect((await shop.status()).tasks[0]?.words).toContain('until 2023-11-14 22:13 UTC');
    expect(browser.workersStarted).toBe(0);
    await browser.pass(55_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
    expect(server.received).toHaveLength(1);
    const report = await ask(shop.privacyReport());
    expect(report.reports).toMatchObject([{ state: 'sent', task: 'wide', round: 1, epsilon: 4 }]);
    // PR13: at the order that is pinned for ε 20, not at the one where this report costs 4.
    const curve = curveOf(server.task.mechanism);
    expect(report.budget).toEqual({ epsilon: 20, delta: 1e-6, order: gaussianOrder(20, 1e-6) });
    expect(report.epsilonSpent).toBe(epsilonAtOrder(curve, gaussianOrder(20, 1e-6), 1e-6));
    expect(report.epsilonSpent).toBeGreaterThan(8);
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

  it('names a round in which the Worker died, and one that never ended', async () => {
    const make = browser.worker;
    browser.worker = (config, page) => ({
      ...(make?.(config, page) as WorkerApi),
      train: () => new Promise(() => undefined),
    });
    const { outcomes, shop } = await open({ consent: BOTH });
    await browser.pass(30_000);
    expect(browser.workersAlive).toBe(1);
    browser.crash('out of memory');
    await browser.pass(1000);
    expect(outcomes).toMatchObject([
      { state: 'skipped', reason: 'training-failed', detail: 'out of memory' },
    ]);
    await browser.pass(40_000);
    expect(outcomes.at(-1)).toMatchObject({ reason: 'aborted' });
    expect(browser.workersAlive).toBe(0);
    expect((await shop.privacyReport()).reports).toEqual([]);
  });

  it('refuses a task that would drown in its noise, with both figures', async () => {
    await serveWith(await FakeServer.start({ nowMs: NOW, task: { minReports: 51, scaleBits: 4 } }));
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
