/** Clicks, baskets and theme events, as the ears hear them in Chromium. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Understanding } from '../../sdk/capture/understand.ts';
import { folder, page, served, start, told, until, withEars } from './hear/ears.ts';
import type { HearingPage } from './hear/page.ts';

declare const hearing: HearingPage;

withEars();

describe('clicks and baskets', () => {
  it('a mark with its item and the quantity of its form', async () => {
    await start();
    await page.click('#mark i');
    expect(await told('mark')).toEqual([
      {
        kind: 'mark',
        mark: {
          own: { event: 'add_to_cart', quantity: '3' },
          items: [{ item: 'L-1', price: '9,00' }],
        },
      },
    ]);
    await page.click('#plain');
    expect(await told('click')).toEqual([]);
  });

  it('autocapture gives the label and the link of the card', async () => {
    await start({ autocapture: true });
    await page.click('#plain');
    const url = `${served.url}/p/mug`;
    expect(await told('click')).toEqual([{ kind: 'click', text: 'Add to cart', url }]);
  });

  it('forms of both shop systems, and of their fields only those of the basket', async () => {
    await start();
    await page.click('#buy');
    await page.click('#woobuy');
    expect((await told('theme')).map(({ from, name, detail }) => [from, name, detail])).toEqual([
      ['shopify', 'form', { id: '111', quantity: '2' }],
      ['woocommerce', 'form', { quantity: '1', 'add-to-cart': '12' }],
    ]);
  });

  it("events of themes, Dawn's own channel and Shopify's page data", async () => {
    await page.evaluate(() => {
      const listeners: ((data: unknown) => void)[] = [];
      Object.assign(window, {
        ShopifyAnalytics: { meta: { page: { pageType: 'product' } } },
        publish: (_name: string, data: unknown) => listeners.forEach((one) => void one(data)),
        subscribe: (_name: string, run: (data: unknown) => void) => {
          listeners.push(run);
          return () => listeners.splice(0);
        },
      });
      hearing.start();
      const detail = { cart: { items: [], item_count: 0 } };
      document.documentElement.dispatchEvent(new CustomEvent('cart:updated', { detail }));
      const { publish } = window as unknown as { publish(name: string, data: unknown): void };
      publish('cart-update', { source: 'product-form' });
      hearing.stop();
      publish('cart-update', { source: 'nobody' });
    });
    expect((await told('theme')).map(({ name, detail }) => [name, detail])).toEqual([
      ['meta', { page: { pageType: 'product' } }],
      ['cart:updated', { cart: { items: [], item_count: 0 } }],
      ['cart-update', { source: 'product-form' }],
    ]);
  });

  it("WooCommerce's jQuery events, and the store of its blocks once it is loaded", async () => {
    await page.evaluate(() => {
      const handlers: Record<string, (...all: unknown[]) => void> = {};
      const on = (name: string, run: (...all: unknown[]) => void): void => {
        handlers[name.split('.')[0] as string] = run;
      };
      Object.assign(window, { jQuery: () => ({ on, off: () => undefined }) });
      hearing.start();
      const button = document.createElement('a');
      Object.assign(button.dataset, { product_id: '12' });
      handlers.added_to_cart?.({}, {}, 'hash', [button]);
      document.body.dispatchEvent(new CustomEvent('wc-blocks_added_to_cart'));
      let loaded = false;
      const cart = { items: [{ id: 12 }] };
      const select = () => ({ hasFinishedResolution: () => loaded, getCartData: () => cart });
      Object.assign(window, { wp: { data: { select } } });
      document.body.append('the basket loads');
      setTimeout(() => {
        loaded = true;
        document.body.append('the basket is there');
      }, 1000);
    });
    const themes = await until('theme', 3);
    expect(themes.map(({ name, detail }) => [name, detail])).toEqual([
      ['added_to_cart', { product_id: '12' }],
      ['wc-blocks_added_to_cart', null],
      ['store', { items: [{ id: 12 }] }],
    ]);
  });
});

it('from page to events: one view, one addition', async () => {
  await page.evaluate(() => Object.assign(window, { dataLayer: [] }));
  await start();
  await until('page', 1);
  await page.click('#mark');
  const understanding = new Understanding();
  const all = await page.evaluate(() => hearing.heard);
  const calls = all.flatMap((one) => understanding.hear(one, 1000).calls);
  calls.push(...understanding.settle(1000, true).calls);
  const names = calls.map(({ name, from }) => `${name} ${from}`);
  expect(names).toEqual(['view_item mark', 'add_to_cart mark', 'page_view page']);
});

it('the ears are small', () => {
  const bytes = gzipSync(readFileSync(join(folder, 'page.js')), { level: 9 }).length;
  // With this page's own few lines and the notice of the licences.
  expect(bytes).toBeLessThan(3100);
});
