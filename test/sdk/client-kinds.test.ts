import { describe, expect, it } from 'vitest';
import type { CountsArchitecture } from '../../shared/model/architecture.ts';
import type { Task } from '../../shared/protocol/task.ts';
import {
  ask,
  BOTH,
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

/** Serves a statistic with as many entries as a model of that name has weights. */
async function serveStatistic(name: string, bins: number): Promise<void> {
  const architecture: CountsArchitecture = {
    name: 'counts',
    statistic: { name: 'histogram', of: 'category', bins },
  };
  const task: Partial<Task> = {
    ...{ name, kind: 'measure', architecture, d: bins, clipL2: 1 },
    recipe: { server: { name: 'release' } },
  };
  await serveWith(await FakeServer.start({ nowMs: NOW, task, start: new Float32Array(bins) }));
}

describe('a statistic in a page', () => {
  it('K2 ranks nothing, whatever its name and length', async () => {
    await serveStatistic('wide', 11);
    const { shop } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(3000);
    await server.publish(1, [-1, -2, -2, -1, -2, -1, -2, -1, 1, -0.5, -0.5], browser.nowMs);
    await browser.pass(20_000);
    const [task] = (await shop.status()).tasks;
    expect(task).toMatchObject({ name: 'wide', kind: 'measure', modelVersion: 1 });
    expect(await ask(shop.recommend())).toMatchObject({ source: 'content', version: 0 });
  });

  it('K2 says nothing of intention, whatever its name and length', async () => {
    await serveStatistic('intent', 28);
    const { shop } = await open({ consent: PERSONALISE });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(3000);
    await server.publish(1, new Array(28).fill(0.5), browser.nowMs);
    await browser.pass(20_000);
    expect((await shop.status()).tasks[0]).toMatchObject({ name: 'intent', modelVersion: 1 });
    const { intent } = await ask(shop.profile());
    expect(intent).toMatchObject({ probability: null, source: 'none', version: 0, why: [] });
  });

  it('K3 K5 is charged, sent and told of like a training, and its sums come back', async () => {
    await serveStatistic('shelves', 4);
    const { shop, outcomes } = await open({ consent: BOTH });
    expect(await ask(shop.statistics())).toEqual([]);
    await browser.pass(60_000);
    expect(outcomes.map(({ state }) => state)).toEqual(['enqueued']);
    const report = await ask(shop.privacyReport());
    expect(report.reports).toMatchObject([{ state: 'sent', task: 'shelves', round: 1 }]);
    expect(report.epsilonSpent).toBeGreaterThanOrEqual(4);
    expect(report.statement).toContain('differentially private');
    await server.publish(1, [0.5, -0.25, 0, 0.75], browser.nowMs);
    await browser.pass(20_000);
    const [published] = await ask(shop.statistics());
    expect(published).toMatchObject({
      ...{ task: 'shelves', kind: 'measure', about: 'category', version: 1, reports: 200 },
      entries: [100, -50, 0, 150].map((sum, i) => ({ name: 'share', of: String(i), sum })),
    });
    // √n·2σ·C·(B′/B), σ·2 of ε = 4 at δ = 10⁻⁶ being 2.54.
    expect(published?.standardDeviation).toBeCloseTo(2.54 * Math.sqrt(200), 0);
  });
});
