import { describe, expect, it } from 'vitest';
import { page, served, start, told, until, withEars } from './hear/ears.ts';
import type { HearingPage } from './hear/page.ts';

declare const hearing: HearingPage;

withEars();

describe('the data layer', () => {
  const entries = async (): Promise<unknown[]> => (await told('layer')).map(({ entry }) => entry);

  it('replays what is there, and keeps push as it is for everybody else', async () => {
    const lengths = await page.evaluate(() => {
      const layer: unknown[] = [{ event: 'early' }];
      Object.assign(window, { dataLayer: layer });
      hearing.start();
      const first = layer.push({ event: 'a' }, { event: 'b' });
      const inner = layer.push;
      layer.push = (...all) => inner.apply(layer, all) * 10;
      const tenfold = layer.push({ event: 'c' });
      return [first, tenfold, layer.length];
    });
    expect(lengths).toEqual([3, 40, 4]);
    const events = ['early', 'a', 'b', 'c'].map((event) => ({ event }));
    expect(await entries()).toEqual(events);
  });

  it('gives plain copies of anything, and never an exception to the shop', async () => {
    await page.evaluate(() => {
      const layer: unknown[] = [];
      Object.assign(window, { dataLayer: layer });
      hearing.start();
      function gtag(..._all: unknown[]): void {
        // biome-ignore lint/complexity/noArguments: gtag pushes its arguments object.
        layer.push(arguments);
      }
      gtag('event', 'view_item', { value: 1n });
      const cycle: Record<string, unknown> = { event: 'odd', element: document.body, run: gtag };
      cycle.self = cycle;
      Object.defineProperty(cycle, 'trap', {
        enumerable: true,
        get() {
          throw new Error('trap');
        },
      });
      layer.push(cycle, { long: 'x'.repeat(1e6), many: new Array(1e5).fill(1), nan: Number.NaN });
      layer.push(
        new Proxy(
          {},
          {
            ownKeys() {
              throw new Error('proxy');
            },
          },
        ),
      );
      layer.push('text', null, undefined, 7);
    });
    const [arguments_, odd, big] = (await entries()) as [unknown, object, Record<string, string>];
    expect(arguments_).toEqual(['event', 'view_item', { value: '1' }]);
    expect(odd).toEqual({ event: 'odd', element: null, run: null, self: null, trap: null });
    expect([big.long?.length, big.many?.length, big.nan]).toEqual([5000, 1000, null]);
  });

  it('hears an array that comes later, is replaced, or is pushed to behind our back', async () => {
    await page.evaluate(() => {
      hearing.start();
      Object.assign(window, { dataLayer: [{ event: 'first' }] });
      window.dispatchEvent(new Event('load'));
      Object.assign(window, { dataLayer: [{ event: 'second' }] });
      document.body.click();
      const { dataLayer } = window as unknown as { dataLayer: unknown[] };
      dataLayer.push({ event: 'third' });
      Array.prototype.push.call(dataLayer, { event: 'fourth' });
      document.body.click();
      document.body.click();
    });
    const events = ['first', 'second', 'third', 'fourth'].map((event) => ({ event }));
    expect(await entries()).toEqual(events);
  });

  it('by another name, or not at all', async () => {
    await page.evaluate(() => {
      Object.assign(window, { dataLayer: [{ event: 'no' }], myLayer: [{ event: 'yes' }] });
      hearing.start({ dataLayer: 'myLayer' });
      hearing.stop();
      hearing.start({ dataLayer: false });
    });
    expect(await entries()).toEqual([{ event: 'yes' }]);
  });

  it('of a long one from before the newest, in slices, and what is pushed meanwhile after them', async () => {
    const atOnce = await page.evaluate(() => {
      const items = Array.from({ length: 1000 }, (_, i) => ({ id: `I-${i}`, a: 1, b: 2, c: 3 }));
      const layer: unknown[] = Array.from({ length: 10_000 }, (_, n) => ({ n, items }));
      Object.assign(window, { dataLayer: layer });
      hearing.start();
      const entry = { event: 'live' };
      layer.push(entry);
      entry.event = 'changed';
      return hearing.heard.filter(({ kind }) => kind === 'layer').length;
    });
    expect(atOnce).toBeLessThan(100);
    await page.waitForFunction(() =>
      hearing.heard.some((one) => 'entry' in one && 'event' in (one.entry as object)),
    );
    const [last, numbers] = await page.evaluate(() => {
      const layer = hearing.heard.filter((one) => one.kind === 'layer');
      const all = layer.map(({ entry }) => entry as { n: number });
      return [all.pop(), all.map(({ n }) => n)] as const;
    });
    expect(last).toEqual({ event: 'live' });
    expect(numbers.length).toBeLessThanOrEqual(100);
    expect(numbers).toEqual(numbers.map((_, i) => 10_000 - numbers.length + i));
  });

  it('a second start hears it all again, a stopped one nothing', async () => {
    await page.evaluate(() => {
      const layer: unknown[] = [{ event: 'a' }];
      Object.assign(window, { dataLayer: layer });
      hearing.start();
      hearing.stop();
      layer.push({ event: 'b' });
      hearing.start();
    });
    const events = ['a', 'a', 'b'].map((event) => ({ event }));
    expect(await entries()).toEqual(events);
  });
});

