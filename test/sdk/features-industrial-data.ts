/** Reads ../shared/data/amazon-industrial, where a checkout has it beside the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { CatalogueItem } from '../../aggregator/catalogue/build.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/data/amazon-industrial/', import.meta.url));

export const hasIndustrial = existsSync(FOLDER);

export interface Row {
  readonly history: readonly number[];
  readonly target: number;
}

const lines = (name: string): string[] =>
  gunzipSync(readFileSync(FOLDER + name))
    .toString('utf8')
    .trimEnd()
    .split('\n');

export function readItems(): CatalogueItem[] {
  return lines('items.jsonl.gz').map((line) => {
    const { id, title, brand, description } = JSON.parse(line);
    return { id: String(id), title, description, ...(brand ? { brand } : {}) };
  });
}

export function readRows(name: 'valid' | 'test'): Row[] {
  return lines(`${name}.tsv.gz`)
    .slice(1)
    .map((line) => {
      const [, history = '', target] = line.split('\t');
      return { history: history.split(' ').filter(Boolean).map(Number), target: Number(target) };
    });
}

export function readVectors(length: number): Float32Array[] {
  const bytes = readFileSync(`${FOLDER}title_use512_int8.bin`);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: signed.length / length }, (_, i) =>
    Float32Array.from(signed.subarray(i * length, (i + 1) * length)),
  );
}
