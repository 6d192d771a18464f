/** History to training examples, one form per architecture. */
import { assertInteger } from '../../shared/assert/assert.ts';
import {
  type Architecture,
  type TowerArchitecture,
  WIDE_FEATURES,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { Recipe } from '../../shared/model/recipe.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { Examples, RankingExamples, SequenceExamples } from './examples.ts';
import { headExamples } from './heads.ts';
import { type DrawItem, drawCandidates, uniformItems } from './negatives.ts';
import { itemSequence } from './sequence.ts';
import { scorerOf, startWeights, type WideScorer } from './wide.ts';

export type ExampleRecipe = Pick<Recipe, 'negatives' | 'maxExamples'>;

export interface ExampleOptions {
  /** Shared columns; by default the catalogue's own scorer. */
  readonly scorer?: WideScorer;
  /** Weights of the wide score under the tower; the start weights by default. */
  readonly wideWeights?: ArrayLike<number>;
  /** Draws a negative of the catalogue; without it all items are as likely. */
  readonly draw?: DrawItem | null;
  /** Time now: lets the newest session count as completed when it is over. */
  readonly nowMs?: number;
}

/**
 * Training examples of one browser. A history that gives none returns zero examples.
 *
 * @throws RangeError for an unknown architecture, or one that does not fit the catalogue.
 */
export function examplesFor(
  architecture: Architecture,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  recipe: ExampleRecipe,
  source: RandomSource,
  options: ExampleOptions = {},
): Examples {
  if (architecture.name === 'head' || architecture.name === 'trunk') {
    const nowMs = options.nowMs ?? events.at(-1)?.atMs ?? 0;
    return headExamples(architecture, events, catalogue, recipe.maxExamples, nowMs);
  }
  const sequence = itemSequence(events, catalogue);
  return examplesFromSequence(architecture, sequence, catalogue, recipe, source, options);
}

/**
 * The same for a data set that has item indices instead of events, oldest first: every
 * (prefix → next) of the sequence, the newest `maxExamples` of them, in order.
 *
 * @throws RangeError for heads, which need events.
 */
export function examplesFromSequence(
  architecture: Architecture,
  sequence: readonly number[],
  catalogue: Catalogue,
  recipe: ExampleRecipe,
  source: RandomSource,
  options: ExampleOptions = {},
): RankingExamples | SequenceExamples {
  assertInteger('recipe.negatives', recipe.negatives, 0, 100_000);
  assertInteger('recipe.maxExamples', recipe.maxExamples, 0);
  const scorer = options.scorer ?? scorerOf(catalogue);
  const first = Math.max(1, sequence.length - recipe.maxExamples);
  const draw = options.draw ?? uniformItems(scorer.catalogue.ids.length);
  switch (architecture.name) {
    case 'wide':
      return ranking(architecture.historyLength, sequence, first, scorer, recipe, draw, source);
    case 'tower': {
      if (architecture.content !== catalogue.k) {
        throw new RangeError(`architecture.content must be the catalogue's ${catalogue.k}`);
      }
      const weights = options.wideWeights ?? startWeights();
      return tower(architecture, sequence, first, scorer, recipe, draw, source, weights);
    }
    default:
      throw new RangeError(`architecture.name: ${architecture.name} needs events`);
  }
}

function ranking(
  historyLength: number,
  sequence: readonly number[],
  first: number,
  scorer: WideScorer,
  recipe: ExampleRecipe,
  draw: DrawItem,
  source: RandomSource,
): RankingExamples {
  const width = WIDE_FEATURES.length;
  const candidates = 1 + recipe.negatives;
  const examples = Math.max(0, sequence.length - first);
  const features = new Float32Array(examples * candidates * width);
  const mask = new Float32Array(examples * candidates);
  for (let e = 0; e < examples; e++) {
    const at = first + e;
    const target = sequence[at] as number;
    const drawn = drawCandidates(target, recipe.negatives, draw, source);
    const begin = e * candidates * width;
    const out = features.subarray(begin, begin + candidates * width);
    const history = sequence.slice(Math.max(0, at - historyLength), at);
    scorer.features(history, drawn, historyLength, out);
    writeMask(mask, e * candidates, drawn);
  }
  return { kind: 'ranking', features, mask, examples, candidates, width };
}

function tower(
  architecture: TowerArchitecture,
  sequence: readonly number[],
  first: number,
  scorer: WideScorer,
  recipe: ExampleRecipe,
  draw: DrawItem,
  source: RandomSource,
  weights: ArrayLike<number>,
): SequenceExamples {
  const { content, historyLength: length } = architecture;
  const { vectors } = scorer.catalogue;
  const candidates = 1 + recipe.negatives;
  const examples = Math.max(0, sequence.length - first);
  const history = new Float32Array(examples * length * content);
  const historyMask = new Float32Array(examples * length);
  const candidatesVectors = new Float32Array(examples * candidates * content);
  const base = new Float32Array(examples * candidates);
  const mask = new Float32Array(examples * candidates);
  const row = (item: number): Float32Array =>
    vectors.subarray(item * content, (item + 1) * content);
  for (let e = 0; e < examples; e++) {
    const at = first + e;
    const recent = sequence.slice(Math.max(0, at - length), at);
    const front = length - recent.length;
    for (const [i, item] of recent.entries()) {
      const position = e * length + front + i;
      history.set(row(item), position * content);
      historyMask[position] = 1;
    }
    const drawn = drawCandidates(sequence[at] as number, recipe.negatives, draw, source);
    const features = scorer.features(recent, drawn, length);
    for (const [c, item] of drawn.entries()) {
      const position = e * candidates + c;
      candidatesVectors.set(row(item), position * content);
      let score = 0;
      for (let f = 0; f < WIDE_FEATURES.length; f++) {
        score += (features[c * WIDE_FEATURES.length + f] as number) * (weights[f] as number);
      }
      base[position] = score;
    }
    writeMask(mask, e * candidates, drawn);
  }
  return {
    kind: 'sequence',
    history,
    historyMask,
    candidatesVectors,
    base,
    mask,
    examples,
    candidates,
    length,
    content,
  };
}

/** 1 for the target and for every candidate that is another item. */
function writeMask(mask: Float32Array, at: number, drawn: Uint32Array): void {
  for (let c = 0; c < drawn.length; c++) mask[at + c] = c === 0 || drawn[c] !== drawn[0] ? 1 : 0;
}
