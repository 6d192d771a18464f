/** What every page is given: the SDK client and small helpers around it. */
import type { TrackParameters, Vitrine } from '../sdk/index.ts';
import { brands } from './catalogue/brands.ts';
import { categories } from './catalogue/categories.ts';
import { goods } from './catalogue/goods.ts';
import type { Brand, Category, Good } from './catalogue/types.ts';

export interface Shop {
  readonly vitrine: Vitrine;
  /** Answers of the address: path segments and the decoded search term. */
  readonly route: { readonly parts: readonly string[]; readonly term: string };
}

/** A page fills `main` and says under which GA4-like page name it is seen. */
export interface Page {
  readonly name: 'home' | 'list' | 'search' | 'product' | 'basket' | 'checkout' | 'info';
  readonly title: string;
  render(main: HTMLElement): void;
}

const brandById = new Map<string, Brand>(brands.map((brand) => [brand.id, brand]));
const categoryById = new Map<string, Category>(categories.map((one) => [one.id, one]));

export function brandOf(id: string): Brand | null {
  return brandById.get(id) ?? null;
}

export function categoryOf(id: string): Category | null {
  return categoryById.get(id) ?? null;
}

export function goodsOf(categoryId: string): Good[] {
  return goods.filter((good) => good.categoryId === categoryId);
}

/** GA4 item of a good. */
export function itemOf(good: Good, variantId?: string, quantity = 1): Record<string, unknown> {
  return {
    item_id: good.id,
    item_name: good.name.en,
    item_brand: good.brandId,
    item_category: good.categoryId,
    item_variant: variantId ?? good.variants[0]?.id ?? '',
    price: good.priceCents / 100,
    quantity,
  };
}

export function worth(goodsOrder: readonly { good: Good; quantity: number }[]): TrackParameters {
  const cents = goodsOrder.reduce((sum, { good, quantity }) => sum + good.priceCents * quantity, 0);
  return { currency: 'EUR', value: cents / 100 };
}
