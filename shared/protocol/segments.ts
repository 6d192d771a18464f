/** Segment rules that a new site begins with; their fields are those of sdk/profile/segments.ts. */
import type { SegmentRule } from './task.ts';

export const DEFAULT_SEGMENTS: readonly SegmentRule[] = [
  {
    id: 'high-value',
    label: 'Buys often, at the upper end',
    when: [
      { field: 'orders', op: '>=', value: 2 },
      { field: 'high-price-share', op: '>=', value: 0.4 },
    ],
  },
  {
    id: 'bargain-hunter',
    label: 'Looks for the lower price bands',
    when: [
      { field: 'views', op: '>=', value: 4 },
      { field: 'low-price-share', op: '>=', value: 0.6 },
    ],
  },
  {
    id: 'about-to-buy',
    label: 'Basket filled and likely to buy now',
    when: [
      { field: 'basket-value', op: '>=', value: 0.01 },
      { field: 'intent', op: '>=', value: 0.5 },
    ],
  },
];
