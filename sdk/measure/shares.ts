/** Histograms and co-occurrence as shares of one browser's events: rules K7 and K8. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import {
  type HistogramStatistic,
  hashedBin,
  type PairsStatistic,
  pairName,
} from '../../shared/model/statistic.ts';
import type { EventItem, ShopEvent } from '../capture/event.ts';
import { ITEM_EVENTS, indexOf } from '../features/sequence.ts';

/** Values of one visit that are paired, the newest: 1,225 pairs. */
const MAX_PAIRED = 50;

type ItemProperty = 'item' | Exclude<HistogramStatistic['of'], 'event-kind'>;

/** Entry b is the share of events, or of goods in them, in bin b; they add up to at most 1. */
export function histogramShares(
  { of, bins }: HistogramStatistic,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
): Float32Array<ArrayBuffer> {
  const values =
    of === 'event-kind'
      ? events.map((event) => String(event.name))
      : events.flatMap((event) => propertiesOf(event, of, catalogue));
  const at = (value: string): number =>
    typeof bins === 'number' ? hashedBin(value, bins) : bins.indexOf(value);
  return shares(values.map(at), typeof bins === 'number' ? bins : bins.length);
}

/** Entry b is the share of pairs in bin b; a pair counts once in each visit that has it. */
export function pairShares(
  { of, bins }: PairsStatistic,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
): Float32Array<ArrayBuffer> {
  const visits = new Map<number, Set<string>>();
  for (const event of events) {
    const visit = visits.get(event.session) ?? new Set<string>();
    visits.set(event.session, visit);
    for (const value of propertiesOf(event, of, catalogue)) {
      // A set keeps the order of the first insertion: what comes again is the newest.
      visit.delete(value);
      visit.add(value);
    }
  }
  const pairs = [...visits.values()].flatMap((visit) => {
    const values = [...visit].slice(-MAX_PAIRED);
    return values.flatMap((a, i) => values.slice(i + 1).map((b) => pairName(a, b)));
  });
  return shares(
    pairs.map((pair) => hashedBin(pair, bins)),
    bins,
  );
}

/** What the catalogue says of the goods of an event; of a good it lacks, what the event says. */
function propertiesOf(event: ShopEvent, of: ItemProperty, catalogue: Catalogue): string[] {
  if (!ITEM_EVENTS.has(event.name)) return [];
  return (event.items ?? []).flatMap((item) =>
    typeof item?.id === 'string' ? (propertyOf(item, of, catalogue) ?? []) : [],
  );
}

function propertyOf(item: EventItem, of: ItemProperty, catalogue: Catalogue): string | undefined {
  if (of === 'item') return item.id;
  const index = indexOf(catalogue).get(item.id);
  if (index === undefined) return of === 'price-band' ? undefined : item[of];
  if (of === 'category') return catalogue.categories[catalogue.category[index] as number];
  if (of === 'brand') return catalogue.brands[catalogue.brand[index] as number];
  const band = catalogue.priceBand[index] as number;
  return band < 0 ? undefined : String(band);
}

/** Shares of all of `bins`; −1 takes part in the whole and has no entry. */
function shares(bins: readonly number[], length: number): Float32Array<ArrayBuffer> {
  const counts = new Float64Array(length);
  for (const bin of bins) if (bin >= 0) counts[bin] = (counts[bin] as number) + 1;
  return Float32Array.from(counts, (count) => (bins.length === 0 ? 0 : count / bins.length));
}
