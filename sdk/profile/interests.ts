/** Interests by category, brand and price band: decayed sums over events. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { EventItem, EventName, ShopEvent } from '../capture/event.ts';
import { indexOf } from '../features/sequence.ts';
import type { Interest } from './result.ts';

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

/** A rating of 1 to 5 counts from −2 to 4: a bad one is no interest. */
const ratingWeight = (rating: unknown): number =>
  typeof rating === 'number' && rating >= 1 && rating <= 5 ? 1.5 * (rating - 1) - 2 : 0;

interface Sum {
  weight: number;
  lastMs: number;
  readonly counts: Map<EventName, number>;
}

type Kind = 'category' | 'brand' | 'priceBand';

/**
 * Interests of each kind, strongest first; weights of a kind add up to 1. What the catalogue no
 * longer has is known by the brand and category that its event carried.
 */
export function interestsOf(
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  nowMs: number,
): Record<Kind, Interest[]> {
  const sums: Record<Kind, Map<string, Sum>> = {
    category: new Map(),
    brand: new Map(),
    priceBand: new Map(),
  };
  for (const event of events) {
    const base =
      event?.name === 'rate_item' ? ratingWeight(event.rating) : EVENT_WEIGHTS[event?.name];
    if (base === undefined || base === 0) continue;
    // An event from a clock set back counts as now, never as more than now.
    const weight = base * 2 ** (-Math.max(0, nowMs - event.atMs) / HALF_LIFE_MS);
    if (!Number.isFinite(weight)) continue;
    for (const item of event.items ?? []) {
      const kinds = kindsOf(item, catalogue);
      for (const kind of ['category', 'brand', 'priceBand'] as const) {
        const id = kinds[kind];
        if (id !== null) add(sums[kind], id, event, weight);
      }
    }
  }
  return {
    category: shares(sums.category),
    brand: shares(sums.brand),
    priceBand: shares(sums.priceBand),
  };
}

function kindsOf(item: EventItem | undefined, catalogue: Catalogue): Record<Kind, string | null> {
  const index = indexOf(catalogue).get(item?.id as string);
  if (index === undefined) {
    return { category: named(item?.category), brand: named(item?.brand), priceBand: null };
  }
  const band = catalogue.priceBand[index] as number;
  return {
    category: catalogue.categories[catalogue.category[index] as number] ?? null,
    brand: catalogue.brands[catalogue.brand[index] as number] ?? null,
    priceBand: band === -1 ? null : String(band),
  };
}

function named(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function add(sums: Map<string, Sum>, id: string, event: ShopEvent, weight: number): void {
  const sum = sums.get(id) ?? { weight: 0, lastMs: event.atMs, counts: new Map() };
  sums.set(id, sum);
  sum.weight += weight;
  sum.lastMs = Math.max(sum.lastMs, event.atMs);
  sum.counts.set(event.name, (sum.counts.get(event.name) ?? 0) + 1);
}

function shares(sums: Map<string, Sum>): Interest[] {
  const liked = [...sums].filter(([, sum]) => sum.weight > 0);
  const total = liked.reduce((all, [, sum]) => all + sum.weight, 0);
  return liked
    .map(([id, sum]) => ({
      id,
      weight: sum.weight / total,
      lastMs: sum.lastMs,
      why: [...sum.counts]
        .map(([event, count]) => ({ event, count }))
        .sort((a, b) => b.count - a.count || (a.event < b.event ? -1 : 1)),
    }))
    .sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1));
}
