/** φ(h, j) of the wide ranker, written from the recipe's table with plain vectors and maps. */
import type { Catalogue, SparseRows } from '../../shared/model/catalogue.ts';

const largest = (values: number[]): number => values.reduce((a, b) => Math.max(a, b));

function sparse(rows: SparseRows, a: number, b: number): number {
  const row = (i: number): Map<number, number> => {
    const entries = new Map<number, number>();
    for (let e = rows.starts[i] ?? 0; e < (rows.starts[i + 1] ?? 0); e++) {
      entries.set(rows.columns[e] ?? 0, rows.values[e] ?? 0);
    }
    return entries;
  };
  const other = row(b);
  return [...row(a)].reduce((sum, [column, value]) => sum + value * (other.get(column) ?? 0), 0);
}

export function wideFeatures(catalogue: Catalogue, history: number[], j: number): number[] {
  const vector = (i: number): number[] => [
    ...catalogue.vectors.subarray(i * catalogue.k, (i + 1) * catalogue.k),
  ];
  const dot = (a: number[], b: number[]): number =>
    a.reduce((sum, x, c) => sum + x * (b[c] ?? 0), 0);
  const sameBrand = (a: number, b: number): boolean =>
    catalogue.brand[a] === -1 || catalogue.brand[b] === -1
      ? a === b
      : catalogue.brand[a] === catalogue.brand[b];
  const last = history[history.length - 1] ?? 0;
  const ages = history.map((_, i) => 0.5 ** (history.length - 1 - i));
  const total = ages.reduce((a, b) => a + b);
  const mean = vector(j).map((_, c) =>
    history.reduce((sum, i, at) => sum + ((ages[at] ?? 0) / total) * (vector(i)[c] ?? 0), 0),
  );
  return [
    dot(vector(j), vector(last)),
    dot(vector(j), mean),
    largest(history.map((i) => dot(vector(i), vector(j)))),
    sparse(catalogue.text, last, j),
    largest(history.map((i) => sparse(catalogue.text, i, j))),
    sparse(catalogue.title, last, j),
    largest(history.map((i) => sparse(catalogue.title, i, j))),
    j === last ? 1 : 0,
    history.includes(j) ? 1 : 0,
    sameBrand(last, j) ? 1 : 0,
    history.filter((i) => sameBrand(i, j)).length / history.length,
  ];
}