describe('the page', () => {
  it('tells its structured data, microdata and marks as plain trees', async () => {
    await start();
    const [heard] = await until('page', 1);
    const { url } = served;
    expect(heard).toEqual({
      ...{
        kind: 'page',
        url: `${url}/p/lamp`,
        canonical: `${url}/p/lamp`,
        title: 'Lamp',
        lang: 'en',
      },
      jsonLd: ['{"@type":"Product","sku":"L-1","name":"Lamp","offers":{"price":9}}'],
      microdata: [
        {
          type: 'https://schema.org/Product',
          properties: [
            ['name', 'Lamp'],
            ['image', `${url}/lamp.jpg`],
            [
              'offers',
              {
                type: 'https://schema.org/Offer',
                properties: [
                  ['price', '9.00'],
                  ['name', 'An offer'],
                ],
              },
            ],
          ],
        },
      ],
      meta: { 'og:type': 'product' },
      marks: [
        { own: { event: 'view_item' }, items: [{ item: 'L-1', price: '9,00' }] },
        { own: { event: 'add_to_cart' }, items: [{ item: 'L-1', price: '9,00' }] },
      ],
    });
  });

  it('tells of every product of a long list, and of an offer behind many reviews', async () => {
    await page.evaluate(() => {
      const scope = (name: string, inner: string): string =>
        `<div itemprop="${name}" itemscope itemtype="https://schema.org/Thing">${inner}</div>`;
      const props = ['sku', 'name', 'url'].map((name) => `<b itemprop="${name}">1</b>`).join('');
      const parts = [
        scope('itemListElement', scope('item', props)).repeat(60),
        scope('review', props).repeat(99) + scope('offers', '<b itemprop="price">12</b>'),
      ];
      document.body.innerHTML = parts.map((one) => `<main itemscope>${one}</main>`).join('');
    });
    await start();
    const [heard] = await until('page', 1);
    const [list, product] = heard?.microdata ?? [];
    expect(list?.properties).toHaveLength(60);
    const offer = { type: 'https://schema.org/Thing', properties: [['price', '12']] };
    expect(product?.properties.at(-1)).toEqual(['offers', offer]);
  });

  it('tells of a route once it has settled, and of nothing when nothing changes', async () => {
    await start();
    await until('page', 1);
    await page.evaluate(() => {
      history.pushState({}, '', '/p/mug');
      const script = document.querySelector('script[type="application/ld+json"]') as Element;
      script.textContent = '{"@type":"Product","sku":"M-1","name":"Mug"}';
    });
    const [, second] = await until('page', 2);
    expect(second?.url).toBe(`${served.url}/p/mug`);
    expect(second?.jsonLd[0]).toContain('M-1');
    await page.evaluate(() => {
      document.title = 'another';
      document.body.append(document.createElement('p'));
      document.querySelector('script[type="application/ld+json"]')?.append(' ');
    });
    const third = (await until('page', 3))[2];
    expect(third?.jsonLd[0]?.endsWith('} ')).toBe(true);
    expect(await told('page')).toHaveLength(3);
  });

  it('without the Navigation API a route shows itself by what it changes', async () => {
    await page.addInitScript(() =>
      Object.defineProperty(window, 'navigation', { value: undefined }),
    );
    await page.reload();
    const { pushState } = await page.evaluate(() => {
      const { pushState } = history;
      hearing.start();
      return { pushState: pushState === history.pushState };
    });
    expect(pushState).toBe(true);
    await until('page', 1);
    await page.evaluate(() => {
      history.pushState({}, '', '/p/cup');
      document.body.append('cup');
    });
    expect((await until('page', 2))[1]?.url).toBe(`${served.url}/p/cup`);
  });

  it('each way can be switched off', async () => {
    await start({ jsonLd: false, microdata: false, attributes: false });
    expect((await until('page', 1))[0]).toMatchObject({
      jsonLd: [],
      microdata: [],
      marks: [],
      meta: {},
    });
    await page.click('#mark');
    await page.click('#plain');
    expect([...(await told('mark')), ...(await told('click'))]).toEqual([]);
  });
});
