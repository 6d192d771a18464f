import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeadExamples } from '../../../sdk/features/examples.ts';
import { headOutputs } from '../../../sdk/features/score.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { drawNoise } from '../../../sdk/noise/draw.ts';
import { privatize } from '../../../sdk/noise/privatize.ts';
import type { HeadArchitecture, TrunkArchitecture } from '../../../shared/model/architecture.ts';
import type { Recipe } from '../../../shared/model/recipe.ts';
import { nodeLearner } from '../../sdk/learn-node.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { addFixedPoint, roundTask, sourceOf } from './heads-federate.ts';
import { localUpdate, probabilities, weightCount } from './heads-local.ts';

const CHURN = { name: 'no-purchase', days: 30 } as const;
const VALUE = { name: 'spend-at-least', days: 30, amount: 5 } as const;

/** 60 columns: more than the inner sums of tfjs' cpu backend hold. */
const INPUTS = ['~recency', '~orders', 'spend', 'bought', 'category#56'];
const COLUMNS = 60;

const head = (hidden: number): HeadArchitecture => ({
  name: 'head',
  head: 'churn',
  label: CHURN,
  inputs: INPUTS,
  hidden,
});
const trunk: TrunkArchitecture = {
  name: 'trunk',
  inputs: INPUTS,
  hidden: 5,
  heads: [
    { head: 'churn', label: CHURN },
    { head: 'value', label: VALUE },
    { head: 'value-too', label: VALUE },
  ],
};

const recipe = (steps: number): Recipe => ({
  steps,
  learningRate: 0.7,
  negatives: 0,
  maxExamples: 60,
  server: { name: 'fedavg', learningRate: 1, decayRounds: null },
});

function examplesOf(rows: number, heads: number, random: SeededRandom): HeadExamples {
  const label = (): number => (heads > 1 && random.chance(0.3) ? -1 : random.below(2));
  return {
    kind: 'head',
    features: Float32Array.from({ length: rows * COLUMNS }, () => random.uniform() - 0.3),
    labels: Float32Array.from({ length: rows * heads }, label),
    examples: rows,
    width: COLUMNS,
    heads,
  };
}

describe('local training of the bench', () => {
  let learner: Learner;
  beforeAll(async () => {
    learner = await nodeLearner('cpu');
  });
  afterAll(() => learner.dispose());

  for (const [name, architecture] of [
    ['a linear head', head(0)],
    ['a hidden layer', head(7)],
    ['a trunk of three heads', trunk],
  ] as const) {
    it(`gives the learner's updates bit for bit, and the same fixed point: ${name}`, async () => {
      const random = new SeededRandom(name);
      const heads = architecture.name === 'trunk' ? architecture.heads.length : 1;
      const shape = { columns: COLUMNS, hidden: architecture.hidden, heads };
      const weights = Float32Array.from({ length: weightCount(shape) }, () => random.normal() / 3);
      // One example each, as the bench has them, and more than one inner sum of them.
      for (const [rows, steps] of [...Array.from({ length: 12 }, () => [1, 3]), [51, 2]]) {
        const examples = examplesOf(rows as number, heads, random);
        const input = { architecture, weights, examples, recipe: recipe(steps as number) };
        const { delta } = await learner.train(input);
        const own = { x: examples.features, labels: examples.labels };
        const update = localUpdate(shape, weights, own, recipe(steps as number));
        expect(new Uint32Array(update.buffer)).toEqual(new Uint32Array(delta.buffer));
        expect(update.some((one) => one !== 0)).toBe(examples.labels.some((one) => one >= 0));
        // One clip that scales the update, and one that leaves it alone.
        for (const clipL2 of [0.05, 50]) {
          const task = roundTask({ clipL2 }, delta.length, 10, null);
          const words = (): ReturnType<typeof sourceOf> => sourceOf(`${name}/${rows}/${clipL2}`);
          const { payload } = privatize(delta, task, drawNoise(task, words()), words());
          if (payload.form !== 'coordinates') throw new Error('no coordinates');
          const sum = new Float64Array(delta.length);
          addFixedPoint(sum, update, task, words());
          expect(sum).toEqual(Float64Array.from(payload.coordinates));
        }
      }
    });

    it(`scores as the page does, within float32: ${name}`, () => {
      const random = new SeededRandom(`${name}/score`);
      const heads = architecture.name === 'trunk' ? architecture.heads.length : 1;
      const shape = { columns: COLUMNS, hidden: architecture.hidden, heads };
      const weights = Float32Array.from({ length: weightCount(shape) }, () => random.normal() / 3);
      const x = Float32Array.from({ length: 3 * COLUMNS }, () => random.uniform() - 0.5);
      const scores = probabilities(shape, weights, x);
      for (let row = 0; row < 3; row++) {
        const its = headOutputs(architecture, weights, x.slice(row * COLUMNS, (row + 1) * COLUMNS));
        for (const [h, one] of its.entries()) expect(scores[row * heads + h]).toBeCloseTo(one, 5);
      }
    });
  }
});
