/**
 * Ranking sets of every form as one record. What a set lacks (text, brands, vectors, prices) is
 * declared in `lacks`, and the features that need it are zero for every item.
 */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { CatalogueItem } from '../../../aggregator/catalogue/build.ts';
import { readDataset } from '../../simulate/dataset.ts';
import { type Form, FormError, formOf, readLines, readText } from './forms.ts';

export interface EvaluationCase {
  /** Number of the list in its file, from 1: the seed of its sampled negatives. */
  readonly number: number;
  /** Item indices, oldest first. */
  readonly history: readonly number[];
  readonly target: number;
}

export interface RankingSet {
  readonly name: string;
  readonly form: Form;
  readonly items: readonly CatalogueItem[];
  /** One content vector per item, given by the set or made of its attributes; null: none. */
  readonly vectors: readonly Float32Array[] | null;
  /** One sequence of item indices per shopper, oldest first. */
  readonly train: readonly (readonly number[])[];
  readonly valid: readonly EvaluationCase[];
  readonly test: readonly EvaluationCase[];
  /** True where the protocol ranks no item of the history. */
  readonly unseenOnly: boolean;
  /** What the set has not, in words. */
  readonly lacks: readonly string[];
}

/** @throws FormError or DatasetError naming the file and line that are not of the form. */
export function readSet(folder: string): RankingSet {
  const form = formOf(folder);
  switch (form) {
    case 'text-items':
      return textItems(folder);
    case 'attributes':
      return attributes(folder);
    case 'recbole':
      return recbole(folder);
    case 'sessions':
      return sessions(folder);
    default:
      throw new FormError(`${folder} is no ranking set`);
  }
}

function textItems(folder: string): RankingSet {
  const set = readDataset(folder);
  const vectors = set.vectors;
  const items = set.items.map(({ id, title, brand, description, priceCents }) => ({
    id,
    title,
    description,
    ...(brand !== '' && { brand }),
    ...(priceCents !== undefined && { priceCents }),
  }));
  const lacks = [
    ...(vectors === null ? ['vectors: made of the titles'] : []),
    ...(items.every((item) => item.brand === undefined) ? ['brands'] : []),
    ...(items.every((item) => item.priceCents === undefined) ? ['prices'] : []),
  ];
  const numbered = (rows: typeof set.valid): EvaluationCase[] =>
    rows.map(({ history, target }, at) => ({ number: at + 1, history, target }));
  return {
    name: set.name,
    form: 'text-items',
    items,
    vectors:
      vectors === null
        ? null
        : items.map((_, i) => vectors.values.subarray(i * vectors.width, (i + 1) * vectors.width)),
    train: set.train,
    valid: numbered(set.valid),
    test: numbered(set.test),
    unseenOnly: false,
    lacks,
  };
}

/** The last item of a sequence is the test target, the one before it the validation target. */
function leaveOneOut(
  sequences: readonly (readonly number[])[],
): Pick<RankingSet, 'train' | 'valid' | 'test' | 'unseenOnly'> {
  const held = (back: number): EvaluationCase[] =>
    sequences.flatMap((sequence, at) =>
      sequence.length <= back
        ? []
        : [
            {
              number: at + 1,
              history: sequence.slice(0, -back),
              target: sequence[sequence.length - back] as number,
            },
          ],
    );
  return {
    train: sequences.map((sequence) => sequence.slice(0, -2)),
    valid: held(2),
    test: held(1),
    unseenOnly: true,
  };
}

function attributes(folder: string): RankingSet {
  const sequences = readLines(folder, 'sequences.txt').map((line, at) =>
    line
      .split(' ')
      .slice(1)
      .map((part) => itemNumber(part, `sequences.txt: line ${at + 1}`) - 1),
  );
  const count = largest(sequences) + 1;
  const raw = JSON.parse(readText(folder, 'item2attributes.json')) as Record<string, number[]>;
  const items = Array.from({ length: count }, (_, i) => {
    const own = (raw[String(i + 1)] ?? []).map(String);
    return { id: String(i + 1), title: '', description: '', attributes: own };
  });
  return {
    name: basename(folder),
    form: 'attributes',
    items,
    vectors: null,
    ...leaveOneOut(sequences),
    lacks: ['text: attribute ids instead', 'brands', 'prices'],
  };
}

