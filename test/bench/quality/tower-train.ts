/** One tower fitted with Adam on minibatches of (prefix → next), stopped early: see tower-fit.ts. */
import { tidy } from '@tensorflow/tfjs-core/dist/globals.js';
import { valueAndGrads } from '@tensorflow/tfjs-core/dist/gradients.js';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import type { SequenceExamples } from '../../../sdk/features/examples.ts';
import { uniformBelow } from '../../../sdk/features/negatives.ts';
import { towerScores } from '../../../sdk/features/tower.ts';
import { initialWeights } from '../../../sdk/learn/initial.ts';
import { networkOf } from '../../../sdk/learn/networks.ts';
import { unflatten } from '../../../sdk/learn/step.ts';
import {
  parameterCount,
  type TowerArchitecture,
  type TowerKind,
} from '../../../shared/model/architecture.ts';
import type { Catalogue } from '../../../shared/model/catalogue.ts';
import { hitRate, ndcg, rankOf } from '../../../shared/model/metrics/ranking.ts';
import type { RandomSource } from '../../../shared/random/source.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { sourceOf } from './privacy.ts';
import type { EvaluationCase, RankingSet } from './sets.ts';

/** Items of a history that a ranker reads, as the wide ranker does. */
export const HISTORY = 10;
export const WIDTH = 64;
const BATCH = 64;
/** Uniform items beside the target of an example. */
export const NEGATIVES = 200;
/** A common choice, not tuned on any set. */
const ADAM = { rate: 2e-3, beta1: 0.9, beta2: 0.999, tau: 1e-8 };
const PATIENCE = 3;
const MOST_EPOCHS = 30;

/** What a ranker adds below the tower. */
export interface Base {
  readonly name: string;
  /** For every item; null: nothing. */
  readonly scores: Scores | null;
  /** For these candidates alone; null: nothing. */
  readonly some:
    | ((history: readonly number[], candidates: Uint32Array, into: Float32Array) => void)
    | null;
}

/** An example of a training sequence. */
export interface Prefix {
  readonly history: readonly number[];
  readonly target: number;
}

/** Of all items, for a history of item indices, oldest first. */
export type Scores = (history: readonly number[]) => Float32Array;

/** The candidates of an example: its target and uniform items. */
function draw(target: number, n: number, source: RandomSource, into: Uint32Array): void {
  into[0] = target;
  for (let c = 1; c < into.length; c++) into[c] = uniformBelow(n, source);
}

/** The weights that were best on the validation rows, and after how many epochs. */
export interface Fit {
  readonly architecture: TowerArchitecture;
  readonly weights: Float32Array;
  readonly epochs: number;
  readonly seconds: number;
}

