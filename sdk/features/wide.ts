/**
 * The wide ranker: score(h, j) = w · φ(h, j) with the bounded features of `WIDE_FEATURES`.
 * Ages count back from the last item; the decayed mean weighs an item by 0.5^age, the weights
 * normalised, and its feature is the inner product with that mean, which the recipe's figures
 * confirm (dividing by the mean's norm gives others). Two items share a brand when both have the
 * same one; an item without a brand matches only itself.
 */
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { ColumnCache, type Columns } from './columns.ts';

const DECAY = 0.5;
const WIDTH = WIDE_FEATURES.length;

/** The recipe's start weights. */
export function startWeights(): Float32Array {
  return Float32Array.from(WIDE_FEATURES, (feature) => feature.start);
}

/** The last items of a history with repeats joined. */
interface Window {
  readonly last: number;
  readonly items: readonly number[];
  /** Normalised decay weight and share of the window, by item. */
  readonly decay: readonly number[];
  readonly share: readonly number[];
}

export class WideScorer {
  readonly catalogue: Catalogue;
  readonly #columns: ColumnCache;

  /** `cacheBytes` bounds the remembered columns; default 16 MiB. */
  constructor(catalogue: Catalogue, cacheBytes?: number) {
    this.catalogue = catalogue;
    this.#columns = new ColumnCache(catalogue, cacheBytes);
  }

