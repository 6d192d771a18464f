/**
 * Interests by category, brand and price band: sums over events that halve every two weeks. Each
 * sum is kept as of a fixed time, so that a new event costs one addition and the passing of time
 * none: w·2^((t − epoch)/H) for each event, and all sums of a kind share their factor.
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { EventItem, EventName, ShopEvent } from '../capture/event.ts';
import { indexOf } from '../features/sequence.ts';
import type { Cause, Interest } from './result.ts';

/** Interest halves in two weeks: long enough for a considered purchase, short enough to move on. */
export const HALF_LIFE_MS = 14 * 86_400_000;

/** What an event says of interest, in views. A removal takes back half of an addition. */
const EVENT_WEIGHTS: Readonly<Partial<Record<EventName, number>>> = {
  view_item: 1,
  add_to_wishlist: 3,
  add_to_cart: 4,
  remove_from_cart: -2,
  purchase: 8,
};
const CAUSES = 3;
export const KINDS = ['category', 'brand', 'priceBand'] as const;
export type Kind = (typeof KINDS)[number];

/** In views; 0 for what says nothing. A rating of 1 to 5 counts from −2 to 4. */
export function interestOf({ name, rating }: ShopEvent): number {
  if (name !== 'rate_item') return EVENT_WEIGHTS[name] ?? 0;
  return typeof rating === 'number' && rating >= 1 && rating <= 5 ? 1.5 * (rating - 1) - 2 : 0;
}

interface Sum {
  weight: number;
  lastMs: number;
  readonly counts: Map<EventName, number>;
  /** Newest last. */
  readonly latest: Cause[];
}

export class Interests {
  readonly #catalogue: Catalogue;
  readonly #sums: Readonly<Record<Kind, Map<string, Sum>>> = {
    category: new Map(),
    brand: new Map(),
    priceBand: new Map(),
  };

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** @param weight of the event as of the common epoch; finite */
  add(event: ShopEvent, weight: number): void {
    for (const item of event.items) {
      const kinds = kindsOf(item, this.#catalogue);
      for (const kind of KINDS) {
        const id = kinds[kind];
        if (id !== null) add(this.#sums[kind], id, event, item.id, weight);
      }
    }
  }

  /** Strongest first; weights add up to 1. */
  shares(kind: Kind): Interest[] {
    const liked = [...this.#sums[kind]].filter(([, sum]) => sum.weight > 0);
    const total = liked.reduce((all, [, sum]) => all + sum.weight, 0);
    return liked
      .map(([id, sum]) => ({
        id,
        weight: sum.weight / total,
        lastMs: sum.lastMs,
        why: [...sum.counts]
          .map(([event, count]) => ({ event, count }))
          .sort((a, b) => b.count - a.count || (a.event < b.event ? -1 : 1)),
        latest: [...sum.latest].reverse(),
      }))
      .sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1));
  }
}

/** What the catalogue no longer has is known by the brand and category that its event carried. */
function kindsOf(item: EventItem, catalogue: Catalogue): Record<Kind, string | null> {
  const index = indexOf(catalogue).get(item.id);
  if (index === undefined) {
    return { category: item.category || null, brand: item.brand || null, priceBand: null };
  }
  const band = catalogue.priceBand[index] as number;
  return {
    category: catalogue.categories[catalogue.category[index] as number] ?? null,
    brand: catalogue.brands[catalogue.brand[index] as number] ?? null,
    priceBand: band === -1 ? null : String(band),
  };
}

function add(
  sums: Map<string, Sum>,
  id: string,
  event: ShopEvent,
  item: string,
  weight: number,
): void {
  const { name, atMs } = event;
  let sum = sums.get(id);
  if (sum === undefined) {
    sum = { weight: 0, lastMs: atMs, counts: new Map(), latest: [] };
    sums.set(id, sum);
  }
  sum.weight += weight;
  sum.lastMs = Math.max(sum.lastMs, atMs);
  sum.counts.set(name, (sum.counts.get(name) ?? 0) + 1);
  sum.latest.push({ event: name, atMs, item });
  if (sum.latest.length > CAUSES) sum.latest.shift();
}
