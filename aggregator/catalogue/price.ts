/** Prices and their public bands: quintiles inside the item's category. */

const BANDS = 5;
const MAX_CENTS = 0x7fff_fffe;

/** Cents, or −1 with a note in `problems` where a price is given but is none. */
export function readPrice(
  item: { readonly id: string; readonly priceCents?: unknown },
  problems: string[],
): number {
  const price = item.priceCents;
  if (price === undefined || price === null) return -1;
  if (typeof price === 'number' && price >= 0 && price <= MAX_CENTS) return Math.round(price);
  problems.push(`${item.id}: priceCents is not a number from 0 to ${MAX_CENTS}; no price is kept`);
  return -1;
}

/**
 * Band 0 (cheap) to 4 by the mid-rank among the priced items of the category: equal prices share a
 * band, and the only priced item of a category stands in the middle. −1 without a price. Items
 * without a category are compared with each other.
 */
export function priceBands(priceCents: Int32Array, category: Int32Array): Int8Array {
  const groups = new Map<number, number[]>();
  for (const [item, price] of priceCents.entries()) {
    if (price < 0) continue;
    const group = groups.get(category[item] as number) ?? [];
    groups.set(category[item] as number, group);
    group.push(price);
  }
  for (const group of groups.values()) group.sort((a, b) => a - b);
  return Int8Array.from(priceCents, (price, item) => {
    if (price < 0) return -1;
    const group = groups.get(category[item] as number) ?? [];
    const below = group.indexOf(price);
    const equal = group.lastIndexOf(price) - below + 1;
    return Math.min(BANDS - 1, Math.floor((BANDS * (below + equal / 2)) / group.length));
  });
}
