/** WebAssembly without SIMD: the package's kernels in place of ours, in a file of its own realm. */
import {
  getKernel,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Learner } from '../../sdk/learn/learner.ts';
import { parameterCount, type TowerKind } from '../../shared/model/architecture.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { CASES, type CaseName, recipe, sequence } from '../browser/train/cases.ts';
import { nodeLearner } from './learn-node.ts';

const KINDS: readonly TowerKind[] = ['attention', 'gru', 'lstm', 'cnn', 'mean'];

describe('a browser whose WebAssembly has no SIMD', () => {
  let plain: Learner;
  let cpu: Learner;
  beforeAll(async () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    plain = await nodeLearner('wasm');
    cpu = await nodeLearner('cpu');
  });
  afterAll(() => {
    vi.restoreAllMocks();
    plain.dispose();
    cpu.dispose();
  });

  it('is told of', () => {
    expect(plain.report).toEqual({ backend: 'wasm', reason: 'WASM without SIMD', tried: [] });
  });

  it.each(Object.keys(CASES) as CaseName[])('trains %s as cpu does', async (name) => {
    const expected = await cpu.train(CASES[name]);
    const { delta, losses } = await plain.train(CASES[name]);
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected.losses[i] as number, 5);
    });
    const off = delta.map((change, i) => Math.abs(change - (expected.delta[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-4);
  });

  it.each(KINDS)('trains %s on one example and two candidates, again and again', async (kind) => {
    const architecture = { name: 'tower', kind, content: 7, width: 6, historyLength: 5 } as const;
    const source = new ChaChaSource(new Uint8Array(32).fill(3), new Uint8Array(12));
    const weights = Float32Array.from(
      { length: parameterCount(architecture) },
      () => (source.nextUint32() / 2 ** 31 - 1) / 2,
    );
    for (let i = 0; i < 30; i++) {
      const one = sequence(1, 3, 5, 7);
      const request = { architecture, weights, examples: one, recipe: recipe(1, 0.1) };
      const expected = await cpu.train(request);
      const { delta } = await plain.train(request);
      const off = delta.map((change, j) => Math.abs(change - (expected.delta[j] as number)));
      expect(Math.max(...off)).toBeLessThan(1e-4);
    }
  });
});

it('names what the engine could not do with these examples', async () => {
  const learner = await nodeLearner('cpu');
  const kernel = getKernel('BatchMatMul', 'cpu');
  unregisterKernel('BatchMatMul', 'cpu');
  try {
    await expect(learner.train(CASES.wide)).rejects.toMatchObject({ code: 'engine' });
  } finally {
    registerKernel(kernel);
    learner.dispose();
  }
});
