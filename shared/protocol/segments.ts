/** Segment rules that a new site begins with; their language is that of shared/model/expression. */
import type { SegmentRule } from './task.ts';

export const DEFAULT_SEGMENTS: readonly SegmentRule[] = [
  {
    id: 'high-value',
    label: 'Buys often, at the upper end',
    when: 'orders >= 2 and (high-price-share >= 0.4 or value-tier == "high")',
  },
  {
    id: 'bargain-hunter',
    label: 'Looks for the lower price',
    when: 'views >= 4 and (low-price-share >= 0.6 or price-sensitivity >= 0.6)',
  },
  {
    id: 'new',
    label: 'First visit, nothing bought yet',
    when: 'events >= 1 and visitor == "new" and orders == 0',
  },
  {
    id: 'lapsing',
    label: 'Bought before, stays away longer than usual',
    when: 'orders >= 1 and (churn >= 0.6 or days-since-purchase > 90)',
  },
  {
    id: 'about-to-buy',
    label: 'Basket filled and likely to buy now',
    when: 'basket-value > 0 and intent >= 0.5',
  },
  {
    id: 'looking-around',
    label: 'Looks at much, puts nothing into the basket',
    when: 'views >= 8 and basket-adds == 0 and orders == 0',
  },
];
