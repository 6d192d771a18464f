/** schema.org in a page, from JSON-LD or microdata: its things, and which of them the page is about. */
import type { MicroItem, PageHeard } from './heard.ts';
import { decode, readJson } from './understand-json.ts';

export type Node = Readonly<Record<string, unknown>>;

const MAX_NODES = 2000;
const MAX_DEPTH = 12;
const MAX_TEXT = 4000;

const PRODUCTS =
  /^(Product|ProductGroup|ProductModel|IndividualProduct|SomeProducts|Vehicle|Car|Motorcycle)$/;
/** Things that are products when they are offered. */
const SOLD = /^(Book|Movie|VideoGame|MusicAlbum|SoftwareApplication|Course|Drug)$/;
/** Under these a product is another one than the page's. */
const OTHERS =
  /^(isRelatedTo|isSimilarTo|isAccessoryOrSparePartFor|isConsumableFor|itemReviewed|hasVariant|isVariantOf|itemOffered)$/;
const LISTS = /^(itemListElement|hasPart|makesOffer|hasOfferCatalog)$/;

export interface Things {
  /** Products that stand for themselves, those that the page says it is about first. */
  readonly own: readonly Node[];
  /** Products of lists, and those beside the page's own. */
  readonly listed: readonly Node[];
  /** Names of the breadcrumb without the page's own, outermost first. */
  readonly trail: readonly string[];
  readonly types: ReadonlySet<string>;
  /** How many of `own` are said to be what the page is about. */
  readonly about: number;
  /** A reference becomes what it refers to, where the page has it. */
  resolve(node: Node): Node;
  /** Scripts that could not be read. */
  readonly broken: number;
}

/** `schema.org/Product` and its like as a bare word. */
export function typesOf(node: Node): string[] {
  return list(node['@type']).flatMap((type) =>
    typeof type === 'string' ? [type.replace(/^.*[/#:]/, '')] : [],
  );
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

/** The first text of a value: a text, number, `@value`, or a thing with a name. */
export function textOf(value: unknown, maxLength = MAX_TEXT, depth = 0): string | null {
  for (const one of list(value)) {
    if (typeof one === 'number' && Number.isFinite(one)) return String(one);
    if (typeof one === 'string' && one.trim() !== '') return tidy(one, maxLength);
    if (isNode(one) && depth < 3) {
      const text = textOf(one['@value'] ?? one.name ?? one.value, maxLength, depth + 1);
      if (text !== null) return text;
    }
  }
  return null;
}

function tidy(text: string, maxLength: number): string {
  const short = text.slice(0, 4 * maxLength);
  const bare = decode(short)
    .replace(/<\/?[a-z][^<>]{0,200}>/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return bare.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');
}

/** Everything of schema.org in the page; microdata where there is no product in JSON-LD. */
export function readThings({ jsonLd, microdata, meta }: PageHeard): Things {
  const documents = jsonLd.filter((text) => text.trim() !== '').map(readJson);
  const broken = documents.filter((one) => one === undefined).length;
  const scripts = sort(documents, broken);
  if (scripts.own.length + scripts.listed.length > 0) return scripts;
  const things = sort(
    microdata.map((item) => nodeOf(item, 0)),
    broken,
  );
  const found =
    things.own.length + things.listed.length > 0 ? things : sort(openGraph(meta), broken);
  const types = new Set([...scripts.types, ...found.types]);
  return { ...found, types, trail: scripts.trail.length > 0 ? scripts.trail : found.trail };
}

function openGraph(meta: PageHeard['meta']): Node[] {
  const price = meta['product:price:amount'] ?? meta['og:price:amount'];
  if (price === undefined && !/product/.test(meta['og:type'] ?? '')) return [];
  const currency = meta['product:price:currency'] ?? meta['og:price:currency'];
  return [
    {
      '@type': 'Product',
      name: meta['og:title'],
      description: meta['og:description'],
      image: meta['og:image'],
      url: meta['og:url'],
      sku: meta['product:retailer_item_id'],
      brand: meta['product:brand'] ?? meta['og:brand'],
      category: meta['product:category'],
      offers: { price, priceCurrency: currency },
    },
  ];
}

function nodeOf({ type, properties }: MicroItem, depth: number): Node {
  const node: Record<string, unknown[]> = Object.create(null);
  for (const [names, value] of properties) {
    const one =
      typeof value === 'string' ? value : depth < MAX_DEPTH ? nodeOf(value, depth + 1) : null;
    for (const name of names.split(/\s+/)) node[name] = [...(node[name] ?? []), one];
  }
  return { ...node, '@type': type.split(/\s+/)[0] };
}

function sort(documents: readonly unknown[], broken: number): Things {
  const about: Node[] = [];
  const own: Node[] = [];
  const listed: Node[] = [];
  const types = new Set<string>();
  let trail: string[] = [];
  const byId = new Map<string, Node>();
  const seen = new Set<Node>();

  const index = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH || byId.size > MAX_NODES) return;
    if (Array.isArray(value)) for (const one of value) index(one, depth + 1);
    else if (isNode(value)) {
      const id = value['@id'];
      if (typeof id === 'string' && Object.keys(value).length > 1 && !byId.has(id))
        byId.set(id, value);
      for (const one of Object.values(value)) if (typeof one === 'object') index(one, depth + 1);
    }
  };
  const walk = (value: unknown, place: Node[], depth: number): void => {
    if (depth > MAX_DEPTH || seen.size > MAX_NODES) return;
    if (Array.isArray(value)) {
      for (const one of value) walk(one, place, depth + 1);
      return;
    }
    if (!isNode(value)) return;
    const node = resolve(value, byId);
    if (seen.has(node)) {
      // Named a second time, as what the page is about.
      if (place === about && own.includes(node)) about.push(...own.splice(own.indexOf(node), 1));
      return;
    }
    seen.add(node);
    const kinds = typesOf(node);
    for (const kind of kinds) types.add(kind);
    if (kinds.includes('BreadcrumbList')) {
      trail = crumbs(node);
      return;
    }
    const sold = 'offers' in node && kinds.some((kind) => SOLD.test(kind));
    const product = sold || kinds.some((kind) => PRODUCTS.test(kind));
    if (product) place.push(node);
    for (const [name, one] of Object.entries(node)) {
      if (typeof one !== 'object' || one === null || name === 'isPartOf') continue;
      const inside = product || OTHERS.test(name) || LISTS.test(name) ? listed : place;
      if (name === 'hasVariant' || name === 'isVariantOf') continue;
      walk(one, name === 'mainEntity' && place !== listed ? about : inside, depth + 1);
    }
  };
  index(documents, 0);
  walk(documents, own, 0);
  return {
    own: [...about, ...own],
    about: about.length,
    listed,
    trail,
    types,
    resolve: (node) => resolve(node, byId),
    broken,
  };
}

function resolve(node: Node, byId: ReadonlyMap<string, Node>): Node {
  const id = node['@id'];
  if (typeof id !== 'string' || Object.keys(node).length > 1) return node;
  return byId.get(id) ?? node;
}

function crumbs(node: Node): string[] {
  const names = list(node.itemListElement).flatMap((one) => {
    const step = isNode(one) ? one : {};
    const name = textOf(step.name ?? step.item, 100);
    return name === null ? [] : [name];
  });
  // The first is the shop's door and the last one the page itself.
  return names.slice(1, -1).slice(0, 6);
}
