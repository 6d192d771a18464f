/** DESIGN §2, "The envelope leaks nothing either": what the wire shows beside the report itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportLength } from '../../shared/protocol/report.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

let shop: ShopFixture;
let browser: Launched;

beforeAll(async () => {
  shop = await startShop({ drafts: testDrafts({ windowMs: 6_000 }) });
  browser = await launchChromium();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await shop?.close();
});

/** A shopper who browses, with cookies set on the aggregator's own origin; what the wire saw. */
async function visit(products: readonly number[]): Promise<string[]> {
  const from = shop.seen.length;
  const posts = (): number =>
    shop.seen.slice(from).filter(({ method }) => method === 'POST').length;
  const context = await browser.browser.newContext();
  await context.addCookies([
    { name: 'session', value: 'shop-session', url: shop.url },
    { name: 'visitor', value: 'visitor-id', url: shop.url, sameSite: 'Lax' },
  ]);
  const page = await context.newPage();
  await page.goto(`${shop.url}/?campaign=who`);
  await page.click('#consent-all');
  for (const at of products) {
    await page.goto(`${shop.url}/search?q=e`);
    await page.locator('[data-good]').nth(at).click();
    await page.waitForSelector('#add');
  }
  const end = Date.now() + 60_000;
  while (posts() < 2 && Date.now() < end) await page.waitForTimeout(200);
  await context.close();
  return [...new Set(shop.seen.slice(from).map(({ method, url }) => `${method} ${url}`))];
}

describe('the envelope', () => {
  it('H: no cookie, no referrer, no query; one kind of body, of exact length', async () => {
    await visit([1, 4]);
    const tasks = testDrafts().map((one) => ({ ...one, d: one.initialWeights.length }));
    const lengths = new Set(tasks.map(reportLength));
    expect(shop.seen.length).toBeGreaterThan(6);
    for (const { method, url, headers, bodyBytes } of shop.seen) {
      expect(headers.cookie, url).toBeUndefined();
      expect(headers.referer, url).toBeUndefined();
      expect(headers.authorization, url).toBeUndefined();
      expect(headers['if-none-match'], url).toBeUndefined();
      expect(headers['if-modified-since'], url).toBeUndefined();
      expect(url).not.toContain('?');
      if (method === 'GET') expect(bodyBytes).toBe(0);
      else {
        expect(method).toBe('POST');
        expect(url).toBe('/v1/reports');
        expect(lengths).toContain(bodyBytes);
      }
    }
    expect(shop.seen.filter(({ method }) => method === 'POST').length).toBeGreaterThanOrEqual(2);
  }, 120_000);

  it('GETs are public files, the same for shoppers who did different things', async () => {
    const first = await visit([2]);
    const second = await visit([9, 11, 3]);
    // Between the two visits rounds have gone on: other models, a log with more entries.
    const files = (requests: readonly string[]): string[] => {
      const same = requests.filter((one) => !one.includes('/models/'));
      return [...new Set(same.map((one) => one.replace(/\.p\/\d+$/, '.p/')))].sort();
    };
    expect(files(first)).toEqual(files(second));
  }, 180_000);
});
