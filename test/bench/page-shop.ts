/**
 * The shop's own script of the bench `page`: the npm entry as a bundler delivers it, a history that
 * is stored beforehand, and a stopwatch around every public call.
 */

import { indexedDatabase } from '../../sdk/database/indexed.ts';
import { type EventName, init, type ShopEvent, type Vitrine } from '../../sdk/index.ts';

export interface PageShop {
  /** Stores `count` events of this shop's goods, as earlier visits would have. */
  seed(site: string, ids: readonly string[], count: number): Promise<void>;
  /** Milliseconds of the page's thread that each call took until it returned, by method. */
  calls(ids: readonly string[], rounds: number): Promise<Record<string, number[]>>;
}

/** More than are stored, so that the ring drops none. */
const MAX_EVENTS = 20_000;
const DAY_MS = 86_400_000;
const NAMES: readonly EventName[] = ['view_item', 'view_item', 'view_item', 'add_to_cart', 'dwell'];

async function seed(site: string, ids: readonly string[], count: number): Promise<void> {
  const database = await indexedDatabase(`vitrine/${site}`);
  const fromMs = Date.now() - 100 * DAY_MS;
  const events = Array.from({ length: count }, (_, i): ShopEvent => {
    const name = NAMES[i % NAMES.length] as EventName;
    const id = ids[(i * 7919) % ids.length] as string;
    const price = 5 + (i % 90);
    return {
      name,
      atMs: fromMs + Math.floor((i * 99 * DAY_MS) / count),
      session: 1 + Math.floor(i / 20),
      items: [{ id, price, quantity: 1 }],
      ...(name === 'dwell' ? { dwellMs: 4000 } : { value: price }),
    };
  });
  const retention = { maxEvents: MAX_EVENTS, maxAgeMs: 365 * DAY_MS };
  await database.setMeta('consent', { personalise: true, contribute: true });
  await database.setMeta('epochStartMs', fromMs);
  for (let from = 0; from < count; from += 2000) {
    await database.appendEvents(events.slice(from, from + 2000), retention);
  }
  database.close();
}

async function calls(ids: readonly string[], rounds: number): Promise<Record<string, number[]>> {
  const { vitrine } = window as unknown as { vitrine: Vitrine };
  const took: Record<string, number[]> = {};
  const pending: Promise<unknown>[] = [];
  const time = (name: string, call: () => unknown): void => {
    const start = performance.now();
    const answer = call();
    const ms = performance.now() - start;
    took[name] = [...(took[name] ?? []), ms];
    if (answer instanceof Promise) pending.push(answer);
  };
  const goods = (i: number, many = 1): { item_id: string; item_name: string; price: number }[] =>
    Array.from({ length: many }, (_, k) => {
      const id = ids[(i * 31 + k) % ids.length] as string;
      return { item_id: id, item_name: `Good ${id}`, price: 12.5 };
    });
  for (let i = 0; i < rounds; i++) {
    time('track', () => vitrine.track('view_item', { currency: 'EUR', items: goods(i) }));
    time('track', () => vitrine.track('add_to_cart', { currency: 'EUR', items: goods(i) }));
    time('track', () => vitrine.track('purchase', { currency: 'EUR', items: goods(i, 20) }));
    time('recommend', () => vitrine.recommend({ limit: 12 }));
    time('describe', () => vitrine.describe(ids.slice(0, 12)));
    time('profile', () => vitrine.profile());
    time('segments', () => vitrine.segments());
    time('traits', () => vitrine.traits());
    time('statistics', () => vitrine.statistics());
    time('status', () => vitrine.status());
    time('consentGet', () => vitrine.consent.get());
    time('on', () => vitrine.on('update', () => undefined)());
    await Promise.all(pending.splice(0));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (let i = 0; i < 5; i++) {
    time('privacyReport', () => vitrine.privacyReport());
    time('reportBytes', () => vitrine.reportBytes('00'));
    time('exportData', () => vitrine.exportData());
    await Promise.all(pending.splice(0));
  }
  return took;
}

const data = document.currentScript?.dataset;
if (data?.site !== undefined) {
  const vitrine = init(data.site, {
    endpoint: data.endpoint ?? '/',
    trust: data.trust ?? '',
    assetBase: '/vitrine/',
    storage: { maxEvents: MAX_EVENTS, retentionDays: 365 },
  });
  Object.assign(window, { vitrine });
}
Object.assign(window, { pageShop: { seed, calls } satisfies PageShop });
