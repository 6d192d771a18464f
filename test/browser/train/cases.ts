/** Small trainings for every architecture, the same in Node and in the browser. */

import type {
  HeadExamples,
  RankingExamples,
  SequenceExamples,
} from '../../../sdk/features/examples.ts';
import { initialWeights } from '../../../sdk/learn/initial.ts';
import type { TrainRequest } from '../../../sdk/worker-api.ts';
import {
  type Architecture,
  type HeadArchitecture,
  parameterCount,
  type TowerKind,
  type TrunkArchitecture,
} from '../../../shared/model/architecture.ts';
import { INTENT } from '../../../shared/model/heads/intent.ts';
import type { Recipe } from '../../../shared/model/recipe.ts';
import { ChaChaSource } from '../../../shared/random/source.ts';

const source = new ChaChaSource(new Uint8Array(32).fill(7), new Uint8Array(12));

/** Uniform in [−1, 1). */
function uniform(length: number): Float32Array {
  return Float32Array.from({ length }, () => source.nextUint32() / 2 ** 31 - 1);
}

export function recipe(steps: number, learningRate: number): Recipe {
  const server = { name: 'fedavg', learningRate: 1, decayRounds: null } as const;
  return { steps, learningRate, negatives: 4, maxExamples: 10, server };
}

/** The last candidate of every second example repeats the target. */
function someMasked(examples: number, candidates: number): Float32Array {
  const mask = new Float32Array(examples * candidates).fill(1);
  for (let i = 0; i < examples; i += 2) mask[(i + 1) * candidates - 1] = 0;
  return mask;
}

export function ranking(examples: number, candidates: number): RankingExamples {
  return {
    kind: 'ranking',
    features: uniform(examples * candidates * 11),
    mask: someMasked(examples, candidates),
    examples,
    candidates,
    width: 11,
  };
}

export function sequence(
  examples: number,
  candidates: number,
  length: number,
  content: number,
): SequenceExamples {
  const history = uniform(examples * length * content);
  const historyMask = new Float32Array(examples * length).fill(1);
  // Example i has i positions of padding in front, as far as there are that many.
  for (let i = 0; i < examples; i++) {
    const padding = Math.min(i, length - 1);
    historyMask.fill(0, i * length, i * length + padding);
    history.fill(0, i * length * content, (i * length + padding) * content);
  }
  return {
    kind: 'sequence',
    history,
    historyMask,
    candidatesVectors: uniform(examples * candidates * content),
    base: uniform(examples * candidates),
    mask: someMasked(examples, candidates),
    examples,
    candidates,
    length,
    content,
  };
}

const WIDE: Architecture = { name: 'wide', historyLength: 10 };
const HEAD = INTENT.architecture;
const SEVERAL: HeadArchitecture = {
  name: 'head',
  head: 'next-category',
  label: { name: 'next-category', categories: ['a', 'b', 'c'] },
  inputs: ['recency:4', 'spend@30', 'spend*views'],
  hidden: 5,
};
const TRUNK: TrunkArchitecture = {
  name: 'trunk',
  inputs: ['category#6'],
  hidden: 4,
  heads: [
    { head: 'churn', label: { name: 'no-purchase', days: 30 } },
    { head: 'next-category', label: { name: 'next-category', categories: 3 } },
    { head: 'value', label: { name: 'spend-at-least', days: 30, amount: 100 } },
  ],
};
const TOWER = { name: 'tower', kind: 'attention', content: 6, width: 4, historyLength: 3 } as const;

/** A tower whose weights are all awake; its width takes the kernels off their whole tiles. */
function awake(kind: TowerKind): TrainRequest {
  const architecture = { name: 'tower', kind, content: 6, width: 5, historyLength: 4 } as const;
  return {
    architecture,
    weights: uniform(parameterCount(architecture)).map((w) => w / 2),
    examples: sequence(3, 4, 4, 6),
    recipe: recipe(2, 0.1),
  };
}

function rows(width: number, heads: number, ...labels: number[]): HeadExamples {
  const examples = labels.length / heads;
  const features = uniform(examples * width);
  return { kind: 'head', features, labels: Float32Array.from(labels), examples, width, heads };
}

export type CaseName =
  | 'wide'
  | 'head'
  | 'several'
  | 'trunk'
  | 'tower'
  | 'awake'
  | Exclude<TowerKind, 'attention'>;

/** By name; 'awake' is a tower whose output is not zero, so that every weight moves. */
export const CASES: Readonly<Record<CaseName, TrainRequest>> = {
  wide: {
    architecture: WIDE,
    weights: initialWeights(WIDE, source),
    examples: ranking(3, 5),
    recipe: recipe(3, 1),
  },
  head: {
    architecture: HEAD,
    weights: initialWeights(HEAD, source),
    examples: rows(27, 1, 1, 0, 0, 1),
    recipe: recipe(2, 0.5),
  },
  several: {
    architecture: SEVERAL,
    weights: uniform(parameterCount(SEVERAL)),
    examples: rows(6, 1, 2, 0, -1, 1, 2),
    recipe: recipe(3, 0.5),
  },
  trunk: {
    architecture: TRUNK,
    weights: uniform(parameterCount(TRUNK)),
    examples: rows(6, 3, 1, -1, -1, 0, 2, -1, -1, 1, -1, -1, 0, -1),
    recipe: recipe(3, 0.5),
  },
  tower: {
    architecture: TOWER,
    weights: initialWeights(TOWER, source),
    examples: sequence(3, 4, 3, 6),
    recipe: recipe(2, 0.5),
  },
  awake: {
    architecture: TOWER,
    weights: uniform(6 * 4 + 3 * 4 + 4 * 16),
    examples: sequence(3, 4, 3, 6),
    recipe: recipe(2, 0.1),
  },
  gru: awake('gru'),
  lstm: awake('lstm'),
  cnn: awake('cnn'),
  mean: awake('mean'),
};
