/** Tabs, crashes, withdrawals and clocks: one charge per round, one report, nothing after erasure. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';
import {
  databasesOf,
  type Gate,
  goodIds,
  newPage,
  nothingHappens,
  openGate,
  problemsOf,
  reportIdOf,
  reportsOf,
  statusOf,
  tagPage,
  track,
  until,
} from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

const HOUR_MS = 3_600_000;

let shop: ShopFixture;
let gate: Gate;
let browser: Launched;
let context: BrowserContext;
let goods: string[];
let problems: string[] = [];

/** The ranker with rounds of 15 s and so many steps that a round can be caught in the middle. */
const drafts = (change: Parameters<typeof testDrafts>[0]) =>
  testDrafts(change)
    .filter(({ name }) => name === 'wide')
    .map((draft) => ({ ...draft, recipe: { ...draft.recipe, steps: 300 } }));

async function open(change: Parameters<typeof testDrafts>[0]): Promise<void> {
  shop = await startShop({ drafts: drafts(change) });
  gate = await openGate(shop);
  gate.pages['/tag'] = tagPage({ ...shop, endpoint: gate.url });
}

beforeAll(async () => {
  await open({ participations: 20, windowMs: 15_000 });
  browser = await launchChromium();
  goods = await goodIds(6);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await gate?.close();
  await shop?.close();
});

