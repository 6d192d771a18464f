/** Exposures and conversions of one campaign, by arm: SPEC.md of shared/protocol, rule K6. */
import type { CampaignStatistic } from '../../shared/model/statistic.ts';
import type { ShopEvent } from '../capture/event.ts';

/**
 * 2·arms entries, 0 or 1, at most two of them 1 and both of one arm.
 *
 * The first exposure decides the arm; where that arm is not one of the task's, nothing is counted,
 * so that nobody moves to the arm seen second. A purchase counts that stands behind an exposure to
 * the arm, by at most `windowMs`; after a clock set back, the order in which they came decides.
 *
 * @param events oldest first
 */
export function campaignCounts(
  { campaign, arms, windowMs }: CampaignStatistic,
  events: readonly ShopEvent[],
): Float32Array<ArrayBuffer> {
  const counts = new Float32Array(2 * arms.length);
  const seen = (event: ShopEvent): boolean =>
    event.name === 'view_promotion' && event.promotion === campaign;
  const first = events.find(seen);
  const arm = arms.indexOf(first?.creative ?? '');
  if (first === undefined || arm === -1) return counts;
  counts[2 * arm] = 1;
  let exposedMs = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    if (seen(event) && event.creative === first.creative) exposedMs = event.atMs;
    const elapsed = event.name === 'purchase' ? event.atMs - exposedMs : Infinity;
    if (elapsed <= windowMs) counts[2 * arm + 1] = 1;
  }
  return counts;
}
