import { memory } from '@tensorflow/tfjs-core/dist/globals.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HeadExamples } from '../../sdk/features/examples.ts';
import { cpu } from '../../sdk/learn/cpu.ts';
import { initialWeights } from '../../sdk/learn/initial.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { probeAdapter } from '../../sdk/learn/probe.ts';
import { createLearner } from '../../sdk/learn/train.ts';
import { wasm } from '../../sdk/learn/wasm.ts';
import { parameterCount, WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { INTENT } from '../../shared/model/heads/intent.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { CASES, ranking, recipe, sequence } from '../browser/train/cases.ts';
import { headLoss } from '../oracles/heads.ts';
import { descend, towerLoss, towerScores, wideLoss } from '../oracles/tower.ts';
import { nodeLearner } from './learn-node.ts';

const TOWER = { name: 'tower', kind: 'attention', content: 6, width: 4, historyLength: 3 } as const;

function source(seed: number): ChaChaSource {
  return new ChaChaSource(new Uint8Array(32).fill(seed), new Uint8Array(12));
}

function lossOf({ architecture, examples }: (typeof CASES)['wide']) {
  if (examples.kind === 'ranking') return wideLoss(examples);
  if (architecture.name === 'head' || architecture.name === 'trunk') {
    return headLoss(architecture, examples as HeadExamples);
  }
  if (architecture.name !== 'tower' || examples.kind !== 'sequence')
    throw new Error(architecture.name);
  return towerLoss(architecture, examples);
}

describe.each(['cpu', 'wasm'] as const)('learner on %s', (backend) => {
  let learner: Learner;
  beforeAll(async () => {
    learner = await nodeLearner(backend);
  });
  afterAll(() => learner.dispose());

  it('reports what it runs on', () => {
    expect(learner.report.backend).toBe(backend);
    expect(learner.report.reason).not.toBe('');
    expect(learner.report.tried).toEqual([]);
  });

  it.each(Object.keys(CASES) as (keyof typeof CASES)[])(
    'descends %s as plain float64 loops with numerical gradients do',
    async (name) => {
      const request = CASES[name];
      const { steps, learningRate } = request.recipe;
      const expected = descend(lossOf(request), request.weights, steps, learningRate);
      const { losses, delta } = await learner.train(request);
      expect(delta).toHaveLength(parameterCount(request.architecture));
      expect(losses).toHaveLength(steps);
      losses.forEach((loss, i) => {
        expect(loss).toBeCloseTo(expected.losses[i] as number, 5);
      });
      delta.forEach((change, i) => {
        expect(change, `weight ${i}`).toBeCloseTo(expected.delta[i] as number, 4);
      });
      expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    },
  );

  it('moves the output alone in the first step of a fresh tower', async () => {
    const { weights } = CASES.tower;
    const output = weights.length - TOWER.width ** 2;
    const { delta } = await learner.train({ ...CASES.tower, recipe: recipe(1, 0.5) });
    expect(delta.subarray(0, output).every((change) => change === 0)).toBe(true);
    expect(delta.subarray(output).some((change) => Math.abs(change) > 1e-3)).toBe(true);
    const { delta: later } = await learner.train({ ...CASES.tower, recipe: recipe(2, 0.5) });
    expect(later.subarray(0, TOWER.content * TOWER.width).some((change) => change !== 0)).toBe(
      true,
    );
  });

  it('gives masked candidates and padded positions no say', async () => {
    const { examples } = CASES.awake;
    if (examples.kind !== 'sequence') throw new Error(examples.kind);
    const before = await learner.train(CASES.awake);
    const { candidates, content, length } = examples;
    const candidatesVectors = examples.candidatesVectors.slice();
    const history = examples.history.slice();
    // Example 0 masks its last candidate; example 1 has one position of padding.
    candidatesVectors.fill(9, (candidates - 1) * content, candidates * content);
    history.fill(9, length * content, (length + 1) * content);
    const after = await learner.train({
      ...CASES.awake,
      examples: { ...examples, candidatesVectors, history },
    });
    after.losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(before.losses[i] as number, 5);
    });
    after.delta.forEach((change, i) => {
      expect(change).toBeCloseTo(before.delta[i] as number, 4);
    });
  });

  it('leaves no tensor behind, whether it ends, fails or is aborted', async () => {
    await learner.train(CASES.awake);
    const before = memory().numTensors;
    for (let i = 0; i < 3; i++) {
      for (const request of Object.values(CASES)) await learner.train(request);
      await expect(learner.train({ ...CASES.wide, recipe: recipe(5, 1e38) })).rejects.toMatchObject(
        { code: 'non-finite' },
      );
      const controller = new AbortController();
      const onProgress = (): void => controller.abort(new Error('enough'));
      const stopped = learner.train({ ...CASES.awake, signal: controller.signal, onProgress });
      await expect(stopped).rejects.toThrow('enough');
    }
    expect(memory().numTensors).toBe(before);
  });

  it('stops within one step of an abort that arrives from outside', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const training = learner.train({
      ...CASES.wide,
      recipe: recipe(10_000, 0.01),
      signal: controller.signal,
      onProgress: ({ step }) => {
        steps.push(step);
        if (step === 3) setTimeout(() => controller.abort(new Error('enough')), 0);
      },
    });
    await expect(training).rejects.toThrow('enough');
    expect(steps.length).toBeLessThan(10_000);
    const count = steps.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(steps).toHaveLength(count);
  });

  it('does not begin when the signal is aborted already', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(learner.train({ ...CASES.wide, signal })).rejects.toThrow('too late');
  });

  it('reports every step with its loss', async () => {
    const seen: unknown[] = [];
    const { losses } = await learner.train({
      ...CASES.wide,
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen).toEqual(losses.map((loss, i) => ({ step: i + 1, steps: losses.length, loss })));
  });

  it('answers zeros without examples', async () => {
    const result = await learner.train({ ...CASES.wide, examples: ranking(0, 5) });
    expect(result).toEqual({ delta: new Float32Array(11), losses: [] });
  });

  it.each([
    ['too few weights', { weights: new Float32Array(10) }, /weights: 10 where 11/],
    ['examples of another kind', { examples: CASES.head.examples }, /head examples/],
    [
      'a masked target',
      { examples: { ...ranking(1, 3), mask: Float32Array.of(0, 1, 1) } },
      /target of example 0 is masked/,
    ],
    [
      'features of another length',
      { examples: { ...ranking(2, 3), features: new Float32Array(5) } },
      /examples.features: 5 where 66/,
    ],
  ])('refuses %s by name', async (_, change, message) => {
    const training = learner.train({ ...CASES.wide, ...change });
    await expect(training).rejects.toMatchObject({ code: 'shape' });
    await expect(training).rejects.toThrow(message);
  });

  it('names an update that is not finite', async () => {
    const weights = new Float32Array(11).fill(Number.NaN);
    const training = learner.train({ ...CASES.wide, weights });
    await expect(training).rejects.toMatchObject({ name: 'TrainingError', code: 'non-finite' });
  });

  it('does not change the weights that it is given', async () => {
    const { weights } = CASES.wide;
    const copy = weights.slice();
    await learner.train(CASES.wide);
    expect(weights).toEqual(copy);
  });
});

