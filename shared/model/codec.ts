/**
 * Wire format of a catalogue's public side, versions 1 and 2. Little endian.
 *
 *   0  4  magic "VTC1" or "VTC2"
 *   4  4  h, uint32: bytes of the header
 *   8  h  header: canonical JSON (RFC 8785) with names, widths and the length of each section
 *   …     the sections in the order of SECTIONS, end to end
 *
 * Version 2 adds what is optional: `imageK` in the header (0: no pictures), the sections of
 * MORE_SECTIONS, each whole or empty, at least one of them not empty. A catalogue without either is
 * written as version 1: there is one spelling of each. A catalogue is addressed by the SHA-256 of
 * these bytes.
 */
import { assertBytes, assertString } from '../assert/assert.ts';
import { canonicalBytes } from '../bytes/canonical.ts';
import { concatBytes, equalBytes } from '../bytes/concat.ts';
import { ByteWriter } from '../bytes/reader.ts';
import { fromUtf8 } from '../bytes/utf8.ts';
import type { Catalogue } from './catalogue.ts';
import {
  readGraph,
  readIndices,
  readSparse,
  readTerms,
  readVectors,
  writeGraph,
  writeIndices,
  writeSparse,
  writeTerms,
  writeVectors,
} from './sections.ts';
import { CatalogueError } from './varint.ts';

const MAGIC = { 1: 0x31435456, 2: 0x32435456 } as const;
const MAX_ITEMS = 1_000_000;
const MAX_WIDTH = 1 << 24;
const MAX_NAME = 200;
const MAX_PRICE_CENTS = 0x7fff_ffff;
const PRICE_BANDS = 5;

const SECTIONS = [
  'vectors',
  'title-columns',
  'title-values',
  'text-columns',
  'text-values',
  'brand',
  'category',
  'price',
  'band',
  'graph',
] as const;
const MORE_SECTIONS = ['title-terms', 'text-terms', 'image'] as const;

type Version = 1 | 2;
type Section = (typeof SECTIONS)[number] | (typeof MORE_SECTIONS)[number];

/** Sections of a catalogue with such a header, in their order; `imageK` is of version 2 alone. */
export const sectionsOf = ({ imageK }: Pick<Header, 'imageK'>): readonly Section[] =>
  imageK === undefined ? SECTIONS : [...SECTIONS, ...MORE_SECTIONS];

export interface Header {
  readonly ids: readonly string[];
  readonly brands: readonly string[];
  readonly categories: readonly string[];
  readonly k: number;
  readonly degree: number;
  /** Of version 2. */
  readonly imageK?: number;
  readonly titleWidth: number;
  readonly textWidth: number;
  readonly sections: readonly number[];
}

const HEADER_KEYS = {
  1: 'brands,categories,degree,ids,k,sections,textWidth,titleWidth',
  2: 'brands,categories,degree,ids,imageK,k,sections,textWidth,titleWidth',
} as const;

/**
 * Returns the bytes of a catalogue. Vectors are rounded to int8 and tf-idf values to uint8 per
 * row: read the bytes back for what browsers will see.
 *
 * @throws CatalogueError (a RangeError) for lengths, indices or values that no catalogue has.
 */
export function encodeCatalogue(parts: Omit<Catalogue, 'hash'>): Uint8Array {
  const n = parts.ids.length;
  for (const [name, list] of [
    ['brand', parts.brand],
    ['category', parts.category],
    ['priceCents', parts.priceCents],
    ['priceBand', parts.priceBand],
  ] as const) {
    if (list.length !== n) throw new CatalogueError(`${name} must hold ${n} values`);
  }
  const title = writeSparse(parts.title, n, 'title');
  const text = writeSparse(parts.text, n, 'text');
  const sections = [
    writeVectors(parts.vectors, n, parts.k),
    title.columns,
    title.values,
    text.columns,
    text.values,
    writeIndices(parts.brand, parts.brands.length, 'brand'),
    writeIndices(parts.category, parts.categories.length, 'category'),
    writeIndices(parts.priceCents, MAX_PRICE_CENTS, 'priceCents'),
    writeIndices(parts.priceBand, PRICE_BANDS, 'priceBand'),
    writeGraph(parts.graph, n, parts.degree),
  ];
  const { image, terms } = parts;
  const version = image || terms ? 2 : 1;
  if (image) checkInteger(image.k, 'image.k', 1, 4096);
  if (terms && parts.title.width + parts.text.width === 0) {
    throw new CatalogueError('terms of no column');
  }
  if (version === 2) {
    sections.push(
      terms ? writeTerms(terms.title, parts.title.width, 'terms.title') : new Uint8Array(0),
      terms ? writeTerms(terms.text, parts.text.width, 'terms.text') : new Uint8Array(0),
      image ? writeVectors(image.vectors, n, image.k) : new Uint8Array(0),
    );
  }
  const header: Header = {
    ids: parts.ids,
    brands: parts.brands,
    categories: parts.categories,
    k: parts.k,
    degree: parts.degree,
    ...(version === 2 && { imageK: image?.k ?? 0 }),
    titleWidth: parts.title.width,
    textWidth: parts.text.width,
    sections: sections.map((section) => section.length),
  };
  return concatBytes(encodeCatalogueHeader(header), ...sections);
}

/** What stands before the sections. @throws CatalogueError for a header that no catalogue has. */
export function encodeCatalogueHeader(header: Header): Uint8Array {
  const version = header.imageK === undefined ? 1 : 2;
  checkHeader(header, version);
  const json = canonicalBytes(header);
  return concatBytes(new ByteWriter().u32(MAGIC[version]).u32(json.length).finish(), json);
}

