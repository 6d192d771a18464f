/**
 * A table of sessions, one row each and one shopper each, whose last column says whether it ended
 * well. A column becomes inputs by what its name and its values say it is; scaling is fixed and
 * public, nothing is fitted to the rows.
 *
 *   kind      told by                            inputs
 *   flag      two words (true and false)         0 or 1
 *   code      whole numbers; system, browser,    none: which software made the visit is no taste
 *             region, type, code or id
 *   category  other words                        one 0 or 1 for each, 16 hashed bins for over 32
 *   share     rate, share, ratio, percent        5x, and log(1 + 1000x)/log(1001), at most 1, less ½
 *   part      numbers from 0 to 1                x less ½
 *   seconds   duration, seconds, time            log(1 + x)/log(1 + 36000), at most 1, less ½
 *   money     value, amount, price, spend        the same with 1000, and whether there is any
 *   count     other numbers                      the same with 1000
 *
 * Whether there is any money, times every other input, are declared crosses.
 */
import { hashedBin } from '../../../shared/model/statistic.ts';
import { FormError } from './forms.ts';
import type { HeadTarget } from './heads-data.ts';
import type { Table } from './heads-read.ts';

type Kind = 'flag' | 'code' | 'category' | 'share' | 'part' | 'seconds' | 'money' | 'count';

interface Input {
  readonly name: string;
  readonly values: Float64Array;
  /** −½, or 0 where it is not around 0. */
  readonly lowest: number;
}

const MOST_WORDS = 32;
const HASHED = 16;
/** A session in six ends in an order: the intent head's published guess. */
const BIAS = -1.7;

const isFlag = (text: string): boolean => /^(true|false|yes|no)$/i.test(text);
const isYes = (text: string): boolean => /^(true|yes)$/i.test(text);

/** @throws FormError for a column that holds nothing. */
export function kindOf(name: string, cells: readonly string[]): Kind {
  if (cells.length === 0) throw new FormError(`${name}: no rows`);
  if (cells.every(isFlag)) return 'flag';
  const numbers = cells.map(Number);
  if (cells.some((cell) => cell.trim() === '') || !numbers.every(Number.isFinite))
    return 'category';
  const whole = numbers.every(Number.isInteger);
  if (whole && /(systems?|browser|region|type|code|id)$/i.test(name)) return 'code';
  if (/duration|seconds|time/i.test(name)) return 'seconds';
  if (/rate|share|ratio|percent/i.test(name)) return 'share';
  if (!whole && numbers.every((value) => value >= 0 && value <= 1)) return 'part';
  return /value|amount|price|spend|revenue/i.test(name) ? 'money' : 'count';
}

/** Whether the table is one of sessions: rows of numbers and words whose last column is a flag. */
export function isSessionTable(table: Table): boolean {
  const last = table.columns.length - 1;
  return last > 0 && table.rows.length > 0 && table.rows.every((row) => isFlag(row[last] ?? ''));
}

const scaled =
  (cap: number, unit = 1) =>
  (value: number): number =>
    Math.min(1, Math.log1p(Math.max(0, value) * unit) / Math.log1p(cap)) - 0.5;

const ones = (cells: readonly string[], is: (cell: string) => boolean): Float64Array =>
  Float64Array.from(cells, (cell) => (is(cell) ? 1 : 0));

function inputsOf(name: string, kind: Kind, cells: readonly string[]): Input[] {
  const map = (suffix: string, of: (value: number) => number): Input => ({
    name: `${name}${suffix}`,
    values: Float64Array.from(cells, (cell) => of(Number(cell))),
    lowest: -0.5,
  });
  switch (kind) {
    case 'flag':
      return [{ name, values: ones(cells, isYes), lowest: 0 }];
    case 'code':
      return [];
    case 'category':
      return categoryInputs(name, cells);
    case 'share':
      return [
        map('', (value) => Math.min(1, Math.max(0, 5 * value)) - 0.5),
        map(' log', scaled(1000, 1000)),
      ];
    case 'part':
      return [map('', (value) => value - 0.5)];
    case 'seconds':
      return [map('', scaled(36_000))];
    case 'money':
    case 'count':
      return [map('', scaled(1000))];
  }
}

function categoryInputs(name: string, cells: readonly string[]): Input[] {
  const words = [...new Set(cells)].sort();
  const binOf = words.length > MOST_WORDS ? (cell: string) => hashedBin(cell, HASHED) : null;
  const bins = binOf === null ? words : Array.from({ length: HASHED }, (_, bin) => bin);
  return bins.map((bin) => ({
    name: `${name} ${bin}`,
    values: ones(cells, (cell) => (binOf?.(cell) ?? cell) === bin),
    lowest: 0,
  }));
}

/** The target of a table of sessions. @throws FormError for a table without inputs. */
export function sessionTarget(table: Table): HeadTarget {
  const last = table.columns.length - 1;
  const cellsOf = (column: number): string[] => table.rows.map((row) => row[column] as string);
  const kinds = table.columns.slice(0, last).map((name, i) => kindOf(name, cellsOf(i)));
  const n = table.rows.length;
  const single: Input[] = [];
  const any: Input[] = [];
  const plain: number[] = [];
  const activity = new Float64Array(n);
  const value = new Float64Array(n);
  for (const [i, kind] of kinds.entries()) {
    const cells = cellsOf(i);
    const made = inputsOf(table.columns[i] as string, kind, cells);
    if (kind !== 'category') plain.push(...made.map((_, j) => single.length + j));
    single.push(...made);
    const sum = kind === 'count' ? activity : kind === 'money' ? value : null;
    for (const [row, cell] of cells.entries()) {
      if (sum !== null) sum[row] = (sum[row] as number) + Number(cell);
    }
    if (kind !== 'money') continue;
    const values = ones(cells, (cell) => Number(cell) > 0);
    any.push({ name: `any ${table.columns[i]}`, values, lowest: 0 });
  }
  const crosses = new Map<number, readonly [number, number]>();
  const crossed = any.flatMap((flag, i) =>
    single.map((one, j) => {
      const place = single.length + any.length + i * single.length + j;
      crosses.set(place, [single.length + i, j]);
      return {
        name: `${flag.name} * ${one.name}`,
        values: one.values.map((amount, row) => amount * (flag.values[row] as number)),
        lowest: one.lowest,
      };
    }),
  );
  const inputs = [...single, ...any, ...crossed];
  if (inputs.length === 0) throw new FormError(`${table.file}: no column makes an input`);
  const x = new Float32Array(n * inputs.length);
  for (const [k, { values }] of inputs.entries()) {
    for (let row = 0; row < n; row++) x[row * inputs.length + k] = values[row] as number;
  }
  const labels = Float32Array.from(cellsOf(last), (cell) => (isYes(cell) ? 1 : 0));
  return {
    name: 'intent',
    label: `${table.columns[last]} is true`,
    columns: inputs.map(({ name }) => name),
    rows: { shape: { columns: inputs.length, hidden: 0, heads: 1 }, x, labels },
    lowest: inputs.map(({ lowest }) => lowest),
    crosses,
    plain,
    recency: null,
    bias: BIAS,
    activity,
    value,
  };
}
