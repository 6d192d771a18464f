/** A shopper at the shop of rendered pages: looks, searches, basket, buys; then what is known. */
import { expect, it } from 'vitest';
import { type Stage, visit } from './shopper.ts';

/** Lists as their microdata tells of them: the window of the shop, a category, a search. */
const DESKS = 'view_item_list desk-arc desk-clip desk-reader desk-bank';
const PENDANTS = 'view_item_list pend-dome pend-glass pend-reed';
const BRASS = 'view_item_list desk-arc desk-bank floor-bow';

export function lampsJourney(stage: () => Stage): void {
  it('rendered pages: looks, searches, puts into the basket and buys', async () => {
    await visit('lamps', stage(), async (shopper) => {
      await shopper.open();
      await shopper.page.waitForLoadState('networkidle');
      await shopper.untouched();
      await shopper.consents('[data-consent="11"]');
      await shopper.kept(DESKS);
      await shopper.follow('nav a[href="/c/pendant"]');
      await shopper.kept(PENDANTS);
      await shopper.follow('nav a[href="/c/desk"]');
      await shopper.kept(DESKS);
      await shopper.follow('a[href="/p/desk-clip"]');
      await shopper.kept('view_item desk-clip');
      await shopper.search('brass');
      await shopper.kept(BRASS);
      await shopper.follow('a[href="/p/desk-arc"]');
      await shopper.kept('view_item desk-arc');
      await shopper.page.fill('[name=quantity]', '2');
      await shopper.follow('#add');
      await shopper.kept('add_to_cart desk-arc×2');
      await shopper.follow('#buy');
      await shopper.kept('purchase desk-arc×2');
      await shopper.follow('header a[href="/"]');
      await shopper.kept(DESKS);
      expect(await shopper.history()).toEqual([
        DESKS,
        PENDANTS,
        DESKS,
        'view_item desk-clip',
        'search brass',
        BRASS,
        'view_item desk-arc',
        'add_to_cart desk-arc×2',
        'purchase desk-arc×2',
        DESKS,
      ]);
      const { ids, state } = await shopper.recommended({ limit: 3 });
      expect(state).toBe('ready');
      expect(ids.some((id) => id.startsWith('desk-'))).toBe(true);
      expect(ids[0]).not.toMatch(/^pend-/);
      expect(ids).not.toContain('desk-arc');
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
    });
  });

  it('a shopper who says no leaves nothing, on whatever page', async () => {
    await visit('lamps', stage(), async (shopper) => {
      await shopper.open('/p/desk-arc');
      await shopper.page.click('[data-consent="00"]');
      await shopper.follow('#add');
      await shopper.follow('#buy');
      await shopper.page.waitForLoadState('networkidle');
      await shopper.untouched();
      const { ids, source } = await shopper.recommended({ among: ['desk-bank', 'pend-reed'] });
      expect(ids).toEqual(['desk-bank', 'pend-reed']);
      expect(source).toMatch(/^(given|popular)$/);
      await shopper.leavesNoTrace();
    });
  });
}