  /**
   * Scores of all items for a history of item indices, oldest first, of which the last
   * `historyLength` count. Zeros for an empty history.
   */
  scores(
    history: readonly number[],
    weights: ArrayLike<number>,
    historyLength: number,
  ): Float32Array {
    if (weights.length !== WIDTH) throw new RangeError(`weights must hold ${WIDTH} numbers`);
    const n = this.catalogue.ids.length;
    const out = new Float32Array(n);
    const window = windowOf(history, historyLength, n);
    if (window === null) return out;
    const columns = window.items.map((item) => this.#columns.get(item));
    addTerm(out, columns[window.items.indexOf(window.last)] as Columns, [
      weights[0] as number,
      weights[3] as number,
      weights[5] as number,
    ]);
    // Cosines of tf-idf rows are never negative; those of vectors may be.
    const vectorMax = new Float32Array(n).fill(-1);
    const textMax = new Float32Array(n);
    const titleMax = new Float32Array(n);
    for (const [u, column] of columns.entries()) {
      const decayed = (weights[1] as number) * (window.decay[u] as number);
      addTerm(out, column, [decayed, 0, 0]);
      raise(vectorMax, column.vector);
      raise(textMax, column.text);
      raise(titleMax, column.title);
    }
    addTerm(out, { vector: vectorMax, text: textMax, title: titleMax }, [
      weights[2] as number,
      weights[4] as number,
      weights[6] as number,
    ]);
    this.#addIdentity(out, window, weights);
    return out;
  }

  /** φ(h, j) of each candidate j: candidates × 11, row-major. Zeros for an empty history. */
  features(
    history: readonly number[],
    candidates: ArrayLike<number>,
    historyLength: number,
    out: Float32Array = new Float32Array(candidates.length * WIDTH),
  ): Float32Array {
    const { brand, ids } = this.catalogue;
    const window = windowOf(history, historyLength, ids.length);
    out.fill(0);
    if (window === null) return out;
    const count = candidates.length;
    const columns = window.items.map((item) => this.#columns.gather(item, candidates));
    const last = columns[window.items.indexOf(window.last)] as Columns;
    const lastBrand = brand[window.last] as number;
    for (let c = 0; c < count; c++) {
      const item = candidates[c] as number;
      const own = brand[item] as number;
      const at = c * WIDTH;
      let decayed = 0;
      let vector = -1;
      let text = 0;
      let title = 0;
      let share = 0;
      for (const [u, column] of columns.entries()) {
        const seen = window.items[u] as number;
        decayed += (window.decay[u] as number) * (column.vector[c] as number);
        vector = Math.max(vector, column.vector[c] as number);
        text = Math.max(text, column.text[c] as number);
        title = Math.max(title, column.title[c] as number);
        const same = own === -1 ? seen === item : brand[seen] === own;
        if (same) share += window.share[u] as number;
      }
      const isLast = item === window.last;
      out[at] = last.vector[c] as number;
      out[at + 1] = decayed;
      out[at + 2] = vector;
      out[at + 3] = last.text[c] as number;
      out[at + 4] = text;
      out[at + 5] = last.title[c] as number;
      out[at + 6] = title;
      out[at + 7] = isLast ? 1 : 0;
      out[at + 8] = window.items.includes(item) ? 1 : 0;
      out[at + 9] = isLast || (own !== -1 && own === lastBrand) ? 1 : 0;
      out[at + 10] = share;
    }
    return out;
  }

  /**
   * History items behind each feature of each candidate, by feature id, the strongest first; a
   * feature of 0 has none.
   */
  sources(
    history: readonly number[],
    candidates: readonly number[],
    historyLength: number,
  ): ReadonlyMap<string, readonly number[]>[] {
    const { brand, ids } = this.catalogue;
    const window = windowOf(history, historyLength, ids.length);
    if (window === null) return candidates.map(() => new Map());
    const { last, items, decay, share } = window;
    const columns = items.map((item) => this.#columns.gather(item, candidates));
    return candidates.map((item, c) => {
      const own = brand[item] as number;
      const strongest = (amount: (u: number) => number, least = 0): number[] =>
        items
          .map((seen, u) => ({ seen, amount: amount(u) }))
          .filter((one) => one.amount > least)
          .sort((a, b) => b.amount - a.amount)
          .map(({ seen }) => seen);
      const largest = (kind: keyof Columns): number[] => strongest(of(kind), -Infinity).slice(0, 1);
      const of = (kind: keyof Columns) => (u: number) => (columns[u] as Columns)[kind][c] as number;
      const same = (u: number): boolean =>
        own === -1 ? items[u] === item : brand[items[u] as number] === own;
      return new Map<string, readonly number[]>([
        ['vector-last', [last]],
        ['vector-decayed', strongest((u) => (decay[u] as number) * of('vector')(u)).slice(0, 3)],
        ['vector-max', largest('vector')],
        ['text-last', [last]],
        ['text-max', largest('text')],
        ['title-last', [last]],
        ['title-max', largest('title')],
        ['same-as-last', [last]],
        ['seen', [item]],
        ['brand-last', [last]],
        ['brand-share', strongest((u) => (same(u) ? (share[u] as number) : 0))],
      ]);
    });
  }

  /** Features 8 to 11: the same item, seen before, the same brand. */
  #addIdentity(out: Float32Array, window: Window, weights: ArrayLike<number>): void {
    const { brand, brands } = this.catalogue;
    const add = (item: number, amount: number): void => {
      out[item] = (out[item] as number) + amount;
    };
    const byBrand = new Float64Array(brands.length);
    const brandLast = weights[9] as number;
    const brandShare = weights[10] as number;
    add(window.last, weights[7] as number);
    const lastBrand = brand[window.last] as number;
    if (lastBrand === -1) add(window.last, brandLast);
    else byBrand[lastBrand] = brandLast;
    for (const [u, item] of window.items.entries()) {
      const own = brand[item] as number;
      const amount = brandShare * (window.share[u] as number);
      add(item, weights[8] as number);
      if (own === -1) add(item, amount);
      else byBrand[own] = (byBrand[own] as number) + amount;
    }
    for (let j = 0; j < out.length; j++) {
      const own = brand[j] as number;
      if (own !== -1) out[j] = (out[j] as number) + (byBrand[own] as number);
    }
  }
}

function addTerm(
  out: Float32Array,
  columns: Columns,
  [vectorWeight, textWeight, titleWeight]: readonly [number, number, number],
): void {
  const { vector, text, title } = columns;
  for (let j = 0; j < out.length; j++)
    out[j] = (out[j] as number) + vectorWeight * (vector[j] as number);
  if (textWeight === 0 && titleWeight === 0) return;
  for (let j = 0; j < out.length; j++) {
    const both = textWeight * (text[j] as number) + titleWeight * (title[j] as number);
    out[j] = (out[j] as number) + both;
  }
}

function raise(largest: Float32Array, values: Float32Array): void {
  for (let j = 0; j < largest.length; j++) {
    const value = values[j] as number;
    if (value > (largest[j] as number)) largest[j] = value;
  }
}

const scorers = new WeakMap<Catalogue, WideScorer>();

/** One scorer per catalogue, so that training and ranking share their columns. */
export function scorerOf(catalogue: Catalogue): WideScorer {
  let scorer = scorers.get(catalogue);
  if (scorer === undefined) {
    scorer = new WideScorer(catalogue);
    scorers.set(catalogue, scorer);
  }
  return scorer;
}

function windowOf(history: readonly number[], historyLength: number, n: number): Window | null {
  const recent = history.slice(-historyLength);
  for (const item of recent) {
    if (!(Number.isInteger(item) && item >= 0 && item < n)) {
      throw new RangeError(`history must hold item indices below ${n}`);
    }
  }
  const last = recent[recent.length - 1];
  if (last === undefined || historyLength < 1) return null;
  const items = [...new Set(recent)];
  const decay = new Array<number>(items.length).fill(0);
  const share = new Array<number>(items.length).fill(0);
  let total = 0;
  for (const [i, item] of recent.entries()) {
    const u = items.indexOf(item);
    const weight = DECAY ** (recent.length - 1 - i);
    decay[u] = (decay[u] as number) + weight;
    share[u] = (share[u] as number) + 1 / recent.length;
    total += weight;
  }
  return {
    last,
    items,
    decay: decay.map((weight) => weight / total),
    share,
  };
}
