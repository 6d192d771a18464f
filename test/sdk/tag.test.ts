/** The tag in front of a real engine, over a port in one process. */
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InitOptions, Vitrine } from '../../sdk/api.ts';
import { databaseExists } from '../../sdk/database/exists.ts';
import { createTag } from '../../sdk/tag.ts';
import type { Engine } from '../../sdk/tag-engine.ts';
import { type FakePage, fakePage, startOn } from './tag-fake.ts';

const OPTIONS: InitOptions = {
  endpoint: 'http://localhost:9/nowhere',
  trust: 'A'.repeat(43),
  assetBase: 'https://shop.test/vitrine/',
};
const PERSONALISE = { personalise: true, contribute: false };
const NONE = { personalise: false, contribute: false };
const VIEW = { items: [{ item_id: 'tea-1' }] };

let sites = 0;
let site: string;
let opened: { shop: Vitrine; page: FakePage }[] = [];

function open(options: Partial<InitOptions> = {}, page = fakePage(), start = startOn(page)) {
  const own = { nonce: '', pinned: false };
  const shop = createTag(site, { ...OPTIONS, ...options }, own, page, start);
  const errors: string[] = [];
  const ready: string[] = [];
  shop.on('error', ({ code }) => errors.push(code));
  shop.on('ready', ({ state }) => ready.push(state));
  opened.push({ shop, page });
  return { shop, page, errors, ready };
}

