/** Prices of the goods, and what is told of one that is none. */

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
