/**
 * The composed ranker: score(h, j) = w·φ(h, j) + pop + pair + deep + private (SPEC.md of
 * shared/protocol, K18). One new event costs one new column of cosines and one sparse row.
 */
import { type TowerArchitecture, WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { type PairForm, type PairRows, pairScores } from '../../shared/model/pair-rows.ts';
import type { PrivatePart } from '../../shared/model/parts.ts';
import type { StoredModel } from '../database/database.ts';
import type { PersonalOffset } from './personal.ts';
import { towerScores } from './tower.ts';
import { scorerOf, startWeights, type WideScorer } from './wide.ts';

/** Co-occurrence, ready to score. */
export interface PairTable extends PairForm {
  readonly weight: number;
  readonly rows: PairRows;
}

export interface DeepTower {
  readonly architecture: TowerArchitecture;
  readonly weights: Float32Array;
}

/** What a shopper is ranked by; null parts add nothing. */
export interface Ranker {
  readonly wide: ArrayLike<number>;
  /** Items of a history that the wide score looks at. */
  readonly historyLength: number;
  /** Popularity times the part's weight, by item. */
  readonly pop: Float32Array | null;
  readonly pair: PairTable | null;
  readonly deep: DeepTower | null;
  readonly personal: PersonalOffset | null;
}

/** A ranker and what it stands on. */
export interface ServedRanker {
  /** Shared by all: `personal` is null. */
  readonly ranker: Ranker;
  /** The version of the wide part, or null before it is here. */
  readonly model: StoredModel | null;
  /** How to fit what stays here; null where the site leaves that off. */
  readonly private: PrivatePart | null;
}

/** The wide part alone. */
export function wideRanker(
  wide: ArrayLike<number> = startWeights(),
  historyLength: number = 10,
): Ranker {
  return { wide, historyLength, pop: null, pair: null, deep: null, personal: null };
}

/** What moved a score, and by how much. */
export interface Contribution {
  /** A wide feature's id, or 'pop', 'pair', 'deep', 'private'. */
  readonly feature: string;
  readonly amount: number;
  /** History items behind it, as indices, the strongest first; empty for 'pop' and 'private'. */
  readonly items: readonly number[];
}

export class RankerScorer {
  readonly catalogue: Catalogue;
  readonly #wide: WideScorer;

  /** @param wide shared columns; by default the catalogue's own. */
  constructor(catalogue: Catalogue, wide: WideScorer = scorerOf(catalogue)) {
    this.catalogue = catalogue;
    this.#wide = wide;
  }

  /**
   * Scores of all items, length n. An empty history is scored by popularity alone, or zeros.
   *
   * @param history item indices, oldest first
   * @throws RangeError for an item that the catalogue does not have, or tables of another one.
   */
  scores(history: readonly number[], ranker: Ranker): Float32Array {
    const out = this.#wide.scores(history, ranker.wide, ranker.historyLength);
    for (const name of RANKER_PARTS) {
      const part = this.part(name, history, ranker);
      if (part !== null) for (let j = 0; j < out.length; j++) out[j] = at(out, j) + at(part, j);
    }
    return out;
  }

  /** The same scores for a few items, in their order, without scoring all. */
  candidates(history: readonly number[], items: readonly number[], ranker: Ranker): Float64Array {
    const { wide, historyLength } = ranker;
    const features = this.#wide.features(history, items, historyLength);
    const parts = RANKER_PARTS.map((name) => this.#partOf(name, history, items, ranker));
    return Float64Array.from(items, (_, row) => {
      let score = 0;
      for (const part of parts) if (part !== null) score += at(part, row);
      for (let f = 0; f < WIDE_FEATURES.length; f++) {
        score += at(wide, f) * at(features, row * WIDE_FEATURES.length + f);
      }
      return score;
    });
  }

  /** What one part adds to the scores, length n; null where it is off. */
  part(name: RankerPart, history: readonly number[], ranker: Ranker): Float32Array | null {
    if (name === 'pop') return this.#assertLength(ranker.pop);
    if (name === 'private') {
      return history.length === 0 ? null : (ranker.personal?.scores(this.catalogue) ?? null);
    }
    const { pair, deep } = ranker;
    if (name === 'deep') {
      return deep && towerScores(deep.architecture, deep.weights, history, this.catalogue);
    }
    if (pair === null) return null;
    if (pair.rows.starts.length !== this.catalogue.ids.length + 1) {
      throw new RangeError(`pair must have ${this.catalogue.ids.length} rows`);
    }
    const scores = pairScores(pair.rows, history, pair);
    for (let j = 0; j < scores.length; j++) scores[j] = pair.weight * at(scores, j);
    return scores;
  }

  /** The same for a few items, in their order: a tower is asked for them alone. */
  #partOf(
    name: RankerPart,
    history: readonly number[],
    items: readonly number[],
    ranker: Ranker,
  ): ArrayLike<number> | null {
    if (name === 'deep') return ranker.deep && this.#towerFor(ranker.deep, history, items)(history);
    const all = this.part(name, history, ranker);
    return all && items.map((item) => at(all, item));
  }

  /**
   * What a tower that has seen some items of this history says of `items`, in their order. It reads
   * vectors, not places in the catalogue, so that those of both are enough.
   */
  #towerFor(
    { architecture, weights }: DeepTower,
    history: readonly number[],
    items: readonly number[],
  ): (seen: readonly number[]) => Float32Array {
    const { vectors, k, ids } = this.catalogue;
    const recent = [...new Set(history.slice(-architecture.historyLength))];
    const rows = [...items, ...recent];
    if (rows.some((item) => !(item >= 0 && item < ids.length))) {
      throw new RangeError(`history must hold item indices below ${ids.length}`);
    }
    const few = { ids: rows.map(String), k, vectors: new Float32Array(rows.length * k) };
    for (const [row, item] of rows.entries()) {
      few.vectors.set(vectors.subarray(item * k, (item + 1) * k), row * k);
    }
    return (seen) => {
      const places = seen
        .slice(-architecture.historyLength)
        .map((item) => items.length + recent.indexOf(item));
      return towerScores(architecture, weights, places, few).subarray(0, items.length);
    };
  }

  /**
   * What made the scores of `items`, one list each, the largest amounts first, none of 0. The
   * amounts of a list add up to the item's score.
   */
  explain(
    history: readonly number[],
    items: readonly number[],
    ranker: Ranker,
  ): (readonly Contribution[])[] {
    const { wide, historyLength } = ranker;
    const width = WIDE_FEATURES.length;
    const recent = history.slice(-historyLength);
    const features = this.#wide.features(recent, items, historyLength);
    const sources = this.#wide.sources(recent, items, historyLength);
    const parts = RANKER_PARTS.map(
      (name) => [name, this.#partOf(name, history, items, ranker)] as const,
    );
    const read = ranker.deep === null ? [] : this.#readBy(ranker.deep, history, items);
    return items.map((item, row) => {
      const found: Contribution[] = WIDE_FEATURES.map(({ id }, f) => ({
        feature: id,
        amount: at(wide, f) * at(features, row * width + f),
        items: sources[row]?.get(id) ?? [],
      }));
      for (const [name, scores] of parts) {
        const amount = scores === null ? 0 : at(scores, row);
        const behind = name === 'pair' ? this.#pairedWith(history, item, ranker) : [];
        found.push({ feature: name, amount, items: name === 'deep' ? (read[row] ?? []) : behind });
      }
      return found
        .filter(({ amount }) => amount !== 0)
        .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
    });
  }

  /**
   * History items without which the tower would say less of an item (occlusion), or where it takes
   * off, take off less; the strongest first, three at most.
   */
  #readBy(deep: DeepTower, history: readonly number[], items: readonly number[]): number[][] {
    const recent = history.slice(-deep.architecture.historyLength);
    const said = this.#towerFor(deep, recent, items);
    const whole = said(recent);
    const without = [...new Set(recent)].map((item) => ({
      item,
      scores: said(recent.filter((one) => one !== item)),
    }));
    return items.map((_, row) => {
      const lost = (scores: Float32Array): number =>
        Math.sign(at(whole, row)) * (at(whole, row) - at(scores, row));
      return without
        .filter(({ scores }) => lost(scores) > 0)
        .sort((a, b) => lost(b.scores) - lost(a.scores))
        .slice(0, 3)
        .map((one) => one.item);
    });
  }

  /** History items that this one goes with, the strongest first. */
  #pairedWith(history: readonly number[], item: number, { pair }: Ranker): number[] {
    if (pair === null) return [];
    const amounts = new Map<number, number>();
    const { starts, items, values } = pair.rows;
    for (let q = 0; q < Math.min(pair.reach, history.length); q++) {
      const from = history[history.length - 1 - q] as number;
      for (let e = at(starts, from); e < at(starts, from + 1); e++) {
        if (items[e] !== item) continue;
        amounts.set(from, (amounts.get(from) ?? 0) + pair.decay ** q * at(values, e));
      }
    }
    return [...amounts].sort(([, a], [, b]) => b - a).map(([from]) => from);
  }

  #assertLength(scores: Float32Array | null): Float32Array | null {
    if (scores === null || scores.length === this.catalogue.ids.length) return scores;
    throw new RangeError(`pop must hold ${this.catalogue.ids.length} numbers`);
  }
}

const RANKER_PARTS = ['pop', 'pair', 'deep', 'private'] as const;
export type RankerPart = (typeof RANKER_PARTS)[number];

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;
