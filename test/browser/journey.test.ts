/**
 * The built demo in Chromium: browse, consent, train, upload, a new version, another order. What is
 * asserted is what a shopper or an auditor would see.
 */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

const CATEGORIES = 12;

let shop: ShopFixture;
let browser: Launched;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];
const hosts = new Set<string>();

beforeAll(async () => {
  shop = await startShop({
    drafts: testDrafts({ participations: 6, windowMs: 20_000, maxReports: 2000 }),
  });
  browser = await launchChromium();
  context = await browser.browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`pageerror: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http')) hosts.add(url.host);
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** What the page's own storage holds, by database name. */
const databases = (): Promise<string[]> =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ''));

async function shelfState(): Promise<{ source: string; version: number; order: string[] }> {
  return page.evaluate(() => {
    const shelf = document.querySelector<HTMLElement>('[data-shelf]');
    return {
      source: shelf?.dataset.source ?? '',
      version: Number(shelf?.dataset.version ?? -1),
      order: [...(shelf?.querySelectorAll<HTMLElement>('[data-good]') ?? [])].map(
        (card) => card.dataset.good ?? '',
      ),
    };
  });
}

/** Records of the history in this browser's database; 0 before there is one. */
function records(): Promise<number> {
  return page.evaluate(async () => {
    const [one] = await indexedDB.databases();
    if (one?.name === undefined) return 0;
    const { name } = one;
    return new Promise<number>((resolve) => {
      const opening = indexedDB.open(name);
      opening.onerror = () => resolve(0);
      opening.onsuccess = () => {
        const { result } = opening;
        const counting = result.transaction('events').objectStore('events').count();
        counting.onsuccess = () => {
          result.close();
          resolve(counting.result);
        };
      };
    });
  });
}

async function until<T>(what: string, look: () => Promise<T | null>, ms = 60_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

const versionOf = async (task: string): Promise<number> =>
  (await shop.status()).tasks.find(({ name }) => name === task)?.modelVersion ?? -1;

/** Fresh shoppers come until the task has a newer version. */
async function publish(task: string): Promise<number> {
  const before = await versionOf(task);
  return until(
    `version ${before + 1} of ${task}`,
    async () => {
      await shop.crowd(20, task);
      const now = await versionOf(task);
      return now > before ? now : null;
    },
    150_000,
  );
}

describe('the demo shop', () => {
  it('stores and asks nothing before consent', async () => {
    await page.goto(shop.url);
    await page.waitForSelector('.tile');
    await page.waitForSelector('.consent:not([hidden])');
    expect(await page.locator('.tile').count()).toBe(CATEGORIES);
    expect(await databases()).toEqual([]);
    expect(shop.seen).toEqual([]);
    expect((await shelfState()).source).toBe('popular');
  });

  it('keeps what is looked at in this browser, and re-ranks the shelf by it', async () => {
    await page.click('#consent-all');
    for (const at of [2, 5, 7]) {
      await page.goto(`${shop.url}/shelf/${await categoryAt(0)}`);
      await page.waitForSelector('.grid [data-good]');
      const before = await records();
      await page.locator('.grid [data-good]').nth(at).click();
      await page.waitForSelector('#add');
      // A look, not a glance: a page that is left before its client has begun keeps nothing.
      await until('the look to be kept', async () => ((await records()) > before ? true : null));
      await page.waitForTimeout(500);
    }
    await page.click('#add');
    await page.waitForTimeout(500);
    await page.goto(shop.url);
    const state = await until('a shelf ranked by content', async () => {
      const now = await shelfState();
      return now.source === 'content' || now.source === 'model' ? now : null;
    });
    expect(state.order.length).toBeGreaterThan(5);
    expect(await databases()).toHaveLength(1);
    await page.click('#open-panel');
    await page.waitForSelector('#panel .bars meter');
    await page.locator('#panel details[data-key="history"] summary').click();
    expect(await page.locator('#panel .history li').count()).toBeGreaterThan(6);
  });

  it('trains in its Worker, charges, uploads, and says so in the panel', async () => {
    await page.click('#tab-left');
    const sent = page.locator('#panel [data-report][data-state="sent"]');
    await sent.first().waitFor({ timeout: 60_000 });
    const id = await sent.first().getAttribute('data-report');
    const report = page.locator(`#panel [data-report="${id}"]`);
    await report.locator('summary').click();
    await report.locator('.bytes').waitFor();
    const table = await report.locator('.bytes').textContent();
    expect(table).toContain('VTR1');
    expect(table).toMatch(/tier(local|split)/);
    // An upload that a page left behind goes out again, under its id, and counts once.
    const posted = (): number => new Set(shop.seen.flatMap(({ reportId }) => reportId ?? [])).size;
    expect(posted()).toBeGreaterThan(0);
    const left = async (): Promise<number> => posted() - (await shop.status()).reports.accepted;
    await expect.poll(left, { timeout: 30_000 }).toBe(0);
    expect((await shop.status()).reports.refused).toEqual({});
  });

  it('ranks by version n, and by n + 1 in another order, with the history frozen', async () => {
    const first = await publish('wide');
    const at = async (version: number): Promise<string[]> => {
      await page.goto(`${shop.url}/search?q=e`);
      const state = await until(`version ${version} on the page`, async () => {
        const now = await shelfState();
        return now.source === 'model' && now.version >= version ? now : null;
      });
      expect(state.version).toBe(version);
      return state.order;
    };
    // The page stays open from here on, so that nothing is added to the history.
    const before = await at(first);
    const next = await publish('wide');
    expect(next).toBe(first + 1);
    const after = await until('another order on the page that is open', async () => {
      const now = await shelfState();
      return now.version === next ? now.order : null;
    });
    expect([...after].sort()).toEqual([...before].sort());
    expect(after).not.toEqual(before);
  }, 400_000);

  it('gives the server nothing when its uploads are blocked', async () => {
    await page.route('**/v1/reports', (route) => route.abort());
    const before = (await shop.status()).reports.accepted;
    await until('a report that waits', async () => {
      await page.goto(shop.url);
      await page.click('#tab-left');
      await page.waitForTimeout(1500);
      return (await page.locator('#panel [data-report][data-state="waiting"]').count()) || null;
    });
    const crowd = await shop.crowd(20, 'wide');
    await page.waitForTimeout(2000);
    expect((await shop.status()).reports.accepted).toBe(before + crowd);
    problems.splice(0, problems.length, ...problems.filter((one) => !one.includes('ERR_FAILED')));
    await page.unroute('**/v1/reports');
  }, 120_000);

  it('begins anew with New shopper: nothing is left, and the question comes again', async () => {
    await page.goto(shop.url);
    await Promise.all([page.waitForNavigation(), page.click('#new-shopper')]);
    await page.waitForSelector('.consent:not([hidden])');
    expect(await databases()).toEqual([]);
  });

  it('says in Chinese why nothing happens, with and without an engine', async () => {
    const other = await browser.browser.newContext({ locale: 'zh-CN' });
    try {
      const visit = await other.newPage();
      await visit.goto(shop.url);
      await visit.waitForSelector('.consent:not([hidden])');
      await visit.click('#open-panel');
      const state = visit.locator('#panel [data-state]').first();
      await state.getByText('等待您同意').waitFor();
      await visit.locator('#consent-all').dispatchEvent('click');
      await state.getByText('就绪').waitFor();
      const task = visit.locator('#panel [data-task]').first();
      expect(await task.textContent()).toMatch(/[\u4e00-\u9fff]{4}/);
    } finally {
      await other.close();
    }
  });

  it('made no error in the console and met no foreign host', () => {
    expect(problems).toEqual([]);
    expect([...hosts]).toEqual([new URL(shop.url).host]);
  });
});

async function categoryAt(index: number): Promise<string> {
  await page.goto(shop.url);
  const href = await page.locator('.tile').nth(index).getAttribute('href');
  return (href ?? '').split('/').pop() ?? '';
}
