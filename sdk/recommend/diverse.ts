/** A first page that is not all of one kind. */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { vectorDot } from '../../shared/model/similarity.ts';

/** Of one brand on the page at most; and of one category at most half the page, but three. */
const MAX_BRAND = 3;
const MIN_CATEGORY = 3;
/** Places that are filled for diversity's sake; what stands below is by score. */
const MAX_MARGINAL = 48;

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

/**
 * Maximal marginal relevance: each place goes to the item with the largest
 * (1 − weight)·score − weight·(largest cosine with what stands above), scores scaled to [0, 1] over
 * the ranked items.
 *
 * @param ranked best first; `scores` by item
 */
export function marginal(
  ranked: readonly number[],
  scores: ArrayLike<number>,
  limit: number,
  weight: number,
  catalogue: Pick<Catalogue, 'vectors' | 'k'>,
): number[] {
  const score = (item: number): number => scores[item] as number;
  const best = score(ranked[0] ?? 0);
  const range = best - score(ranked[ranked.length - 1] ?? 0);
  const left = ranked.map((item) => ({
    item,
    worth: range > 0 ? 1 - (best - score(item)) / range : 1,
    alike: 0,
  }));
  const page: number[] = [];
  while (left.length > 0 && page.length < Math.min(limit, MAX_MARGINAL)) {
    let chosen = 0;
    let most = -Infinity;
    for (const [i, { worth, alike }] of left.entries()) {
      const value = (1 - weight) * worth - weight * alike;
      if (value > most) {
        most = value;
        chosen = i;
      }
    }
    const [next] = left.splice(chosen, 1) as [(typeof left)[number]];
    page.push(next.item);
    for (const one of left) {
      const cosine = vectorDot(catalogue.vectors, catalogue.k, one.item, next.item);
      one.alike = Math.max(one.alike, cosine);
    }
  }
  return [...page, ...left.map(({ item }) => item)].slice(0, limit);
}
