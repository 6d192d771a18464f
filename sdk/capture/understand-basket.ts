/** What the basket holds by the history's account, and what a report of totals changes of it. */
import type { ShopEvent } from './event.ts';
import type { Line } from './understand-theme.ts';

export interface Change {
  readonly name: 'add_to_cart' | 'remove_from_cart';
  readonly id: string;
  readonly quantity: number;
  /** The shop's line, where there is one. */
  readonly line: Line | null;
}

/** Older baskets are gone from most shops. */
const MAX_AGE_MS = 30 * 24 * 3600 * 1000;

/** Quantities by id: added and not removed since the last purchase. */
export function basketOf(events: readonly ShopEvent[], nowMs: number): Map<string, number> {
  const basket = new Map<string, number>();
  for (const { name, atMs, items } of events) {
    if (name === 'purchase') basket.clear();
    const sign = name === 'add_to_cart' ? 1 : name === 'remove_from_cart' ? -1 : 0;
    if (sign === 0 || nowMs - atMs > MAX_AGE_MS) continue;
    for (const { id, quantity } of items) {
      const held = (basket.get(id) ?? 0) + sign * quantity;
      if (held > 0) basket.set(id, held);
      else basket.delete(id);
    }
  }
  return basket;
}

/** The quantity of every product that lines name. */
export function quantities(
  lines: readonly Line[],
  name: (line: Line) => string,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of lines) sums.set(name(line), (sums.get(name(line)) ?? 0) + line.quantity);
  return sums;
}

/**
 * The changes that lead from what the history says to what the shop says.
 * @param name the id of a line, as far as can be told one that the history uses
 * @param whole whether a product without a line is no longer in the basket
 */
export function changes(
  basket: ReadonlyMap<string, number>,
  lines: readonly Line[],
  whole: boolean,
  name: (line: Line) => string,
): Change[] {
  const totals = quantities(lines, name);
  const lineOf = new Map(lines.map((line) => [name(line), line]));
  const ids = [...new Set([...totals.keys(), ...(whole ? basket.keys() : [])])];
  return ids.flatMap((id) => {
    const more = (totals.get(id) ?? 0) - (basket.get(id) ?? 0);
    if (more === 0 || id === '') return [];
    const line = lineOf.get(id) ?? null;
    return [
      {
        name: more > 0 ? ('add_to_cart' as const) : ('remove_from_cart' as const),
        id,
        quantity: Math.abs(more),
        line,
      },
    ];
  });
}
