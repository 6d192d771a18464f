/** The demo shop's goods, for the behaviour model and for the catalogue's public side. */
import { type BuiltCatalogue, buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { complements } from '../../demo-shop/catalogue/complements.ts';
import { goods } from '../../demo-shop/catalogue/goods.ts';
import { makeWorld, type World } from './world.ts';

/** Enough for 240 goods, and its principal components are found in a second. */
const DIMENSIONS = 512;

/** Ids, brands and categories as the shop's pages report them. */
export function demoWorld(): World {
  const together = new Map<string, string[]>();
  for (const [a, b] of complements) {
    together.set(a, [...(together.get(a) ?? []), b]);
    together.set(b, [...(together.get(b) ?? []), a]);
  }
  return makeWorld(
    goods.map((good) => ({
      id: good.id,
      name: good.name.en,
      category: good.categoryId,
      brand: good.brandId,
      priceCents: good.priceCents,
    })),
    together,
  );
}

/** Titles in both languages; the description and the tags of the pages, in both. */
export async function demoCatalogue(): Promise<BuiltCatalogue> {
  return buildCatalogue(
    goods.map((good) => ({
      id: good.id,
      title: `${good.name.en} ${good.name.zh}`,
      description: `${good.text.en} ${good.tags.join(' ')} ${good.text.zh}`,
      brand: good.brandId,
      category: good.categoryId,
      priceCents: good.priceCents,
    })),
    {
      embedder: hashedNgrams(DIMENSIONS),
      embedText: (item) => `${item.title} ${item.description}`,
    },
  );
}