beforeEach(async () => {
  gate.passed.length = 0;
  gate.answer = null;
  gate.workerPrefix = '';
  problems = [];
  context = await browser.browser.newContext();
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

const posts = (): Buffer[] =>
  gate.passed.filter(({ method }) => method === 'POST').map(({ body }) => body);

async function visit(path = '/tag', init = ''): Promise<Page> {
  const page = await newPage(context, problems);
  if (init !== '') await page.addInitScript(init);
  await page.goto(gate.url + path);
  return page;
}

interface Charge {
  readonly task: string;
  readonly round: number;
  readonly reportId: string;
}

async function uniqueCharges(page: Page): Promise<Charge[]> {
  const charges = await reportsOf(page);
  const rounds = charges.map(({ task, round }) => `${task}/${round}`);
  expect(new Set(rounds).size).toBe(rounds.length);
  return [...charges];
}

describe('two tabs', () => {
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

  it('erase in one while the other trains: nothing is left, nothing is written or sent', async () => {
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
    await two.evaluate(() => window.vitrine.erase());
    expect(await databasesOf(two)).toEqual([]);
    await until('the other tab', async () => (await statusOf(one)).state === 'consent-required');
    gate.passed.length = 0;
    await Promise.all([track(one, goods), track(two, goods)]);
    await nothingHappens();
    for (const page of [one, two]) {
      expect(await databasesOf(page)).toEqual([]);
      expect((await statusOf(page)).state).toBe('consent-required');
      expect(await page.evaluate(() => window.vitrine.consent.get().personalise)).toBe(false);
      expect(await problemsOf(page)).toEqual([]);
    }
    expect(gate.passed).toEqual([]);
  });
});

/** A report that is charged and waits, and its bytes. */
async function waiting(page: Page): Promise<{ id: string; bytes: number[] }> {
  const report = await until('a charge', async () =>
    (await reportsOf(page)).find(({ state }) => state === 'waiting'),
  );
  const bytes = await page.evaluate(
    async (id) => [...((await window.vitrine.reportBytes(id)) ?? [])],
    report.reportId,
  );
  expect(bytes.length).toBeGreaterThan(REPORT_HEADER_BYTES);
  return { id: report.reportId, bytes };
}

describe('killed between commit and fetch', () => {
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

describe('withdrawal', () => {
  it('of contribute in mid-training: aborted, nothing charged, nothing sent', async () => {
    const page = await visit();
    const outcome = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const { vitrine } = window;
          let caught = false;
          // A round that was too late to begin may end before the one that is caught.
          vitrine.on('round', (one) => caught && resolve(JSON.stringify(one.outcome)));
          vitrine.on('progress', ({ stage, step }) => {
            if (stage !== 'train' || step < 2 || caught) return;
            caught = true;
            void vitrine.consent.set({ personalise: true, contribute: false });
          });
        }),
    );
    await track(page, goods);
    expect(JSON.parse(await outcome)).toMatchObject({ state: 'skipped', reason: 'aborted' });
    await nothingHappens();
    const status = await statusOf(page);
    expect(status.consent).toEqual({ personalise: true, contribute: false });
    expect(status.tasks[0]?.reason).toBe('no-consent');
    expect(status.tasks[0]?.participations.spent).toBe(0);
    expect(await reportsOf(page)).toEqual([]);
    expect(posts()).toEqual([]);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('of contribute with a report that waits: it is gone and never sent', async () => {
    const page = await visit();
    await page.route('**/v1/reports', (route) => route.abort());
    await track(page, goods);
    const { id } = await waiting(page);
    await page.evaluate(() => window.vitrine.consent.set({ personalise: true, contribute: false }));
    expect(await page.evaluate((one) => window.vitrine.reportBytes(one), id)).toBeNull();
    await page.unroute('**/v1/reports');
    await nothingHappens();
    gate.pages['/kept'] = tagPage({ ...shop, consent: 'required' });
    await page.goto(`${gate.url}/kept`);
    await until('ready', async () => (await statusOf(page)).state === 'ready');
    expect(await page.evaluate(() => window.vitrine.consent.get())).toEqual({
      personalise: true,
      contribute: false,
    });
    await nothingHappens();
    expect(posts()).toEqual([]);
    // The charge stays: what was spent is not won back.
    expect((await reportsOf(page)).map(({ reportId, state }) => [reportId, state])).toEqual([
      [id, 'expired'],
    ]);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('of personalise erases', async () => {
    const page = await visit();
    await track(page, goods);
    await until('ready', async () => (await statusOf(page)).state === 'ready');
    expect(await databasesOf(page)).toHaveLength(1);
    await page.evaluate(() =>
      window.vitrine.consent.set({ personalise: false, contribute: false }),
    );
    expect(await databasesOf(page)).toEqual([]);
    gate.passed.length = 0;
    await track(page, goods);
    await nothingHappens();
    expect(await databasesOf(page)).toEqual([]);
    expect(gate.passed).toEqual([]);
    expect((await statusOf(page)).state).toBe('consent-required');
    expect(await problemsOf(page)).toEqual([]);
  });
});

describe('the clock', () => {
  it('set back and forward between pages makes no further charge', async () => {
    const [olderGate, olderShop] = [gate, shop];
    await open({ participations: 20, windowMs: 15_000, separationMs: HOUR_MS });
    try {
      const page = await visit();
      await track(page, goods);
      const { id } = await waiting(page);
      await page.close();
      for (const [shiftMs, expected] of [
        [2 * HOUR_MS, ['round-closed', 'no-round']],
        [-2 * HOUR_MS, ['separation', 'already-in-round', 'no-round']],
        [-400 * 24 * HOUR_MS, ['separation', 'already-in-round', 'no-round']],
        [0, ['separation', 'already-in-round', 'no-round', 'round-closed']],
      ] as const) {
        const skew = `{ const now = Date.now; Date.now = () => now.call(Date) + ${shiftMs}; }`;
        gate.workerPrefix = `${skew}\n`;
        const next = await visit('/tag', skew);
        await until('ready', async () => (await statusOf(next)).state === 'ready');
        await track(next, goods);
        const reason = await until('a reason', async () => (await statusOf(next)).tasks[0]?.reason);
        expect(expected).toContain(reason);
        await nothingHappens();
        expect((await reportsOf(next)).map(({ reportId }) => reportId)).toEqual([id]);
        expect(await problemsOf(next)).toEqual([]);
        await next.close();
      }
      expect(posts().length).toBeLessThanOrEqual(1);
    } finally {
      await gate.close();
      await shop.close();
      [gate, shop] = [olderGate, olderShop];
    }
  });
});
