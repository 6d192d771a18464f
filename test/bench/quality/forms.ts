/** The form of a data folder, told by the files that lie in it and never by its name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * - `text-items`: `items.jsonl`, `train_sequences.txt`, `valid.tsv`, `test.tsv`, optional vectors.
 * - `attributes`: `sequences.txt` and `item2attributes.json`; the last two items of each are held out.
 * - `recbole`: atomic files `*.inter` and `*.item`; the last two of each user are held out.
 * - `sessions`: `train_sessions.txt` and `test_sessions.txt`, no more than ids.
 * - `heads`: tables of sessions or purchases, for the heads.
 */
export type Form = 'text-items' | 'attributes' | 'recbole' | 'sessions' | 'heads';

/** The folder does not hold what a form asks for; the message names the file. */
export class FormError extends Error {
  readonly code = 'unknown-form';

  constructor(message: string) {
    super(message);
    this.name = 'FormError';
  }
}

/** Names in the folder without `.gz` and `.xz`, sorted. */
export function namesIn(folder: string): string[] {
  if (!existsSync(folder)) throw new FormError(`--data ${folder}: no such folder`);
  return readdirSync(folder)
    .map((name) => name.replace(/\.(gz|xz)$/, ''))
    .sort();
}

/** @throws FormError with what is there when no form fits. */
export function formOf(folder: string): Form {
  const names = namesIn(folder);
  const has = (...wanted: string[]): boolean => wanted.every((name) => names.includes(name));
  const ends = (end: string): boolean => names.some((name) => name.endsWith(end));
  if (has('items.jsonl', 'train_sequences.txt', 'valid.tsv', 'test.tsv')) return 'text-items';
  if (has('sequences.txt', 'item2attributes.json')) return 'attributes';
  if (ends('.inter')) return 'recbole';
  if (has('train_sessions.txt', 'test_sessions.txt')) return 'sessions';
  if (ends('.csv')) return 'heads';
  throw new FormError(`${folder} has none of the forms' files; it holds: ${names.join(', ')}`);
}

/** Text of a file of the folder, plain or `.gz`. @throws FormError when neither is there. */
export function readText(folder: string, name: string): string {
  const plain = join(folder, name);
  if (existsSync(plain)) return readFileSync(plain, 'utf8');
  if (existsSync(`${plain}.gz`)) return gunzipSync(readFileSync(`${plain}.gz`)).toString('utf8');
  throw new FormError(`${name}: neither ${name} nor ${name}.gz lies in the data folder`);
}

/** Lines that are not blank. */
export function readLines(folder: string, name: string): string[] {
  return readText(folder, name)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
