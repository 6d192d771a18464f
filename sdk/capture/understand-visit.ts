/** From one page to the next: by the product that is shown, not by the address. */
import type { PageHeard } from './heard.ts';
import { readNumber } from './number.ts';
import { isFields, word } from './understand-items.ts';
import { readThings } from './understand-nodes.ts';
import { type KnownProduct, type PageProducts, readProducts } from './understand-product.ts';
import type { Meta } from './understand-theme.ts';
import { cleanUrl, kindOf, pageKey, pathOf, readUrl, searchTerm } from './understand-url.ts';

/** What a page message means beside what was known. */
export interface Visit {
  /** Another page than before, and not only another address of the same product. */
  readonly fresh: boolean;
  /** The product that is shown now and was not before. */
  readonly shown: KnownProduct | null;
  readonly products: PageProducts;
  readonly kind: string | undefined;
  readonly term: string | null;
  /** Scripts of structured data that could not be read, where they are new. */
  readonly broken: number;
}

interface Seen {
  readonly key: string;
  readonly path: string;
  readonly canonical: string | null;
  /** The product and the chosen variant. */
  readonly shown: string | null;
}

export class Visits {
  #seen: Seen | null = null;
  #content = '';

  /** @param meta what a Shopify page's script tells, where its structured data do not */
  next(page: PageHeard, meta: Meta | null): Visit | null {
    const url = readUrl(page.url);
    if (url === null) return null;
    const before = this.#seen;
    const [key, path] = [pageKey(url), pathOf(url)];
    const content = JSON.stringify([page.jsonLd, page.microdata, page.meta]);
    const unchanged = content === this.#content;
    this.#content = content;
    const moved = before !== null && before.path !== path;
    // A route has changed and the head is still that of the page before.
    const canonical = moved && page.canonical === before.canonical ? null : page.canonical;
    const things = readThings(page);
    const read = readProducts({ ...page, canonical }, things, meta?.names[0]);
    const main = read.main ?? productOf(meta, url, page);
    const products =
      main === read.main ? read : { main, all: main === null ? read.all : [main, ...read.all] };
    const late = main !== null && unchanged && moved && before.shown !== null;
    const shown = main === null || late ? null : `${main.product.id} ${main.variant}`;
    const same = late || (shown !== null && shown === before?.shown);
    const fresh = before === null || (key !== before.key && !same);
    if (!late)
      this.#seen = {
        key: same && before !== null ? before.key : key,
        path,
        canonical: page.canonical,
        shown,
      };
    const listed = ['CollectionPage', 'ItemList', 'OfferCatalog'].some((type) =>
      things.types.has(type),
    );
    const byAddress = things.types.has('SearchResultsPage') ? 'search' : kindOf(url);
    const byData = listed && byAddress !== 'search' ? 'list' : byAddress;
    const kind = shown === null ? (meta?.kind ?? byData) : 'product';
    return {
      fresh,
      shown: shown !== null && shown !== before?.shown ? main : null,
      products: late ? { main: null, all: [] } : products,
      kind,
      term: kind === 'search' ? searchTerm(url) : null,
      broken: unchanged ? 0 : things.broken,
    };
  }
}

/** The product of a Shopify page, of the variant that its address names or else its first. */
function productOf(meta: Meta | null, url: URL, page: PageHeard): KnownProduct | null {
  if (meta?.product == null || meta.kind !== 'product') return null;
  const { id: group, variants, vendor, type, currency } = meta.product;
  const all = (Array.isArray(variants) ? variants : []).filter(isFields);
  const wanted = url.searchParams.get('variant');
  const variant = all.find(({ id }) => String(id) === wanted) ?? all[0];
  const id = word(variant?.sku) ?? word(variant?.id) ?? word(group);
  const title = word(variant?.name) ?? word(page.title);
  if (id === undefined || title === undefined) return null;
  const text = (value: unknown): string | null =>
    word(value) === undefined ? null : `${word(value)}`;
  const cents = readNumber(variant?.price);
  const product = {
    id: String(id),
    groupId: text(group),
    title: String(title),
    description: page.meta['og:description'] ?? '',
    brand: text(vendor),
    category: text(type),
    price: cents === null || cents < 0 ? null : cents / 100,
    currency: text(currency),
    url: cleanUrl(url),
    image: readUrl(page.meta['og:image'], url.href)?.href ?? null,
    lang: page.lang,
  };
  const aliases = [text(variant?.id), text(variant?.sku)].filter((one) => one !== null);
  return { product, aliases, variant: '' };
}
