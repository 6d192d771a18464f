/** `<vitrine-shelf>` in Chromium, under a policy without inline styles and with Trusted Types. */
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { scene } from './elements/client.ts';
import { scripted } from './elements/scripted.ts';
import { soon } from './elements/soon.ts';
import { faults, painted, type StageWindow, shiftsOf, show, stage } from './elements/stage.ts';

stage();

const SHELF = '<vitrine-shelf limit="4"></vitrine-shelf><p>below</p>';
const LOOKS = [
  ['en', 'light', 1100],
  ['en', 'dark', 390],
  ['zh-CN', 'light', 390],
  ['zh-CN', 'dark', 1100],
] as const;

describe('vitrine-shelf', () => {
  it.each(LOOKS)(
    'is a list of links that axe finds nothing in: %s, %s, %i',
    async (lang, colorScheme, width) => {
      const viewport = { width, height: 800 };
      const page = await show(SHELF, { lang, colorScheme, viewport });
      const list = page.getByRole('region').getByRole('list');
      await list.getByRole('link').first().waitFor();
      expect(await list.getByRole('listitem').count()).toBe(4);
      const first = await list.getByRole('link').first().textContent();
      expect(first).toBe(lang === 'en' ? 'FernAsh lamp€12.50' : '蕨白蜡木台灯¥12.50');
      const heading = await page.getByRole('heading', { level: 2 }).textContent();
      expect(heading).toBe(lang === 'en' ? 'For you' : '为您推荐');
      expect(await list.locator('img:not([alt])').count()).toBe(0);
      expect(await faults(page)).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
    },
  );

  it('shifts nothing: skeleton, items, other items, fewer items, none', async () => {
    const page = await show(SHELF, {
      before: () => {
        // The answer waits until the skeleton was seen.
        const own = window as unknown as { vitrine: { recommend(): unknown }; answer: () => void };
        const { recommend } = own.vitrine;
        const gate = new Promise<void>((open) => {
          own.answer = open;
        });
        own.vitrine.recommend = async () => {
          await gate;
          return recommend();
        };
      },
    });
    await page.locator('vitrine-shelf .bone').first().waitFor();
    await painted(page);
    const height = () =>
      page
        .locator('vitrine-shelf [part=section]')
        .evaluate((one) => one.getBoundingClientRect().height);
    const bones = await height();
    // What sdk/ELEMENTS.md has the page reserve.
    expect(bones).toBeLessThanOrEqual(20.5 * 16);
    await page.evaluate(() => (window as unknown as { answer(): void }).answer());
    await page.getByRole('link').first().waitFor();
    await painted(page);
    for (const items of [[3, 1, 0, 2], [5], []]) {
      await page.evaluate((places) => {
        const { scene, fire } = window as unknown as StageWindow;
        const list = places.map((i) => ({ id: `g${i}`, score: 1, why: [] }));
        (scene.results as { items: unknown }).items = list;
        fire('update');
      }, items);
      await soon(() => page.getByRole('link').count()).toBe(items.length);
      await painted(page);
      expect(await height()).toBe(bones);
    }
    await page.getByText('Nothing to recommend yet.').waitFor();
    expect(await shiftsOf(page)).toEqual([]);
  });

  it('stays in order while focus or the pointer is inside, and turns afterwards', async () => {
    const page = await show(SHELF);
    const titles = () => page.locator('vitrine-shelf [part=title]').allTextContents();
    await page.getByRole('link').nth(1).focus();
    const before = await titles();
    const turn = () =>
      page.evaluate(() => {
        const { scene, fire } = window as unknown as StageWindow;
        const results = scene.results as unknown as { items: unknown[] };
        results.items = results.items.toReversed();
        fire('update');
      });
    const asked = () =>
      page.evaluate(() => (window as unknown as StageWindow).asked.recommend as number);
    const once = await asked();
    await turn();
    await soon(asked).toBe(once + 1);
    await painted(page);
    expect(await titles()).toEqual(before);
    const focused = () =>
      page.evaluate(() => {
        const shelf = document.querySelector('vitrine-shelf');
        return shelf?.shadowRoot?.activeElement?.getAttribute('href');
      });
    expect(await focused()).toBe('/goods/g1');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await soon(titles).not.toEqual(before);
    const turned = await titles();
    await page.getByRole('link').first().hover();
    await turn();
    await soon(asked).toBe(once + 2);
    await painted(page);
    expect(await titles()).toEqual(turned);
    await page.getByRole('heading', { level: 1 }).hover();
    await soon(titles).toEqual(before);
  });

  it('tells a choice, and tracks it as select_item', async () => {
    const page = await show(SHELF);
    await page.evaluate(() =>
      document.addEventListener('vitrine-select', (event) => {
        const { detail } = event as CustomEvent<{ id: string; index: number; source: string }>;
        document.title = `${detail.id} ${detail.index} ${detail.source}`;
        event.preventDefault();
      }),
    );
    await page.getByRole('link').nth(2).focus();
    await page.keyboard.press('Enter');
    await soon(() => page.title()).toBe('g2 2 model');
    expect(page.url()).toMatch(/\/page$/);
    expect(await page.evaluate(() => (window as unknown as StageWindow).tracked)).toEqual([
      [
        'select_item',
        {
          item_list_id: 'vitrine-for-you',
          items: [{ item_id: 'g2', item_name: 'Kettle', index: 2 }],
        },
      ],
    ]);
  });

  it('takes hostile cards for text, no address but http(s), and drops what nobody knows', async () => {
    const page = await show('<vitrine-shelf limit="6"></vitrine-shelf>', {
      before: () => {
        const { scene } = window as unknown as StageWindow;
        const change = (i: number, by: object): object =>
          Object.assign(scene.cards[i] as object, by);
        change(0, {
          title: '<img src=x onerror=alert(1)>',
          url: 'javascript:alert(1)',
          image: 'data:text/html,x',
        });
        change(1, { title: '\u202e{{7*7}}"><script>', url: 'https://[bad', price: Number.NaN });
        change(2, { title: 'x'.repeat(5000), price: -1, currency: '<b>' });
        change(3, { title: 'g3', url: null });
        change(4, { price: 3, currency: 'nonsense' });
        scene.cards.splice(5, 1);
      },
    });
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    const shown = await page.evaluate(() => {
      const root = document.querySelector('vitrine-shelf')?.shadowRoot as ShadowRoot;
      const all = (part: string) => [...root.querySelectorAll(`li:not(.blank) [part=${part}]`)];
      return {
        titles: all('title').map((one) => one.textContent?.slice(0, 8)),
        links: all('link').map((one) => one.getAttribute('href')),
        images: all('media').map((one) => one.querySelector('img')?.getAttribute('src') ?? null),
        prices: all('price').map((one) => one.textContent),
      };
    });
    expect(shown).toEqual({
      titles: ['<img src', '\u202e{{7*7}}', 'xxxxxxxx', 'Fern pot', 'Oak boar', 'Wool bla'],
      links: [null, null, '/goods/g2', '/goods/g4', '/goods/g6', '/goods/g7'],
      images: [
        null,
        '/pictures/1.svg',
        '/pictures/2.svg',
        '/pictures/4.svg',
        '/pictures/6.svg',
        '/pictures/7.svg',
      ],
      prices: ['€12.50', '', '', '3', '€87.50', '€100.00'],
    });
  });

  it('draws by the shop\u2019s template, resolver and render hook', async () => {
    const template = `<vitrine-shelf limit="2"><template><a data-href="url" class="tile">
      <img data-src="image" data-alt="title"><b data-text="title"></b><i data-text="price"></i></a></template></vitrine-shelf>`;
    const page = await show(template);
    const tile = page.locator('vitrine-shelf > .tile').first();
    await tile.waitFor();
    expect(await tile.getAttribute('href')).toBe('/goods/g0');
    expect(await tile.locator('img').getAttribute('alt')).toBe('Ash lamp');
    expect(await tile.locator('i').textContent()).toBe('€12.50');
    await page.evaluate(() => {
      const shelf = document.querySelector('vitrine-shelf') as HTMLElement &
        Record<string, unknown>;
      shelf.items = (ids: string[]) => ids.map((id) => ({ id, title: `own ${id}`, url: `?${id}` }));
      shelf.render = ({ title }: { title: string }) => {
        const made = document.createElement('button');
        made.textContent = title;
        return made;
      };
    });
    await page.getByRole('button', { name: 'own g1' }).waitFor();
    expect(await page.locator('.tile').count()).toBe(0);
    expect(await page.getByRole('listitem').count()).toBe(2);
  });

  it('shows the shop\u2019s own content without a client, and the client\u2019s when it comes', async () => {
    const own =
      '<vitrine-shelf limit="3"><p>Our favourites: <a href="/a">A</a></p></vitrine-shelf>';
    const page = await show(own, { isAlone: true });
    await page.locator('vitrine-shelf[data-state=fallback]').waitFor();
    const link = page.getByRole('link', { name: 'A' });
    expect(await link.isVisible()).toBe(true);
    // In the place of the list, not below it.
    const top = async (one: Locator): Promise<number> => (await one.boundingBox())?.y ?? NaN;
    const below = (await top(link)) - (await top(page.getByRole('heading', { name: 'For you' })));
    expect(below).toBeLessThan(80);
    expect(await faults(page)).toEqual([]);
    await page.evaluate(() => {
      // A stub is not yet a client.
      (window as unknown as StageWindow).vitrine = {
        queue: [],
        recommend: () => new Promise(() => undefined),
      };
    });
    await page.evaluate(`(${scripted})(${JSON.stringify(scene(false))})`);
    await page.locator('vitrine-shelf[data-state=ready]').waitFor();
    expect(await page.getByRole('listitem').count()).toBe(3);
    expect(await page.getByRole('link', { name: 'A', exact: true }).isVisible()).toBe(false);
  });
});
