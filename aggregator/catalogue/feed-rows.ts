/** A feed of any form to rows: what each names, and where it stands. */
import { gunzipSync } from 'node:zlib';
import { FeedError } from './feed.ts';
import { csvRows, withFront } from './feed-csv.ts';
import { type Chunks, encodingOf, textOf } from './feed-encoding.ts';
import { jsonRows } from './feed-json.ts';
import { decodeEntities } from './feed-text.ts';
import { xmlRows } from './feed-xml.ts';

/** One row, entry or object; `entries` is null where it cannot be read. */
export interface RawRow {
  /** Line of a table, from 1; else the number of the entry. */
  readonly row: number;
  readonly entries: readonly (readonly [string, unknown])[] | null;
  readonly problem: string | null;
}

export const FORMATS = ['csv', 'json', 'xml', 'html'] as const;
export type Format = (typeof FORMATS)[number];

export interface RowOptions {
  readonly format: Format | null;
  readonly encoding: string | null;
  readonly idName: string | null;
}

/** A page is read whole for the JSON-LD in it. */
const MAX_PAGE = 64 << 20;
const LD = /<script\b[^>]*\btype\s*=\s*["']?application\/ld\+json["']?[^>]*>([\s\S]*?)<\/script/gi;

/** @throws FeedError where the form is none of these, RangeError for an encoding that is none. */
export async function* feedRows(chunks: Chunks, options: RowOptions): AsyncGenerator<RawRow> {
  const encoding = await encodingOf(chunks, options.encoding);
  const { front, whole } = await withFront(textOf(chunks, encoding));
  const format = options.format ?? formatOf(front);
  if (format === 'json') yield* jsonRows(withoutMark(whole));
  else if (format === 'xml') yield* xmlRows(whole);
  else if (format === 'html') yield* pageRows(whole);
  else yield* csvRows(whole, options.idName);
}

function formatOf(front: string): Format {
  const text = front.replace(/^\ufeff/, '').trimStart();
  if (text === '') throw new FeedError('the file is empty');
  if (text.includes('\0')) throw new FeedError('not text: the encoding, or the file, is another');
  if ('[{'.includes(text[0] as string)) return 'json';
  if (!text.startsWith('<')) return 'csv';
  return /^(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|script)\b/i.test(text)
    ? 'html'
    : 'xml';
}

async function* withoutMark(text: AsyncIterable<string>): AsyncGenerator<string> {
  let first = true;
  for await (const piece of text) {
    yield first ? piece.replace(/^\ufeff/, '') : piece;
    first = false;
  }
}

/** schema.org in a page that was saved. */
async function* pageRows(text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  let page = '';
  for await (const piece of text) {
    page += piece;
    if (page.length > MAX_PAGE) throw new FeedError('a page of more than 64 MB');
  }
  let row = 0;
  for (const [, script = ''] of page.matchAll(LD)) {
    async function* one(): AsyncGenerator<string> {
      yield script.includes('&quot;') ? decodeEntities(script) : script;
    }
    try {
      for await (const { row: _, ...found } of jsonRows(one())) yield { ...found, row: ++row };
    } catch (error) {
      yield { row: ++row, entries: null, problem: (error as Error).message.slice(0, 80) };
    }
  }
}

/** A file in memory, unpacked where it is gzip. @throws FeedError */
export function inMemory(bytes: Uint8Array): Chunks {
  let whole = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      whole = gunzipSync(bytes, { maxOutputLength: 1 << 30 });
    } catch (error) {
      throw new FeedError(`not gzip: ${(error as Error).message}`);
    }
  }
  return async function* () {
    for (let at = 0; at < whole.length; at += 1 << 16) yield whole.subarray(at, at + (1 << 16));
  };
}