async function until(what: string, look: () => unknown): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited for ${what}`);
}

const stored = (): Promise<boolean> => databaseExists(`vitrine/${site}`);

beforeEach(() => {
  site = `shop-${++sites}`;
});
afterEach(async () => {
  for (const { shop } of opened) await shop.shutdown();
  opened = [];
});

describe('before consent', () => {
  it('loads nothing, stores nothing, and answers all the same', async () => {
    const { shop, page, ready, errors } = open();
    shop.track('view_item', VIEW);
    const answer = await shop.recommend({ among: ['a', 'b'], exclude: ['a'] });
    expect(answer).toMatchObject({ source: 'given', state: 'no-catalogue' });
    expect(answer.items.map(({ id }) => id)).toEqual(['b']);
    expect(await shop.profile()).toMatchObject({ state: 'empty', events: 0 });
    expect(await shop.describe(['a'])).toEqual([]);
    expect(await shop.exportData()).toEqual({});
    expect(await shop.reportBytes('00')).toBeNull();
    await shop.erase();
    await until('ready', () => ready.length > 0);
    expect(ready).toEqual(['consent-required']);
    expect((await shop.status()).words).toMatch(/^Waiting for consent/);
    expect(shop.consent.get()).toEqual(NONE);
    expect(page.starts).toEqual([]);
    expect(page.idles).toEqual([]);
    expect(await stored()).toBe(false);
    expect(errors).toEqual([]);
    expect(await shop.traits({ plan: 'pro' })).toEqual({});
    expect(errors).toEqual(['no-consent']);
  });

  it('is woken by the consent that another tab is given', async () => {
    const one = open();
    const two = open();
    await until('two at rest', () => one.ready.length + two.ready.length === 2);
    await one.shop.consent.set(PERSONALISE);
    await until('the other', () => two.shop.consent.get().personalise);
    expect(two.page.starts).toHaveLength(1);
  });

  it('says insecure-context and asks for nothing', async () => {
    const page = fakePage();
    page.secureNow = false;
    const { shop, ready } = open({ consent: PERSONALISE }, page);
    await shop.consent.set(PERSONALISE);
    await until('ready', () => ready.length > 0);
    expect(ready).toEqual(['insecure-context']);
    expect(page.starts).toEqual([]);
    expect(await stored()).toBe(false);
  });
});

describe('with consent', () => {
  it('starts one engine, gives it what has waited, in order, and tells of the consent', async () => {
    const { shop, page } = open();
    const told: unknown[] = [];
    shop.consent.onChange((consent) => told.push(consent));
    const set = shop.consent.set(PERSONALISE);
    shop.track('view_item', VIEW);
    shop.track('add_to_cart', { ...VIEW, note: () => 'no function travels' } as never);
    await set;
    expect(shop.consent.get()).toEqual(PERSONALISE);
    expect(told).toEqual([PERSONALISE]);
    await until('both', async () => {
      const { events = [] } = (await shop.exportData()) as { events?: { name: string }[] };
      const names = events.map(({ name }) => name);
      return names.indexOf('view_item') >= 0 && names.at(-1) === 'add_to_cart';
    });
    expect(page.starts).toHaveLength(1);
    expect(await stored()).toBe(true);
  });

  it('waits for idle on the next page, and not when it is asked', async () => {
    const first = open();
    await first.shop.consent.set(PERSONALISE);
    await first.shop.shutdown();
    const second = open();
    await until('an idle page', () => second.page.idles.length > 0);
    expect(second.page.starts).toEqual([]);
    const { events } = await second.shop.profile();
    expect(events).toBe(0);
    expect(second.page.starts).toHaveLength(1);
    expect(second.page.starts[0]?.consent).toBe('required');
    expect(second.shop.consent.get()).toEqual(PERSONALISE);
  });

  it('withdrawn: erased, at once in force, the engine gone; and given again', async () => {
    const { shop, page } = open({ consent: PERSONALISE });
    page.idles.splice(0).map((run) => run());
    await until('consent', () => shop.consent.get().personalise);
    const withdrawn = shop.consent.set(NONE);
    expect(shop.consent.get()).toEqual(NONE);
    await withdrawn;
    expect(await stored()).toBe(false);
    await until('the end of the engine', () => page.ended === 1);
    expect((await shop.status()).state).toBe('consent-required');
    await shop.consent.set(PERSONALISE);
    expect(page.starts).toHaveLength(2);
    // What `init` was given does not stand above a later decision.
    expect(page.starts[1]?.consent).toBe('required');
  });

  it('keeps an overtaken grant from coming into force', async () => {
    const { shop } = open();
    const granted = shop.consent.set(PERSONALISE);
    const withdrawn = shop.consent.set(NONE);
    await Promise.all([granted, withdrawn]);
    expect(shop.consent.get()).toEqual(NONE);
    expect(await stored()).toBe(false);
  });

  it('a grant that is told of behind its withdrawal does not come into force', async () => {
    const { shop, page } = open();
    const seen: boolean[] = [];
    shop.consent.onChange(({ personalise }) => seen.push(personalise));
    let withdrawn: Promise<void> | undefined;
    page.beforeTold = (name, value) => {
      if (name !== 'consent' || !(value as typeof NONE).personalise) return;
      withdrawn ??= shop.consent.set(NONE);
    };
    await shop.consent.set(PERSONALISE);
    expect(withdrawn).toBeDefined();
    await withdrawn;
    expect(seen).not.toContain(true);
    expect(await stored()).toBe(false);
  });

  it('keeps what is tracked while an engine that is there is given consent again', async () => {
    const { shop, page } = open();
    await shop.consent.set(PERSONALISE);
    await shop.consent.set(NONE);
    const again = shop.consent.set(PERSONALISE);
    shop.track('add_to_cart', VIEW);
    await again;
    expect(page.starts).toHaveLength(1);
    await until('the event', async () => {
      const { events = [] } = (await shop.exportData()) as { events?: { name: string }[] };
      return events.some(({ name }) => name === 'add_to_cart');
    });
  });

  it('an undone listener hears no more; a bad one is named', async () => {
    const { shop, errors } = open();
    const told: unknown[] = [];
    const undo = shop.consent.onChange((consent) => told.push(consent));
    undo();
    shop.on('update', null as never)();
    await shop.consent.set(PERSONALISE);
    expect(told).toEqual([]);
    expect(errors).toEqual(['bad-listener']);
  });
});

describe('where no engine may start', () => {
  it('names the policy once, falls back, and can still erase', async () => {
    await (async () => {
      const before = open();
      await before.shop.consent.set(PERSONALISE);
      await before.shop.shutdown();
    })();
    const page = fakePage();
    page.broken = "the page's policy lacks worker-src blob:";
    const { shop, errors, ready } = open({}, page);
    const answer = await shop.recommend({ among: ['a'] });
    expect(answer.items.map(({ id }) => id)).toEqual(['a']);
    expect(await shop.status()).toMatchObject({ state: 'engine-blocked' });
    expect((await shop.status()).words).toContain('worker-src blob:');
    expect(page.warned).toHaveLength(1);
    expect(page.warned[0]).toContain('worker-src blob:');
    expect([errors, ready]).toEqual([['engine-blocked'], ['engine-blocked']]);
    expect(await stored()).toBe(true);
    await shop.erase();
    expect(await stored()).toBe(false);
  });
});

describe('erased whatever has become of the engine', () => {
  it('after shutdown', async () => {
    const { shop } = open({ consent: PERSONALISE });
    await shop.profile();
    await shop.shutdown();
    expect(await stored()).toBe(true);
    await shop.erase();
    expect(await stored()).toBe(false);
  });

  it('when it no longer answers', async () => {
    const page = fakePage();
    let dead = false;
    const { shop } = open({ consent: PERSONALISE }, page, async (...all) => {
      const engine = await startOn(page)(...all);
      const ask: typeof engine.api.ask = (method, ...parameters) =>
        dead ? new Promise(() => undefined) : engine.api.ask(method, ...parameters);
      return { ...engine, api: { ...engine.api, ask } };
    });
    await shop.profile();
    expect(await stored()).toBe(true);
    dead = true;
    expect((await shop.recommend({ among: ['a'] })).items).toHaveLength(1);
    await shop.erase();
    expect(await stored()).toBe(false);
    expect(page.ended).toBe(1);
    dead = false;
    await shop.consent.set(PERSONALISE);
    expect(page.starts).toHaveLength(2);
    expect(shop.consent.get()).toEqual(PERSONALISE);
  });

  it('and what was being read of an export is read no further', async () => {
    const page = fakePage();
    let engine: Engine | undefined;
    const { shop } = open({ consent: PERSONALISE }, page, async (...all) => {
      engine = await startOn(page)(...all);
      return engine;
    });
    await shop.profile();
    const piece = (index: number) => engine?.api.ask('call', 'exportPiece', [index]);
    expect(await piece(0)).toMatch(/^\["/);
    expect(await piece(1)).toMatch(/^\["/);
    await shop.erase();
    expect(await piece(1)).toBeNull();
  });

  it('and it is not fetched again by what still waited for an idle page', async () => {
    const before = open();
    await before.shop.consent.set(PERSONALISE);
    await before.shop.shutdown();
    const { shop, page } = open();
    await until('an idle page', () => page.idles.length > 0);
    await shop.erase();
    await until('the end of the engine', () => page.ended === 1);
    page.idles.splice(0).map((run) => run());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(page.starts).toHaveLength(1);
  });
});

it('stops for good on shutdown', async () => {
  const { shop, page } = open({ consent: PERSONALISE });
  await shop.profile();
  await shop.shutdown();
  expect(page.ended).toBe(1);
  shop.track('view_item', VIEW);
  await shop.consent.set(PERSONALISE);
  expect((await shop.status()).state).toBe('shutdown');
  expect((await shop.recommend({ among: ['a'] })).items).toHaveLength(1);
  expect(page.starts).toHaveLength(1);
});

it('stays shut down when it had hardly begun', async () => {
  const { shop } = open();
  await shop.shutdown();
  await shop.consent.set(PERSONALISE);
  expect((await shop.status()).state).toBe('shutdown');
  expect(await stored()).toBe(false);
});
