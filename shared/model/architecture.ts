/** Architectures: which weights a task trains and in what order they stand in its vector. */

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

export type Architecture = WideArchitecture | LogisticArchitecture | AttentionArchitecture;

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

/**
 * Number of trained weights of an architecture.
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
    default:
      throw new RangeError(
        `architecture.name: unknown architecture ${(architecture as { name: string }).name}`,
      );
  }
}
