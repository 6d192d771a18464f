/**
 * The private part: weights that never leave the device (K21). An offset u in the space of content
 * vectors, fitted on the own history, adds u · v_j to the score of item j.
 *
 * It lies behind a private field and is no vector to anybody: nothing that clips, packs, stores or
 * copies can take it. Off by default: no reliable gain was found (models.md §6).
 */
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { PrivatePart } from '../../shared/model/parts.ts';
import type { Ranker, RankerScorer } from './ranker.ts';

/** Newest transitions that are learned from, and candidates beside each target. */
const MAX_EXAMPLES = 12;
const NEGATIVES = 50;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export class PersonalOffset {
  readonly #offset: Float64Array;
  /** Scores under the offset, and of which catalogue. */
  #scores: { readonly of: Catalogue; readonly values: Float32Array } | null = null;

  private constructor(offset: Float64Array) {
    this.#offset = offset;
  }

  /**
   * `steps` of full-batch descent from zero on the mean softmax loss of every (prefix → next) of the
   * newest history, over the next item and uniform others, under the scores of the shared ranker:
   * u ← u − rate·(gradient + pull·u).
   *
   * @param sequence item indices, oldest first
   * @returns null where there is nothing to learn from, or the fit left the finite numbers.
   */
  static fit(
    scorer: RankerScorer,
    shared: Ranker,
    sequence: readonly number[],
    { rate, steps, pull }: PrivatePart,
  ): PersonalOffset | null {
    const { vectors, k, ids } = scorer.catalogue;
    const examples: { readonly drawn: readonly number[]; readonly base: Float64Array }[] = [];
    for (let i = Math.max(1, sequence.length - MAX_EXAMPLES); i < sequence.length; i++) {
      const drawn = [...new Set([sequence[i] as number, ...spread(i, ids.length)])];
      if (drawn.length < 2) continue;
      const ranker = { ...shared, personal: null };
      examples.push({ drawn, base: scorer.candidates(sequence.slice(0, i), drawn, ranker) });
    }
    if (examples.length === 0 || k === 0) return null;
    const offset = new Float64Array(k);
    for (let step = 0; step < steps; step++) {
      const gradient = new Float64Array(k);
      for (const { drawn, base } of examples) {
        const logits = drawn.map((item, c) => (base[c] as number) + dot(offset, vectors, item * k));
        const largest = Math.max(...logits);
        const exps = logits.map((logit) => Math.exp(logit - largest));
        const total = exps.reduce((sum, one) => sum + one, 0);
        for (const [c, item] of drawn.entries()) {
          const error = ((exps[c] as number) / total - (c === 0 ? 1 : 0)) / examples.length;
          for (let i = 0; i < k; i++) {
            gradient[i] = (gradient[i] as number) + error * (vectors[item * k + i] as number);
          }
        }
      }
      for (let i = 0; i < k; i++) {
        const own = offset[i] as number;
        offset[i] = own - rate * ((gradient[i] as number) + pull * own);
      }
    }
    // No inner product with a unit vector is longer than the offset, and scores are float32.
    return Number.isFinite(Math.fround(Math.hypot(...offset))) ? new PersonalOffset(offset) : null;
  }

  /** u · v_j of all items, length n; zeros for a catalogue with vectors of another length. */
  scores(catalogue: Catalogue): Float32Array {
    if (this.#scores?.of !== catalogue) {
      const { vectors, k, ids } = catalogue;
      const values = new Float32Array(ids.length);
      if (k === this.#offset.length) {
        for (let j = 0; j < values.length; j++) values[j] = dot(this.#offset, vectors, j * k);
      }
      this.#scores = { of: catalogue, values };
    }
    return this.#scores.values;
  }
}

/** The offset of the newest history: fitted again when that, or the shared ranker, is another. */
export class PersonalCache {
  #ranker: Ranker | null = null;
  #recent: readonly number[] = [];
  #offset: PersonalOffset | null = null;

  of(
    scorer: RankerScorer,
    shared: Ranker,
    sequence: readonly number[],
    part: PrivatePart,
  ): PersonalOffset | null {
    const recent = sequence.slice(-MAX_EXAMPLES - shared.historyLength);
    const same =
      recent.length === this.#recent.length && recent.every((item, i) => item === this.#recent[i]);
    if (this.#ranker !== shared || !same) {
      this.#ranker = shared;
      this.#recent = recent;
      this.#offset = PersonalOffset.fit(scorer, shared, recent, part);
    }
    return this.#offset;
  }
}

/** Candidates all over the catalogue, others for each example: a Kronecker sequence, no chance. */
function spread(example: number, n: number): number[] {
  const at = (c: number): number => ((example * NEGATIVES + c) * GOLDEN) % 1;
  return Array.from({ length: NEGATIVES }, (_, c) => Math.floor(at(c) * n));
}

function dot(offset: Float64Array, vectors: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < offset.length; i++)
    sum += (offset[i] as number) * (vectors[at + i] as number);
  return sum;
}
