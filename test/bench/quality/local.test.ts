import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplesFromSequence } from '../../../sdk/features/build.ts';
import { WideScorer } from '../../../sdk/features/wide.ts';
import { cpu } from '../../../sdk/learn/cpu.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { createLearner } from '../../../sdk/learn/train.ts';
import { drawNoise } from '../../../sdk/noise/draw.ts';
import { privatize } from '../../../sdk/noise/privatize.ts';
import { wideServer } from '../../../shared/plan/wide-steps.ts';
import { SeededRandom } from '../../simulate/random.ts';
import { syntheticCatalogue } from '../synthetic.ts';
import { RECIPE, WIDE } from './federate.ts';
import { wideDelta } from './local.ts';
import { noiseTask, sourceOf } from './privacy.ts';

let learner: Learner;

beforeAll(async () => {
  learner = await createLearner({
    backends: [cpu],
    loadAsset: () => Promise.reject(new Error('the cpu backend loads nothing')),
    allowSoftwareGpu: false,
  });
});
afterAll(() => learner.dispose());

describe('local steps without tensors', () => {
  it('gives the fixed-point updates of the learner, bit for bit', async () => {
    const { catalogue } = await syntheticCatalogue({ items: 300 });
    const scorer = new WideScorer(catalogue);
    const random = new SeededRandom('local');
    const candidates = sourceOf('local');
    const weights = Float32Array.from({ length: 11 }, () => 3 * random.normal());
    let moved = 0;
    for (let shopper = 0; shopper < 25; shopper++) {
      const sequence = Array.from({ length: shopper % 12 }, () => random.below(300));
      const examples = examplesFromSequence(WIDE, sequence, catalogue, RECIPE, candidates, {
        scorer,
      });
      if (examples.kind !== 'ranking') throw new Error('not ranking examples');
      // The second part masks what repeats the target: a rare draw is made a certain one.
      if (examples.examples > 0) examples.mask[1] = 0;
      const recipe = { ...RECIPE, server: wideServer(1) };
      const slow = await learner.train({ architecture: WIDE, weights, examples, recipe });
      const fast = wideDelta(weights, examples, RECIPE);
      expect(new Uint32Array(fast.buffer)).toEqual(new Uint32Array(slow.delta.buffer));
      const [one, other] = [fast, slow.delta].map((delta) => {
        const source = sourceOf(`report/${shopper}`);
        const task = noiseTask(11, 2, 100, true);
        return privatize(delta, task, drawNoise(task, source), source).payload;
      });
      expect(one).toEqual(other);
      if (fast.some((value) => value !== 0)) moved++;
    }
    // All but the five whose history gives no example.
    expect(moved).toBe(20);
  });
});
