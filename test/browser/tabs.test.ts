/** Tabs and crashes: one charge per round, one report, nothing after erasure. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import {
  databasesOf,
  learnersOf,
  nothingHappens,
  ONCE_MORE,
  problemsOf,
  reportIdOf,
  reportsOf,
  statusOf,
  track,
  until,
} from './hostile.ts';
import {
  context,
  gate,
  goods,
  posts,
  scene,
  shop,
  uniqueCharges,
  visit,
  waiting,
} from './scene.ts';

scene();

describe('two tabs', ONCE_MORE, () => {
  const NO_LOCKS = `Object.defineProperty(navigator, 'locks', { value: undefined });`;

  it.each([
    ['with Web Locks', ''],
    ['without Web Locks', NO_LOCKS],
  ])('%s: one charge per task and round, one report at the server', async (_name, init) => {
    const before = (await shop.status()).reports.accepted;
    const [one, two] = await Promise.all([visit('/tag', init), visit('/tag', init)]);
    await Promise.all([track(one, goods.slice(0, 3)), track(two, goods.slice(3))]);
    const sent = async (): Promise<boolean> =>
      (await reportsOf(one)).some(({ state }) => state === 'sent');
    await until('a report that is sent', sent);
    const charges = await uniqueCharges(one);
    expect((await uniqueCharges(two)).length).toBeGreaterThanOrEqual(charges.length);
    const known = new Set((await reportsOf(two)).map(({ reportId }) => reportId));
    const arrived = new Set(posts().map(reportIdOf));
    for (const id of arrived) expect(known).toContain(id);
    // Without locks both may send the same bytes, which count once.
    const accepted = (await shop.status()).reports.accepted - before;
    expect(accepted).toBe(arrived.size);
    expect(accepted).toBeLessThanOrEqual(known.size);
    if (init === '') expect(posts().length).toBe(arrived.size);
    expect((await shop.status()).reports.refused).toEqual({});
    expect([...(await problemsOf(one)), ...(await problemsOf(two))]).toEqual([]);
  });

  it('both keep what the other has seen', async () => {
    const [one, two] = await Promise.all([visit(), visit()]);
    await track(one, goods.slice(0, 3));
    await track(two, goods.slice(3));
    const seen = (page: Page): Promise<string[]> =>
      page.evaluate(async () => {
        const { events } = (await window.vitrine.exportData()) as {
          events: { name: string; items: { id: string }[] }[];
        };
        return events
          .filter(({ name }) => name === 'view_item')
          .map(({ items }) => items[0]?.id ?? '')
          .sort();
      });
    await until('all events', async () => (await seen(one)).length === goods.length);
    expect(await seen(one)).toEqual([...goods].sort());
    expect(await seen(two)).toEqual([...goods].sort());
  });

  it('PR35 erase in one while the other trains: nothing is left, nothing is written or sent', async () => {
    const one = await visit();
    const inTraining = one.evaluate(
      () =>
        new Promise<string>((resolve) => {
          window.vitrine.on('progress', ({ stage }) => stage === 'train' && resolve(stage));
        }),
    );
    await track(one, goods);
    const two = await visit();
    await inTraining;
    expect(learnersOf(one)).toHaveLength(1);
    // Beside it the engine that has started it.
    expect(one.workers()).toHaveLength(2);
    const outcomes = one.evaluate(() => {
      const seen: string[] = [];
      window.vitrine.on('round', ({ outcome }) => seen.push(JSON.stringify(outcome)));
      return new Promise<string[]>((resolve) => setTimeout(() => resolve(seen), 3000));
    });
    const left = await two.evaluate(async () => {
      await window.vitrine.erase();
      return (await indexedDB.databases()).map(({ name }) => name);
    });
    expect(left).toEqual([]);
    expect(await databasesOf(one)).toEqual([]);
    await until('the end of its learner', async () => learnersOf(one).length === 0, 2000);
    expect(posts()).toEqual([]);
    await until('the other tab', async () => (await statusOf(one)).state === 'consent-required');
    gate.passed.length = 0;
    await Promise.all([track(one, goods), track(two, goods)]);
    await nothingHappens();
    expect(await outcomes).toEqual([]);
    for (const page of [one, two]) {
      expect(page.workers()).toEqual([]);
      expect(await databasesOf(page)).toEqual([]);
      expect((await statusOf(page)).state).toBe('consent-required');
      expect(await page.evaluate(() => window.vitrine.consent.get().personalise)).toBe(false);
      expect(await problemsOf(page)).toEqual([]);
    }
    expect(gate.passed).toEqual([]);
  });
});

describe('a tab that does not let go', ONCE_MORE, () => {
  it('PR35 makes erase() reject by name, with nothing readable left; then it is gone', async () => {
    gate.pages['/empty'] = '<!doctype html><title>empty</title><link rel="icon" href="data:,">';
    const one = await visit();
    await track(one, goods);
    await until('ready', async () => (await statusOf(one)).state === 'ready');
    const [name] = await databasesOf(one);
    const stubborn = await visit('/empty');
    await stubborn.evaluate(
      (wanted) =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.open(wanted as string);
          request.onerror = () => reject(request.error);
          request.onsuccess = () => {
            Object.assign(window, { held: request.result });
            resolve();
          };
        }),
      name,
    );
    const failure = await one.evaluate(() =>
      window.vitrine.erase().then(
        () => 'erased',
        (error: { code?: string }) => error.code,
      ),
    );
    expect(failure).toBe('blocked');
    const records = await stubborn.evaluate(async () => {
      const { held } = window as unknown as { held: IDBDatabase };
      const stores = [...held.objectStoreNames];
      const tx = held.transaction(stores, 'readonly');
      return Promise.all(
        stores.map(
          (store) =>
            new Promise<number>((resolve) => {
              const request = tx.objectStore(store).count();
              request.onsuccess = () => resolve(request.result);
            }),
        ),
      );
    });
    expect(records.length).toBeGreaterThan(5);
    expect(records.filter((count) => count > 0)).toEqual([]);
    await stubborn.close();
    await until('the deletion', async () => (await databasesOf(one)).length === 0);
    expect(await problemsOf(one)).toEqual([]);
  });
});

describe('killed between commit and fetch', ONCE_MORE, () => {
  it('sends the same bytes from the next page, once; one charge', async () => {
    const before = (await shop.status()).reports.accepted;
    const page = await visit();
    await page.route('**/v1/reports', (route) => route.abort());
    await track(page, goods);
    const { id, bytes } = await waiting(page);
    const session = await context.newCDPSession(page);
    const crashed = new Promise((resolve) => page.once('crash', resolve));
    session.send('Page.crash').catch(() => undefined);
    await crashed;
    await page.close();
    expect(posts()).toEqual([]);
    const next = await visit();
    await until('the report at the server', async () => posts().some((b) => reportIdOf(b) === id));
    await until('its end', async () =>
      (await reportsOf(next)).some((one) => one.reportId === id && one.state === 'sent'),
    );
    await nothingHappens();
    const same = posts().filter((body) => reportIdOf(body) === id);
    expect(same.map((body) => [...body])).toEqual([bytes]);
    const charges = await uniqueCharges(next);
    expect(charges.filter(({ reportId }) => reportId === id)).toHaveLength(1);
    const arrived = new Set(posts().map(reportIdOf)).size;
    expect((await shop.status()).reports.accepted).toBe(before + arrived);
    expect(await problemsOf(next)).toEqual([]);
  });

  it('sends the same bytes again when the acknowledgement was lost; it counts once', async () => {
    const before = (await shop.status()).reports;
    let lost = 0;
    gate.answer = (path, response) => {
      if (path !== '/v1/reports' || lost > 0) return false;
      lost += 1;
      const body = posts().at(-1) as Buffer;
      // It reaches the server; the answer does not reach the browser.
      void fetch(`${shop.url}/v1/reports`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'content-type': 'application/vnd.vitrine.report' },
      }).then(() => response.destroy());
      return true;
    };
    const page = await visit();
    await track(page, goods);
    const { id, bytes } = await waiting(page);
    await until('the second attempt', async () => posts().length >= 2);
    await until('its end', async () =>
      (await reportsOf(page)).some((one) => one.reportId === id && one.state === 'sent'),
    );
    for (const body of posts().filter((one) => reportIdOf(one) === id)) {
      expect([...body]).toEqual(bytes);
    }
    const after = (await shop.status()).reports;
    expect(after.accepted).toBe(before.accepted + new Set(posts().map(reportIdOf)).size);
    expect(after.duplicates).toBeGreaterThan(before.duplicates);
    expect(after.refused).toEqual({});
    expect(await problemsOf(page)).toEqual([]);
  });
});
