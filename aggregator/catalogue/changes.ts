/** What has changed between two feeds, and what of it asks for a new catalogue. */
import { createHash } from 'node:crypto';
import type { CatalogueItem } from './build.ts';
import { FeedError } from './feed.ts';
import { cardOf } from './shop.ts';

/** By item id: digests of what the catalogue is built from but the price, and of the card. */
export type Goods = ReadonlyMap<string, { readonly content: string; readonly card: string }>;

export interface Changes {
  readonly came: readonly string[];
  readonly went: readonly string[];
  /** Other texts, names or attributes. */
  readonly changed: readonly string[];
  /** Other prices, pictures or addresses alone. */
  readonly shown: readonly string[];
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16);

export function goodsOf(items: readonly CatalogueItem[]): Goods {
  return new Map(
    items.map((item) => {
      const { title, description, brand = '', category = '', attributes = [] } = item;
      const content = digest([title, description, brand, category, attributes, item.imageVector]);
      return [item.id, { content, card: digest(cardOf(item)) }];
    }),
  );
}

export function changesOf(before: Goods, after: Goods): Changes {
  const came: string[] = [];
  const changed: string[] = [];
  const shown: string[] = [];
  for (const [id, { content, card }] of after) {
    const known = before.get(id);
    if (known === undefined) came.push(id);
    else if (known.content !== content) changed.push(id);
    else if (known.card !== card) shown.push(id);
  }
  return { came, went: [...before.keys()].filter((id) => !after.has(id)), changed, shown };
}

/** A line for each good. */
export function goodsText(goods: Goods): string {
  return [...goods]
    .map(([id, { content, card }]) => `${JSON.stringify([id, content, card])}\n`)
    .join('');
}

/** @throws FeedError for a text that `goodsText` did not write. */
export function readGoods(text: string): Goods {
  const goods = new Map<string, { content: string; card: string }>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      const [id, content, card] = JSON.parse(line) as string[];
      if (id === undefined || content === undefined || card === undefined) throw new Error(line);
      goods.set(id, { content, card });
    } catch {
      throw new FeedError('goods.jsonl is not as it was written');
    }
  }
  return goods;
}