/** Fields of an atomic file are named `name:type` in its first line; tabs part them. */
function atomic(folder: string, end: string): { name: string; rows: Map<string, string>[] } {
  const found = readdirSync(folder).map((name) => name.replace(/\.gz$/, ''));
  const name = found.find((one) => one.endsWith(end));
  if (name === undefined) return { name: end, rows: [] };
  const [head, ...lines] = readLines(folder, name);
  const fields = (head ?? '').split('\t').map((field) => field.split(':')[0] as string);
  const rows = lines.map((line) => {
    const cells = line.split('\t');
    return new Map(fields.map((field, i) => [field, cells[i] ?? '']));
  });
  return { name, rows };
}

function recbole(folder: string): RankingSet {
  const { name, rows } = atomic(folder, '.inter');
  const described = atomic(folder, '.item').rows;
  const byUser = new Map<string, { item: string; at: number }[]>();
  for (const [line, row] of rows.entries()) {
    const [user, item, at] = ['user_id', 'item_id', 'timestamp'].map((field) => row.get(field));
    if (!user || !item) throw new FormError(`${name}: line ${line + 2} has no user_id and item_id`);
    const own = byUser.get(user) ?? [];
    own.push({ item, at: Number(at ?? line) });
    byUser.set(user, own);
  }
  const known = new Set(rows.map((row) => row.get('item_id') as string));
  const listed = described.map((row) => row.get('item_id') ?? '').filter((id) => id !== '');
  const ids = [...new Set([...listed, ...known])].sort(byNumber);
  const about = new Map(described.map((row) => [row.get('item_id') ?? '', row]));
  const items = ids.map((id) => {
    const cells = [...(about.get(id) ?? new Map<string, string>())].filter(
      ([field]) => field !== 'item_id',
    );
    return {
      id,
      title: cells.map(([, value]) => value).join(' '),
      description: '',
    };
  });
  const index = new Map(ids.map((id, i) => [id, i]));
  const sequences = [...byUser.keys()]
    .sort(byNumber)
    .map((user) =>
      (byUser.get(user) ?? [])
        .sort((a, b) => a.at - b.at || byNumber(a.item, b.item))
        .map(({ item }) => index.get(item) as number),
    );
  const lacks = ['brands', 'prices', ...(described.length === 0 ? ['text'] : [])];
  return {
    name: basename(folder),
    form: 'recbole',
    items,
    vectors: described.length === 0 ? none(items.length) : null,
    ...leaveOneOut(sequences),
    lacks,
  };
}

/** Sessions of bare ids; the newest tenth of the training sessions is the validation. */
function sessions(folder: string): RankingSet {
  const read = (name: string): number[][] =>
    readLines(folder, name).map((line, at) =>
      line.split(' ').map((part) => itemNumber(part, `${name}: line ${at + 1}`) - 1),
    );
  const all = read('train_sessions.txt');
  const test = read('test_sessions.txt');
  const cut = Math.floor(0.9 * all.length);
  const count = Math.max(largest(all), largest(test)) + 1;
  let number = 0;
  const prefixes = (rows: number[][]): EvaluationCase[] =>
    rows.flatMap((row) =>
      row.slice(1).map((target, i) => {
        number++;
        return { number, history: row.slice(0, i + 1), target };
      }),
    );
  return {
    name: basename(folder),
    form: 'sessions',
    items: Array.from({ length: count }, (_, i) => ({
      id: `${i + 1}`,
      title: '',
      description: '',
    })),
    vectors: none(count),
    train: all.slice(0, cut),
    valid: prefixes(all.slice(cut)),
    test: prefixes(test),
    unseenOnly: false,
    lacks: ['text', 'vectors', 'brands', 'prices'],
  };
}

function none(count: number): Float32Array[] {
  return Array.from({ length: count }, () => new Float32Array(1));
}

function itemNumber(part: string, where: string): number {
  const item = Number(part);
  if (!Number.isInteger(item) || item < 1) {
    throw new FormError(`${where}: ${part} is no item number from 1`);
  }
  return item;
}

function largest(rows: readonly (readonly number[])[]): number {
  let most = -1;
  for (const row of rows) for (const item of row) most = Math.max(most, item);
  return most;
}

/** Ids that are numbers in their order, others as texts. */
function byNumber(a: string, b: string): number {
  const order = Number(a) - Number(b);
  if (!Number.isNaN(order)) return order;
  return a < b ? -1 : a > b ? 1 : 0;
}
