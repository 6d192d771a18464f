/** From schema.org's Product, Offer and ProductGroup to what is kept of a product, by one name. */
import type { PageHeard } from './heard.ts';
import { readNumber } from './number.ts';
import { isNode, list, type Node, type Things, textOf, typesOf } from './understand-nodes.ts';
import { addressId, cleanUrl, pathOf, readUrl, variantOf } from './understand-url.ts';

/** What a page tells of a product. */
export interface PageProduct {
  readonly id: string;
  /** What its variants have in common; null where the page names nothing. */
  readonly groupId: string | null;
  readonly title: string;
  readonly description: string;
  readonly brand: string | null;
  readonly category: string | null;
  readonly price: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly url: string | null;
  readonly image: string | null;
  readonly lang: string | null;
}

/** A product with every name that other parts of the shop may call it by. */
export interface KnownProduct {
  readonly product: PageProduct;
  readonly aliases: readonly string[];
  /** What the page's address chooses beside the product: `color=1`, or ''. */
  readonly variant: string;
}

export interface PageProducts {
  /** The one that the page is about; null on a list, and where there is none. */
  readonly main: KnownProduct | null;
  readonly all: readonly KnownProduct[];
}

interface Place {
  readonly url: URL;
  readonly canonical: URL | null;
  readonly things: Things;
  readonly lang: string | null;
  readonly shown: readonly string[];
}

const MAX_PRODUCTS = 200;
const MAX_ID = 200;
const GTINS = ['gtin', 'gtin13', 'gtin12', 'gtin14', 'gtin8', 'isbn'];
const LIST_PAGES = ['CollectionPage', 'SearchResultsPage', 'ItemList', 'OfferCatalog'];
/** Symbols that stand for one currency; ¥ is yuan on a Chinese page and yen on another. */
const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/€|\beur\b/i, 'EUR'],
  [/£|\bgbp\b/i, 'GBP'],
  [/元|\b(cny|rmb)\b/i, 'CNY'],
  [/円|\bjpy\b/i, 'JPY'],
  [/₹|\binr\b/i, 'INR'],
  [/₩|\bkrw\b/i, 'KRW'],
  [/\bchf\b/i, 'CHF'],
  [/us\$|\busd\b/i, 'USD'],
];

/**
 * The products that a page tells of, and the one that it is about.
 * @param shown names of the variant that is shown where the address names none
 */
export function readProducts(
  page: PageHeard,
  things: Things,
  shown: readonly string[] = [],
): PageProducts {
  const url = readUrl(page.url);
  if (url === null) return { main: null, all: [] };
  const canonical = readUrl(page.canonical, page.url);
  const place = { url, canonical, things, lang: page.lang, shown };
  const main = pickMain(place);
  const others = [...things.own, ...things.listed]
    .filter((node) => node !== main)
    .slice(0, MAX_PRODUCTS)
    .flatMap((node) => readProduct(node, place, null) ?? []);
  if (main === null) return { main: null, all: others };
  const group = variantsOf(main, place);
  const groupId = group.length > 0 ? (named(main)[0] ?? null) : null;
  const variants = group
    .slice(0, MAX_PRODUCTS)
    .flatMap((node) => readProduct(node, place, { of: main, groupId }) ?? []);
  const chosen = group.length > 0 ? choose(group, place) : null;
  const read = readProduct(chosen ?? main, place, chosen && { of: main, groupId }, page.title);
  return { main: read, all: read === null ? others : [read, ...variants, ...others] };
}

/** The thing that the page is about, by its own word, as the only one, or by its address. */
function pickMain({ things, url, canonical }: Place): Node | null {
  const { own, about, types } = things;
  const here = [pathOf(url), canonical === null ? null : pathOf(canonical)];
  const isHere = (node: Node): boolean => {
    const address = addressOf(node, url);
    return address !== null && here.includes(pathOf(address));
  };
  if (about > 0) return own[0] ?? null;
  const groups = own.filter((node) => typesOf(node).includes('ProductGroup'));
  if (own.length === 1 || groups.length === 1) {
    const [only] = groups.length === 1 ? groups : own;
    if (only === undefined) return null;
    const elsewhere = addressOf(only, url) !== null && !isHere(only);
    return elsewhere && LIST_PAGES.some((type) => types.has(type)) ? null : only;
  }
  const matching = own.filter(isHere);
  return matching.length === 0 ? null : (choose(matching, { url }) ?? matching[0] ?? null);
}

