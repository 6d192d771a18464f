/** Tables of a data folder: comma-separated files, plain, `.gz` or `.xz`, by column names. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FormError, readText } from './forms.ts';

/** Rows of text by column name. */
export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The largest file that is unpacked, in bytes. */
const MOST_BYTES = 2 ** 30;

/** A file that this machine cannot unpack: no failure of the bench, but a named reason. */
export class UnpackError extends Error {
  readonly code = 'no-xz';
}

/**
 * Comma-separated text with quotes as RFC 4180 has them; the first record names the columns. A
 * record of another length than the first is left out.
 */
export function parseTable(file: string, text: string): Table {
  const records: string[][] = [];
  let record: string[] = [];
  let from = 0;
  const end = (): void => {
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  };
  while (from <= text.length) {
    let field: string;
    if (text[from] === '"') {
      let to = from + 1;
      while (to < text.length && (text[to] !== '"' || text[to + 1] === '"')) {
        to += text[to] === '"' ? 2 : 1;
      }
      field = text.slice(from + 1, to).replaceAll('""', '"');
      from = to + 1;
    } else {
      let to = from;
      while (to < text.length && text[to] !== ',' && text[to] !== '\n') to++;
      field = text.slice(from, to).trimEnd();
      from = to;
    }
    record.push(field);
    if (text[from] === '\r') from++;
    if (text[from] !== ',') end();
    from++;
  }
  const [columns = [], ...rows] = records;
  return { file, columns, rows: rows.filter((row) => row.length === columns.length) };
}

/** Tables of the folder by name without `.gz` and `.xz`, of which only the wanted are read. */
export function readTables(folder: string, wanted: (name: string) => boolean): Table[] {
  return readdirSync(folder)
    .map((name) => name.replace(/\.(gz|xz)$/, ''))
    .filter((name, i, all) => name.endsWith('.csv') && wanted(name) && all.indexOf(name) === i)
    .sort()
    .map((name) => parseTable(name, textOf(folder, name)));
}

function textOf(folder: string, name: string): string {
  const packed = join(folder, `${name}.xz`);
  if (existsSync(join(folder, name)) || !existsSync(packed)) return readText(folder, name);
  const { status, stdout, error } = spawnSync('xz', ['-dc', packed], { maxBuffer: MOST_BYTES });
  if (error !== undefined) throw new UnpackError(`${name}.xz: xz is not installed here`);
  if (status !== 0) throw new FormError(`${name}.xz: not a whole xz file`);
  return stdout.toString('utf8');
}
