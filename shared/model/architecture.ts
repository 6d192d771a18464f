/**
 * Architectures: which weights a task trains, or which sums it asks for, and in what order they
 * stand in its vector.
 */
import { entryNames, largestStatisticNorm, METRIC_ENTRIES, type Statistic } from './statistic.ts';

/** The wide ranker: one weight per bounded history-item feature (see `WIDE_FEATURES`). */
export interface WideArchitecture {
  readonly name: 'wide';
  /** Most recent distinct-in-time items that a score looks at. */
  readonly historyLength: number;
}

/** Logistic regression on one bounded feature vector per browser; the bias is the last weight. */
export interface LogisticArchitecture {
  readonly name: 'logistic';
  readonly head: 'intent';
  /** Inputs without the bias; d = inputs + 1. */
  readonly inputs: number;
}

/**
 * One block of self-attention over content vectors; the output projection starts at zero, so an
 * untrained tower adds nothing to the wide score.
 * Weights in order: embed (content × width), position (historyLength × width),
 * query, key, value, output (width × width each), all row-major.
 */
export interface AttentionArchitecture {
  readonly name: 'attention';
  /** Length of a content vector. */
  readonly content: number;
  readonly width: number;
  readonly historyLength: number;
}

/** A statistic of one browser's history, of kind `measure`; see statistic.ts for its entries. */
export interface CountsArchitecture {
  readonly name: 'counts';
  readonly statistic: Statistic;
}

/** Quality of the ranker of task `task` on one held-out item, of kind `evaluate`. */
export interface RankingMetrics {
  readonly name: 'metrics';
  readonly of: 'ranking';
  /** Name of the task whose versions are evaluated; a round says which (K11). */
  readonly task: string;
  readonly historyLength: number;
}

/** Quality of the purchase-intention head of task `task` on the newest completed visit. */
export interface IntentMetrics {
  readonly name: 'metrics';
  readonly of: 'intent';
  readonly task: string;
}

export type MetricsArchitecture = RankingMetrics | IntentMetrics;

export type Architecture =
  | WideArchitecture
  | LogisticArchitecture
  | AttentionArchitecture
  | CountsArchitecture
  | MetricsArchitecture;

/** The kind of task that an architecture is for (rule K1). */
export function kindOf({ name }: Architecture): 'train' | 'measure' | 'evaluate' {
  if (name === 'counts') return 'measure';
  return name === 'metrics' ? 'evaluate' : 'train';
}

/** Largest L2 norm of one browser's vector; Infinity for a training, which its clip bounds. */
export function largestNorm(architecture: Architecture): number {
  switch (architecture.name) {
    case 'counts':
      return largestStatisticNorm(architecture.statistic);
    case 'metrics':
      return Math.sqrt(METRIC_ENTRIES[architecture.of].length);
    default:
      return Infinity;
  }
}

/** The wide features in weight order, with the start weights of the recipe. */
export const WIDE_FEATURES = [
  { id: 'vector-last', start: 1 },
  { id: 'vector-decayed', start: 2 },
  { id: 'vector-max', start: 2 },
  { id: 'text-last', start: 1 },
  { id: 'text-max', start: 2 },
  { id: 'title-last', start: 1 },
  { id: 'title-max', start: 2 },
  { id: 'same-as-last', start: 1 },
  { id: 'seen', start: -1 },
  { id: 'brand-last', start: 0.5 },
  { id: 'brand-share', start: 0.5 },
] as const;

/** Inputs of the purchase-intention head, in weight order; each is scaled into about [0, 1]. */
export const INTENT_INPUTS = [
  'account-pages',
  'account-seconds',
  'list-pages',
  'list-seconds',
  'product-pages',
  'product-seconds',
  'bounce-share',
  'exit-share',
  'basket-value',
  'special-day',
  'basket-adds',
  'searches',
  ...Array.from({ length: 12 }, (_, month) => `month-${month + 1}`),
  'new-visitor',
  'returning-visitor',
  'weekend',
] as const;

/** Of the untrained head, a published guess: about one session in six ends in an order. */
export const INTENT_START_BIAS = -1.7;

/**
 * Length of an architecture's vector: trained weights, or entries of a statistic.
 * @throws RangeError when the record names an unknown architecture.
 */
export function parameterCount(architecture: Architecture): number {
  switch (architecture.name) {
    case 'wide':
      return WIDE_FEATURES.length;
    case 'logistic':
      return architecture.inputs + 1;
    case 'attention': {
      const { content, width, historyLength } = architecture;
      return content * width + historyLength * width + 4 * width * width;
    }
    case 'counts':
      return entryNames(architecture.statistic).length;
    case 'metrics':
      return METRIC_ENTRIES[architecture.of].length;
    default:
      throw new RangeError(
        `architecture.name: unknown architecture ${(architecture as { name: string }).name}`,
      );
  }
}
