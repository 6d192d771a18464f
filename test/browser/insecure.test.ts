/** A page over plain http from another machine: no cryptography, so nothing at all is captured. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  databasesOf,
  type Gate,
  goodIds,
  newPage,
  nothingHappens,
  openGate,
  problemsOf,
  recommendOf,
  reportsOf,
  statusOf,
  tagPage,
  track,
} from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop } from './shop.ts';

let shop: ShopFixture;
let gate: Gate;
let browser: Launched;

beforeAll(async () => {
  shop = await startShop();
  gate = await openGate(shop);
  browser = await launchChromium({ args: ['--host-resolver-rules=MAP shop.test 127.0.0.1'] });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await gate?.close();
  await shop?.close();
});

it('says insecure-context: nothing is captured, fetched or stored, and the list falls back', async () => {
  const problems: string[] = [];
  gate.pages['/tag'] = tagPage(shop);
  const page = await newPage(await browser.browser.newContext(), problems);
  await page.goto(`http://shop.test:${gate.port}/tag`);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await track(page, await goodIds(3));
  expect(await statusOf(page)).toMatchObject({
    state: 'insecure-context',
    storage: 'none',
    consent: { personalise: false, contribute: false },
    tasks: [],
  });
  const { source, ids } = await recommendOf(page);
  expect(source).toBe('popular');
  expect(ids).toEqual(['own-1', 'own-2']);
  await page.evaluate(() => window.vitrine.consent.set({ personalise: true, contribute: true }));
  await track(page, await goodIds(3));
  await nothingHappens();
  expect(await databasesOf(page)).toEqual([]);
  expect(gate.passed).toEqual([]);
  expect(await reportsOf(page)).toEqual([]);
  expect(await page.evaluate(async () => (await window.vitrine.profile()).events)).toBe(0);
  expect(await page.evaluate(() => window.vitrine.exportData())).toEqual({});
  await page.evaluate(() => window.vitrine.erase());
  expect((await statusOf(page)).state).toBe('insecure-context');
  expect(await problemsOf(page)).toEqual([]);
  expect(problems).toEqual([]);
});

it('is shown by the demo shop without an error', async () => {
  const problems: string[] = [];
  const page = await newPage(await browser.browser.newContext(), problems);
  await page.goto(`http://shop.test:${gate.port}/`);
  await page.waitForSelector('[data-shelf] [data-good]');
  expect(await page.locator('[data-shelf]').first().getAttribute('data-source')).toBe('popular');
  expect(await databasesOf(page)).toEqual([]);
  expect(gate.passed).toEqual([]);
  expect(problems).toEqual([]);
});
