/**
 * Wire format of a catalogue's public side, version 1. Little endian.
 *
 *   0  4  magic "VTC1"
 *   4  4  h, uint32: bytes of the header
 *   8  h  header: canonical JSON (RFC 8785) with names, widths and the length of each section
 *   …     the sections in the order of SECTIONS, end to end
 *
 * A catalogue is addressed by the SHA-256 of these bytes.
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
  readVectors,
  writeGraph,
  writeIndices,
  writeSparse,
  writeVectors,
} from './sections.ts';
import { CatalogueError } from './varint.ts';

const MAGIC = 0x31435456;
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

interface Header {
  readonly ids: readonly string[];
  readonly brands: readonly string[];
  readonly categories: readonly string[];
  readonly k: number;
  readonly degree: number;
  readonly titleWidth: number;
  readonly textWidth: number;
  readonly sections: readonly number[];
}

const HEADER_KEYS = 'brands,categories,degree,ids,k,sections,textWidth,titleWidth';

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
  const header: Header = {
    ids: parts.ids,
    brands: parts.brands,
    categories: parts.categories,
    k: parts.k,
    degree: parts.degree,
    titleWidth: parts.title.width,
    textWidth: parts.text.width,
    sections: sections.map((section) => section.length),
  };
  checkHeader(header);
  const json = canonicalBytes(header);
  const front = new ByteWriter().u32(MAGIC).u32(json.length).finish();
  return concatBytes(front, json, ...sections);
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
  const { header, end } = readHeader(bytes);
  let at = end;
  const part = (name: (typeof SECTIONS)[number]): Uint8Array => {
    const start = at;
    at += header.sections[SECTIONS.indexOf(name)] as number;
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
  };
}

function readHeader(bytes: Uint8Array): { header: Header; end: number } {
  if (bytes.length < 8) throw new CatalogueError('too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new CatalogueError('unknown magic or version');
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
  checkHeader(header);
  return { header, end };
}

function checkHeader(value: unknown): asserts value is Header {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CatalogueError('header must be an object');
  }
  if (Object.keys(value).sort().join() !== HEADER_KEYS) {
    throw new CatalogueError(`header must have the fields ${HEADER_KEYS}`);
  }
  const header = value as Record<string, unknown>;
  checkNames(header.ids, 'ids');
  checkNames(header.brands, 'brands');
  checkNames(header.categories, 'categories');
  checkInteger(header.k, 'k', 1, 4096);
  checkInteger(header.degree, 'degree', 1, 256);
  checkInteger(header.titleWidth, 'titleWidth', 0, MAX_WIDTH);
  checkInteger(header.textWidth, 'textWidth', 0, MAX_WIDTH);
  const { sections } = header;
  if (!Array.isArray(sections) || sections.length !== SECTIONS.length) {
    throw new CatalogueError(`sections must hold ${SECTIONS.length} lengths`);
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
