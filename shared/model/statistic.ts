/** Statistics and metrics: what one browser counts, the order of the entries, their bounds. */
import type { HeadLabel } from './heads/label.ts';
import { type PopularPairsStatistic, popularPairCount } from './parts-popular.ts';

/**
 * Exposures and conversions by arm. Entry 2a is 1 when arm a is the first that this browser saw of
 * the campaign, entry 2a + 1 when a purchase followed an exposure to it by at most `windowMs`; all
 * others are 0.
 */
export interface CampaignStatistic {
  readonly name: 'campaign';
  readonly campaign: string;
  readonly arms: readonly string[];
  readonly windowMs: number;
}

/**
 * Shares of this browser's events by what they are about; at most 1 in all. `event-kind` takes
 * every event, the others the goods that were looked at, chosen, bought or rated.
 */
export interface HistogramStatistic {
  readonly name: 'histogram';
  readonly of: 'category' | 'brand' | 'price-band' | 'event-kind';
  /** A number of hashed bins, or one bin for each of these values and none for any other. */
  readonly bins: number | readonly string[];
}

/** Shares of the unordered pairs of different goods, or categories, of one visit, hashed. */
export interface PairsStatistic {
  readonly name: 'pairs';
  readonly of: 'item' | 'category';
  readonly bins: number;
}

/** The different items of this browser's history, newer ones weigh more; L2 norm 1 (K16). */
export interface ItemsStatistic {
  readonly name: 'items';
  /** Items of the task's catalogue, which gives their order. */
  readonly items: number;
  /** Of the weight from one place of the sequence to the one before, in (0, 1]; 1 when absent. */
  readonly decay?: number;
}

/** Co-occurrence on the directed edges of the catalogue's item graph, L2 norm 1 (K17). */
export interface GraphPairsStatistic {
  readonly name: 'graph-pairs';
  /** Items × degree of the task's catalogue; entry e is the edge `graph[e]`. */
  readonly edges: number;
  /** Places between two items of a sequence that still count as a pair: 3. */
  readonly gaps: number;
}

/** An input of a head (heads/inputs.ts, of one column) in bins: the value's place among the edges. */
export interface BinnedInput {
  readonly input: string;
  /** Rising, inside (0, 1): edge e parts bin e from bin e + 1, to which it belongs. */
  readonly edges: readonly number[];
}

/**
 * Joint counts of binned inputs and a label with two outcomes, of this browser's newest example
 * (K24): what naive Bayes, a small tree and the selection of inputs are fitted from.
 *
 * One table for each input (`ways` 1), bins × 2, or for each pair of inputs (`ways` 2), bins × bins
 * × 2, in the order of the inputs (0·1, 0·2, …, 1·2, …). In each of the t tables the cell that the
 * example falls into is 1/√t.
 */
export interface InputLabelStatistic {
  readonly name: 'input-label';
  readonly label: HeadLabel;
  /** All with as many edges. */
  readonly inputs: readonly BinnedInput[];
  readonly ways: 1 | 2;
}

export type Statistic =
  | CampaignStatistic
  | HistogramStatistic
  | PairsStatistic
  | ItemsStatistic
  | GraphPairsStatistic
  | PopularPairsStatistic
  | InputLabelStatistic;

/**
 * Entries of an evaluation, each in [0, 1]. `browsers` is 1 where there was something to evaluate,
 * so that a mean quality is the ratio of two sums. `ndcg10-start`: the same under the weights before
 * any training. `log-loss` is in units of `LOG_LOSS_CAP` nats, at most 1.
 */
export const METRIC_ENTRIES = {
  ranking: ['browsers', 'hr10', 'ndcg10', 'ndcg10-start'],
  head: ['browsers', 'log-loss', 'accuracy'],
  /** And one more of each part, see `metricEntries`. */
  parts: ['browsers', 'ndcg10-start', 'ndcg10-wide'],
} as const;

/** A probability below 1.8 % of what happened costs no more than this. */
export const LOG_LOSS_CAP = 4;

/** What an entry counts, and of which arm, value or bin. */
export interface EntryName {
  readonly name: string;
  readonly of: string;
}

/** Names of a statistic's entries in their order; hashed bins, items and edges are numbered. */
export function entryNames(statistic: Statistic): EntryName[] {
  switch (statistic.name) {
    case 'campaign':
      return statistic.arms.flatMap((of) => [
        { name: 'exposed', of },
        { name: 'converted', of },
      ]);
    case 'histogram':
      return binNames(statistic.bins).map((of) => ({ name: 'share', of }));
    case 'pairs':
      return binNames(statistic.bins).map((of) => ({ name: 'pair-share', of }));
    case 'items':
      return binNames(statistic.items).map((of) => ({ name: 'item', of }));
    case 'graph-pairs':
      return binNames(statistic.edges).map((of) => ({ name: 'edge', of }));
    case 'popular-pairs':
      return statistic.among.flatMap((a, i) =>
        statistic.among.slice(i + 1).map((b) => ({ name: 'pair', of: pairName(`${a}`, `${b}`) })),
      );
    case 'input-label':
      return tablesOf(statistic).flatMap((table) =>
        cellNames(table, 0, '').map((of) => ({ name: 'input-label', of })),
      );
    default:
      throw new RangeError(
        `statistic.name: unknown statistic ${(statistic as { name: string }).name}`,
      );
  }
}

/** How many entries a statistic has, d, without naming them. */
export function entryCount(statistic: Statistic): number {
  if (statistic.name === 'items') return statistic.items;
  if (statistic.name === 'graph-pairs') return statistic.edges;
  if (statistic.name === 'popular-pairs') return popularPairCount(statistic.among.length);
  if (statistic.name === 'input-label') {
    return tablesOf(statistic).reduce(
      (sum, table) => sum + 2 * table.reduce((cells, { edges }) => cells * (edges.length + 1), 1),
      0,
    );
  }
  return entryNames(statistic).length;
}

/** The inputs of each table of an `input-label` statistic, in the order of its entries. */
export function tablesOf({
  inputs,
  ways,
}: InputLabelStatistic): readonly (readonly BinnedInput[])[] {
  if (ways === 1) return inputs.map((one) => [one]);
  return inputs.flatMap((one, i) => inputs.slice(i + 1).map((other) => [one, other]));
}

/** "recency 2, spend 0, 1": bins of the inputs, then the outcome. */
function cellNames(table: readonly BinnedInput[], at: number, before: string): string[] {
  const one = table[at];
  if (one === undefined) return [`${before}0`, `${before}1`];
  return Array.from({ length: one.edges.length + 1 }, (_, bin) => bin).flatMap((bin) =>
    cellNames(table, at + 1, `${before}${one.input} ${bin}, `),
  );
}

/** Largest L2 norm of one browser's entries: √2 for a campaign, else 1. */
export function largestStatisticNorm(statistic: Statistic): number {
  return statistic.name === 'campaign' ? Math.SQRT2 : 1;
}

function binNames(bins: number | readonly string[]): readonly string[] {
  return typeof bins === 'number' ? Array.from({ length: bins }, (_, bin) => String(bin)) : bins;
}

/**
 * Bin of a text: FNV-1a over its UTF-8 bytes, 32 bits (Fowler, Noll, Vo; IETF draft-eastlake-fnv),
 * mixed by MurmurHash3's fmix32, times `bins` over 2^32. Public and not secret: anybody who knows
 * the values knows their bins, and different values may share one.
 */
export function hashedBin(value: string, bins: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(value)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return Math.floor((hash * bins) / 2 ** 32);
}

/** Name of an unordered pair, as it is hashed: the smaller text (UTF-16 order) first. */
export function pairName(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}
