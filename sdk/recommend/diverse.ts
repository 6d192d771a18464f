/** A first page that is not all of one kind. */
import type { Catalogue } from '../../shared/model/catalogue.ts';

/** Of one brand on the page at most; and of one category at most half the page, but three. */
const MAX_BRAND = 3;
const MIN_CATEGORY = 3;

/**
 * Picks `limit` of the ranked items, best first: an item whose brand or category has its share
 * already waits, and those that wait fill up what is left, still in order.
 */
export function diversify(
  ranked: readonly number[],
  limit: number,
  catalogue: Pick<Catalogue, 'brand' | 'category'>,
): number[] {
  const maxCategory = Math.max(MIN_CATEGORY, Math.ceil(limit / 2));
  const brands = new Map<number, number>();
  const categories = new Map<number, number>();
  const page: number[] = [];
  const waiting: number[] = [];
  for (const item of ranked) {
    if (page.length === limit) break;
    const brand = catalogue.brand[item] ?? -1;
    const category = catalogue.category[item] ?? -1;
    const full =
      (brand !== -1 && (brands.get(brand) ?? 0) >= MAX_BRAND) ||
      (category !== -1 && (categories.get(category) ?? 0) >= maxCategory);
    if (full) {
      waiting.push(item);
      continue;
    }
    brands.set(brand, (brands.get(brand) ?? 0) + 1);
    categories.set(category, (categories.get(category) ?? 0) + 1);
    page.push(item);
  }
  return [...page, ...waiting].slice(0, limit);
}
