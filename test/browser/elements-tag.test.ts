/** Both elements on a real tag, a real aggregator and helper: from the first look to erasure. */
import { readFile } from 'node:fs/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vitrine } from '../../sdk/api.ts';
import { build } from '../build.ts';
import { soon } from './elements/soon.ts';
import { goodIds } from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

let shop: ShopFixture;
let browser: Launched;
let context: BrowserContext;
let page: Page;
let goods: string[];
const texts: Record<string, string> = {};
const problems: string[] = [];

beforeAll(async () => {
  await build(['elements']);
  const drafts = testDrafts({ participations: 6, windowMs: 20_000, maxReports: 2000 });
  shop = await startShop({ drafts: drafts.filter(({ name }) => name === 'wide'), texts });
  texts['/elements'] =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,">
<script async src="/vitrine/vitrine-elements.js"></script></head><body><main><h1>Shop</h1>
<vitrine-shelf limit="4"></vitrine-shelf><vitrine-privacy></vitrine-privacy></main>
<script src="/vitrine/vitrine.js" data-site="${shop.site}" data-endpoint="/" data-trust="${shop.trust}"></script>
<script>document.querySelector('vitrine-shelf').items = (ids) =>
  ids.map((id) => ({ id, title: 'Good ' + id, url: '/goods/' + id }));</script></body></html>`;
  browser = await launchChromium();
  context = await browser.browser.newContext({ viewport: { width: 1100, height: 900 } });
  page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  goods = await goodIds(6);
  await page.goto(`${shop.url}/elements`);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

const panel = () => page.getByRole('tabpanel');
const result = () => page.locator('vitrine-privacy [part=result]').textContent();

describe('the elements on a real tag', () => {
  it('say before consent that nothing is stored, and ask no server', async () => {
    await page.getByText('Waiting for consent to personalise').waitFor();
    await panel().getByText('Nothing is stored in this browser.').waitFor();
    expect(shop.seen).toEqual([]);
    await page.evaluate(() => document.documentElement.setAttribute('lang', 'zh'));
    await page.getByText('等待您同意').waitFor();
    await page.evaluate(() => document.documentElement.setAttribute('lang', 'en'));
  });

  it('take consent by their switches, and show what is kept and recommended', async () => {
    await page.getByRole('switch', { name: 'Remember my visits' }).click();
    await soon(result).toBe('Your choice is in force.');
    await page.evaluate((ids) => {
      const { vitrine } = window as unknown as { vitrine: Vitrine };
      for (const item_id of ids) vitrine.track('view_item', { items: [{ item_id }] });
    }, goods);
    await page.locator('vitrine-shelf[data-state=ready]').waitFor();
    expect(await page.locator('vitrine-shelf').getByRole('link').count()).toBe(4);
    await panel().getByRole('heading', { name: 'Activity, last 28 days' }).waitFor();
    await panel().getByText('looked at × ').first().waitFor();
  });

  it('show a report that left, byte by byte', async () => {
    await page.getByRole('switch', { name: 'Send noised updates' }).click();
    await page.getByRole('tab', { name: 'What left' }).click();
    const card = panel().locator('.card').first();
    await card.waitFor({ timeout: 90_000 });
    await card.getByText('Look at every byte').click();
    await card.getByRole('table').waitFor();
    expect(await card.getByRole('table').textContent()).toContain('VTR1');
    expect(await panel().textContent()).toMatch(/ε [\d.]+ of [\d.]+ spent/);
    await page.getByRole('tab', { name: 'What came back' }).click();
    await panel().getByText('wide', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'What stayed' }).click();
  }, 120_000);

  it('give everything as a file, then erase it', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download everything' }).click(),
    ]);
    const data = JSON.parse(await readFile(await download.path(), 'utf8')) as { events: unknown[] };
    expect(data.events.length).toBeGreaterThanOrEqual(goods.length);
    await page.getByRole('button', { name: 'Erase everything' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase' }).click();
    await soon(result).toContain('nothing is left');
    await panel().getByText('Nothing is stored in this browser.').waitFor();
    expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
    const asks = page.getByRole('switch', { name: 'Remember my visits' });
    expect(await asks.getAttribute('aria-checked')).toBe('false');
    expect(problems).toEqual([]);
  });
});
