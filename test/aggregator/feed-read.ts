/** Feeds from memory, and a good of one with nothing but an id and a title. */
import type { FeedItem } from '../../aggregator/catalogue/feed-record.ts';
import { inMemory } from '../../aggregator/catalogue/feed-rows.ts';
import {
  type ProductOptions,
  type Products,
  readProducts,
} from '../../aggregator/catalogue/products.ts';

const NOW = Date.UTC(2026, 5, 1);

export function read(feed: string | Uint8Array, options: ProductOptions = {}): Promise<Products> {
  const bytes = typeof feed === 'string' ? new TextEncoder().encode(feed) : feed;
  return readProducts(inMemory(bytes), { nowMs: NOW, ...options });
}

export const items = async (
  feed: string | Uint8Array,
  options?: ProductOptions,
): Promise<readonly FeedItem[]> => (await read(feed, options)).items;

export const FULL: FeedItem = {
  ...{ id: '1', title: 'Tea', description: '', groupId: null, url: null, image: null },
  ...{ price: null, currency: null, isAvailable: true },
};
