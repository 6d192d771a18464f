/** A shopper at the shop of the data layer: two dialects, pushes before and after the tag. */
import { expect, it } from 'vitest';
import { until } from '../hostile.ts';
import { type Stage, visit } from './shopper.ts';

export function shoesJourney(stage: () => Stage): void {
  it('a data layer in two dialects, under consent mode', async () => {
    await visit('shoes', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/shoe/S-200');
      await page.click('#add');
      await page.waitForSelector('output:has-text("In your cart")');
      await shopper.untouched();
      await page.click('[data-choice=all]');
      await until('consent', () => page.evaluate(() => window.vitrine.consent.get().contribute));
      await shopper.open('/shoe/B-100');
      await shopper.kept('view_item B-100');
      await page.click('#add');
      await shopper.kept('add_to_cart B-100');
      await shopper.search('running');
      await shopper.kept('search running');
      await shopper.follow('a[href="/shoe/R-200"]');
      await shopper.kept('view_item R-200');
      await page.click('#add');
      await shopper.kept('add_to_cart R-200');
      await page.click('#add');
      const twice = async () =>
        (await shopper.history()).filter((one) => one === 'add_to_cart R-200');
      await until('a second pair', async () => (await twice()).length === 2, 20_000);
      await shopper.follow('header a[href="/cart"]');
      await shopper.follow('#buy');
      await shopper.kept('purchase S-200 B-100 R-200×2');
      expect(await shopper.history()).toEqual([
        // What the data layer of that very page held when consent came.
        'view_item S-200',
        'add_to_cart S-200',
        'view_item B-100',
        'add_to_cart B-100',
        'search running',
        'view_item R-200',
        'add_to_cart R-200',
        'add_to_cart R-200',
        'purchase S-200 B-100 R-200×2',
      ]);
      const { ids, state } = await shopper.recommended({ limit: 4 });
      expect(state).toBe('ready');
      expect(ids).not.toContain('B-100');
      expect(ids).not.toContain('S-200');
      expect(ids).not.toContain('R-200');
      expect(ids[0]).toMatch(/^[BR]-/);
      await shopper.reportLeaves();
      // The tag manager, which wrapped the same array, has lost nothing of it.
      const [all, managed] = await page.evaluate(() => {
        const { dataLayer, managed } = window as unknown as Record<string, unknown[]>;
        return [dataLayer?.length, managed?.length];
      });
      expect(managed).toBe(all);
      await shopper.leavesNoTrace(['choice']);
    });
  });

  it('consent mode that grants only what personalises keeps, and sends nothing', async () => {
    await visit('shoes', stage(), async (shopper) => {
      await shopper.open('/');
      await shopper.page.click('[data-choice=some]');
      await until('consent', () =>
        shopper.page.evaluate(() => window.vitrine.consent.get().personalise),
      );
      await shopper.open('/shoe/R-100');
      await shopper.kept('view_item R-100');
      expect(await shopper.page.evaluate(() => window.vitrine.consent.get())).toEqual({
        personalise: true,
        contribute: false,
      });
      expect((await shopper.recommended({ limit: 2 })).ids).toEqual(
        expect.arrayContaining(['R-200']),
      );
      const learners = shopper.seen().filter(({ path }) => /worker-\w+\.js|\.wasm/.test(path));
      expect(learners).toEqual([]);
      expect(shopper.reports()).toEqual([]);
      await shopper.leavesNoTrace(['choice']);
    });
  });
}
