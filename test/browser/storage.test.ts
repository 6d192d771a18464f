/** "Bad input": IndexedDB forbidden or full, a page that is left at once, and the real contract. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  databasesOf,
  eventsOf,
  type Gate,
  goodIds,
  newPage,
  nothingHappens,
  ONCE_MORE,
  openGate,
  problemsOf,
  recommendOf,
  reportsOf,
  statusOf,
  tagPage,
  track,
  until,
} from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

let shop: ShopFixture;
let gate: Gate;
let browser: Launched;
let context: BrowserContext;
let goods: string[];
let problems: string[] = [];

beforeAll(async () => {
  shop = await startShop({ drafts: testDrafts({ participations: 20, windowMs: 5_000 }) });
  gate = await openGate(shop);
  browser = await launchChromium();
  goods = await goodIds(6);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await gate?.close();
  await shop?.close();
});

beforeEach(async () => {
  gate.passed.length = 0;
  gate.workerPrefix = '';
  problems = [];
  gate.pages['/tag'] = tagPage({ ...shop, endpoint: gate.url });
  gate.pages['/empty'] = '<!doctype html><title>empty</title><link rel="icon" href="data:,">';
  context = await browser.browser.newContext();
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

/**
 * What cleaning leaves: views of six goods, one page view of six of the same kind within two
 * seconds, and the dwell of the last once it has been looked at.
 */
const VIEWS = [7, 8];

const posts = (): number => gate.passed.filter(({ method }) => method === 'POST').length;

interface Stored {
  readonly name: string;
  readonly items: readonly { readonly id: string }[];
  readonly dwellMs?: number;
  readonly page?: string;
}

const storedOf = (page: Page): Promise<Stored[]> =>
  page.evaluate(async () => {
    const { events } = (await window.vitrine.exportData()) as { events: Stored[] };
    return events;
  });

async function visit(path = '/tag'): Promise<Page> {
  const page = await newPage(context, problems);
  await page.goto(gate.url + path);
  return page;
}

describe('IndexedDB forbidden', ONCE_MORE, () => {
  it.each([
    [
      'the getter throws',
      `Object.defineProperty(globalThis, 'indexedDB', {
        get() { throw new DOMException('denied', 'SecurityError'); } });`,
    ],
    [
      'open throws',
      `IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };`,
    ],
    [
      'open fails',
      `IDBFactory.prototype.open = () => {
        const request = new EventTarget();
        request.error = new DOMException('denied', 'UnknownError');
        setTimeout(() => request.dispatchEvent(new Event('error')), 5);
        Object.setPrototypeOf(request, IDBOpenDBRequest.prototype);
        Object.defineProperty(request, 'error', { value: new DOMException('no', 'UnknownError') });
        return request; };`,
    ],
  ])('%s: storage-blocked, the page remembers by itself, nothing is sent', async (_n, before) => {
    gate.pages['/blocked'] = tagPage({ ...shop, endpoint: gate.url, before });
    gate.workerPrefix = `${before}\n`;
    const page = await visit('/blocked');
    await track(page, goods);
    await until('a task', async () => (await statusOf(page)).tasks.length > 0);
    const status = await statusOf(page);
    expect(status).toMatchObject({ state: 'storage-blocked', storage: 'memory' });
    await until('storage', async () =>
      (await statusOf(page)).tasks.every(({ reason }) => reason === 'storage'),
    );
    const { source, ids } = await recommendOf(page);
    expect(source).toBe('content');
    expect(ids).toHaveLength(3);
    const kept = (await storedOf(page)).filter(({ name }) => name === 'view_item');
    expect(kept.map(({ items }) => items[0]?.id)).toEqual(goods);
    await nothingHappens();
    expect(posts()).toBe(0);
    expect(await reportsOf(page)).toEqual([]);
    await page.evaluate(() => window.vitrine.erase());
    expect(await storedOf(page).catch(() => 'nothing')).toBeUndefined();
    expect((await statusOf(page)).state).toBe('consent-required');
    expect(await problemsOf(page)).toEqual([]);
  });

  it('an opaque origin: storage-blocked, the list falls back or ranks, nothing is sent', async () => {
    gate.pages['/outer'] =
      `<!doctype html><link rel="icon" href="data:,"><iframe sandbox="allow-scripts" src="/tag"></iframe>`;
    const page = await visit('/outer');
    const frame = await until('the frame', async () =>
      page.frames().find((one) => one.url().endsWith('/tag')),
    );
    const inside = frame as unknown as Page;
    await until('the tag', () => frame.evaluate(() => typeof window.vitrine === 'object'));
    await track(inside, goods);
    await until('a state', async () => (await statusOf(inside)).state !== 'starting');
    await until('the first look', async () => (await recommendOf(inside)).ids.length > 0);
    const status = await statusOf(inside);
    expect(status).toMatchObject({ state: 'storage-blocked', storage: 'memory' });
    expect(VIEWS).toContain(await eventsOf(inside));
    expect(['content', 'popular']).toContain((await recommendOf(inside)).source);
    await nothingHappens();
    expect(posts()).toBe(0);
    expect(await problemsOf(inside)).toEqual([]);
  });
});

/** The shop's own data takes what room there is. */
const fill = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('filler');
        request.onupgradeneeded = () =>
          request.result.createObjectStore('s', { autoIncrement: true });
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const sizes = [60_000, 10_000, 1000, 100, 10, 1];
          const next = (): void => {
            const [size] = sizes;
            if (size === undefined) {
              resolve();
              return;
            }
            const tx = request.result.transaction('s', 'readwrite');
            tx.objectStore('s').add(crypto.getRandomValues(new Uint8Array(size)));
            tx.oncomplete = next;
            tx.onabort = () => {
              sizes.shift();
              next();
            };
          };
          next();
        };
      }),
  );

