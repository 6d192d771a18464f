/** What the tag hears, all the way into the history of a page's client. */
import { describe, expect, it } from 'vitest';
import type { Heard } from '../../sdk/capture/heard.ts';
import type { Client } from '../../sdk/client.ts';
import { readSettings } from '../../sdk/settings.ts';
import { openClient } from '../../sdk/surface.ts';
import { browser, freshBrowser, NONE, PERSONALISE, server, store } from './client-open.ts';
import { aPage } from './hearing.ts';

freshBrowser();

const LAMP = { '@type': 'Product', sku: 'L-1', name: 'Lamp', offers: { price: '9,00 €' } };
const layer = (entry: unknown): Heard => ({ kind: 'layer', entry });
const cart = (quantity: number): Heard => ({
  ...{ kind: 'theme', from: 'shopify', name: 'cart:updated' },
  detail: { cart: { item_count: quantity, items: [{ variant_id: 11, sku: 'L-1', quantity }] } },
});
const add = { event: 'add_to_cart', ecommerce: { items: [{ item_id: 'L-1', quantity: 1 }] } };

async function visit(
  options: Partial<Parameters<typeof readSettings>[1]> = {},
): Promise<{ client: Client; errors: string[]; close(): Promise<void>; set: SetConsent }> {
  const given = { endpoint: '/vitrine', trust: server.root.publicKey, assetBase: '/assets' };
  const settings = readSettings('shop', { ...given, consent: PERSONALISE, ...options });
  const errors: string[] = [];
  const { client, vitrine } = openClient(settings, browser.tab(), (one) =>
    one.on('error', ({ code }) => errors.push(code)),
  );
  return { client, errors, close: () => vitrine.shutdown(), set: vitrine.consent.set };
}
type SetConsent = (consent: typeof NONE) => Promise<void>;

async function kept(): Promise<string[]> {
  const events = (await store()?.readEvents()) ?? [];
  return events.flatMap(({ name, page, items }) =>
    name === 'dwell' ? [] : [`${name} ${page ?? items.map((one) => `${one.id}×${one.quantity}`)}`],
  );
}

describe('hearing', () => {
  it('what the page said before the engine was there keeps its time', async () => {
    const { client, close } = await visit();
    await browser.pass(2000);
    const toldMs = browser.nowMs - 700;
    client.hear(
      { kind: 'call', name: 'view_item', parameters: { items: [{ item_id: 'L-1' }] } },
      toldMs,
    );
    await browser.pass(100);
    const events = (await store()?.readEvents()) ?? [];
    expect(events.map(({ name, atMs }) => [name, atMs - toldMs])).toEqual([
      ['page_view', 0],
      ['view_item', 0],
      ['dwell', expect.any(Number)],
    ]);
    expect(events[2]?.dwellMs).toBeGreaterThanOrEqual(700);
    // A clock that is ahead makes no event of the future.
    client.hear(
      { kind: 'call', name: 'view_item', parameters: { items: [{ item_id: 'L-2' }] } },
      9e15,
    );
    await browser.pass(100);
    const last = ((await store()?.readEvents()) ?? []).at(-1);
    expect([last?.items[0]?.id, last?.atMs]).toEqual(['L-2', browser.nowMs - 100]);
    await close();
  });

  it('a page is told after a second, before which the shop may tell of it by itself', async () => {
    const { client, close } = await visit();
    await browser.pass(100);
    client.hear(aPage('/p/lamp', [LAMP]));
    await browser.pass(900);
    expect(await kept()).toEqual([]);
    await browser.pass(400);
    expect(await kept()).toEqual(['page_view product', 'view_item L-1×1']);
    await close();
  });

  it('a page that is left earlier is told all the same', async () => {
    const { client, close } = await visit();
    await browser.pass(100);
    client.hear(aPage('/p/lamp', [LAMP]));
    await browser.pass(10);
    await close();
    expect(await kept()).toEqual(['page_view product', 'view_item L-1×1']);
  });

  it('totals count from the stored history, on the next page too', async () => {
    const first = await visit();
    first.client.hear(layer(add));
    await browser.pass(200);
    first.client.hear(cart(1));
    await first.close();
    const second = await visit();
    second.client.hear(cart(3));
    await browser.pass(200);
    second.client.hear(cart(3));
    await browser.pass(200);
    expect((await kept()).filter((one) => !one.startsWith('page_view'))).toEqual([
      'add_to_cart L-1×1',
      'add_to_cart L-1×2',
    ]);
    await second.close();
  });

  it('totals count what a slow hook of the shop has not yet answered', async () => {
    const { client, close } = await visit({
      beforeCapture: async (event: never) => {
        await new Promise((resolve) => setImmediate(resolve));
        return event;
      },
    } as never);
    await browser.pass(100);
    client.hear(layer(add));
    client.hear(cart(1));
    await browser.pass(500);
    expect((await kept()).filter((one) => one.startsWith('add'))).toEqual(['add_to_cart L-1×1']);
    await close();
  });

  it('nothing is kept without consent, and a withdrawal forgets what was held', async () => {
    const { client, set, close } = await visit({ consent: 'required' });
    await browser.pass(100);
    client.hear(layer(add));
    await set(PERSONALISE);
    client.hear(aPage('/p/lamp', [LAMP]));
    await browser.pass(10);
    await set(NONE);
    await browser.pass(3000);
    expect(store()).toBeUndefined();
    await close();
  });

  it('what cannot be read is an error by name, and the page goes on', async () => {
    const { client, errors, close } = await visit();
    await browser.pass(100);
    client.hear(aPage('/p/lamp', ['{"@type": Product']));
    client.hear({ kind: 'theme' } as never);
    client.hear(null as never);
    client.hear(layer({ event: 'add_to_cart', ecommerce: { items: 'x' } }));
    await browser.pass(2000);
    expect(errors).toEqual(['bad-json-ld']);
    await close();
  });
});
