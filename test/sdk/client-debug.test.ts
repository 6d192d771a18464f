/** Storage in words, and what debug prints. */
import { describe, expect, it } from 'vitest';
import { storageWords } from '../../sdk/status.ts';
import {
  ask,
  BOTH,
  browser,
  freshBrowser,
  ITEM,
  later,
  NONE,
  NOW,
  open,
  PERSONALISE,
  server,
} from './client-open.ts';

freshBrowser();

describe('storage in words', () => {
  it('says since when, and what the seven days of Safari did', async () => {
    const first = await later({ consent: PERSONALISE }, 100);
    expect(await first.shop.status()).toMatchObject({
      storage: 'ready',
      storageWords: expect.stringMatching(/begins on 2023-11-14.*Safari/),
    });
    await first.shop.shutdown();
    browser.stores.clear();
    browser.nowMs += 8 * 24 * 3_600_000;
    const back = await later({ consent: PERSONALISE }, 3000);
    expect((await back.shop.status()).storageWords).toMatch(/begins on 2023-11-22/);
    // What the site has published ranks, without a history.
    const list = await ask(back.shop.recommend());
    expect(list.items.length).toBeGreaterThan(0);
    expect(list.modelHash).toBe(server.task.initialModel);
    expect((await ask(back.shop.profile())).events).toBe(0);
  });

  it.each(['none', 'memory', 'blocked', 'quota', 'closed'] as const)('of the state %s', (state) => {
    expect(storageWords(state, NOW)).toMatch(/^[A-Z].{10,}\.$/);
    expect(storageWords(state, NOW)).not.toContain('2023');
  });
});

describe('debug', () => {
  it('prints one readable line per step', async () => {
    const page = await open({ debug: true, consent: BOTH });
    page.shop.track('view_item', { items: [ITEM] });
    await browser.pass(60_000);
    await ask(page.shop.consent.set(NONE), 3000);
    const steps = [
      /^starting for shop at https:\/\/shop\.test\/vitrine/,
      /^consent: personalise and contribute; storage ready/,
      /^event view_item item-1/,
      /^network: Ready\. \(1 task, catalogue of \d+ items\)/,
      /^task wide, round 1: This profile is new/,
      /^task wide, round 1: train/,
      /^task wide, round 1: enqueued \d+ bytes, ε 4; /,
      /^report [0-9a-f]{32} sent/,
      /^consent: none; nothing is stored here/,
    ];
    const lines = browser.logged.map((line) => line.replace(/^vitrine: /, ''));
    expect(browser.logged.every((line) => line.startsWith('vitrine: '))).toBe(true);
    expect(browser.logged.every((line) => !line.includes('\n'))).toBe(true);
    let from = 0;
    for (const step of steps) {
      const at = lines.findIndex((line, i) => i >= from && step.test(line));
      expect(at, `${step} in\n${lines.join('\n')}`).toBeGreaterThanOrEqual(from);
      from = at;
    }
  });

  it('prints nothing without it', async () => {
    const { shop } = await open({ consent: BOTH });
    shop.track('view_item', { items: [ITEM] });
    await browser.pass(60_000);
    expect(browser.logged).toEqual([]);
  });
});