/** Its variants: those it has, those that say they are its, or its offers when they differ. */
function variantsOf(main: Node, { things, url }: Place): Node[] {
  const held = list(main.hasVariant).filter(isNode).map(things.resolve);
  const names = [...named(main), textOf(main['@id'])];
  const claimed = things.own.filter((node) => {
    const parents = list(node.isVariantOf).filter(isNode);
    const claims = [
      textOf(node.inProductGroupWithID),
      ...parents.flatMap((one) => [textOf(one['@id']), ...named(one)]),
    ];
    return node !== main && claims.some((one) => one !== null && names.includes(one));
  });
  if (held.length + claimed.length > 0) return [...held, ...claimed];
  const offers = offersOf(main).filter((offer) => textOf(offer.sku) !== null);
  const apart = new Set(
    offers.map((offer) => variantOf(readUrl(textOf(offer.url), url.href) ?? url)),
  );
  if (offers.length < 2 || apart.size < 2) return [];
  return offers.map((offer) => ({
    name: offer.name,
    sku: offer.sku,
    url: offer.url,
    offers: offer,
  }));
}

/** The variant that the page's address names, by its address, its number or its properties. */
function choose(
  variants: readonly Node[],
  { url, shown = [] }: Pick<Place, 'url'> & Partial<Place>,
): Node | null {
  const wanted = variantOf(url);
  if (wanted === '') {
    const first = variants.find((node) => namesOf(node, url).some((name) => shown.includes(name)));
    return first ?? (variants.length === 1 ? (variants[0] ?? null) : null);
  }
  const values = wanted.split('&').map((pair) => pair.slice(pair.indexOf('=') + 1).toLowerCase());
  const words = (node: Node): (string | undefined)[] =>
    [
      ...named(node),
      ...['color', 'size', 'material', 'pattern'].map((name) => textOf(node[name])),
    ].map((text) => text?.toLowerCase());
  return (
    variants.find((node) => variantOf(addressOf(node, url) ?? new URL(url.origin)) === wanted) ??
    variants.find((node) => values.every((value) => words(node).includes(value))) ??
    null
  );
}

/** Those, and the numbers in its address. */
function namesOf(node: Node, base: URL): string[] {
  const numbers = [...(addressOf(node, base)?.searchParams.values() ?? [])];
  return [...named(node), ...numbers.filter((one) => /^\d{5,}$/.test(one))];
}

/** Numbers and names of a thing, the best first. */
function named(node: Node): string[] {
  const keys = ['sku', 'productID', 'identifier', 'mpn', ...GTINS, 'productGroupID'];
  const group = typesOf(node).includes('ProductGroup');
  const all = (group ? ['productGroupID', ...keys] : keys).flatMap(
    (key) => textOf(node[key], MAX_ID) ?? [],
  );
  return [
    ...new Set(all.map((text) => text.replace(/^(sku|mpn|gtin\d*|ean|upc|isbn|asin):\s*/i, ''))),
  ];
}

function addressOf(node: Node, base: URL): URL | null {
  const id = textOf(node['@id']);
  const own = textOf(node.url) ?? textOf(offersOf(node)[0]?.url);
  return readUrl(own ?? (id !== null && /^(https?:|\/)/.test(id) ? id : null), base.href);
}

function offersOf(node: Node): Node[] {
  return list(node.offers)
    .filter(isNode)
    .flatMap((offer) => {
      const inner = list(offer.offers).filter(isNode);
      return 'lowPrice' in offer || 'price' in offer
        ? [offer, ...inner]
        : inner.length > 0
          ? inner
          : [offer];
    });
}

