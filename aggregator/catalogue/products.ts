/** A shop's feed to its goods, row by row; what cannot be used is named and counted. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { FeedError } from './feed.ts';
import type { Chunks } from './feed-encoding.ts';
import { type Field, type Fields, fieldsOf, plainName } from './feed-names.ts';
import { type FeedItem, type RowProblem, readRecord } from './feed-record.ts';
import { type Format, feedRows } from './feed-rows.ts';

export interface ProductOptions {
  /** By the first characters when null. */
  readonly format?: Format | null;
  /** By the bytes when null. */
  readonly encoding?: string | null;
  /** Column that is the id, in place of the usual ones. */
  readonly idName?: string | null;
  readonly base?: string | null;
  readonly currency?: string | null;
  /** 'each' (default): every variant is a good; 'group': the first of a group stands for it. */
  readonly variants?: 'each' | 'group';
  /** Leave out what is out of stock. */
  readonly onlyInStock?: boolean;
  /** Problems of a kind that are told of; all are counted. Default 10. */
  readonly told?: number;
  readonly nowMs?: number;
}

/** What was found in a feed beside its goods. */
export interface FeedReport {
  readonly rows: number;
  /** Of each kind how many. */
  readonly counts: ReadonlyMap<RowProblem, number>;
  /** The first of each kind. */
  readonly told: readonly {
    readonly problem: RowProblem;
    readonly row: number;
    readonly detail: string;
  }[];
  /** Goods of a group of at least two variants, and groups. */
  readonly variants: number;
  readonly groups: number;
}

export interface Products {
  readonly items: readonly FeedItem[];
  readonly report: FeedReport;
}

/** As many as a catalogue may hold (shared/model/codec.ts). */
const MAX_ITEMS = 1_000_000;

/**
 * @throws FeedError where the feed has another form, or no row that is a good; RangeError for an
 * encoding that there is not.
 */
export async function readProducts(
  chunks: Chunks,
  options: ProductOptions = {},
): Promise<Products> {
  const { format = null, encoding = null, idName = null, told: limit = 10 } = options;
  const { base = null, currency = null, nowMs = Date.now(), variants = 'each' } = options;
  const items: FeedItem[] = [];
  const byId = new Map<string, number>();
  const groups = new Map<string, number>();
  const counts = new Map<RowProblem, number>();
  const told: { problem: RowProblem; row: number; detail: string }[] = [];
  const problem = (kind: RowProblem, row: number, detail: string): void => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count <= limit) told.push({ problem: kind, row, detail });
  };
  let rows = 0;
  let last: string | null = null;
  let head: Head | null = null;
  for await (const { row, entries, problem: unread } of feedRows(chunks, {
    ...{ format, encoding, idName },
  })) {
    rows++;
    if (entries === null) {
      problem('bad-row', row, unread ?? '');
      continue;
    }
    const own = fieldsOf(entries, idName);
    head = idName === null ? null : headOf(entries, own, head);
    const fields = head === null ? own : variantOf(own, head);
    const { item, problems } = readRecord(fields, { base, currency, nowMs });
    if (item === null) {
      // Further pictures and variants of the good above: Shopify's export.
      const isSame =
        head === null ? String(own.get('id')) === last : !own.has('id') && !own.has('price');
      const follows = last !== null && !own.has('title') && isSame;
      if (!follows) for (const [kind, detail] of problems) problem(kind, row, detail);
      continue;
    }
    last = item.id;
    for (const [kind, detail] of problems) problem(kind, row, detail);
    const group = item.groupId;
    if (options.onlyInStock === true && !item.isAvailable) problem('out-of-stock', row, item.id);
    else if (variants === 'group' && group !== null) {
      if (!groups.has(group)) add({ ...item, id: group }, row);
    } else add(item, row);
    if (group !== null) groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  if (items.length === 0) {
    const why = [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
    throw new FeedError(`no good in ${rows} rows${why === '' ? '' : `: ${why}`}`);
  }
  const lengths = new Set(items.flatMap((item) => item.imageVector?.length ?? []));
  if (lengths.size > 1) throw new FeedError('every imageVector must be of one length');
  const several = [...groups.values()].filter((count) => count > 1);
  return {
    items,
    report: {
      ...{ rows, counts, told, groups: several.length },
      variants: several.reduce((sum, count) => sum + count, 0),
    },
  };

  function add(item: FeedItem, row: number): void {
    if (byId.has(item.id)) {
      problem('duplicate-id', row, item.id);
      return;
    }
    if (items.length === MAX_ITEMS) throw new FeedError(`more than ${MAX_ITEMS} goods`);
    byId.set(item.id, row);
    items.push(item);
  }
}

/** The first row of a product in Shopify's export: those of its other variants say only what differs. */
interface Head {
  readonly handle: string;
  readonly fields: Fields;
}

function headOf(
  entries: Iterable<readonly [string, unknown]>,
  fields: Fields,
  before: Head | null,
): Head | null {
  const found = [...entries].find(([name]) => plainName(name) === 'handle')?.[1];
  if (typeof found !== 'string' || found === '') return null;
  return found === before?.handle ? before : { handle: found, fields };
}

const SHARED: readonly Field[] = ['title', 'description', 'brand', 'category', 'status', 'image'];

/** With an id of its own, a variant is a good of its product's group. */
function variantOf(own: Fields, { handle, fields }: Head): Fields {
  const shared = SHARED.flatMap((name) => {
    const value = fields.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return new Map([['group', handle], ...shared, ...own]);
}

/** A file, in pieces; unpacked where it is gzip. @throws the system's error where there is none. */
export async function fileChunks(path: string): Promise<Chunks> {
  const file = await open(path);
  const front = Buffer.alloc(2);
  await file.read(front, 0, 2, 0).finally(() => file.close());
  const isPacked = front[0] === 0x1f && front[1] === 0x8b;
  return async function* () {
    const stream = createReadStream(path);
    const plain = isPacked ? stream.pipe(createGunzip()) : stream;
    if (plain !== stream) stream.on('error', (error) => plain.destroy(error));
    try {
      yield* plain as AsyncIterable<Uint8Array>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code?.startsWith('Z_')) {
        throw new FeedError(`not gzip: ${(error as Error).message}`);
      }
      throw error;
    } finally {
      stream.destroy();
    }
  };
}
