/** Tf-idf with sublinear counts: tf = 1 + ln(count), idf = 1 + ln((1 + n)/(1 + df)), unit rows. */
import type { SparseRows } from '../../shared/model/catalogue.ts';

export interface TermRows extends SparseRows {
  /** The term of each column. */
  readonly terms: readonly string[];
}

/**
 * Returns the matrix of `documents`, each a list of terms. Columns are the terms with a document
 * frequency of at least `minDocuments`, the most frequent first (ties in code unit order): common
 * terms get small column numbers, which the codec stores in fewer bytes.
 */
export function tfidf(documents: readonly (readonly string[])[], minDocuments: number): TermRows {
  const n = documents.length;
  const counts = documents.map(countTerms);
  const frequency = new Map<string, number>();
  for (const count of counts) {
    for (const term of count.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  }
  const kept = [...frequency].filter(([, df]) => df >= minDocuments);
  kept.sort(([a, dfA], [b, dfB]) => dfB - dfA || (a < b ? -1 : 1));
  const columnOf = new Map(kept.map(([term], column) => [term, column]));
  const idf = kept.map(([, df]) => 1 + Math.log((1 + n) / (1 + df)));

  const starts = new Uint32Array(n + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (const [row, count] of counts.entries()) {
    const entries: [number, number][] = [];
    for (const [term, times] of count) {
      const column = columnOf.get(term);
      if (column === undefined) continue;
      entries.push([column, (1 + Math.log(times)) * (idf[column] as number)]);
    }
    entries.sort(([a], [b]) => a - b);
    const norm = Math.sqrt(entries.reduce((sum, [, value]) => sum + value * value, 0));
    for (const [column, value] of entries) {
      columns.push(column);
      values.push(value / norm);
    }
    starts[row + 1] = columns.length;
  }
  return {
    starts,
    columns: Uint32Array.from(columns),
    values: Float32Array.from(values),
    width: kept.length,
    terms: kept.map(([term]) => term),
  };
}

function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
