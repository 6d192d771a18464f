/**
 * A large catalogue in parts (SPEC.md of shared/protocol, G rules). The index stands for all: a
 * catalogue is addressed by the SHA-256 of its index where it has one, and each part by its own, which
 * the index names. Parts are stretches of goods in the catalogue's order; joined they are the bytes
 * of codec.ts, and the first of them are a catalogue of the first goods.
 *
 *   index: 0  4  magic "VTCI", then uint32 h and h bytes of canonical JSON
 *   part:  0  4  magic "VTCP", uint32 h, h bytes of canonical JSON { ids, sections }, the sections
 *   terms: the last part where the catalogue has any: both sections of terms end to end
 */
import { canonicalBytes } from '../bytes/canonical.ts';
import { concatBytes, equalBytes } from '../bytes/concat.ts';
import { sha256Hex } from '../bytes/hash.ts';
import { ByteWriter } from '../bytes/reader.ts';
import { fromUtf8 } from '../bytes/utf8.ts';
import { encodeCatalogueHeader, type Header, readCatalogueHeader, sectionsOf } from './codec.ts';
import { CatalogueError, skipVarints, VarintReader, VarintWriter } from './varint.ts';

const INDEX = 0x49435456;
const PART = 0x50435456;
const MAX_PARTS = 4096;

/** One part: goods that it holds, 0 for the terms. */
export interface Shard {
  readonly hash: string;
  readonly bytes: number;
  readonly items: number;
}

export interface CatalogueIndex {
  /** Of the whole, without ids and lengths of sections. */
  readonly header: Omit<Header, 'ids' | 'sections'>;
  readonly shards: readonly Shard[];
}

export interface SplitCatalogue {
  readonly index: Uint8Array;
  /** SHA-256 of the index, hex: what tasks name. */
  readonly hash: string;
  /** In the order in which they are fetched. */
  readonly parts: readonly { readonly hash: string; readonly bytes: Uint8Array }[];
}

/**
 * @param bytes of `encodeCatalogue`
 * @param maxBytes of a part, about; at least 4 KiB. A good is never parted.
 * @throws CatalogueError for bytes that are no catalogue.
 */
export async function splitCatalogue(bytes: Uint8Array, maxBytes: number): Promise<SplitCatalogue> {
  if (!(maxBytes >= 4096)) throw new RangeError('maxBytes must be at least 4096');
  const { header, end } = readCatalogueHeader(bytes);
  const { ids, sections, ...shared } = header;
  const names = sectionsOf(header).filter((name) => !name.endsWith('-terms'));
  const ends = new Map<string, Uint32Array>();
  const found = new Map<string, Uint8Array>();
  let at = end;
  for (const [i, name] of sectionsOf(header).entries()) {
    found.set(name, bytes.subarray(at, at + (sections[i] as number)));
    at += sections[i] as number;
  }
  for (const name of names) ends.set(name, rowEnds(name, found, header));
  const size = (name: string, item: number): number => (ends.get(name)?.[item] ?? 0) as number;
  const parts: { hash: string; bytes: Uint8Array; items: number }[] = [];
  for (let from = 0; from < ids.length; ) {
    const begin = names.reduce((sum, name) => sum + size(name, from), 0);
    let to = from + 1;
    while (to < ids.length) {
      const next = names.reduce((sum, name) => sum + size(name, to + 1), 0);
      if (next - begin + 24 * (to - from) > maxBytes) break;
      to++;
    }
    const slices = names.map((name) =>
      (found.get(name) as Uint8Array).subarray(size(name, from), size(name, to)),
    );
    const json = canonicalBytes({
      ids: ids.slice(from, to),
      sections: slices.map((slice) => slice.length),
    });
    const front = new ByteWriter().u32(PART).u32(json.length).finish();
    const part = concatBytes(front, json, ...slices);
    parts.push({ hash: await sha256Hex(part), bytes: part, items: to - from });
    from = to;
  }
  const terms = concatBytes(
    ...(['title-terms', 'text-terms'] as const).map((name) => found.get(name) ?? new Uint8Array(0)),
  );
  if (terms.length > 0) parts.push({ hash: await sha256Hex(terms), bytes: terms, items: 0 });
  const shards = parts.map(({ hash, bytes: { length }, items }) => ({
    hash,
    bytes: length,
    items,
  }));
  const json = canonicalBytes({ ...shared, shards });
  const index = concatBytes(new ByteWriter().u32(INDEX).u32(json.length).finish(), json);
  return {
    index,
    hash: await sha256Hex(index),
    parts: parts.map(({ hash, bytes: part }) => ({ hash, bytes: part })),
  };
}

/** Ends of the rows of a section: entry i is where row i begins, entry n where the last ends. */
function rowEnds(
  name: string,
  found: ReadonlyMap<string, Uint8Array>,
  header: Header,
): Uint32Array {
  const n = header.ids.length;
  const bytes = found.get(name) as Uint8Array;
  const ends = new Uint32Array(n + 1);
  if (name === 'vectors' || name === 'image') {
    const width = name === 'image' ? (header.imageK ?? 0) : header.k;
    for (let i = 0; i < n; i++) ends[i + 1] = (i + 1) * width;
    return ends;
  }
  // Values are one byte for each column that the other section counts.
  const columns = name.endsWith('-values') ? name.replace('-values', '-columns') : null;
  const stream = columns === null ? bytes : (found.get(columns) as Uint8Array);
  const reader = new VarintReader(stream, name);
  for (let i = 0; i < n; i++) {
    if (columns !== null || name.endsWith('-columns')) {
      const count = reader.next(0xffff_ffff);
      skipVarints(reader, count);
      ends[i + 1] = columns === null ? reader.at : (ends[i] as number) + count;
    } else {
      skipVarints(reader, name === 'graph' ? header.degree - 1 : 1);
      ends[i + 1] = reader.at;
    }
  }
  return ends;
}

