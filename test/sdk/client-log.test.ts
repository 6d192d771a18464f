/** A page whose aggregator shows it a log of its own, or whose keys are revoked. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { ask, BOTH, browser, freshBrowser, NOW, open, server } from './client-open.ts';

freshBrowser();

const asked = (path: string): number => server.requests.filter((one) => one === path).length;

describe('the public log, in a page', () => {
  it('L7 asks for a checkpoint when there is something new, not with every look', async () => {
    await open({ consent: BOTH });
    await browser.pass(40_000);
    expect(asked(PATHS.head(server.taskHash))).toBeGreaterThan(3);
    expect(asked(PATHS.checkpoint)).toBe(1);
    server.openRound(2, NOW);
    await browser.pass(20_000);
    expect(asked(PATHS.checkpoint)).toBe(2);
  });

  it('L9 a round that is not in it gets no report, and the model ranks on', async () => {
    server.log.leaves[0] = utf8('{"type":"abandoned"}');
    const { shop, errors, outcomes } = await open({ consent: BOTH });
    await browser.pass(30_000);
    const status = await shop.status();
    expect(status.tasks[0]).toMatchObject({ reason: 'not-in-log' });
    expect(status.tasks[0]?.words).toMatch(/public log/);
    expect((await ask(shop.recommend())).items.length).toBeGreaterThan(0);
    expect([outcomes, server.received, errors]).toEqual([[], [], []]);
  });

  it('L6 a fork is told of once, and never gets a report, over pages', async () => {
    const first = await open({ consent: BOTH });
    await browser.pass(5000);
    await first.shop.shutdown();
    server.log.leaves[0] = utf8('another past');
    server.openRound(2, NOW);
    for (let page = 0; page < 2; page++) {
      const { shop, errors } = await open({ consent: BOTH });
      await browser.pass(40_000);
      expect((await shop.status()).tasks[0]).toMatchObject({ reason: 'log-fork' });
      expect(errors).toEqual(['log-fork']);
      await shop.shutdown();
    }
    expect(server.received).toEqual([]);
  });
});

describe('a revoked aggregator key', () => {
  it('T4 ends training and ranking by its models, in this page and the next', async () => {
    const { shop } = await open({ consent: BOTH });
    await browser.pass(5000);
    expect((await shop.status()).tasks).toHaveLength(1);
    server.publishSite(2, [server.task.aggregatorKey]);
    await browser.pass(70_000);
    expect((await shop.status()).tasks).toEqual([]);
    await shop.shutdown();
    server.mood = 'offline';
    const next = await open({ consent: BOTH });
    await browser.pass(1000);
    expect((await next.shop.status()).tasks).toEqual([]);
    expect((await ask(next.shop.recommend({ among: ['item-3'] }))).source).toBe('given');
  });
});
