/** From a history to the vector of a `measure` or `evaluate` task: pure, bounded, never random. */
import type { CountsArchitecture, MetricsArchitecture } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { WideScorer } from '../features/wide.ts';
import { campaignCounts } from './campaign.ts';
import { intentMetrics, rankingMetrics } from './quality.ts';
import { histogramShares, pairShares } from './shares.ts';

/**
 * Entries of a statistic in the order of `entryNames`; zeros for an empty history.
 *
 * @param history oldest first
 */
export function measure(
  { statistic }: CountsArchitecture,
  history: readonly ShopEvent[],
  catalogue: Catalogue,
): Float32Array<ArrayBuffer> {
  // What has no name or time cannot have come from capture.
  const events = history.filter(
    (event) => typeof event?.name === 'string' && Number.isFinite(event.atMs),
  );
  switch (statistic.name) {
    case 'campaign':
      return campaignCounts(statistic, events);
    case 'histogram':
      return histogramShares(statistic, events, catalogue);
    case 'pairs':
      return pairShares(statistic, events, catalogue);
  }
}

export interface EvaluateInput {
  /** Oldest first. */
  readonly events: readonly ShopEvent[];
  readonly catalogue: Catalogue;
  /** Of the model that is evaluated. */
  readonly weights: Float32Array;
  readonly nowMs: number;
  /** Shared columns; by default the catalogue's own scorer. */
  readonly scorer?: WideScorer;
}

/** Entries of `METRIC_ENTRIES[architecture.of]`; zeros where there is nothing to evaluate. */
export function evaluate(
  architecture: MetricsArchitecture,
  { events, catalogue, weights, nowMs, scorer }: EvaluateInput,
): Float32Array<ArrayBuffer> {
  if (architecture.of === 'intent') return intentMetrics(events, weights, nowMs);
  return rankingMetrics(events, catalogue, weights, architecture.historyLength, scorer);
}
