/** Shoppers who meet a consent manager: accept, accept in part, withdraw, and GPC. */
import { expect, it } from 'vitest';
import type { Consent } from '../../../sdk/database/database.ts';
import { until } from '../hostile.ts';
import { type Shopper, type Stage, visit } from './shopper.ts';

const consented = (shopper: Shopper, personalise: boolean, contribute: boolean): Promise<unknown> =>
  until(`consent ${personalise} ${contribute}`, async () => {
    const consent: Consent = await shopper.page.evaluate(() => window.vitrine.consent.get());
    return consent.personalise === personalise && consent.contribute === contribute;
  });

async function choose(shopper: Shopper, choice: 'all' | 'some' | 'none'): Promise<void> {
  await shopper.page.click(`#cmp [data-choose=${choice}]`);
}

export function booksJourney(stage: () => Stage): void {
  it('TCF: nothing before a choice; all of it after "Accept all"; nothing is left when withdrawn', async () => {
    await visit('books', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/book/9780001');
      await page.waitForSelector('#cmp:not([hidden])');
      await shopper.untouched();
      await choose(shopper, 'all');
      await consented(shopper, true, true);
      await shopper.kept('view_item 9780001');
      await shopper.open('/book/9780002');
      await shopper.kept('view_item 9780002');
      expect(await shopper.history()).toEqual(['view_item 9780001', 'view_item 9780002']);
      const { ids } = await shopper.recommended({ limit: 2 });
      for (const id of ids) expect(['9780003', '9780004', '9780001', '9780002']).toContain(id);
      await shopper.reportLeaves();
      await page.waitForFunction(() => document.querySelector('script[src="/cmp.js"]') !== null);
      await page.click('#privacy');
      await choose(shopper, 'none');
      await consented(shopper, false, false);
      await until('an empty browser', async () => (await shopper.databases()).length === 0);
      const sent = shopper.reports().length;
      await shopper.open('/book/9780101');
      await consented(shopper, false, false);
      await page.waitForLoadState('networkidle');
      expect(await shopper.databases()).toEqual([]);
      expect(shopper.reports()).toHaveLength(sent);
      await shopper.leavesNoTrace(['euconsent']);
    });
  });

  it('TCF in part: the shelf is the shopper\u2019s own, and nothing is contributed', async () => {
    await visit('books', stage(), async (shopper) => {
      await shopper.open('/book/9780101');
      await choose(shopper, 'some');
      await consented(shopper, true, false);
      await shopper.open('/book/9780102');
      await shopper.kept('view_item 9780102');
      const { ids, state } = await shopper.recommended({ limit: 3 });
      expect(state).toBe('ready');
      expect(ids).toContain('9780103');
      expect(shopper.seen().filter(({ path }) => /worker-\w+\.js|\.wasm/.test(path))).toEqual([]);
      expect(shopper.reports()).toEqual([]);
      await shopper.leavesNoTrace(['euconsent']);
    });
  });

  it('Global Privacy Control: "Accept all" keeps and recommends, and uploads nothing', async () => {
    const init = `Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });`;
    await visit(
      'books',
      stage(),
      async (shopper) => {
        await shopper.open('/book/9780001');
        await choose(shopper, 'all');
        await consented(shopper, true, true);
        await shopper.kept('view_item 9780001');
        const reason = await until('a reason', async () => {
          const { tasks } = await shopper.page.evaluate(() => window.vitrine.status());
          return tasks[0]?.reason;
        });
        expect(reason).toBe('gpc');
        expect((await shopper.recommended({ limit: 1 })).state).toBe('ready');
        expect(shopper.reports()).toEqual([]);
        expect(
          await shopper.page.evaluate(async () => (await window.vitrine.privacyReport()).reports),
        ).toEqual([]);
        await shopper.leavesNoTrace(['euconsent']);
      },
      { init },
    );
  });
}