export interface World {
  readonly set: RankingSet;
  readonly catalogue: Catalogue;
  readonly prefixes: readonly Prefix[];
  readonly valid: readonly EvaluationCase[];
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** Epochs until validation NDCG@10 has not grown for `PATIENCE` of them. */
export async function fitOne(kind: TowerKind, base: Base, world: World): Promise<Fit> {
  const { set, catalogue, prefixes, valid, quick, say } = world;
  const began = performance.now();
  const source = sourceOf(`towers/${kind}/${base.name}`);
  const random = new SeededRandom(`towers/${kind}/${base.name}`);
  const architecture: TowerArchitecture = {
    name: 'tower',
    kind,
    content: catalogue.k,
    width: WIDTH,
    historyLength: HISTORY,
  };
  const weights = initialWeights(architecture, source);
  const adam = new Adam(weights);
  let best = { weights: weights.slice(), ndcg: -1, epoch: 0 };
  let epoch = 0;
  while (epoch < (quick ? 1 : MOST_EPOCHS) && epoch - best.epoch < PATIENCE) {
    epoch++;
    const order = random.shuffled(prefixes);
    for (let at = 0; at < order.length; at += BATCH) {
      const examples = batchOf(order.slice(at, at + BATCH), catalogue, base, source);
      adam.step(weights, gradientOf(architecture, weights, examples));
    }
    const score: Scores = (history) => added({ architecture, weights }, base, catalogue, history);
    const { ndcg10 } = quality(score, valid, set);
    if (ndcg10 > best.ndcg) best = { weights: weights.slice(), ndcg: ndcg10, epoch };
    say(`${kind} ${base.name} ${epoch}: validation NDCG@10 ${ndcg10.toFixed(2)}`);
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  return { architecture, weights: best.weights, epochs: best.epoch, seconds };
}

function gradientOf(
  architecture: TowerArchitecture,
  weights: Float32Array,
  examples: SequenceExamples,
): Float32Array {
  const gradient = new Float32Array(parameterCount(architecture));
  tidy(() => {
    const network = networkOf(architecture, examples, (made) => made);
    const parts = unflatten(weights, network);
    const { grads } = valueAndGrads((...w) => network.loss(w as Tensor2D[]))(parts);
    let at = 0;
    for (const grad of grads as Tensor[]) {
      gradient.set(grad.dataSync(), at);
      at += grad.size;
    }
  });
  return gradient;
}

/** Kingma and Ba, arXiv:1412.6980v9, Algorithm 1. */
class Adam {
  readonly #m: Float64Array;
  readonly #v: Float64Array;
  #steps = 0;

  constructor(weights: Float32Array) {
    this.#m = new Float64Array(weights.length);
    this.#v = new Float64Array(weights.length);
  }

  step(weights: Float32Array, gradient: Float32Array): void {
    const { rate, beta1, beta2, tau } = ADAM;
    this.#steps++;
    const [first, second] = [1 - beta1 ** this.#steps, 1 - beta2 ** this.#steps];
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (this.#m[i] as number) + (1 - beta1) * g;
      const v = beta2 * (this.#v[i] as number) + (1 - beta2) * g * g;
      this.#m[i] = m;
      this.#v[i] = v;
      weights[i] = (weights[i] as number) - (rate * m) / first / (Math.sqrt(v / second) + tau);
    }
  }
}

function batchOf(
  batch: readonly Prefix[],
  { vectors, k, ids }: Catalogue,
  { some }: Base,
  source: RandomSource,
): SequenceExamples {
  const candidates = 1 + NEGATIVES;
  const examples = batch.length;
  const history = new Float32Array(examples * HISTORY * k);
  const historyMask = new Float32Array(examples * HISTORY);
  const candidatesVectors = new Float32Array(examples * candidates * k);
  const base = new Float32Array(examples * candidates);
  const mask = new Float32Array(examples * candidates);
  const drawn = new Uint32Array(candidates);
  const row = (item: number): Float32Array => vectors.subarray(item * k, (item + 1) * k);
  for (const [e, { history: items, target }] of batch.entries()) {
    items.forEach((item, i) => {
      const place = e * HISTORY + HISTORY - items.length + i;
      history.set(row(item), place * k);
      historyMask[place] = 1;
    });
    draw(target, ids.length, source, drawn);
    some?.(items, drawn, base.subarray(e * candidates, (e + 1) * candidates));
    for (let c = 0; c < candidates; c++) {
      const item = drawn[c] as number;
      candidatesVectors.set(row(item), (e * candidates + c) * k);
      mask[e * candidates + c] = c === 0 || item !== target ? 1 : 0;
    }
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
    length: HISTORY,
    content: k,
  };
}

/** The tower's scores plus those of what is below it. */
export function added(
  { architecture, weights }: Pick<Fit, 'architecture' | 'weights'>,
  { scores }: Base,
  catalogue: Catalogue,
  history: readonly number[],
): Float32Array {
  const own = towerScores(architecture, weights, history, catalogue);
  if (scores === null) return own;
  const below = scores(history);
  return own.map((score, item) => score + (below[item] as number));
}

/** Percent, all items ranked. */
export function quality(
  scores: Scores,
  cases: readonly EvaluationCase[],
  { unseenOnly }: RankingSet,
): { hr10: number; ndcg10: number } {
  let [hr, gain] = [0, 0];
  for (const { history, target } of cases) {
    const rank = rankOf(scores(history), target, unseenOnly ? history : []);
    hr += hitRate(rank, 10);
    gain += ndcg(rank, 10);
  }
  return { hr10: (100 * hr) / cases.length, ndcg10: (100 * gain) / cases.length };
}
