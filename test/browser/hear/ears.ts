/** A page with the tag's ears, bundled, in Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build as bundle } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Heard, HearOptions } from '../../../sdk/capture/heard.ts';
import { classicScript } from '../../../vite.config.ts';
import { type Launched, launchChromium, type Served, serveStatic } from '../launch.ts';
import type { HearingPage } from './page.ts';

declare const hearing: HearingPage;

export const HTML = `<!doctype html><html lang="en"><title>Lamp</title><link rel="icon" href="data:,">
<link rel="canonical" href="/p/lamp"><meta property="og:type" content="product">
<script type="application/ld+json">{"@type":"Product","sku":"L-1","name":"Lamp","offers":{"price":9}}</script>
<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Lamp</b>
<img itemprop="image" src="/lamp.jpg"><p itemprop="offers" itemscope itemtype="https://schema.org/Offer">
<meta itemprop="price" content="9.00"><span itemprop="name">An offer</span></p></div>
<main data-vitrine-event="view_item"><div data-vitrine-item="L-1" data-vitrine-price="9,00">
<form><input name="quantity" value="3"><button type="button" id="mark" data-vitrine-event="add_to_cart"><i>+</i></button></form>
</div></main>
<li><a href="/p/mug">Mug</a><button id="plain">Add to cart</button></li>
<form id="shopify" action="/cart/add" onsubmit="return false"><input name="id" value="111">
<input name="quantity" value="2"><input name="properties[name]" value="Jane"><button id="buy">Buy</button></form>
<form id="woo" class="cart" onsubmit="return false"><input name="action" value="x"><input name="quantity" value="1">
<button id="woobuy" name="add-to-cart" value="12">Buy</button></form>`;

export let folder: string;
export let served: Served;
export let browser: Launched;
export let page: Page;
export let errors: string[];

/** Opens the page of ears before each test of the calling file; it may throw nothing. */
export function withEars(): void {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-hear-'));
    const script = classicScript('test/browser/hear/page.ts', 'page.js');
    await bundle({ ...script, build: { ...script.build, outDir: folder } });
    const html = HTML.replace('<div item', '<script src="/page.js"></script><div item');
    served = await serveStatic([folder], { texts: { '/p/lamp': html } });
    browser = await launchChromium();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await served?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    errors = [];
    page = await browser.browser.newPage();
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(`${served.url}/p/lamp`);
  });

  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });
}

type Of<K extends Heard['kind']> = Extract<Heard, { kind: K }>;

export async function told<K extends Heard['kind']>(kind: K): Promise<Of<K>[]> {
  const all = await page.evaluate(() => hearing.heard);
  return all.filter((one): one is Of<K> => one.kind === kind);
}

export async function until<K extends Heard['kind']>(kind: K, count: number): Promise<Of<K>[]> {
  await page.waitForFunction(
    ([kind, count]) => hearing.heard.filter((one) => one.kind === kind).length >= (count as number),
    [kind, count],
  );
  return told(kind);
}

export const start = (options: HearOptions = {}): Promise<void> =>
  page.evaluate((one) => hearing.start(one), options);