describe('IndexedDB full', ONCE_MORE, () => {
  it('says storage-blocked, keeps everything, sends nothing, and writes when there is room', async () => {
    gate.pages['/own'] = tagPage({ ...shop, endpoint: gate.url, consent: 'personalise' });
    const page = await visit('/empty');
    const session = await context.newCDPSession(page);
    const quota = { origin: gate.url, quotaSize: 8_000_000 };
    await session.send('Storage.overrideQuotaForOrigin', quota);
    await page.goto(`${gate.url}/own`);
    await until('ready', async () => (await statusOf(page)).state === 'ready');
    await track(page, goods.slice(0, 4));
    const views = async (): Promise<(string | undefined)[]> =>
      (await storedOf(page))
        .filter(({ name }) => name === 'view_item')
        .map(({ items }) => items[0]?.id);
    await until('four events', async () => (await views()).length === 4);
    await fill(page);
    await track(page, goods.slice(4));
    await until('full', async () => (await statusOf(page)).state === 'storage-blocked');
    await until('quota', async () => (await page.evaluate(() => window.codes)).includes('quota'));
    await page.evaluate(() => window.vitrine.consent.set({ personalise: true, contribute: true }));
    // One retry of the history passes: what was stored before stays stored.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(await views()).toEqual(goods.slice(0, 4));
    const status = await statusOf(page);
    expect(status.state).toBe('storage-blocked');
    expect(status.tasks.map(({ reason }) => reason)).toEqual(status.tasks.map(() => 'storage'));
    expect(VIEWS).toContain(await eventsOf(page));
    expect((await recommendOf(page)).source).toBe('content');
    expect(posts()).toBe(0);
    await session.send('Storage.overrideQuotaForOrigin', { origin: gate.url });
    await until('ready again', async () => (await statusOf(page)).state === 'ready');
    await until('all events', async () => (await views()).length >= goods.length);
    expect(await views()).toEqual(goods);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('from the first page on: storage-blocked, and the page ranks all the same', async () => {
    const page = await visit('/empty');
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: gate.url, quotaSize: 1 });
    await page.goto(`${gate.url}/tag`);
    await track(page, goods);
    await until('a task', async () => (await statusOf(page)).tasks.length > 0);
    await until('blocked', async () => (await statusOf(page)).state === 'storage-blocked');
    await until('a list', async () => (await recommendOf(page)).source === 'content');
    await nothingHappens();
    expect(posts()).toBe(0);
    expect((await statusOf(page)).state).toBe('storage-blocked');
    expect(VIEWS).toContain(await eventsOf(page));
    expect(await problemsOf(page)).toEqual([]);
  });
});

describe('a page that is left at once', ONCE_MORE, () => {
  it('PR36 keeps the click that left it, and a dwell of every view', async () => {
    gate.pages['/next'] = tagPage({ ...shop, endpoint: gate.url });
    const page = await visit();
    await until('ready', async () => (await statusOf(page)).state === 'ready');
    for (let i = 0; i < 5; i++) {
      await track(page, [goods[i] as string]);
      await page.waitForTimeout(600);
      await page.evaluate(
        ([id, to]) => {
          window.vitrine.track('add_to_cart', { items: [{ item_id: id }] });
          location.assign(to as string);
        },
        [goods[i], i % 2 === 0 ? '/next' : '/tag'],
      );
      await page.waitForURL(i % 2 === 0 ? '**/next' : '**/tag');
      await page.waitForFunction(() => window.vitrine !== undefined);
    }
    const events = await storedOf(page);
    const of = (wanted: string): (string | undefined)[] =>
      events.filter(({ name }) => name === wanted).map(({ items }) => items[0]?.id);
    expect(of('add_to_cart')).toEqual(goods.slice(0, 5));
    expect(of('view_item')).toEqual(goods.slice(0, 5));
    // PR36 Of each view one dwell, although the last word of a page that goes may be lost.
    expect(of('dwell')).toEqual(goods.slice(0, 5));
    for (const { name, dwellMs } of events) {
      if (name === 'dwell') expect(dwellMs).toBeGreaterThanOrEqual(500);
    }
    expect(await databasesOf(page)).toHaveLength(1);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('goes on when it comes back from the back/forward cache', async () => {
    const cached = await launchChromium({ without: ['--disable-back-forward-cache'] });
    try {
      gate.pages['/next'] = '<!doctype html><title>next</title><link rel="icon" href="data:,">next';
      const page = await newPage(await cached.browser.newContext(), problems);
      await page.goto(`${gate.url}/tag`);
      await until('ready', async () => (await statusOf(page)).state === 'ready');
      await track(page, goods.slice(0, 1));
      await page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => {
          if (persisted) document.title = 'restored';
        });
      });
      await page.waitForTimeout(600);
      await page.goto(`${gate.url}/next`);
      await page.evaluate(() => history.back());
      await until('the restored page', async () => (await page.title()) === 'restored');
      await until('ready', async () => (await statusOf(page)).state === 'ready');
      await track(page, goods.slice(1, 2));
      const events = await until('both views', async () => {
        const all = await storedOf(page);
        return all.filter(({ name }) => name === 'view_item').length === 2 ? all : null;
      });
      expect(events.filter(({ name }) => name === 'dwell').length).toBeGreaterThanOrEqual(1);
      expect((await recommendOf(page)).source).toBe('content');
      await page.evaluate(() => window.vitrine.erase());
      expect(await databasesOf(page)).toEqual([]);
      expect(await problemsOf(page)).toEqual([]);
    } finally {
      await cached.close();
    }
  });
});
