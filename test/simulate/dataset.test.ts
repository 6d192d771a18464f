import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { markovQuality, popularityQuality } from './baselines.ts';
import { DatasetError, readDataset } from './dataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitrine-data-'));
const write = (name: string, text: string | Uint8Array): void =>
  writeFileSync(join(folder, name), text);
const items = ['Blue cup', 'Red cup', 'Lamp']
  .map((title, id) => JSON.stringify({ id, title, brand: id === 2 ? '' : 'Kiln' }))
  .join('\n');

describe('data set on disk', () => {
  beforeEach(() => {
    write('items.jsonl', `${items}\n`);
    write('train_sequences.txt.gz', gzipSync('7 0 1 0\n9 2\n'));
    write('valid.tsv', 'user\thistory\ttarget\n7\t0 1\t2\n');
    write('test.tsv', 'user\thistory\ttarget\n7\t0\t1\n9\t2\t0\n');
    write('title_int8.bin', Uint8Array.from([3, 4, 0, 0, 0, 0xfb]));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read plain or zipped, with unit vectors', () => {
    const { items, train, valid, test, vectors } = readDataset(folder);
    expect(items[1]).toEqual({ id: '1', title: 'Red cup', brand: 'Kiln', description: '' });
    expect(train).toEqual([[0, 1, 0], [2]]);
    expect(valid).toEqual([{ history: [0, 1], target: 2 }]);
    expect(test).toHaveLength(2);
    expect(vectors?.width).toBe(2);
    const expected = [0.6, 0.8, 0, 0, 0, -1];
    expect(vectors?.values.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(vectors?.values[i]).toBeCloseTo(value, 6);
  });

  it.each([
    ['train_sequences.txt', '7 0 3\n', /train_sequences.txt: 1: item 3/],
    ['test.tsv', 'user\thistory\ttarget\n7\t0\tx\n', /test.tsv: row 1: item x/],
    ['valid.tsv', 'user\ttarget\n', /valid.tsv: no columns/],
    ['items.jsonl', items.split('\n').reverse().join('\n'), /items.jsonl: line 1 has id 2/],
  ])('refuses a broken %s by name and row', (name, text, words) => {
    write(name, text);
    expect(() => readDataset(folder)).toThrow(DatasetError);
    expect(() => readDataset(folder)).toThrow(words);
    rmSync(join(folder, name));
  });

  it('names a file or folder that is not there', () => {
    rmSync(join(folder, 'test.tsv'));
    expect(() => readDataset(folder)).toThrow(/test.tsv/);
    expect(() => readDataset(join(folder, 'none'))).toThrow(/--data .*none/);
  });
});

describe('baselines', () => {
  const train = [
    [0, 1, 0, 1],
    [2, 0],
  ];

  it('popularity ranks by counts', () => {
    // Counts 3, 2, 1: targets 0, 1 and 2 stand at ranks 1, 2 and 3.
    const quality = popularityQuality(
      train,
      [0, 1, 2].map((target) => ({ history: [], target })),
      3,
    );
    expect(quality.hr10).toBe(100);
    expect(quality.ndcg10).toBeCloseTo((100 * (1 + 1 / Math.log2(3) + 0.5)) / 3, 10);
  });

  it('Markov ranks what followed the last item first, then by popularity', () => {
    const at = (history: number[], target: number): number =>
      markovQuality(train, [{ history, target }], 3).ndcg10;
    expect(at([2, 0], 1)).toBeCloseTo(100, 10);
    expect(at([0], 0)).toBeCloseTo(100 / Math.log2(3), 10);
    expect(at([2], 0)).toBeCloseTo(100, 10);
    expect(at([], 0)).toBeCloseTo(100, 10);
  });
});
