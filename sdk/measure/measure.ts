/** From a history to the vector of a `measure` or `evaluate` task: pure, bounded, never random. */
import type { CountsArchitecture, MetricsArchitecture } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { popularPairs } from '../../shared/model/parts-popular.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { KnownTask } from '../features/assemble.ts';
import { itemSequence } from '../features/sequence.ts';
import type { WideScorer } from '../features/wide.ts';
import { campaignCounts } from './campaign.ts';
import { inputLabelCounts } from './input-label.ts';
import { graphPairs, itemCounts } from './items.ts';
import { partsMetrics } from './parts.ts';
import { headMetrics, rankingMetrics } from './quality.ts';
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
  nowMs: number = history.at(-1)?.atMs ?? 0,
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
    case 'items':
      return itemCounts(statistic, itemSequence(events, catalogue), catalogue.ids.length);
    case 'graph-pairs':
      return graphPairs(statistic, itemSequence(events, catalogue), catalogue);
    case 'popular-pairs':
      return popularPairs(statistic, itemSequence(events, catalogue));
    case 'input-label':
      return inputLabelCounts(statistic, events, catalogue, nowMs);
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
  /** What the parts of a ranker stand on; nothing by default. */
  readonly parts?: ReadonlyMap<string, KnownTask>;
}

/** Entries of `metricEntries`; zeros where there is nothing to evaluate. */
export function evaluate(
  architecture: MetricsArchitecture,
  { events, catalogue, weights, nowMs, scorer, parts }: EvaluateInput,
): Float32Array<ArrayBuffer> {
  if (architecture.of === 'head') {
    return headMetrics(architecture.head, events, catalogue, weights, nowMs);
  }
  if (architecture.of === 'parts') {
    return partsMetrics(architecture, events, catalogue, weights, parts ?? new Map(), scorer);
  }
  return rankingMetrics(events, catalogue, weights, architecture.historyLength, scorer);
}
