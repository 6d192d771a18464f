/**
 * Real shopping sequences on disk, the form of amazon-industrial: `items.jsonl` (id, title, brand,
 * description), `train_sequences.txt` (shopper, then items, oldest first), `valid.tsv` and
 * `test.tsv` (user, history, target), each plain or `.gz`, and optional title vectors
 * `*_int8.bin` (items × width, int8, row-major).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface DatasetItem {
  readonly id: string;
  readonly title: string;
  readonly brand: string;
  readonly description: string;
  /** Cents, of the optional `price` in the major unit. */
  readonly priceCents?: number;
}

export interface EvaluationRow {
  /** Item indices, oldest first. */
  readonly history: readonly number[];
  readonly target: number;
}

export interface Dataset {
  readonly name: string;
  readonly items: readonly DatasetItem[];
  /** One row of item indices per shopper, oldest first. */
  readonly train: readonly (readonly number[])[];
  readonly valid: readonly EvaluationRow[];
  readonly test: readonly EvaluationRow[];
  /** Unit rows, items × width; null when the folder has no vectors. */
  readonly vectors: { readonly values: Float32Array; readonly width: number } | null;
}

/** The folder does not hold what the form asks for; the message names the file. */
export class DatasetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatasetError';
  }
}

function readLines(folder: string, name: string): string[] {
  const plain = join(folder, name);
  const zipped = `${plain}.gz`;
  let text: string;
  if (existsSync(plain)) text = readFileSync(plain, 'utf8');
  else if (existsSync(zipped)) text = gunzipSync(readFileSync(zipped)).toString('utf8');
  else throw new DatasetError(`${name}: neither ${name} nor ${name}.gz lies in the data folder`);
  return text.split('\n').filter((line) => line.trim() !== '');
}

function itemIndices(text: string, count: number, where: string): number[] {
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => {
      const item = Number(part);
      if (!Number.isInteger(item) || item < 0 || item >= count) {
        throw new DatasetError(`${where}: item ${part} is not one of 0 to ${count - 1}`);
      }
      return item;
    });
}

function readItems(folder: string): DatasetItem[] {
  return readLines(folder, 'items.jsonl').map((line, at) => {
    const raw = JSON.parse(line) as Record<string, unknown>;
    if (Number(raw.id) !== at) {
      throw new DatasetError(`items.jsonl: line ${at + 1} has id ${raw.id}, expected ${at}`);
    }
    const text = (key: string): string => (typeof raw[key] === 'string' ? raw[key] : '');
    return {
      id: String(at),
      title: text('title'),
      brand: text('brand'),
      description: text('description'),
      ...(typeof raw.price === 'number' &&
        raw.price >= 0 && { priceCents: Math.round(100 * raw.price) }),
    };
  });
}

function readRows(folder: string, name: string, count: number): EvaluationRow[] {
  const [head, ...lines] = readLines(folder, name);
  const columns = (head ?? '').split('\t');
  const history = columns.indexOf('history');
  const target = columns.indexOf('target');
  if (history < 0 || target < 0) throw new DatasetError(`${name}: no columns history and target`);
  return lines.map((line, at) => {
    const cells = line.split('\t');
    const where = `${name}: row ${at + 1}`;
    const [one] = itemIndices(cells[target] ?? '', count, where);
    if (one === undefined) throw new DatasetError(`${where}: no target`);
    return { history: itemIndices(cells[history] ?? '', count, where), target: one };
  });
}

function readVectors(folder: string, count: number): Dataset['vectors'] {
  const file = readdirSync(folder).find((name) => name.endsWith('_int8.bin'));
  if (file === undefined) return null;
  const bytes = readFileSync(join(folder, file));
  const width = bytes.length / count;
  if (!Number.isInteger(width) || width === 0) {
    throw new DatasetError(`${file}: ${bytes.length} bytes are not ${count} rows of int8`);
  }
  const raw = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(raw.length);
  for (let row = 0; row < count; row++) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (raw[row * width + i] as number) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < width; i++) {
      values[row * width + i] = (raw[row * width + i] as number) * scale;
    }
  }
  return { values, width };
}

/** @throws DatasetError naming the file and row that are not of the form. */
export function readDataset(folder: string): Dataset {
  if (!existsSync(folder)) throw new DatasetError(`--data ${folder}: no such folder`);
  const items = readItems(folder);
  const train = readLines(folder, 'train_sequences.txt').map((line, at) =>
    itemIndices(line.split(' ').slice(1).join(' '), items.length, `train_sequences.txt: ${at + 1}`),
  );
  return {
    name: basename(folder),
    items,
    train,
    valid: readRows(folder, 'valid.tsv', items.length),
    test: readRows(folder, 'test.tsv', items.length),
    vectors: readVectors(folder, items.length),
  };
}
