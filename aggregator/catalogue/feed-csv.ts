/** Comma-, semicolon-, tab- or bar-separated rows (RFC 4180, and what spreadsheets make of it). */
import { pipeline, Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { FeedError } from './feed.ts';
import { isHeader } from './feed-names.ts';
import type { RawRow } from './feed-rows.ts';

const SEPARATORS = ['\t', ';', ',', '|'] as const;
/** Units of one row: a longer one is a quote that nobody closed. */
const MAX_ROW = 1 << 20;
const MAX_HEADER = 1 << 16;
/** A quote that is open over more lines than that has swallowed rows. */
const MAX_OPEN_LINES = 200;

/** @throws FeedError where the first row names no columns of goods, or a quote takes the rest. */
export async function* csvRows(
  text: AsyncIterable<string>,
  idName: string | null,
): AsyncGenerator<RawRow> {
  const { front, whole } = await withFront(text);
  const bad: RawRow[] = [];
  // The parser reads ahead of what is asked for.
  let line = 0;
  let open: number | null = null;
  const told = (): RawRow[] => {
    if (open !== null) throw new FeedError(`a quote is not closed, behind line ${open}`);
    return bad.splice(0);
  };
  const parser = parse({
    bom: true,
    delimiter: separatorOf(front),
    info: true,
    max_record_size: MAX_ROW,
    on_record: (record, { lines }) => {
      line = lines;
      return record;
    },
    on_skip: (error) => {
      const row = Number(error?.lines ?? 0);
      const problem = String(error?.code ?? 'unreadable');
      const unclosed = problem === 'CSV_QUOTE_NOT_CLOSED' && row - line > MAX_OPEN_LINES;
      if (unclosed || problem === 'CSV_MAX_RECORD_SIZE') open ??= line;
      bad.push({ row, entries: null, problem });
      return undefined;
    },
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
  });
  pipeline(Readable.from(whole), parser, () => undefined);
  let header: readonly string[] | null = null;
  for await (const { record, info } of parser as AsyncIterable<{
    record: string[];
    info: { lines: number };
  }>) {
    yield* told();
    if (header === null) {
      if (/^sep=.?$/i.test(record.join(''))) continue;
      header = record;
      if (!isHeader(header, idName)) {
        const shown = header.slice(0, 12).map((name) => name.slice(0, 30));
        throw new FeedError(
          `the first row names no id and title: ${shown.join(', ')} (--id names another column)`,
        );
      }
      continue;
    }
    const names = header;
    const entries = record.flatMap((value, i): (readonly [string, string])[] =>
      names[i] === undefined ? [] : [[names[i], value]],
    );
    yield { row: info.lines, entries, problem: null };
  }
  yield* told();
}

/** The first line decides: the separator that parts it most, outside of quotes. */
function separatorOf(front: string): string {
  const said = /^\ufeff?sep=(.)\r?\n/i.exec(front)?.[1];
  if (said !== undefined) return said;
  const line = front.replace(/"[^"]*"/g, '').split(/\r?\n|\r/)[0] ?? '';
  let best: string = ',';
  let most = 0;
  for (const one of SEPARATORS) {
    const count = line.split(one).length - 1;
    if (count > most) [best, most] = [one, count];
  }
  return best;
}

/** The beginning of a text, and all of it. */
export async function withFront(
  text: AsyncIterable<string>,
): Promise<{ readonly front: string; readonly whole: AsyncGenerator<string> }> {
  const pieces = text[Symbol.asyncIterator]();
  let front = '';
  let ended = false;
  while (front.length < MAX_HEADER && !ended) {
    const next = await pieces.next();
    if (next.done) ended = true;
    else front += next.value;
  }
  async function* whole(): AsyncGenerator<string> {
    yield front;
    while (!ended) {
      const next = await pieces.next();
      if (next.done) return;
      yield next.value;
    }
  }
  return { front, whole: whole() };
}
