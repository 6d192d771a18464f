/** Statistics and metrics: what one browser counts, the order of the entries, their bounds. */

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

export type Statistic = CampaignStatistic | HistogramStatistic | PairsStatistic;

/**
 * Entries of an evaluation, each in [0, 1]. `browsers` is 1 where there was something to evaluate,
 * so that a mean quality is the ratio of two sums. `ndcg10-start`: the same under the weights before
 * any training. `log-loss` is in units of `LOG_LOSS_CAP` nats, at most 1.
 */
export const METRIC_ENTRIES = {
  ranking: ['browsers', 'hr10', 'ndcg10', 'ndcg10-start'],
  intent: ['browsers', 'log-loss', 'accuracy'],
} as const;

/** A probability below 1.8 % of what happened costs no more than this. */
export const LOG_LOSS_CAP = 4;

/** What an entry counts, and of which arm, value or bin. */
export interface EntryName {
  readonly name: string;
  readonly of: string;
}

/** Names of a statistic's entries in their order; hashed bins are numbered. */
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
    default:
      throw new RangeError(
        `statistic.name: unknown statistic ${(statistic as { name: string }).name}`,
      );
  }
}

/** Largest L2 norm of one browser's entries: √2 for a campaign, 1 for shares. */
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
