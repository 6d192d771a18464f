/** A shopper at the shop of WooCommerce's templates. */
import { expect, it } from 'vitest';
import { type Stage, visit } from './shopper.ts';

export function yarnJourney(stage: () => Stage): void {
  it('WooCommerce: loop buttons by AJAX, a form that posts, one id for each good', async () => {
    await visit('yarn', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/shop/');
      await page.click('[data-product_sku="BOOK-1"]');
      await page.waitForSelector('.added');
      await page.waitForLoadState('networkidle');
      await shopper.untouched();
      await shopper.consents('#ok');
      await shopper.follow('a[href="/product/wool-red/"]');
      await shopper.kept('view_item WOOL-RED');
      await page.fill('[name=quantity]', '3');
      await shopper.follow('.single_add_to_cart_button');
      await shopper.kept('view_item WOOL-RED');
      await shopper.search('bamboo');
      await shopper.kept('search bamboo');
      await page.click('[data-product_sku="NEED-4"]');
      await shopper.kept('add_to_cart NEED-4');
      await shopper.follow('a[href="/product/wool-moss/"], a[href="/product/need-6/"]');
      await shopper.kept('view_item NEED-6');
      await shopper.open('/checkout/order-received/88/');
      await shopper.kept('purchase BOOK-1 WOOL-RED×3 NEED-4');
      expect(await shopper.history()).toEqual([
        'view_item WOOL-RED',
        'add_to_cart WOOL-RED×3',
        // The form answers with the same page, which is looked at once more.
        'view_item WOOL-RED',
        'search bamboo',
        'add_to_cart NEED-4',
        'view_item NEED-6',
        'purchase BOOK-1 WOOL-RED×3 NEED-4',
      ]);
      const { ids, state } = await shopper.recommended({ limit: 4 });
      expect(state).toBe('ready');
      for (const bought of ['BOOK-1', 'WOOL-RED', 'NEED-4']) expect(ids).not.toContain(bought);
      expect(ids.slice(0, 2)).toEqual(
        expect.arrayContaining([expect.stringMatching(/^(NEED|WOOL)/)]),
      );
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
    });
  });
}
