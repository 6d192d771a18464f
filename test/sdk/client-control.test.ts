/** What the page and the device may stop: hooks of the shop, a low battery, a wish to save data. */
import { describe, expect, it } from 'vitest';
import type { ReportPreview } from '../../sdk/api.ts';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import {
  ask,
  BOTH,
  browser,
  freshBrowser,
  ITEM,
  NONE,
  open,
  PERSONALISE,
  server,
  store,
} from './client-open.ts';

freshBrowser();

const viewsOf = async (): Promise<string[]> =>
  ((await store()?.readEvents()) ?? [])
    .filter(({ name }) => name === 'view_item')
    .map(({ items }) => items[0]?.id ?? '');

const view = (id: string): { items: { item_id: string }[] } => ({ items: [{ item_id: id }] });

describe('beforeCapture', () => {
  it('sees the event as it would be kept, and may change it', async () => {
    const seen: ShopEvent[] = [];
    const { shop, errors } = await open({
      consent: PERSONALISE,
      beforeCapture: (event) => {
        seen.push(structuredClone(event));
        const items = event.items.map((item) => ({ ...item, id: `x-${item.id}`, price: '9,50' }));
        return { ...event, items, atMs: 0, session: 99, secret: 'kept out' } as never;
      },
    });
    shop.track('view_item', { currency: 'eur', items: [ITEM] });
    await browser.pass(100);
    expect(seen.map(({ name }) => name)).toEqual(['page_view', 'view_item']);
    expect(seen[1]).toMatchObject({ currency: 'EUR', items: [{ id: 'item-1', price: 12.5 }] });
    const stored = (await store()?.readEvents()) ?? [];
    const { key: _key, ...kept } = stored.at(-1) ?? { key: 0 };
    expect(kept).toEqual({
      ...seen[1],
      items: [{ id: 'x-item-1', name: 'Teapot', price: 9.5, quantity: 1 }],
    });
    expect(errors).toEqual([]);
  });

  it.each([
    ['search', { search_term: 'tea' }],
    ['rate_item', { rating: 4, text: 'good', ...view('a') }],
    ['view_promotion', { promotion_id: 'p', creative_name: 'arm', ...view('a') }],
    ['purchase', { currency: 'EUR', value: 12, items: [{ item_id: 'a', item_brand: 'b' }] }],
    ['page_view', { page: 'product' }],
  ] as const)('changes nothing of a %s that it returns as it is', async (name, parameters) => {
    const plain = await open({ consent: PERSONALISE });
    plain.shop.track(name, parameters);
    await browser.pass(100);
    const before = await store()?.readEvents();
    await ask(plain.shop.erase(), 3000);
    const at = (before ?? []).map(({ atMs }) => atMs);
    const hooked = await open({ consent: PERSONALISE, beforeCapture: (event) => event });
    hooked.shop.track(name, parameters);
    await browser.pass(100);
    const after = await store()?.readEvents();
    expect(after?.map((event, i) => ({ ...event, atMs: at[i] }))).toEqual(before);
    expect(before?.at(-1)?.name).toBe(name);
  });

  it('drops an event in silence when it returns null', async () => {
    const { shop, errors, updates } = await open({
      consent: PERSONALISE,
      beforeCapture: (event) => (event.items[0]?.id === 'secret' ? null : event),
    });
    updates.length = 0;
    for (const id of ['secret', 'item-2', 'secret']) shop.track('view_item', view(id));
    await browser.pass(100);
    expect(await viewsOf()).toEqual(['item-2']);
    expect(errors).toEqual([]);
    const profile = await ask(shop.profile());
    expect(JSON.stringify(profile)).not.toContain('secret');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('shop');
      },
    ],
    ['rejects', () => Promise.reject(new Error('shop'))],
    ['returns nothing', () => undefined],
    ['returns a text', () => 'view_item'],
    ['returns a list', () => []],
    ['names no known event', (event: ShopEvent) => ({ ...event, name: 'watched' })],
    ['takes away what the event needs', (event: ShopEvent) => ({ ...event, items: [] })],
    [
      'returns what cannot be read',
      (event: ShopEvent) => ({
        ...event,
        get items() {
          throw new Error('unreadable');
        },
      }),
    ],
  ])('drops the event by name when it %s', async (_name, hook) => {
    const { shop, errors } = await open({
      consent: PERSONALISE,
      beforeCapture: (event) => (event.name === 'view_item' ? (hook(event) as never) : event),
    });
    shop.track('view_item', view('item-1'));
    shop.track('add_to_cart', view('item-2'));
    await browser.pass(100);
    expect(errors).toEqual(['before-capture']);
    expect((await store()?.readEvents())?.map(({ name }) => name)).toEqual([
      'page_view',
      'add_to_cart',
    ]);
  });

  it('keeps the order when it answers later, and nothing after a withdrawal', async () => {
    const answers: (() => void)[] = [];
    const { shop } = await open({
      consent: PERSONALISE,
      beforeCapture: ((event: ShopEvent) =>
        new Promise((resolve) => answers.push(() => resolve(event)))) as never,
    });
    for (const id of ['item-1', 'item-2', 'item-3']) shop.track('view_item', view(id));
    for (const answer of answers.splice(0).reverse()) answer();
    await browser.pass(100);
    expect(await viewsOf()).toEqual(['item-1', 'item-2', 'item-3']);
    shop.track('view_item', view('item-4'));
    await ask(shop.consent.set(NONE), 3000);
    await ask(shop.consent.set(PERSONALISE), 3000);
    for (const answer of answers.splice(0)) answer();
    await browser.pass(100);
    expect(await viewsOf()).toEqual([]);
  });
});

