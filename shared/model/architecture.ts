/**
 * Architectures: which weights a task trains, or which sums it asks for, and in what order they
 * stand in its vector.
 */
import type { Catalogue } from './catalogue.ts';
import { columnsOf } from './heads/inputs.ts';
import { type HeadLabel, outputsOf } from './heads/label.ts';
import { type PopPart, partNames, type RankerParts } from './parts.ts';
import { entryCount, largestStatisticNorm, METRIC_ENTRIES, type Statistic } from './statistic.ts';

/** The wide ranker: one weight per bounded history-item feature (see `WIDE_FEATURES`). */
export interface WideArchitecture {
  readonly name: 'wide';
  /** Most recent distinct-in-time items that a score looks at. */
  readonly historyLength: number;
}

/**
 * One small network on one bounded feature vector per example. With c columns of its inputs
 * (heads/inputs.ts) and k outputs of its label: linear, (c + 1) × k weights; with one hidden layer
 * of tanh, (c + 1) × hidden and then (hidden + 1) × k. Row-major, the last row of each are biases.
 *
 * tanh, as bounded activations lose less under DP: Papernot et al., arXiv:2007.14191, §4.
 */
export interface HeadArchitecture {
  readonly name: 'head';
  /** What it tells: 'intent', 'churn', 'value', 'price-sensitivity', 'next-category', or a shop's own. */
  readonly head: string;
  readonly label: HeadLabel;
  readonly inputs: readonly string[];
  /** Units of the hidden layer; 0 for a linear head. */
  readonly hidden: number;
}

/** Several heads on one hidden layer: (c + 1) × hidden, then (hidden + 1) × k of each head in turn. */
export interface TrunkArchitecture {
  readonly name: 'trunk';
  readonly inputs: readonly string[];
  readonly hidden: number;
  readonly heads: readonly { readonly head: string; readonly label: HeadLabel }[];
}

/** How a tower reads a history of content vectors. */
export type TowerKind = 'attention' | 'gru' | 'lstm' | 'cnn' | 'mean';

/**
 * A sequence tower over content vectors; its output matrix starts at zero, so that an untrained
 * tower adds nothing to the wide score. Weights: see `towerShapes`.
 */
export interface TowerArchitecture {
  readonly name: 'tower';
  readonly kind: TowerKind;
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

/** Quality of the head of task `task` on its newest example. */
export interface HeadMetrics {
  readonly name: 'metrics';
  readonly of: 'head';
  readonly task: string;
  /** The architecture of that task. */
  readonly head: HeadArchitecture;
}

/** Quality of the ranker of task `task` without and with each of these parts (K19). */
export interface PartsMetrics {
  readonly name: 'metrics';
  readonly of: 'parts';
  readonly task: string;
  readonly historyLength: number;
  /** Popularity on which all of it stands, as the ranker always does; the wide part alone if absent. */
  readonly base?: PopPart;
  readonly parts: RankerParts;
}

export type MetricsArchitecture = RankingMetrics | HeadMetrics | PartsMetrics;

/** Names of an evaluation's entries in their order. */
export function metricEntries(architecture: MetricsArchitecture): readonly string[] {
  const entries = METRIC_ENTRIES[architecture.of];
  if (architecture.of !== 'parts') return entries;
  return [...entries, ...partNames(architecture.parts).map((name) => `ndcg10-${name}`)];
}

export type Architecture =
  | WideArchitecture
  | HeadArchitecture
  | TrunkArchitecture
  | TowerArchitecture
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
      return Math.sqrt(metricEntries(architecture).length);
    default:
      return Infinity;
  }
}

/** The heads of an architecture in the order of their weights: itself, or those of the trunk. */
export function headsOf(
  architecture: HeadArchitecture | TrunkArchitecture,
): readonly { readonly head: string; readonly label: HeadLabel }[] {
  return architecture.name === 'head' ? [architecture] : architecture.heads;
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

/** Positions that one filter of a convolution tower sees. */
export const CNN_REACH = 3;

export interface TowerMatrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The matrices of a tower in weight order, row-major: `embed` first, `output` last. The columns of
 * `input`, `recurrent` and `bias` stand gate by gate: reset, update, candidate in a GRU; input,
 * forget, cell, output in an LSTM. The rows of `filter` stand oldest position first.
 */
export function towerShapes(architecture: TowerArchitecture): readonly TowerMatrix[] {
  const { kind, content, width, historyLength } = architecture;
  const matrix = (name: string, rows: number, columns = width): TowerMatrix => ({
    name,
    rows,
    columns,
  });
  const gated = (gates: number): TowerMatrix[] => [
    matrix('input', width, gates * width),
    matrix('recurrent', width, gates * width),
    matrix('bias', 1, gates * width),
  ];
  const between = {
    attention: () => [
      matrix('position', historyLength),
      matrix('query', width),
      matrix('key', width),
      matrix('value', width),
    ],
    gru: () => gated(3),
    lstm: () => gated(4),
    cnn: () => [matrix('filter', CNN_REACH * width), matrix('bias', 1)],
    mean: () => [],
  }[kind]();
  return [matrix('embed', content), ...between, matrix('output', width)];
}

/**
 * Length of an architecture's vector: trained weights, or entries of a statistic.
 * @throws RangeError when the record names an unknown architecture.
 */
export function parameterCount(architecture: Architecture): number {
  switch (architecture.name) {
    case 'wide':
      return WIDE_FEATURES.length;
    case 'head':
    case 'trunk':
      return headCount(architecture);
    case 'tower':
      return towerShapes(architecture).reduce((d, { rows, columns }) => d + rows * columns, 0);
    case 'counts':
      return entryCount(architecture.statistic);
    case 'metrics':
      return metricEntries(architecture).length;
    default:
      throw new RangeError(
        `architecture.name: unknown architecture ${(architecture as { name: string }).name}`,
      );
  }
}

function headCount(architecture: HeadArchitecture | TrunkArchitecture): number {
  const { inputs, hidden } = architecture;
  const columns = columnsOf(inputs) + 1;
  const outputs = headsOf(architecture).reduce((sum, { label }) => sum + outputsOf(label), 0);
  return hidden === 0 ? columns * outputs : columns * hidden + (hidden + 1) * outputs;
}

/** Whether its entries are goods or pairs of goods of the task's catalogue. */
export function isOfCatalogue(architecture: Architecture): boolean {
  if (architecture.name !== 'counts') return false;
  return ['items', 'graph-pairs', 'popular-pairs'].includes(architecture.statistic.name);
}

/** Whether the goods that a task counts are those of this catalogue (K17); others fit all. */
export function fitsCatalogue(
  architecture: Architecture,
  { ids, degree }: Pick<Catalogue, 'ids' | 'degree'>,
): boolean {
  if (architecture.name !== 'counts') return true;
  const { statistic } = architecture;
  switch (statistic.name) {
    case 'items':
      return statistic.items === ids.length;
    case 'graph-pairs':
      return statistic.edges === ids.length * degree;
    case 'popular-pairs':
      return statistic.among.every((item) => item < ids.length);
    default:
      return true;
  }
}
