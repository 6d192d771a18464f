/** A shopper at the shop that does nothing: what its pages say is enough. */
import { expect, it } from 'vitest';
import { type Stage, visit } from './shopper.ts';

export function pansJourney(stage: () => Stage): void {
  it('JSON-LD and one line: views are kept, and the goods that were seen are recommended', async () => {
    await visit('pans', stage(), async (shopper) => {
      const seen = ['stock-24', 'sauce-16', 'skillet-24', 'wok-30', 'skillet-28'];
      for (const id of seen) {
        await shopper.open('/');
        await shopper.follow(`a[href="/pan/${id}"]`);
        await shopper.kept(`view_item ${id}`);
      }
      expect(await shopper.history()).toEqual(seen.map((id) => `view_item ${id}`));
      const { ids, source, state } = await shopper.recommended({ limit: 5 });
      expect({ source, state }).toEqual({ source: 'seen', state: 'ready' });
      // All that is known but the one in front of the shopper, with its own kind first.
      expect(ids.slice(0, 2).sort()).toEqual(['skillet-24', 'wok-30']);
      expect(ids.slice(2).sort()).toEqual(['sauce-16', 'stock-24']);
      const similar = await shopper.recommended({
        model: 'related',
        itemId: 'skillet-28',
        limit: 1,
      });
      expect(similar.ids[0]).toMatch(/^(skillet|wok)-/);
      const cards = await shopper.page.evaluate(() =>
        window.vitrine.describe(['wok-30', 'nothing']),
      );
      expect(cards[0]).toMatchObject({
        id: 'wok-30',
        title: 'Wok 30 cm',
        price: 45,
        currency: 'EUR',
        brand: 'Eisen',
        url: `${shopper.origin}/pan/wok-30`,
        image: `${shopper.origin}/pictures/wok-30.svg`,
      });
      expect(cards[1]).toMatchObject({ id: 'nothing', title: 'nothing', url: null });
      // What was learned of the goods outlives the page, without a request to anybody.
      await shopper.open('/');
      const from = shopper.toAggregator().length;
      expect((await shopper.recommended({ limit: 5 })).ids).toEqual(ids);
      expect(
        shopper
          .toAggregator()
          .slice(from)
          .filter(({ path }) => /catalogues/.test(path)),
      ).toEqual([]);
      await shopper.leavesNoTrace();
    });
  });
}