function readProduct(
  node: Node,
  place: Place,
  variant: { readonly of: Node; readonly groupId: string | null } | null,
  pageTitle?: string,
): KnownProduct | null {
  const { url: here, canonical, things, lang } = place;
  const main = pageTitle !== undefined;
  const parent = variant?.of ?? {};
  const get = (name: string): string | null => textOf(node[name]) ?? textOf(parent[name]);
  const title =
    textOf(node.name, 300) ?? textOf(parent.name, 300) ?? (pageTitle?.slice(0, 300) || null);
  const own = addressOf(node, here);
  const chosen = variantOf(here);
  const address = own ?? (main ? withVariant(canonical ?? here, here) : null);
  const names = named(node);
  const offers = offersOf(node);
  const skus = offers.flatMap((offer) => textOf(offer.sku, MAX_ID) ?? []);
  const single = new Set(skus).size === 1 ? skus : [];
  const id = names[0] ?? single[0] ?? (address === null ? null : addressId(address));
  if (id === null || title === null) return null;
  const group = list(node.isVariantOf).filter(isNode)[0] ?? {};
  const groupId =
    variant?.groupId ?? textOf(node.inProductGroupWithID, MAX_ID) ?? named(group)[0] ?? null;
  const image = list(node.image ?? parent.image)[0];
  const { price, currency } = priceOf(offers, lang);
  const ofAddress = own === null ? '' : variantOf(own);
  const numbers =
    address === null
      ? []
      : [...address.searchParams.values()].filter((one) => /^\d{5,}$/.test(one));
  return {
    product: {
      id,
      groupId: groupId === id ? null : groupId,
      title,
      description: get('description') ?? '',
      brand: textOf(node.brand ?? parent.brand ?? node.manufacturer, 100),
      category:
        textOf(list(node.category ?? parent.category)[0], 200) ??
        (main && things.trail.length > 0 ? things.trail.join(' > ') : null),
      price,
      currency,
      url: address === null ? null : cleanUrl(address),
      image:
        readUrl(isNode(image) ? textOf(image.url ?? image.contentUrl) : image, here.href)?.href ??
        null,
      lang: textOf(node.inLanguage, 20) ?? lang?.slice(0, 20) ?? null,
    },
    aliases: [
      ...new Set([
        ...names,
        ...single,
        ...numbers,
        ...(address === null ? [] : [addressId(address)]),
      ]),
    ],
    variant: !main || names.length + single.length === 0 || chosen === ofAddress ? '' : chosen,
  };
}

/** A canonical address leaves the variant out. */
function withVariant(canonical: URL, here: URL): URL {
  const address = new URL(canonical);
  const chosen = new Set(
    variantOf(here)
      .split('&')
      .map((pair) => pair.split('=')[0]),
  );
  for (const [name, value] of here.searchParams)
    if (chosen.has(name)) address.searchParams.set(name, value);
  return address;
}

function priceOf(
  offers: readonly Node[],
  lang: string | null,
): Pick<PageProduct, 'price' | 'currency'> {
  for (const offer of offers) {
    const specifications = list(offer.priceSpecification).filter(isNode);
    const asked = specifications.find(
      ({ priceType }) => !/list|strike|msrp|srp/i.test(`${textOf(priceType) ?? ''}`),
    );
    const text = textOf(offer.price ?? offer.lowPrice ?? asked?.price ?? asked?.minPrice, 60);
    const price = readNumber(text);
    if (text === null || price === null || price < 0 || price > 1e9) continue;
    const named = textOf(offer.priceCurrency ?? asked?.priceCurrency, 10)?.toUpperCase();
    return { price, currency: named && /^[A-Z]{3}$/.test(named) ? named : currencyIn(text, lang) };
  }
  return { price: null, currency: null };
}

function currencyIn(text: string, lang: string | null): string | null {
  const symbol = text.normalize('NFKC');
  const known = SYMBOLS.find(([pattern]) => pattern.test(symbol))?.[1];
  if (known === undefined && symbol.includes('¥')) {
    return lang?.startsWith('zh') ? 'CNY' : lang?.startsWith('ja') ? 'JPY' : null;
  }
  return known ?? null;
}
