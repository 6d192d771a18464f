/** Every kind of tower: against float64 loops, autodiff on stock ops, and the page's forward pass. */
import { negConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Neg.js';
import { squareConfig } from '@tensorflow/tfjs-backend-cpu/dist/kernels/Square.js';
import { memory, tidy } from '@tensorflow/tfjs-core/dist/globals.js';
import { concatGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Concat_grad.js';
import { sigmoidGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Sigmoid_grad.js';
import { subGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Sub_grad.js';
import { tanhGradConfig } from '@tensorflow/tfjs-core/dist/gradients/Tanh_grad.js';
import { valueAndGrads } from '@tensorflow/tfjs-core/dist/gradients.js';
import {
  type GradConfig,
  type KernelConfig,
  registerGradient,
  registerKernel,
} from '@tensorflow/tfjs-core/dist/kernel_registry.js';
import { add } from '@tensorflow/tfjs-core/dist/ops/add.js';
import { matMul } from '@tensorflow/tfjs-core/dist/ops/mat_mul.js';
import { mul } from '@tensorflow/tfjs-core/dist/ops/mul.js';
import { sigmoid } from '@tensorflow/tfjs-core/dist/ops/sigmoid.js';
import { split } from '@tensorflow/tfjs-core/dist/ops/split.js';
import { sub } from '@tensorflow/tfjs-core/dist/ops/sub.js';
import { sum } from '@tensorflow/tfjs-core/dist/ops/sum.js';
import { tanh } from '@tensorflow/tfjs-core/dist/ops/tanh.js';
import { tensor } from '@tensorflow/tfjs-core/dist/ops/tensor.js';
import { zeros } from '@tensorflow/tfjs-core/dist/ops/zeros.js';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { towerScores } from '../../sdk/features/tower.ts';
import { use } from '../../sdk/learn/engine.ts';
import { initialWeights } from '../../sdk/learn/initial.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { gru, lstm, type Steps } from '../../sdk/learn/recurrent.ts';
import {
  parameterCount,
  type TowerArchitecture,
  type TowerKind,
  towerShapes,
} from '../../shared/model/architecture.ts';
import { architecture as architectureRecord } from '../../shared/protocol/kinds.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { recipe, sequence } from '../browser/train/cases.ts';
import { descend, towerLoss } from '../oracles/tower.ts';
import { nodeLearner } from './learn-node.ts';

const KINDS: readonly TowerKind[] = ['attention', 'gru', 'lstm', 'cnn', 'mean'];

const source = new ChaChaSource(new Uint8Array(32).fill(9), new Uint8Array(12));

function uniform(length: number): Float32Array {
  return Float32Array.from({ length }, () => source.nextUint32() / 2 ** 31 - 1);
}

function filled(rows: number, columns: number): Tensor2D {
  return tensor(uniform(rows * columns), [rows, columns], 'float32') as Tensor2D;
}

let cpu: Learner;
let wasm: Learner;
beforeAll(async () => {
  cpu = await nodeLearner('cpu');
  wasm = await nodeLearner('wasm');
});
afterAll(() => {
  cpu.dispose();
  wasm.dispose();
});

describe.each(KINDS)('a tower of kind %s', (kind) => {
  const architecture = { name: 'tower', kind, content: 7, width: 6, historyLength: 5 } as const;
  const examples = sequence(5, 4, 5, 7);
  const awake = uniform(parameterCount(architecture)).map((w) => w / 2);

  it('K2 has the weights that its matrices say', () => {
    const shapes = towerShapes(architecture);
    expect([shapes[0]?.name, shapes.at(-1)?.name]).toEqual(['embed', 'output']);
    const sizes = { attention: 216, gru: 312, lstm: 390, cnn: 192, mean: 78 };
    expect(parameterCount(architecture)).toBe(sizes[kind]);
  });

  it.each(['cpu', 'wasm'] as const)('K26 descends on %s as float64 loops do', async (backend) => {
    const learner = backend === 'cpu' ? cpu : wasm;
    const expected = descend(towerLoss(architecture, examples), awake, 2, 0.1);
    const { losses, delta } = await learner.train({
      architecture,
      weights: awake,
      examples,
      recipe: recipe(2, 0.1),
    });
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected.losses[i] as number, 5);
    });
    const off = delta.map((change, i) => Math.abs(change - (expected.delta[i] as number)));
    expect(Math.max(...off)).toBeLessThan(5e-5);
    expect(delta.every((change) => change !== 0)).toBe(true);
  });

  it('adds exactly nothing before it is trained, and learns', async () => {
    const weights = initialWeights(architecture, source);
    const base = new Float32Array(examples.base.length);
    const { losses, delta } = await wasm.train({
      architecture,
      weights,
      examples: { ...examples, base },
      recipe: recipe(60, 0.5),
    });
    const choices = Array.from({ length: examples.examples }, (_, e) =>
      examples.mask.subarray(e * examples.candidates, (e + 1) * examples.candidates),
    ).map((mask) => Math.log(mask.reduce((a, b) => a + b)));
    const even = choices.reduce((a, b) => a + b) / choices.length;
    expect(losses[0]).toBeCloseTo(even, 6);
    expect(losses.at(-1)).toBeLessThan(0.5 * even);
    expect(delta.every(Number.isFinite)).toBe(true);
  });

  it('K26 scores in the page as it trains, however long the history is', async () => {
    const n = 9;
    const catalogue = { k: 7, vectors: uniform(n * 7), ids: Array.from({ length: n }, String) };
    const row = (item: number): Float32Array => catalogue.vectors.subarray(item * 7, item * 7 + 7);
    for (const history of [[3], [0, 8], [1, 2, 1, 4, 5], [7, 7, 3, 2, 1, 0, 6, 5]]) {
      const scores = towerScores(architecture, awake, history, catalogue);
      expect(scores).toHaveLength(n);
      const recent = history.slice(-5);
      const inputs = new Float32Array(5 * 7);
      recent.forEach((item, i) => {
        inputs.set(row(item), (5 - recent.length + i) * 7);
      });
      const historyMask = Float32Array.from({ length: 5 }, (_, t) => +(t >= 5 - recent.length));
      // The loss of one pair of candidates tells the difference of their scores.
      for (const item of [1, 4, 8]) {
        const { losses } = await wasm.train({
          architecture,
          weights: awake,
          examples: {
            kind: 'sequence',
            history: inputs,
            historyMask,
            candidatesVectors: Float32Array.of(...row(0), ...row(item)),
            base: new Float32Array(2),
            mask: Float32Array.of(1, 1),
            examples: 1,
            candidates: 2,
            length: 5,
            content: 7,
          },
          recipe: recipe(1, 0.1),
        });
        const lead = (scores[0] as number) - (scores[item] as number);
        expect(losses[0]).toBeCloseTo(Math.log1p(Math.exp(-lead)), 5);
      }
    }
  });

  it('says nothing of an empty history, and names what does not fit', () => {
    const catalogue = { k: 7, vectors: uniform(14), ids: ['a', 'b'] };
    expect([...towerScores(architecture, awake, [], catalogue)]).toEqual([0, 0]);
    const fresh = initialWeights(architecture, source);
    expect([...towerScores(architecture, fresh, [1, 0], catalogue)]).toEqual([0, 0]);
    expect(() => towerScores(architecture, awake, [2], catalogue)).toThrow(/history: no item 2/);
    expect(() => towerScores(architecture, awake.slice(1), [], catalogue)).toThrow(/weights/);
    expect(() => towerScores(architecture, awake, [], { ...catalogue, k: 8 })).toThrow(/content/);
  });

  it('leaves no tensor behind', async () => {
    const request = { architecture, weights: awake, examples, recipe: recipe(2, 0.1) };
    await wasm.train(request);
    const before = memory().numTensors;
    await wasm.train(request);
    expect(memory().numTensors).toBe(before);
  });

  it('lets padding and masked candidates say nothing, whatever stands there', async () => {
    const request = { architecture, weights: awake, recipe: recipe(1, 0.1) };
    const history = examples.history.slice();
    const candidatesVectors = examples.candidatesVectors.slice();
    examples.historyMask.forEach((counts, i) => {
      if (counts === 0) history.fill(9, i * 7, (i + 1) * 7);
    });
    examples.mask.forEach((counts, i) => {
      if (counts === 0) candidatesVectors.fill(9, i * 7, (i + 1) * 7);
    });
    expect(history).not.toEqual(examples.history);
    const clean = await wasm.train({ ...request, examples });
    const dirty = await wasm.train({
      ...request,
      examples: { ...examples, history, candidatesVectors },
    });
    expect(dirty.losses[0]).toBeCloseTo(clean.losses[0] as number, 5);
    const off = dirty.delta.map((change, i) => Math.abs(change - (clean.delta[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-5);
  });
});

describe('the recurrent ops', () => {
  const [steps, rows, width] = [6, 5, 4];
  const autodiff = [concatGradConfig, sigmoidGradConfig, subGradConfig, tanhGradConfig];

  /** A step at a time, on the ops of tfjs alone. */
  const cells = {
    gru(h: Tensor, _: Tensor, inputs: Tensor, u: Tensor): [Tensor, Tensor] {
      const [ar, az, an] = split(inputs, 3, 1) as [Tensor, Tensor, Tensor];
      const [hr, hz, hn] = split(matMul(h, u), 3, 1) as [Tensor, Tensor, Tensor];
      const z = sigmoid(add(az, hz));
      const n = tanh(add(an, mul(sigmoid(add(ar, hr)), hn)));
      return [add(sub(n, mul(z, n)), mul(z, h)), h];
    },
    lstm(h: Tensor, c: Tensor, inputs: Tensor, u: Tensor): [Tensor, Tensor] {
      const [i, f, g, o] = split(add(inputs, matMul(h, u)), 4, 1) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
      return [mul(sigmoid(o), tanh(cell)), cell];
    },
  };

  beforeAll(() => {
    for (const kernel of [negConfig, squareConfig]) {
      registerKernel(kernel as unknown as KernelConfig);
    }
    for (const config of autodiff) registerGradient(config as GradConfig);
  });

  it.each(['gru', 'lstm'] as const)('%s is autodiff on stock ops, masks included', async (name) => {
    await use('cpu');
    const before = memory().numTensors;
    tidy(() => {
      const columns = { gru: 3, lstm: 4 }[name] * width;
      const [x, u] = [filled(steps * rows, columns), filled(width, columns)];
      const pull = filled(rows, width);
      const masks = Array.from({ length: steps }, (_, t) =>
        t < 3 ? (tensor(Float32Array.of(1, 0, t > 0 ? 1 : 0, 1, 0), [rows, 1]) as Tensor2D) : null,
      );
      const shape: Steps = { steps, rows, width, masks };
      const op = { gru, lstm }[name];
      const ours = valueAndGrads(
        (...w) => sum(mul(op(w[0] as Tensor2D, w[1] as Tensor2D, shape), pull)) as Scalar,
      )([x, u]);
      const stock = valueAndGrads((...w) => {
        const inputs = split(w[0] as Tensor, steps);
        let state: [Tensor, Tensor] = [zeros([rows, width]), zeros([rows, width])];
        for (let t = 0; t < steps; t++) {
          state = cells[name](...state, inputs[t] as Tensor, w[1] as Tensor);
          const mask = masks[t];
          if (mask) state = [mul(state[0], mask), mul(state[1], mask)];
        }
        return sum(mul(state[0], pull)) as Scalar;
      })([x, u]);
      expect(ours.value.dataSync()[0]).toBeCloseTo(stock.value.dataSync()[0] as number, 5);
      for (const [i, grad] of ours.grads.entries()) {
        const expected = (stock.grads[i] as Tensor).dataSync();
        const off = [...grad.dataSync()].map((g, j) => Math.abs(g - (expected[j] as number)));
        expect(Math.max(...off)).toBeLessThan(1e-5);
        expect(expected.some((g) => Math.abs(g) > 0.01)).toBe(true);
      }
    });
    expect(memory().numTensors).toBe(before);
  });
});

it('K1 a tower is of a known kind, and of sizes that a browser can hold', () => {
  const record = { name: 'tower', kind: 'gru', content: 64, width: 55, historyLength: 30 };
  expect(() => architectureRecord(record, 'a')).not.toThrow();
  expect(parameterCount(record as TowerArchitecture)).toBe(24_860);
  for (const change of [
    { kind: 'transformer' },
    { kind: undefined },
    { name: 'attention' },
    { width: 0 },
    { width: 257 },
    { content: 1025 },
    { historyLength: 0 },
    { layers: 2 },
  ]) {
    expect(() => architectureRecord({ ...record, ...change }, 'a')).toThrow();
  }
});
