/** The fetch of a learner follows the coin, never the history. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import type { CountsArchitecture } from '../../shared/model/architecture.ts';
import { BOTH, browser, freshBrowser, ITEM, NOW, open, serveWith, store } from './client-open.ts';
import { FakeServer } from './client-server.ts';

freshBrowser();

/** From now on, what is begun: the start of a learner, a look at the history. */
function begun(): string[] {
  const seen: string[] = [];
  const make = browser.worker;
  browser.worker = (config, page) => {
    seen.push('learner');
    return make?.(config, page) as never;
  };
  const database = store() as Database;
  const read = database.readEvents.bind(database);
  Object.assign(database, {
    readEvents(...all: Parameters<typeof read>) {
      seen.push('history');
      return read(...all);
    },
  });
  return seen;
}

describe('a training task', () => {
  it.each([
    ['an empty history', 0],
    ['a history', 3],
  ])('PR21 with %s: the learner is there before it is read', async (_name, views) => {
    const { shop, outcomes } = await open({ consent: BOTH });
    for (let i = 0; i < views; i++) shop.track('view_item', { items: [ITEM] });
    await browser.pass(5000);
    const seen = begun();
    await browser.pass(55_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
    expect(seen).toEqual(['learner', 'history']);
  });

  it('PR21 with no learner to be had, reads no history and sends nothing', async () => {
    const { outcomes } = await open({ consent: BOTH });
    await browser.pass(5000);
    const seen = begun();
    browser.worker = null;
    await browser.pass(55_000);
    expect(outcomes).toMatchObject([{ state: 'skipped', reason: 'no-worker' }]);
    expect(seen).toEqual([]);
  });
});

it('a statistic needs no learner', async () => {
  const architecture: CountsArchitecture = {
    name: 'counts',
    statistic: { name: 'histogram', of: 'category', bins: 4 },
  };
  const task = {
    ...{ name: 'shelves', kind: 'measure' as const, architecture, d: 4, clipL2: 1 },
    recipe: { server: { name: 'release' as const } },
  };
  await serveWith(await FakeServer.start({ nowMs: NOW, task, start: new Float32Array(4) }));
  browser.worker = null;
  const { outcomes } = await open({ consent: BOTH });
  await browser.pass(60_000);
  expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
  expect(browser.workersStarted).toBe(0);
});