describe('beforeContribute', () => {
  const asked: ReportPreview[] = [];
  const hooked = (answer: unknown) => {
    asked.length = 0;
    return {
      consent: BOTH,
      beforeContribute: (report: ReportPreview) => {
        asked.push(report);
        if (answer instanceof Error) throw answer;
        return answer as boolean;
      },
    };
  };

  it('is told of every report alike, with or without a history, and of nothing else', async () => {
    const { shop, outcomes } = await open(hooked(true));
    await browser.pass(60_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
    const [{ bytes, epsilon } = { bytes: 0, epsilon: 0 }] = (await shop.privacyReport()).reports;
    expect(asked).toEqual([{ task: 'wide', round: 1, bytes, epsilon }]);
    const empty = structuredClone(asked);
    await ask(shop.erase(), 3000);
    const next = await open(hooked(true));
    for (let i = 0; i < 20; i++) next.shop.track('view_item', view(`item-${i}`));
    server.openRound(1, browser.nowMs);
    await browser.pass(60_000);
    expect(asked).toEqual(empty);
  });

  it.each([
    [false, []],
    [undefined, ['before-contribute']],
    ['yes', ['before-contribute']],
    [new Error('shop'), ['before-contribute']],
  ])(
    'that answers %s: nothing is fetched, charged or sent, and status says why',
    async (answer, codes) => {
      const { shop, outcomes, errors } = await open(hooked(answer));
      await browser.pass(30_000);
      expect(outcomes).toMatchObject([{ state: 'skipped', reason: 'before-contribute' }]);
      expect(asked).toHaveLength(1);
      expect(errors).toEqual(codes);
      expect(browser.workersStarted).toBe(0);
      expect(await store()?.readLedger()).toEqual([]);
      expect(server.received).toEqual([]);
      const [task] = (await shop.status()).tasks;
      expect(task?.words).toContain("The page's own beforeContribute kept this report");
      server.openRound(2, browser.nowMs);
      await browser.pass(60_000);
      expect(asked.map(({ round }) => round)).toEqual([1, 2]);
    },
  );

  it('is not asked where the coin, the quiet period or consent say no', async () => {
    await open({ ...hooked(true), consent: PERSONALISE });
    await browser.pass(60_000);
    expect(asked).toEqual([]);
  });

  it('that never answers is ended with the page', async () => {
    const { shop, tab } = await open({
      consent: BOTH,
      beforeContribute: (() => new Promise(() => undefined)) as never,
    });
    await browser.pass(30_000);
    await tab.fire('hidden');
    await browser.pass(1000);
    expect((await shop.status()).tasks[0]?.lastOutcome).toMatchObject({ reason: 'aborted' });
    expect(server.received).toEqual([]);
  });
});
