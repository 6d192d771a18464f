/** Events to the sequence of items that a shopper dealt with. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { EventName, ShopEvent } from '../capture/event.ts';

/** Events that say "this shopper, this item". Lists and removals say it too weakly. */
export const ITEM_EVENTS: ReadonlySet<EventName> = new Set<EventName>([
  'view_item',
  'add_to_cart',
  'add_to_wishlist',
  'purchase',
  'rate_item',
]);

const indices = new WeakMap<Catalogue, ReadonlyMap<string, number>>();

/** Item id to index; made once per catalogue. */
export function indexOf(catalogue: Catalogue): ReadonlyMap<string, number> {
  let index = indices.get(catalogue);
  if (index === undefined) {
    index = new Map(catalogue.ids.map((id, i) => [id, i]));
    indices.set(catalogue, index);
  }
  return index;
}

/**
 * Indices of the items that the shopper looked at, chose, bought or rated, oldest first.
 * Consecutive repeats are one; ids that the catalogue does not have are skipped.
 */
export function itemSequence(events: readonly ShopEvent[], catalogue: Catalogue): number[] {
  const index = indexOf(catalogue);
  const sequence: number[] = [];
  for (const event of events) {
    if (!ITEM_EVENTS.has(event?.name)) continue;
    for (const item of event.items ?? []) {
      const found = index.get(item?.id);
      if (found !== undefined && found !== sequence[sequence.length - 1]) sequence.push(found);
    }
  }
  return sequence;
}

/** Indices of the items that were bought. */
export function purchasedItems(events: readonly ShopEvent[], catalogue: Catalogue): Set<number> {
  return new Set(
    itemSequence(
      events.filter((event) => event?.name === 'purchase'),
      catalogue,
    ),
  );
}
