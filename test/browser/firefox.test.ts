/**
 * One shop in Firefox: capture, consent, training on wasm, a report, a recommendation. Firefox is
 * found by FIREFOX_PATH or PATH; its headless build has no WebGPU, so the ladder ends at wasm.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Status } from '../../sdk/api.ts';
import { type Firefox, findFirefox, launchFirefox } from './bidi.ts';
import { until } from './hostile.ts';
import { bikes } from './shops/bikes.ts';
import { type Market, openMarket } from './shops/market.ts';
import { historyOf } from './shops/shopper.ts';

const path = findFirefox();
const name =
  path === null
    ? 'Firefox: skipped, because no firefox-esr or firefox is on PATH and FIREFOX_PATH names none'
    : 'Firefox: hears, trains on wasm after consent, reports, recommends';

let market: Market;
let firefox: Firefox;

beforeAll(async () => {
  if (path === null) return;
  [market, firefox] = await Promise.all([openMarket([bikes]), launchFirefox(path)]);
}, 120_000);

afterAll(async () => {
  await firefox?.close();
  await market?.close();
});

it.skipIf(path === null)(
  name,
  async () => {
    const { origin } = market.surroundings('bikes');
    const ask = <T>(expression: string): Promise<T> => firefox.evaluate<T>(expression);
    const history = async (): Promise<string[]> =>
      historyOf(await ask('window.vitrine.exportData()'));
    const kept = (last: string): Promise<unknown> =>
      until(last, async () => (await history()).at(-1) === last, 30_000);
    const toAggregator = () => market.seen.filter(({ path }) => path.startsWith('/v/v1/'));

    await firefox.goto(`${origin}/b/city-3`);
    await until('the tag', () => ask('!("queue" in window.vitrine)'));
    expect(await ask('isSecureContext')).toBe(true);
    expect(await history()).toEqual([]);
    expect(await ask('indexedDB.databases()')).toEqual([]);
    expect(toAggregator()).toEqual([]);

    await ask('void document.getElementById("yes").click()');
    await kept('view_item city-3');
    await ask('void document.getElementById("add").click()');
    await kept('add_to_cart city-3');
    await ask('void document.getElementById("buy").click()');
    await kept('purchase city-3');
    await firefox.goto(`${origin}/b/lock-u`);
    await kept('view_item lock-u');
    expect(await history()).toEqual([
      'view_item city-3',
      'add_to_cart city-3',
      'purchase city-3',
      'view_item lock-u',
    ]);

    await until(
      'a report',
      () =>
        ask(
          'window.vitrine.privacyReport().then((one) => one.reports.some(({ state }) => state === "sent"))',
        ),
      60_000,
    );
    expect((await market.status('bikes')).reports).toMatchObject({ refused: {} });
    expect((await market.status('bikes')).reports.accepted).toBeGreaterThan(0);
    const status = await ask<Status>('window.vitrine.status()');
    expect(status).toMatchObject({ state: 'ready', storage: 'ready' });
    expect(market.seen.filter(({ path }) => /worker-wasm\.js$/.test(path)).length).toBeGreaterThan(
      0,
    );

    const { items, state } = await ask<{ items: { id: string }[]; state: string }>(
      'window.vitrine.recommend({ limit: 4 })',
    );
    expect(state).toBe('ready');
    expect(items.map(({ id }) => id)).not.toContain('city-3');
    expect(items.map(({ id }) => id)).toContain('city-8');

    for (const { path, method, headers } of toAggregator()) {
      expect(headers.cookie, path).toBeUndefined();
      expect(headers.referer, path).toBeUndefined();
      expect(path).not.toContain('?');
      if (method === 'POST') expect(path).toBe('/v/v1/reports');
    }
    const abroad = firefox.requests.filter(
      ({ url }) => /^https?:/.test(url) && !url.startsWith(origin),
    );
    expect(abroad).toEqual([]);
    expect(await ask('[localStorage.length, sessionStorage.length]')).toEqual([0, 0]);
    expect(firefox.log.filter(({ level }) => level === 'error')).toEqual([]);
  },
  150_000,
);
