/** The campaign in the demo shop: a banner that is seen, and counts that come back with noise. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { campaign } from '../../demo-shop/catalogue/campaign.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

const REPORTS = 60;

let shop: ShopFixture;
let browser: Launched;
let page: Page;

beforeAll(async () => {
  // A page looks eight times a window.
  const drafts = testDrafts({ windowMs: 120_000, minReports: REPORTS, maxReports: REPORTS });
  shop = await startShop({ drafts });
  browser = await launchChromium();
  page = await (await browser.browser.newContext()).newPage();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

interface Kept {
  readonly name: string;
  readonly promotion?: string;
  readonly creative?: string;
}

/** What this browser keeps of exposures, by the panel's own way of downloading it. */
async function exposures(): Promise<Kept[]> {
  const coming = page.waitForEvent('download');
  await page.locator('.panel-foot .link').last().click();
  const stream = await (await coming).createReadStream();
  let text = '';
  for await (const part of stream) text += String(part);
  const { events } = JSON.parse(text) as { events: Kept[] };
  return events.filter(({ name }) => name === 'view_promotion');
}

const arm = (): Promise<string | null> => page.locator('.banner').getAttribute('data-arm');

describe('the campaign', () => {
  it('K6 one arm a visitor, an exposure once it is seen and may be kept', async () => {
    await page.setViewportSize({ width: 1280, height: 1000 });
    await page.goto(shop.url);
    const drawn = await arm();
    expect(campaign.arms.map(({ id }) => id)).toContain(drawn);
    await page.click('#consent-all');
    await page.click('#open-panel');
    await expect.poll(exposures, { timeout: 10_000 }).toHaveLength(1);
    const [exposure] = await exposures();
    expect(exposure).toMatchObject({ promotion: campaign.id, creative: drawn });
    await page.reload();
    expect(await arm()).toBe(drawn);
    await expect.poll(exposures, { timeout: 10_000 }).toHaveLength(2);
  }, 60_000);

  it('K5 shows the published counts by arm, with their standard deviation', async () => {
    await page.click('#tab-back');
    const block = page.locator('#panel-body [data-task="campaign"]');
    await block.waitFor();
    expect(await block.getAttribute('data-version')).toBe('0');
    // This browser may be one of them.
    expect(await shop.crowd(REPORTS, 'campaign')).toBeGreaterThanOrEqual(REPORTS - 1);
    const published = page.locator('#panel-body [data-task="campaign"][data-version="1"]');
    await published.waitFor({ timeout: 60_000 });
    const rows = block.locator('tbody tr');
    expect(await rows.count()).toBe(campaign.arms.length);
    for (const row of await rows.all()) {
      const [exposed, converted] = await row.locator('td').allTextContents();
      for (const figure of [exposed, converted]) expect(figure).toMatch(/^[-−]?\d+$/);
    }
    const words = (await block.textContent()) ?? '';
    expect(words).toContain(`${REPORTS} browsers`);
    // σ·C·√(2 + n/(½·n_min)) at ε = 2: 2.38·√2·√(2 + 2).
    expect(words).toContain('± 7');
  }, 120_000);
});
