/**
 * What happened after a moment, as a head's label: shared/model/heads/label.ts. Windows are
 * (cut, cut + days]; one that has not passed yet gives no label.
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { HeadLabel } from '../../shared/model/heads/label.ts';
import { hashedBin } from '../../shared/model/statistic.ts';
import type { ShopEvent } from '../capture/event.ts';
import { aboutItem, DAY_MS, discountOf, orderValue } from './rfm.ts';

/** No label: the head learns nothing from this example. */
export const NO_LABEL = -1;

export type WindowLabel = Exclude<
  HeadLabel,
  { readonly name: 'purchase-in-session' } | { readonly name: 'next-category' }
>;
export type CategoryLabel = Extract<HeadLabel, { readonly name: 'next-category' }>;

export function isWindowed(label: HeadLabel): label is WindowLabel {
  return 'days' in label;
}

/**
 * 0, 1 or `NO_LABEL`.
 *
 *   no-purchase                 none for who had bought nothing up to the cut: nobody to lose
 *   spend-at-least              for everybody who was there before the cut
 *   discount-share-at-least     none for who bought nothing in the window
 *
 * @param events in the order of time, from before the cut to after it
 */
export function windowLabel(
  label: WindowLabel,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  cutMs: number,
  nowMs: number,
): number {
  const endMs = cutMs + label.days * DAY_MS;
  if (!(endMs <= nowMs)) return NO_LABEL;
  const bought = events.filter(({ name }) => name === 'purchase');
  const window = bought.filter(({ atMs }) => atMs > cutMs && atMs <= endMs);
  switch (label.name) {
    case 'no-purchase':
      if (!bought.some(({ atMs }) => atMs <= cutMs)) return NO_LABEL;
      return window.length === 0 ? 1 : 0;
    case 'spend-at-least': {
      const spent = window.reduce((sum, event) => sum + orderValue(event, catalogue), 0);
      return spent >= label.amount ? 1 : 0;
    }
    case 'discount-share-at-least': {
      const lines = window.flatMap(({ items }) => items ?? []);
      if (lines.length === 0) return NO_LABEL;
      const reduced = lines.filter((item) => discountOf(item, catalogue) > 0).length;
      return reduced / lines.length >= label.share ? 1 : 0;
    }
  }
}

/** Category of the first good of an event as the head numbers it; `NO_LABEL` for any other. */
export function categoryLabel(
  { categories }: CategoryLabel,
  event: ShopEvent,
  catalogue: Catalogue,
): number {
  const item = event.items?.[0];
  const category = typeof item?.id === 'string' ? aboutItem(item, catalogue).category : undefined;
  if (category === undefined) return NO_LABEL;
  if (typeof categories === 'number') return hashedBin(category, categories);
  return categories.indexOf(category);
}