/**
 * Reads a catalogue; `hash` is the SHA-256 that the caller has verified, hex.
 *
 * @throws CatalogueError (a RangeError) for anything but the exact bytes of a catalogue.
 */
export function decodeCatalogue(bytes: Uint8Array, hash: string): Catalogue {
  assertBytes('bytes', bytes);
  assertString('hash', hash, 64);
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new CatalogueError('hash must be 64 hex digits');
  const { header, version, end } = readCatalogueHeader(bytes);
  const order = sectionsOf(header);
  let at = end;
  const part = (name: Section): Uint8Array => {
    const start = at;
    at += header.sections[order.indexOf(name)] as number;
    if (at > bytes.length) throw new CatalogueError(`${name} ends early`);
    return bytes.subarray(start, at);
  };
  const n = header.ids.length;
  const { ids, brands, categories, k, degree, titleWidth, textWidth } = header;
  const vectors = readVectors(part('vectors'), n, k);
  const title = readSparse(part('title-columns'), part('title-values'), n, titleWidth, 'title');
  const text = readSparse(part('text-columns'), part('text-values'), n, textWidth, 'text');
  const brand = readIndices(part('brand'), n, brands.length, 'brand');
  const category = readIndices(part('category'), n, categories.length, 'category');
  const priceCents = readIndices(part('price'), n, MAX_PRICE_CENTS, 'priceCents');
  const priceBand = Int8Array.from(readIndices(part('band'), n, PRICE_BANDS, 'priceBand'));
  const graph = readGraph(part('graph'), n, degree);
  const more = version === 2 ? readMore(header, part) : {};
  if (at !== bytes.length) throw new CatalogueError(`${bytes.length - at} bytes are left over`);
  return {
    hash,
    ids,
    vectors,
    k,
    title,
    text,
    brand,
    brands,
    category,
    categories,
    priceCents,
    priceBand,
    graph,
    degree,
    ...more,
  };
}

/** The optional sections, in their order; none at all is version 1. */
function readMore(
  { ids, imageK = 0, titleWidth, textWidth }: Header,
  part: (name: Section) => Uint8Array,
): Pick<Catalogue, 'terms' | 'image'> {
  const [title, text, image] = [part('title-terms'), part('text-terms'), part('image')];
  const hasTerms = title.length + text.length > 0;
  if (!hasTerms && imageK === 0) throw new CatalogueError('version 2 without terms and image');
  if (imageK === 0 && image.length > 0) throw new CatalogueError('image has another length');
  return {
    ...(hasTerms && {
      terms: {
        title: readTerms(title, titleWidth, 'title-terms'),
        text: readTerms(text, textWidth, 'text-terms'),
      },
    }),
    ...(imageK > 0 && { image: { vectors: readVectors(image, ids.length, imageK), k: imageK } }),
  };
}

/** The header and where it ends. @throws CatalogueError */
export function readCatalogueHeader(bytes: Uint8Array): {
  header: Header;
  version: Version;
  end: number;
} {
  if (bytes.length < 8) throw new CatalogueError('too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC[1] && magic !== MAGIC[2]) {
    throw new CatalogueError('unknown magic or version');
  }
  const version = magic === MAGIC[1] ? 1 : 2;
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) throw new CatalogueError('header ends early');
  const json = bytes.subarray(8, end);
  let header: unknown;
  try {
    header = JSON.parse(fromUtf8(json));
    if (!equalBytes(canonicalBytes(header), json)) throw new CatalogueError('not canonical');
  } catch (error) {
    throw new CatalogueError(`header must be canonical JSON (${(error as Error).name})`);
  }
  checkHeader(header, version);
  return { header, version, end };
}

function checkHeader(value: unknown, version: Version): asserts value is Header {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CatalogueError('header must be an object');
  }
  if (Object.keys(value).sort().join() !== HEADER_KEYS[version]) {
    throw new CatalogueError(`header must have the fields ${HEADER_KEYS[version]}`);
  }
  const header = value as Record<string, unknown>;
  checkNames(header.ids, 'ids');
  checkNames(header.brands, 'brands');
  checkNames(header.categories, 'categories');
  checkInteger(header.k, 'k', 1, 4096);
  checkInteger(header.degree, 'degree', 1, 256);
  checkInteger(header.titleWidth, 'titleWidth', 0, MAX_WIDTH);
  checkInteger(header.textWidth, 'textWidth', 0, MAX_WIDTH);
  if (version === 2) checkInteger(header.imageK, 'imageK', 0, 4096);
  const { sections } = header;
  const count = sectionsOf(header as Pick<Header, 'imageK'>).length;
  if (!Array.isArray(sections) || sections.length !== count) {
    throw new CatalogueError(`sections must hold ${count} lengths`);
  }
  for (const length of sections) checkInteger(length, 'sections', 0, 0x7fff_ffff);
}

function checkNames(value: unknown, name: string): void {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) {
    throw new CatalogueError(`${name} must be a list of at most ${MAX_ITEMS}`);
  }
  for (const one of value) {
    if (typeof one !== 'string' || one === '' || one.length > MAX_NAME) {
      throw new CatalogueError(`${name} must hold strings of 1 to ${MAX_NAME} characters`);
    }
  }
  if (new Set(value).size !== value.length) throw new CatalogueError(`${name} repeats a name`);
}

function checkInteger(value: unknown, name: string, min: number, max: number): void {
  if (!(Number.isInteger(value) && (value as number) >= min && (value as number) <= max)) {
    throw new CatalogueError(`${name} must be an integer from ${min} to ${max}`);
  }
}
