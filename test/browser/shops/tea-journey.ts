/** A shopper at the shop behind the strictest policy. */
import { expect, it } from 'vitest';
import { type Stage, visit } from './shopper.ts';

export function teaJourney(stage: () => Stage): void {
  it('nonce, strict-dynamic, Trusted Types, Workers of its own origin', async () => {
    await visit('tea', stage(), async (shopper) => {
      const { page } = shopper;
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
          console.error(`policy: ${violatedDirective} ${blockedURI}`),
        );
      });
      await shopper.open('/');
      await page.waitForLoadState('networkidle');
      await shopper.untouched();
      await shopper.consents('#keep');
      await shopper.follow('a[href="/tea/keemun"]');
      await shopper.kept('view_item keemun');
      await shopper.search('green');
      await shopper.kept('search green');
      await shopper.follow('a[href="/tea/sencha"]');
      await shopper.kept('view_item sencha');
      await page.selectOption('[name=quantity]', '2');
      await shopper.follow('#add');
      await shopper.kept('add_to_cart sencha×2');
      await shopper.follow('#buy');
      await shopper.kept('purchase sencha×2');
      expect(await shopper.history()).toEqual([
        'view_item keemun',
        'search green',
        'view_item sencha',
        'add_to_cart sencha×2',
        'purchase sencha×2',
      ]);
      const { ids } = await shopper.recommended({ limit: 3 });
      expect(ids).not.toContain('sencha');
      expect(['gyokuro', 'darjee', 'assam-1', 'ceylon', 'keemun']).toContain(ids[0]);
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
      expect(shopper.ofCdn().every(({ path }) => path === '/tea/0.1.0/vitrine.js')).toBe(true);
      const own = shopper.seen().filter(({ path }) => path.startsWith('/vitrine/'));
      expect(own.map(({ path }) => path)).toContain('/vitrine/vitrine-engine.js');
    });
  });
}
