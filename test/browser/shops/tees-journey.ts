/** A shopper at the single-page shop: colours are other goods, back is a look again. */
import { expect, it } from 'vitest';
import { type Stage, visit } from './shopper.ts';

export function teesJourney(stage: () => Stage): void {
  it('one document: routes, colours and late JSON-LD are each heard once', async () => {
    await visit('tees', stage(), async (shopper) => {
      const { page } = shopper;
      await shopper.open();
      await page.click('a[href="/t/stripe?color=navy"]');
      await page.click('#add');
      await page.click('header a[href="/"]');
      await shopper.untouched();
      await shopper.consents('#agree');
      await page.click('a[href="/t/crew?color=navy"]');
      await shopper.kept('view_item crew-navy');
      await page.click('a[href="/t/crew?color=rust"]');
      await shopper.kept('view_item crew-rust');
      await page.click('#add');
      await shopper.kept('add_to_cart crew-rust');
      await page.fill('input[type=search]', 'fleece');
      await page.press('input[type=search]', 'Enter');
      await shopper.kept('search fleece');
      await page.click('a[href="/t/zip?color=navy"]');
      await shopper.kept('view_item zip-navy');
      await page.click('header a[href="/basket"]');
      await page.click('#buy');
      await shopper.kept('purchase stripe-navy crew-rust');
      expect(await shopper.history()).toEqual([
        'view_item crew-navy',
        'view_item crew-rust',
        'add_to_cart crew-rust',
        'search fleece',
        'view_item zip-navy',
        'purchase stripe-navy crew-rust',
      ]);
      const { ids, state } = await shopper.recommended({ limit: 4 });
      expect(state).toBe('ready');
      expect(ids).not.toContain('crew-rust');
      expect(ids).not.toContain('stripe-navy');
      expect(ids[0]).toMatch(/^(crew|boxy|stripe|zip|half)-/);
      expect(
        (await shopper.recommended({ model: 'similar', itemId: 'zip-navy', limit: 1 })).ids[0],
      ).toMatch(/^(zip|half)-/);
      await shopper.reportLeaves();
      await shopper.leavesNoTrace();
      const documents = shopper.seen().filter(({ at, path }) => at === 'tees' && path.length > 1);
      expect(
        documents.map(({ path }) => path).filter((path) => /^\/(t|basket|search)\b/.test(path)),
      ).toEqual([]);
    });
  });
}
