/** A shopper at the Chinese shop, with the elements. */
import { expect, it } from 'vitest';
import { until } from '../hostile.ts';
import { type Stage, visit } from './shopper.ts';

export function ciJourney(stage: () => Stage): void {
  it('Chinese goods, searches and prices; the shelf and the panel in Chinese', async () => {
    await visit('ci', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open('/');
      await page.waitForFunction(() => customElements.get('vitrine-shelf') !== undefined);
      await page.waitForLoadState('networkidle');
      await shopper.untouched();
      await shopper.consents('#agree');
      await shopper.follow('a[href="/item/cup-01"]');
      await shopper.kept('view_item cup-01');
      await shopper.search('茶杯');
      await shopper.kept('search 茶杯');
      await shopper.follow('main a[href="/item/cup-02"]');
      await shopper.kept('view_item cup-02');
      await shopper.follow('#add');
      await shopper.kept('add_to_cart cup-02');
      await shopper.follow('#buy');
      await shopper.kept('purchase cup-02');
      expect(await shopper.history()).toEqual([
        'view_item cup-01',
        'search 茶杯',
        'view_item cup-02',
        'add_to_cart cup-02',
        'purchase cup-02',
      ]);
      const { events } = (await page.evaluate(() => window.vitrine.exportData())) as {
        events: { name: string; currency?: string; items: { price?: number }[] }[];
      };
      expect(events.find(({ name }) => name === 'view_item')).toMatchObject({
        currency: 'CNY',
        items: [{ price: 128 }],
      });
      const { ids } = await shopper.recommended({ limit: 4 });
      expect(ids[0]).toMatch(/^cup-/);
      expect(ids).not.toContain('cup-02');
      const shown = await until('goods on the shelf', async () => {
        const text = await page
          .locator('vitrine-shelf')
          .evaluate((one) => one.shadowRoot?.textContent);
        return text?.includes('茶杯') ? text : null;
      });
      expect(shown).toContain('建盏兔毫茶杯');
      expect(shown).toMatch(/[¥￥]\s?239/);
      const panel = page.locator('vitrine-privacy');
      expect(await panel.evaluate((one) => one.shadowRoot?.textContent ?? '')).toMatch(
        /\p{Script=Han}/u,
      );
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
    });
  });
}
