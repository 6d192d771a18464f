/** The ranker's parts in a page: from the site's record to what is recommended and why. */
import { describe, expect, it } from 'vitest';
import type { RankerRecord } from '../../shared/model/parts.ts';
import type { Task } from '../../shared/protocol/task.ts';
import {
  ask,
  browser,
  freshBrowser,
  ITEM,
  NOW,
  open,
  PERSONALISE,
  server,
  serveWith,
} from './client-open.ts';
import { FakeServer } from './client-server.ts';

freshBrowser();

const ITEMS = 12;
const RANKER: RankerRecord = {
  wide: 'wide',
  pop: { task: 'goods', weight: 1, floor: 1.5, scale: 3 },
  ...{ pair: null, deep: null, private: null },
};

async function servePopularity(ranker: RankerRecord, items = ITEMS): Promise<void> {
  const task: Partial<Task> = {
    ...{ name: 'goods', kind: 'measure', d: items, clipL2: 1 },
    architecture: { name: 'counts', statistic: { name: 'items', items } },
    recipe: { server: { name: 'release' } },
  };
  const start = new Float32Array(items);
  await serveWith(await FakeServer.start({ nowMs: NOW, task, start, ranker }));
}

describe('popularity in a page', () => {
  it('K16 K18 ranks an empty history once it is published, and says so', async () => {
    await servePopularity(RANKER);
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    expect((await shop.status()).parts).toMatchObject([{ part: 'pop', state: 'no-version' }]);
    const before = await ask(shop.recommend({ limit: 3 }));
    expect(before.items.map(({ score }) => score)).toEqual([0, 0, 0]);

    // 200 reports and σ·2·√200 of noise, some 36: sums of 160 and 120 stand out.
    const means = Array.from({ length: ITEMS }, (_, j) => (j === 7 ? 0.8 : j === 3 ? 0.6 : 0));
    await server.publish(1, means, browser.nowMs);
    await browser.pass(20_000);
    expect((await shop.status()).parts).toMatchObject([{ part: 'pop', state: 'on', version: 1 }]);
    const { items, source } = await ask(shop.recommend({ limit: 2 }));
    expect(source).toBe('popular');
    expect(items.map(({ id }) => id)).toEqual(['item-7', 'item-3']);
    expect(items[0]?.why).toMatchObject([{ feature: 'pop', amount: items[0]?.score }]);
    const [published] = await ask(shop.statistics());
    expect(published).toMatchObject({ task: 'goods', about: 'items', reports: 200 });
    expect(published?.entries[7]).toMatchObject({ name: 'item', of: 'item-7' });
    expect(published?.entries[7]?.sum).toBeCloseTo(160, 3);
  });

  it('K18 adds to the content of a history', async () => {
    await servePopularity(RANKER);
    const { shop } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(3000);
    await server.publish(1, new Array(ITEMS).fill(0.8), browser.nowMs);
    await browser.pass(20_000);
    const { items } = await ask(shop.recommend({ limit: 12 }));
    const why = items.flatMap((item) => item.why.map(({ feature }) => feature));
    expect(why).toContain('pop');
    expect(why.some((feature) => feature.startsWith('vector'))).toBe(true);
  });

  it('K17 K18 leaves out counts of another catalogue, by name', async () => {
    await servePopularity(RANKER, ITEMS + 1);
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    await server.publish(1, new Array(ITEMS + 1).fill(0.8), browser.nowMs);
    await browser.pass(20_000);
    expect((await shop.status()).parts).toMatchObject([{ part: 'pop', state: 'wrong-catalogue' }]);
    const { items } = await ask(shop.recommend({ limit: 3 }));
    expect(items.map(({ score }) => score)).toEqual([0, 0, 0]);
  });

  it('K20 keeps a part off whose gate the site does not have', async () => {
    const pop = { ...RANKER.pop, gate: { task: 'parts', sigmas: 2 } } as RankerRecord['pop'];
    await servePopularity({ ...RANKER, pop });
    const { shop } = await open({ consent: PERSONALISE });
    await browser.pass(3000);
    await server.publish(1, new Array(ITEMS).fill(0.8), browser.nowMs);
    await browser.pass(20_000);
    expect((await shop.status()).parts).toMatchObject([{ part: 'pop', state: 'wrong-gate' }]);
  });
});
