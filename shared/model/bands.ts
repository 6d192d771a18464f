/** Public price bands: quintiles inside a category. */

const BANDS = 5;

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
    const below = firstFrom(group, price);
    const equal = firstFrom(group, price + 1) - below;
    return Math.min(BANDS - 1, Math.floor((BANDS * (below + equal / 2)) / group.length));
  });
}

/** How many of ascending integers are below this one. */
function firstFrom(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
