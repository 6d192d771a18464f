/** What a page knows of a history that grows, is cut, rewritten, read again and erased. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { History, type Kept } from '../../sdk/history.ts';
import { Follower } from '../../sdk/profile/follower.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { event, NOON_MS, smallCatalogue } from './features-goods.ts';
import { known } from './profile-world.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});

const RETENTION = { maxEvents: 1000, maxAgeMs: 1e12 };

function tab(retention = RETENTION) {
  const history = new History({
    retention,
    after: () => () => undefined,
    onFailure: (error) => expect(error).toBeNull(),
    onWritten: () => undefined,
    onDamaged: () => undefined,
  });
  const follower = new Follower({
    events: () => history.events(),
    catalogue: () => catalogue,
    now: () => NOON_MS,
    pause: () => Promise.resolve(),
  });
  history.watch({
    added: (one) => follower.added(one),
    replaced: (before, one) => follower.replaced(before, one),
    reset: () => follower.reset(),
    again: () => undefined,
  });
  return { history, follower, dwell: null as Kept | null };
}

const dwell = (page: string, ms: number, atMs: number): ShopEvent =>
  event('dwell', [], { atMs, dwellMs: ms, page });

describe('sums that follow a history', () => {
  it('are those of the history read again, whatever two tabs do to it', async () => {
    const step = fc.record({
      tab: fc.integer({ min: 0, max: 1 }),
      what: fc.constantFrom('add', 'add', 'dwell', 'go-on', 'flush', 'reload', 'ask', 'erase'),
      id: fc.constantFrom('pot-clay', 'lamp-oak', 'pan-iron', 'gone'),
      name: fc.constantFrom('view_item' as const, 'add_to_cart' as const, 'purchase' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
        const database = memoryDatabase({ state: 'ready' });
        const tabs = [tab(), tab()];
        for (const { history } of tabs) await history.attach(database);
        let atMs = NOON_MS - 86_400_000;
        for (const { tab: at, what, id, name } of steps) {
          const one = tabs[at] as ReturnType<typeof tab>;
          const { history, follower } = one;
          atMs += 61_000;
          if (what === 'add') history.add(event(name, [id], { atMs, value: 5 }));
          if (what === 'dwell') one.dwell = history.add(dwell(id, 1000, atMs));
          if (what === 'go-on' && one.dwell !== null) {
            history.replace(one.dwell, dwell(one.dwell.event.page ?? '', 9000, atMs));
          }
          if (what === 'flush') await history.flush();
          if (what === 'reload') await history.reload();
          if (what === 'ask') await follower.settled();
          if (what === 'erase') {
            one.dwell = null;
            history.detach();
            expect((await follower.settled()).events).toBe(0);
            expect(follower.recent()).toEqual([]);
            await history.attach(database);
          }
          const tally = await follower.settled();
          const again = await known(history.events(), catalogue);
          for (const field of ['events', 'spend', 'basket', 'paid'] as const) {
            expect(tally[field]).toBe(again.tally[field]);
          }
          expect(tally.counts).toEqual(again.tally.counts);
          expect(tally.orders).toEqual(again.tally.orders);
          expect(tally.sequence).toEqual(again.tally.sequence);
          expect(tally.bought).toEqual(again.tally.bought);
          expect(follower.recent()).toEqual(again.follower.recent());
        }
      }),
      { numRuns: 150, seed: 11 },
    );
  });
});