describe('backend ladder', () => {
  const options = { allowSoftwareGpu: false, loadAsset: () => Promise.reject(new Error('404')) };

  it('falls to cpu and says why', async () => {
    const learner = await createLearner({ ...options, backends: [wasm, cpu] });
    expect(learner.report).toEqual({
      backend: 'cpu',
      reason: 'plain JavaScript; 404',
      tried: [{ backend: 'wasm', failure: '404' }],
    });
    learner.dispose();
  });

  it('names every failure when nothing starts', async () => {
    const failing = createLearner({ ...options, backends: [wasm] });
    await expect(failing).rejects.toThrow('backend: no backend starts (wasm: 404)');
  });

  it('keeps a backend for its other learners, and trains no more once disposed', async () => {
    const first = await nodeLearner('cpu');
    const second = await nodeLearner('cpu');
    first.dispose();
    first.dispose();
    expect((await second.train(CASES.wide)).losses).toHaveLength(3);
    // With and without examples: PR21.
    for (const examples of [ranking(0, 3), ranking(2, 3)]) {
      await expect(first.train({ ...CASES.wide, examples })).rejects.toThrow('disposed');
    }
    second.dispose();
  });
});

describe('initialWeights', () => {
  it('are the prior for wide, a bias for the head', () => {
    const wide = initialWeights({ name: 'wide', historyLength: 10 }, source(1));
    expect([...wide]).toEqual(WIDE_FEATURES.map(({ start }) => start));
    const head = initialWeights(INTENT.architecture, source(1));
    expect(head.subarray(0, 27).every((w) => w === 0)).toBe(true);
    expect(head[27]).toBeCloseTo(-1.7);
  });

  it('of the tower depend on the seed alone and add exactly nothing to any score', () => {
    const weights = initialWeights(TOWER, source(1));
    expect(initialWeights(TOWER, source(1))).toEqual(weights);
    expect(initialWeights(TOWER, source(2))).not.toEqual(weights);
    expect(weights.some((w) => w !== 0)).toBe(true);
    const scores = towerScores(TOWER, sequence(3, 4, 3, 6), [...weights]).flat();
    expect(scores.every((score) => score === 0)).toBe(true);
  });

  it('have the stated spread', () => {
    const architecture = {
      name: 'tower',
      kind: 'attention',
      content: 64,
      width: 32,
      historyLength: 10,
    } as const;
    const embed = initialWeights(architecture, source(3)).subarray(0, 64 * 32);
    const variance = embed.reduce((sum, w) => sum + w * w, 0) / embed.length;
    expect(variance * 64).toBeGreaterThan(0.9);
    expect(variance * 64).toBeLessThan(1.1);
  });
});

describe('probeAdapter', () => {
  const probe = async (requestAdapter: () => Promise<unknown>, software: boolean) => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter } });
    try {
      return await probeAdapter(software);
    } finally {
      vi.unstubAllGlobals();
    }
  };
  const adapter = (info: object) => async () => ({ info });

  it('takes hardware', async () => {
    const found = await probe(adapter({ vendor: 'nvidia', architecture: 'hopper' }), false);
    expect(found).toEqual({ ok: true, reason: 'hardware adapter: nvidia hopper' });
  });

  it.each([
    ['a fallback adapter', { vendor: 'x', isFallbackAdapter: true }],
    ['SwiftShader by name', { vendor: 'google', architecture: 'swiftshader' }],
    ['llvmpipe by name', { description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }],
  ])('refuses %s unless it is asked for', async (_, info) => {
    expect(await probe(adapter(info), false)).toMatchObject({ ok: false });
    expect(await probe(adapter(info), true)).toMatchObject({ ok: true });
  });

  it('names what is missing and never rejects', async () => {
    vi.stubGlobal('navigator', undefined);
    expect(await probeAdapter(true)).toEqual({ ok: false, reason: 'no WebGPU in this browser' });
    vi.unstubAllGlobals();
    expect(await probe(async () => null, true)).toEqual({ ok: false, reason: 'no WebGPU adapter' });
    const failing = await probe(() => Promise.reject(new Error('gone')), true);
    expect(failing).toEqual({ ok: false, reason: 'WebGPU failed: gone' });
  });
});
