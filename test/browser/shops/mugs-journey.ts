/** A shopper at the shop of a Shopify theme. */
import { expect, it } from 'vitest';
import { until } from '../hostile.ts';
import { type Stage, visit } from './shopper.ts';

export function mugsJourney(stage: () => Stage): void {
  it('Shopify: variants, a cart in JSON, quantities as deltas, customerPrivacy', async () => {
    await visit('mugs', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/products/stoneware-mug');
      await page.waitForSelector('#shopify-pc__banner:not([hidden])');
      await page.waitForLoadState('networkidle');
      await shopper.untouched();
      await page.click('#shopify-pc__banner__btn-accept');
      await until('consent', () => page.evaluate(() => window.vitrine.consent.get().contribute));
      await shopper.kept('view_item STONEWARE-MUG-BLUE');
      await page.check('[name=Colour][value="44002"]');
      await shopper.kept('view_item STONEWARE-MUG-WHITE');
      await page.click('#add');
      await shopper.kept('add_to_cart STONEWARE-MUG-WHITE');
      await page.fill('[name=quantity]', '2');
      await page.click('#add');
      await shopper.kept('add_to_cart STONEWARE-MUG-WHITE×2');
      await shopper.follow('a[href="/cart"]');
      await shopper.listened();
      await page.fill('[data-variant="44002"]', '1');
      await page.locator('[data-variant="44002"]').blur();
      await shopper.kept('remove_from_cart STONEWARE-MUG-WHITE×2');
      await shopper.open('/products/espresso-cup?variant=44011');
      await shopper.kept('view_item ESPRESSO-CUP-BLUE');
      expect(await shopper.history()).toEqual([
        'view_item STONEWARE-MUG-BLUE',
        'view_item STONEWARE-MUG-WHITE',
        'add_to_cart STONEWARE-MUG-WHITE',
        'add_to_cart STONEWARE-MUG-WHITE×2',
        'remove_from_cart STONEWARE-MUG-WHITE×2',
        'view_item ESPRESSO-CUP-BLUE',
      ]);
      const { ids, state } = await shopper.recommended({ limit: 3 });
      expect(state).toBe('ready');
      expect([
        'STONEWARE-MUG-BLUE',
        'STONEWARE-MUG-WHITE',
        'ESPRESSO-CUP-BLUE',
        'ESPRESSO-CUP-WHITE',
        'TRAVEL-MUG-BLUE',
        'TRAVEL-MUG-WHITE',
      ]).toContain(ids[0]);
      await shopper.reportLeaves();
      await shopper.leavesNoTrace(['_tracking_consent']);
    });
  });
}