/** The index, or null where the bytes are something else. @throws CatalogueError for a bad one. */
export function decodeIndex(bytes: Uint8Array): CatalogueIndex | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== INDEX) return null;
  const length = view.getUint32(4, true);
  if (bytes.length !== 8 + length) throw new CatalogueError('index has another length');
  const { shards, ...header } = readJson(bytes.subarray(8), 'index') as unknown as Omit<
    Header,
    'ids' | 'sections'
  > & { readonly shards: unknown };
  if (!Array.isArray(shards) || shards.length === 0 || shards.length > MAX_PARTS) {
    throw new CatalogueError(`index must name 1 to ${MAX_PARTS} parts`);
  }
  for (const [i, one] of (shards as Partial<Shard>[]).entries()) {
    const { hash, bytes: size, items } = one ?? {};
    const fits =
      Object.keys(one ?? {}).length === 3 &&
      /^[0-9a-f]{64}$/.test(hash ?? '') &&
      Number.isInteger(size) &&
      (size as number) > 0 &&
      (size as number) <= 1 << 26 &&
      Number.isInteger(items) &&
      (items as number) >= (i === shards.length - 1 ? 0 : 1);
    if (!fits) throw new CatalogueError('index names a part that is none');
  }
  // Asked of the whole header, as of a catalogue of no goods.
  const version = sectionsOf(header).length;
  encodeCatalogueHeader({ ...header, ids: [], sections: new Array<number>(version).fill(0) });
  return { header, shards: shards as Shard[] };
}

/**
 * The bytes of a catalogue from its parts: all of them, or the first. Of the first the graph keeps
 * the neighbours that are among them. Hashes are the caller's to verify.
 *
 * @throws CatalogueError for parts that do not fit the index.
 */
export function joinShards(
  { header, shards }: CatalogueIndex,
  parts: readonly Uint8Array[],
): Uint8Array {
  const isWhole = parts.length === shards.length;
  const goods = parts.filter((_, i) => (shards[i]?.items ?? 0) > 0);
  const names = sectionsOf(header).filter((name) => !name.endsWith('-terms'));
  const ids: string[] = [];
  const pieces = names.map((): Uint8Array[] => []);
  for (const [i, bytes] of goods.entries()) {
    const part = readPart(bytes, names.length);
    if (part.ids.length !== shards[i]?.items) throw new CatalogueError('part holds other goods');
    ids.push(...part.ids);
    for (const [s, piece] of part.sections.entries()) pieces[s]?.push(piece);
  }
  const total = shards.reduce((sum, { items }) => sum + items, 0);
  const sections = new Map<string, Uint8Array>(
    names.map((name, i) => [name as string, concatBytes(...(pieces[i] ?? []))]),
  );
  const terms = isWhole && shards.at(-1)?.items === 0 ? (parts.at(-1) as Uint8Array) : null;
  if (terms !== null) {
    if (terms.length !== 4 * (header.titleWidth + header.textWidth)) {
      throw new CatalogueError('terms have another length');
    }
    sections.set('title-terms', terms.subarray(0, 4 * header.titleWidth));
    sections.set('text-terms', terms.subarray(4 * header.titleWidth));
  }
  if (ids.length < total) {
    const graph = sections.get('graph') as Uint8Array;
    sections.set('graph', graphOfFirst(graph, ids.length, header.degree, total));
  }
  // Without terms and pictures there is no version 2.
  const { imageK, ...plain } = header;
  const shared: CatalogueIndex['header'] = terms === null && (imageK ?? 0) === 0 ? plain : header;
  const order = sectionsOf(shared).map((name) => sections.get(name) ?? new Uint8Array(0));
  const front = encodeCatalogueHeader({
    ...shared,
    ids,
    sections: order.map((section) => section.length),
  });
  return concatBytes(front, ...order);
}

/** Neighbours below n, in their order; what is missing is n. */
function graphOfFirst(bytes: Uint8Array, n: number, degree: number, total: number): Uint8Array {
  const reader = new VarintReader(bytes, 'graph');
  const writer = new VarintWriter();
  for (let row = 0; row < n; row++) {
    let kept = 1;
    for (let e = 1; e < degree; e++) {
      const item = reader.next(total);
      if (item >= n) continue;
      writer.push(item);
      kept++;
    }
    for (; kept < degree; kept++) writer.push(n);
  }
  return writer.finish();
}

function readPart(
  bytes: Uint8Array,
  count: number,
): { readonly ids: readonly string[]; readonly sections: readonly Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== PART) throw new CatalogueError('no part');
  let at = 8 + view.getUint32(4, true);
  if (at > bytes.length) throw new CatalogueError('part ends early');
  const { ids, sections } = readJson(bytes.subarray(8, at), 'part');
  if (!Array.isArray(ids) || !Array.isArray(sections) || sections.length !== count) {
    throw new CatalogueError('part must have ids and sections');
  }
  const found = sections.map((length) => {
    if (!(Number.isInteger(length) && length >= 0 && at + length <= bytes.length)) {
      throw new CatalogueError('part ends early');
    }
    at += length;
    return bytes.subarray(at - length, at);
  });
  if (at !== bytes.length) throw new CatalogueError('part has bytes left over');
  return { ids, sections: found };
}

function readJson(bytes: Uint8Array, name: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes));
    if (equalBytes(canonicalBytes(value), bytes) && typeof value === 'object' && value !== null) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Named below.
  }
  throw new CatalogueError(`${name} must be canonical JSON`);
}
