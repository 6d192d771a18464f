/** Why nothing happens: one page for every reason that status() knows, and what debug prints. */
import { describe, expect, it } from 'vitest';
import type { Status } from '../../sdk/api.ts';
import type { WorkerApi } from '../../sdk/worker-api.ts';
import type { SiteBudget } from '../../shared/protocol/task.ts';
import {
  ask,
  BOTH,
  browser,
  freshBrowser,
  later,
  NONE,
  NOW,
  type Opened,
  open,
  PERSONALISE,
  QUIET_MS,
  server,
  serveWith,
  store,
} from './client-open.ts';
import { FakeServer } from './client-server.ts';

freshBrowser();

/** The state of the page, and the reason of its one task, with the words of both. */
async function why(page: Opened): Promise<string[]> {
  const status: Status = await page.shop.status();
  const [task] = status.tasks;
  return [status.state, status.words, task?.reason ?? '-', task?.words ?? '-'];
}

interface Case {
  /** What the world is like; answers the page whose status is asked. */
  readonly setUp: () => Promise<Opened>;
  readonly state: string;
  readonly words: RegExp;
  readonly reason?: string;
  readonly taskWords?: RegExp;
}

const CASES: Record<string, Case> = {
  'no consent to personalise': {
    setUp: () => later({ consent: NONE }),
    state: 'consent-required',
    words: /^Waiting for consent to personalise/,
  },
  'an insecure context': {
    setUp: () => {
      browser.secure = false;
      return later();
    },
    state: 'insecure-context',
    words: /not served over https or from localhost/,
  },
  'a page that was shut down': {
    setUp: async () => {
      const page = await later();
      await ask(page.shop.shutdown(), 100);
      return page;
    },
    state: 'shutdown',
    words: /^Stopped by the page/,
  },
  'no consent to contribute': {
    setUp: () => later({ consent: PERSONALISE }),
    state: 'ready',
    words: /^Ready/,
    reason: 'no-consent',
    taskWords: /no consent to contribute/,
  },
  'the quiet period': {
    setUp: () => later({ consent: BOTH }, 3000),
    state: 'ready',
    words: /^Ready/,
    reason: 'quiet-period',
    taskWords: /quiet period\. \(until 2023-11-14 22:13 UTC\)/,
  },
  'the coin': {
    setUp: async () => {
      await serveWith(await FakeServer.start({ nowMs: NOW, task: { coin: 1 } }));
      return later();
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'coin',
    taskWords: /coin of this round said no.*takes part in 1 of 65536 rounds/,
  },
  'the cap of the task': {
    setUp: async () => {
      await serveWith(await FakeServer.start({ nowMs: NOW, task: { participations: 1 } }));
      const page = await later({ consent: BOTH }, 60_000);
      server.openRound(2, browser.nowMs);
      await browser.pass(20_000);
      return page;
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'cap-spent',
    taskWords: /as many reports to this task as it ever may\. \(1 of 1 reports made\)/,
  },
  'the budget of the site': {
    setUp: async () => {
      const page = await later({ consent: BOTH }, 60_000);
      const budget = await store()?.getMeta('budget');
      await store()?.setMeta('budget', { ...(budget as SiteBudget), epsilon: 1 });
      server.openRound(2, browser.nowMs);
      await browser.pass(20_000);
      return page;
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'budget-spent',
    taskWords: /privacy budget of this browser does not allow another report/,
  },
  'a round that is closed': {
    setUp: () => later({ consent: { personalise: true, contribute: true } }, 200_000),
    state: 'ready',
    words: /^Ready/,
    reason: 'round-closed',
    taskWords: /round is closed/,
  },
  'Global Privacy Control': {
    setUp: () => {
      browser.gpc = true;
      return later();
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'gpc',
    taskWords: /Global Privacy Control, so nothing is uploaded/,
  },
  'a low battery': {
    setUp: () => {
      browser.strain = 'low-battery';
      return later();
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'low-battery',
    taskWords: /battery is low and not charging/,
  },
  'the wish to save data': {
    setUp: () => {
      browser.strain = 'save-data';
      return later();
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'save-data',
    taskWords: /asks to save data/,
  },
  'no network': {
    setUp: async () => {
      const page = await later({ consent: BOTH }, 3000);
      browser.online = false;
      await page.tab.fire('visible');
      await browser.pass(QUIET_MS);
      await ask(page.shop.consent.set(BOTH), 1000);
      return page;
    },
    state: 'offline',
    words: /network is not reachable/,
    reason: 'offline',
    taskWords: /network is not reachable/,
  },
  'another tab that trains': {
    setUp: async () => {
      const make = browser.worker;
      browser.worker = (config, page) => ({
        ...(make?.(config, page) as WorkerApi),
        train: () => new Promise(() => undefined),
      });
      await open({ consent: BOTH });
      return later({ consent: BOTH }, 30_000);
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'other-tab',
    taskWords: /Another tab of this site trains and sends/,
  },
  'a hidden page': {
    setUp: async () => {
      const page = await later({ consent: BOTH }, 3000);
      await page.tab.fire('hidden');
      await browser.pass(QUIET_MS);
      await ask(page.shop.consent.set(BOTH), 1000);
      return page;
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'hidden',
    taskWords: /page is hidden/,
  },
  'no catalogue': {
    setUp: () => {
      server.mood = 'wrong-catalogue';
      return later();
    },
    state: 'server-error',
    words: /does not answer as agreed.*catalogue/s,
    reason: 'hash-mismatch',
    taskWords: /do not have the announced hash.*catalogue/,
  },
  'no Worker, for the policy of the page': {
    setUp: () => {
      browser.worker = null;
      return later();
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'no-worker',
    taskWords: /No training Worker could be started.*worker-src/,
  },
  'storage that is forbidden': {
    setUp: () => {
      browser.storage = 'forbidden';
      return later();
    },
    state: 'storage-blocked',
    words: /does not let the page store anything.*\(memory\)/,
    reason: 'storage',
    taskWords: /no charge could be kept/,
  },
  'a task that would drown in its noise': {
    setUp: async () => {
      await serveWith(
        await FakeServer.start({ nowMs: NOW, task: { minReports: 51, scaleBits: 4 } }),
      );
      return later();
    },
    state: 'ready',
    words: /^Ready/,
    reason: 'predicted-error',
    taskWords: /predicted L2 error/,
  },
  'a foreign key': {
    setUp: () => {
      server.mood = 'other-key';
      return later();
    },
    state: 'bad-signature',
    words: /pinned key has not signed/,
  },
};

describe('status() says why nothing happens', () => {
  it.each(Object.keys(CASES))('for %s', async (name) => {
    const { setUp, state, words, reason = '-', taskWords = /^-$/ } = CASES[name] as Case;
    const [isState, isWords, isReason, isTaskWords] = await why(await setUp());
    expect([isState, isReason]).toEqual([state, reason]);
    expect(isWords).toMatch(words);
    expect(isTaskWords).toMatch(taskWords);
  });

  it('and for a round that was taken part in', async () => {
    const page = await later();
    const [, , reason, words] = await why(page);
    expect([reason, words]).toEqual(['already-in-round', expect.stringMatching(/taken part/)]);
    expect((await page.shop.status()).tasks[0]?.lastOutcome).toMatchObject({ state: 'enqueued' });
  });
});
