/** Shoppers at the shop with everything under one prefix, and what may befall a tag in a page. */
import { expect, it } from 'vitest';
import { ONCE_MORE, until } from '../hostile.ts';
import { type Stage, stroll, visit } from './shopper.ts';

export function bikesJourney(stage: () => Stage): void {
  it('one origin: tag, engine, learner, wasm and API under a prefix', async () => {
    await visit('bikes', stage(), async (shopper) => {
      const { page } = shopper;
      const hosts = new Set<string>();
      shopper.context.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http')) hosts.add(url.origin);
      });
      await shopper.open('/b/city-3');
      await page.waitForLoadState('networkidle');
      await shopper.untouched();
      await page.click('#yes');
      await shopper.kept('view_item city-3');
      await page.click('#add');
      await shopper.kept('add_to_cart city-3');
      await page.click('#buy');
      await shopper.kept('purchase city-3');
      await shopper.open('/b/lock-u');
      await shopper.kept('view_item lock-u');
      expect(await shopper.history()).toEqual([
        'view_item city-3',
        'add_to_cart city-3',
        'purchase city-3',
        'view_item lock-u',
      ]);
      const { ids } = await shopper.recommended({ limit: 8 });
      expect(ids).not.toContain('city-3');
      expect(ids.slice(0, 4)).toContain('city-8');
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
      expect([...hosts]).toEqual([shopper.origin]);
      expect(shopper.seen().filter(({ at }) => at === 'api')).toEqual([]);
    });
  });

  it('two tags: one object, and every event once', async () => {
    await visit('bikes', stage(), async (shopper) => {
      await shopper.open('/b/gravel?twice');
      await shopper.page.waitForLoadState('networkidle');
      await shopper.page.click('#yes');
      await shopper.kept('view_item gravel');
      await shopper.page.click('#add');
      await shopper.kept('add_to_cart gravel');
      expect(await shopper.history()).toEqual(['view_item gravel', 'add_to_cart gravel']);
      await shopper.leavesNoTrace();
    });
  });

  it('a tag that is taken out of the page goes on, and is no trouble on the next page', async () => {
    await visit('bikes', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/b/fold');
      await page.waitForFunction(() => !('queue' in window.vitrine));
      await page.evaluate(() => document.getElementById('tag')?.remove());
      await page.click('#yes');
      await shopper.kept('view_item fold');
      await page.click('#add');
      await shopper.kept('add_to_cart fold');
      await page.route('**/v/vitrine.js', (route) => route.fulfill({ body: '' }));
      await shopper.open('/b/bell');
      await page.click('#add');
      await page.unroute('**/v/vitrine.js');
      await shopper.open('/b/city-8');
      await shopper.kept('view_item city-8');
      expect(await shopper.history()).toEqual([
        'view_item fold',
        'add_to_cart fold',
        'view_item city-8',
      ]);
      await shopper.leavesNoTrace();
    });
  });

  it('a server that is down: the history goes on, and what is kept recommends', async () => {
    const { market } = stage();
    await visit('wheels', stage(), async (shopper) => {
      const { page, problems } = shopper;
      await shopper.open('/b/city-3');
      await page.click('#yes');
      await shopper.kept('view_item city-3');
      await until('the catalogue', async () => (await shopper.recommended()).state === 'ready');
      market.down.add('wheels');
      try {
        await shopper.open('/b/city-8');
        await shopper.kept('view_item city-8');
        const { ids, state } = await shopper.recommended({ limit: 3 });
        expect(state).toBe('ready');
        expect(ids).toContain('gravel');
        await stroll('wheels', stage(), async (newcomer) => {
          await newcomer.open('/b/fold');
          await newcomer.page.click('#yes');
          await newcomer.kept('view_item fold');
          const answered = await newcomer.recommended({ among: ['fold', 'bell'], limit: 2 });
          expect(answered.ids.sort()).toEqual(['bell', 'fold']);
          const pageErrors = newcomer.problems.filter((one) => !one.includes('net::ERR'));
          expect(pageErrors).toEqual([]);
        });
      } finally {
        market.down.delete('wheels');
      }
      expect(problems.splice(0).filter((one) => !one.includes('net::ERR'))).toEqual([]);
      await shopper.leavesNoTrace();
    });
  });

  // Whether a page is kept is for the browser to say, too.
  it(
    'back out of the back/forward cache: the page is as it was, and goes on',
    ONCE_MORE,
    async () => {
      await visit('bikes', stage(), async (shopper) => {
        const { page } = shopper;
        await shopper.open('/b/light');
        await shopper.consents('#mine', true, false);
        await shopper.kept('view_item light');
        await page.evaluate(() => {
          addEventListener('pageshow', ({ persisted }) => {
            document.title = persisted ? 'restored' : 'loaded';
          });
        });
        await shopper.open('/b/bell');
        await shopper.kept('view_item bell');
        await page.evaluate(() => history.back());
        await until('the page as it was', async () => (await page.title()) === 'restored', 5000);
        await page.click('#add');
        await shopper.kept('add_to_cart light');
        expect((await shopper.history()).at(1)).toBe('view_item bell');
        await shopper.leavesNoTrace();
      });
    },
  );
}
