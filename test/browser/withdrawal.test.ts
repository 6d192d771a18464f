/** Withdrawals and clocks: nothing is sent after one, and no charge is won by the other. */
import { describe, expect, it } from 'vitest';
import {
  databasesOf,
  nothingHappens,
  ONCE_MORE,
  problemsOf,
  reportsOf,
  statusOf,
  tagPage,
  track,
  until,
} from './hostile.ts';
import { gate, goods, posts, reopen, scene, shop, visit, waiting } from './scene.ts';

const HOUR_MS = 3_600_000;

scene();

describe('withdrawal', ONCE_MORE, () => {
  it('of contribute in mid-training: aborted, nothing charged, nothing sent', async () => {
    const page = await visit();
    const outcome = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const { vitrine } = window;
          let caught = false;
          // A round that was too late to begin may end before the one that is caught.
          vitrine.on('round', (one) => caught && resolve(JSON.stringify(one.outcome)));
          vitrine.on('progress', ({ stage, step }) => {
            if (stage !== 'train' || step < 2 || caught) return;
            caught = true;
            void vitrine.consent.set({ personalise: true, contribute: false });
          });
        }),
    );
    await track(page, goods);
    expect(JSON.parse(await outcome)).toMatchObject({ state: 'skipped', reason: 'aborted' });
    await nothingHappens();
    const status = await statusOf(page);
    expect(status.consent).toEqual({ personalise: true, contribute: false });
    expect(status.tasks[0]?.reason).toBe('no-consent');
    expect(status.tasks[0]?.participations.spent).toBe(0);
    expect(await reportsOf(page)).toEqual([]);
    expect(posts()).toEqual([]);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('of contribute with a report that waits: it is gone and never sent', async () => {
    const page = await visit();
    await page.route('**/v1/reports', (route) => route.abort());
    await track(page, goods);
    const { id } = await waiting(page);
    await page.evaluate(() => window.vitrine.consent.set({ personalise: true, contribute: false }));
    expect(await page.evaluate((one) => window.vitrine.reportBytes(one), id)).toBeNull();
    await page.unroute('**/v1/reports');
    await nothingHappens();
    gate.pages['/kept'] = tagPage({ ...shop, consent: 'required' });
    await page.goto(`${gate.url}/kept`);
    await until('ready', async () => (await statusOf(page)).state === 'ready');
    expect(await page.evaluate(() => window.vitrine.consent.get())).toEqual({
      personalise: true,
      contribute: false,
    });
    await nothingHappens();
    expect(posts()).toEqual([]);
    // The charge stays: what was spent is not won back.
    expect((await reportsOf(page)).map(({ reportId, state }) => [reportId, state])).toEqual([
      [id, 'expired'],
    ]);
    expect(await problemsOf(page)).toEqual([]);
  });

  it('of personalise erases', async () => {
    const page = await visit();
    await track(page, goods);
    await until('ready', async () => (await statusOf(page)).state === 'ready');
    expect(await databasesOf(page)).toHaveLength(1);
    await page.evaluate(() =>
      window.vitrine.consent.set({ personalise: false, contribute: false }),
    );
    expect(await databasesOf(page)).toEqual([]);
    gate.passed.length = 0;
    await track(page, goods);
    await nothingHappens();
    expect(await databasesOf(page)).toEqual([]);
    expect(gate.passed).toEqual([]);
    expect((await statusOf(page)).state).toBe('consent-required');
    expect(await problemsOf(page)).toEqual([]);
  });
});

describe('the clock', ONCE_MORE, () => {
  it('set back and forward between pages makes no further charge', async () => {
    const restore = await reopen({ participations: 20, windowMs: 15_000, separationMs: HOUR_MS });
    try {
      const page = await visit();
      await track(page, goods);
      const { id } = await waiting(page);
      await page.close();
      for (const [shiftMs, expected] of [
        [2 * HOUR_MS, ['round-closed', 'no-round']],
        [-2 * HOUR_MS, ['separation', 'already-in-round', 'no-round']],
        [-400 * 24 * HOUR_MS, ['separation', 'already-in-round', 'no-round']],
        [0, ['separation', 'already-in-round', 'no-round', 'round-closed']],
      ] as const) {
        const skew = `{ const now = Date.now; Date.now = () => now.call(Date) + ${shiftMs}; }`;
        gate.workerPrefix = `${skew}\n`;
        const next = await visit('/tag', skew);
        await until('ready', async () => (await statusOf(next)).state === 'ready');
        await track(next, goods);
        const reason = await until('a reason', async () => (await statusOf(next)).tasks[0]?.reason);
        expect(expected).toContain(reason);
        await nothingHappens();
        expect((await reportsOf(next)).map(({ reportId }) => reportId)).toEqual([id]);
        expect(await problemsOf(next)).toEqual([]);
        await next.close();
      }
      expect(posts().length).toBeLessThanOrEqual(1);
    } finally {
      await restore();
    }
  });
});
