/** What a client still holds, tells and answers when consent is withdrawn in the middle of something. */
import { describe, expect, it } from 'vitest';
import type { PageProduct } from '../../sdk/capture/understand-product.ts';
import { readSettings } from '../../sdk/settings.ts';
import { openClient } from '../../sdk/surface.ts';
import {
  ask,
  browser,
  freshBrowser,
  ITEM,
  NONE,
  open,
  PERSONALISE,
  server,
} from './client-open.ts';

freshBrowser();

const product = (id: string, title: string): PageProduct => ({
  ...{ id, groupId: null, title, description: '', brand: null, category: null, price: null },
  ...{ currency: null, url: null, image: null, lang: null },
});

async function goodsShop() {
  const tab = browser.tab();
  const settings = readSettings('shop', {
    endpoint: '/vitrine',
    trust: server.root.publicKey,
    assetBase: '/assets',
    consent: PERSONALISE,
  });
  const opened = openClient(settings, tab);
  const errors: string[] = [];
  opened.vitrine.on('error', ({ code, message }) => errors.push(`${code} ${message}`));
  await browser.pass(3000);
  opened.client.goods.hear([product('cup-a', 'Blue tea cup'), product('cup-b', 'Red tea cup')]);
  await browser.pass(1000);
  return { ...opened, errors };
}

describe('in the middle of recommend()', () => {
  it('goods that a page tells of meanwhile fit the answer', async () => {
    const { vitrine, client, errors } = await goodsShop();
    vitrine.track('view_item', { items: [{ item_id: 'cup-a' }] });
    const answer = vitrine.recommend({ limit: 50 });
    for (let i = 0; i < 40; i++) {
      client.goods.hear([product(`new-${i}`, `Tea cup number ${i}`)]);
      vitrine.track('view_item', { items: [{ item_id: `new-${i}` }] });
      await Promise.resolve();
    }
    const { items } = await ask(answer);
    expect(errors).toEqual([]);
    expect(items.length).toBeGreaterThan(10);
    expect(items.every(({ id, score }) => typeof id === 'string' && Number.isFinite(score))).toBe(
      true,
    );
    await vitrine.shutdown();
  });

  it.each(['settled', 'tally'] as const)(
    'withdrawn while it waits for %s: no error, and nothing of what is erased',
    async (method) => {
      const { vitrine, client, errors } = await goodsShop();
      vitrine.track('view_item', { items: [{ item_id: 'cup-a' }] });
      const { goods } = client;
      const before = goods[method].bind(goods) as () => Promise<never>;
      let gone: Promise<void> | undefined;
      goods[method] = async () => {
        const answer = await before();
        gone ??= vitrine.consent.set(NONE);
        return answer;
      };
      const { items, state } = await ask(vitrine.recommend({ limit: 50 }));
      await ask(gone ?? Promise.reject(new Error('was not asked')));
      expect([errors, items, state]).toEqual([[], [], 'no-catalogue']);
      await vitrine.shutdown();
    },
  );
});

it('a hook that never answered holds up nothing after the withdrawal', async () => {
  let hangs = true;
  const { shop, errors } = await open({
    consent: PERSONALISE,
    beforeCapture: (event) => (hangs ? new Promise(() => undefined) : event) as never,
  });
  shop.track('view_item', { items: [ITEM] });
  await browser.pass(100);
  await ask(shop.consent.set(NONE));
  hangs = false;
  await ask(shop.consent.set(PERSONALISE));
  shop.track('view_item', { items: [ITEM] });
  expect((await ask(shop.profile())).events).toBe(2);
  expect(errors).toEqual([]);
});
