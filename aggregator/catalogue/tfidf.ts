/** Tf-idf with sublinear counts: tf = 1 + ln(count), idf = 1 + ln((1 + n)/(1 + df)), unit rows. */
import type { SparseRows } from '../../shared/model/catalogue.ts';

export interface TermRows extends SparseRows {
  /** The term of each column. */
  readonly terms: readonly string[];
}

/** Documents whose terms are made when they are asked for. */
export interface Documents {
  readonly length: number;
  terms(document: number): readonly string[];
}

/**
 * Returns the matrix of `documents`, each a list of terms. Columns are the terms with a document
 * frequency of at least `minDocuments`, the most frequent first (ties in code unit order): common
 * terms get small column numbers, which the codec stores in fewer bytes.
 */
export function tfidf(
  documents: readonly (readonly string[])[] | Documents,
  minDocuments: number,
): TermRows {
  const n = documents.length;
  const termsAt = 'terms' in documents ? documents.terms : (i: number) => documents[i] ?? [];
  const frequency = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    for (const term of new Set(termsAt(i))) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  }
  const kept = [...frequency].filter(([, df]) => df >= minDocuments);
  kept.sort(([a, dfA], [b, dfB]) => dfB - dfA || (a < b ? -1 : 1));
  const columnOf = new Map(kept.map(([term], column) => [term, column]));
  const idf = kept.map(([, df]) => 1 + Math.log((1 + n) / (1 + df)));

  const starts = new Uint32Array(n + 1);
  // Counted again rather than held: the counts of a large catalogue are many times its columns.
  let columns = new Uint32Array(1024);
  let values = new Float32Array(1024);
  let at = 0;
  for (let row = 0; row < n; row++) {
    const entries: [number, number][] = [];
    for (const [term, times] of countTerms(termsAt(row))) {
      const column = columnOf.get(term);
      if (column === undefined) continue;
      entries.push([column, (1 + Math.log(times)) * (idf[column] as number)]);
    }
    entries.sort(([a], [b]) => a - b);
    const norm = Math.sqrt(entries.reduce((sum, [, value]) => sum + value * value, 0));
    if (at + entries.length > columns.length) {
      const larger = 2 * (at + entries.length);
      const [before, weights] = [columns, values];
      columns = new Uint32Array(larger);
      values = new Float32Array(larger);
      columns.set(before);
      values.set(weights);
    }
    for (const [column, value] of entries) {
      columns[at] = column;
      values[at] = value / norm;
      at++;
    }
    starts[row + 1] = at;
  }
  return {
    starts,
    columns: columns.slice(0, at),
    values: values.slice(0, at),
    width: kept.length,
    terms: kept.map(([term]) => term),
  };
}

function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
