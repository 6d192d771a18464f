/** The goods of `vitrine new`: from a feed, or as they were signed last. */
import { readFile } from 'node:fs/promises';
import { FeedError } from './catalogue/feed.ts';
import { buildShop, cardParts, goodsOf as readGoods } from './catalogue/shop.ts';
import type { Kept, NewSite } from './new-site.ts';
import { NewSiteError } from './new-tasks.ts';
import { type CardFile, type PublicCatalogue, readPublic } from './site-files.ts';
import type { SiteFolder } from './site-folder.ts';

export interface Goods extends PublicCatalogue {
  readonly cards: readonly CardFile[];
  readonly goods: number | null;
  readonly problems: readonly string[];
}

/** From the feed, or the catalogue that was signed last. @throws NewSiteError no-catalogue, FeedError */
export async function goodsOf(
  { feed, cardFeed = null, files }: Pick<NewSite, 'feed' | 'cardFeed' | 'files'>,
  folder: SiteFolder,
  kept: Kept | null,
): Promise<Goods> {
  if (feed !== null) {
    const { bytes, hash, split, cards, catalogue, problems } = await buildShop({ ...files, feed });
    return { bytes, hash, split, cards, goods: catalogue.ids.length, problems };
  }
  if (kept === null) throw new NewSiteError('no-catalogue', '--catalogue FILE is needed');
  const read = (hash: string): Promise<Uint8Array> =>
    readFile(folder.path(`server/data/catalogues/${hash}.bin`));
  const signed = await readPublic(kept.catalogue, read);
  const before = (kept.cards ?? []).map((hash) => ({ hash, bytes: null }));
  const items = cardFeed === null ? null : await readGoods(cardFeed);
  if (items?.length === 0) throw new FeedError('no good');
  const cards = items === null ? before : await cardParts(items);
  return { ...signed, cards, goods: items?.length ?? null, problems: [] };
}
