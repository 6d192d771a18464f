import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Moments, nextModel } from '../../aggregator/audit/step.ts';
import { meanOf } from '../../aggregator/average/backend.ts';
import {
  initialState,
  type OptimizerState,
  serverStep,
  stepSize,
} from '../../aggregator/publish/optimizer.ts';
import { decodeState, encodeState } from '../../aggregator/publish/state.ts';
import type { Release, ServerOptimizer, TaskRecipe } from '../../shared/model/recipe.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { serverOptimizerSteps } from '../oracles/server-optimizer.ts';
import { newWorld } from '../sdk/round-world.ts';
import known from '../vectors/v1/optimizers.json' with { type: 'json' };

const { task } = await newWorld();
const STEP = { learningRate: 0.5, decayRounds: 4 } as const;
const CONSTANT = { learningRate: 1, decayRounds: null } as const;
const ADAPTIVE = { ...STEP, beta1: 0.9, tau: 0.001 } as const;
const OPTIMIZERS: readonly ServerOptimizer[] = [
  { name: 'fedavg', ...STEP },
  { name: 'fedavgm', ...STEP, momentum: 0.9 },
  { name: 'fedadagrad', ...ADAPTIVE },
  { name: 'fedadam', ...ADAPTIVE, beta2: 0.99 },
  { name: 'fedyogi', ...ADAPTIVE, beta2: 0.99 },
];

const RELEASES: readonly Release[] = [{ name: 'release' }, { name: 'release', over: 3 }];

/** Every version that the means lead to. */
function steps(
  optimizer: ServerOptimizer,
  initial: readonly number[],
  means: readonly (readonly number[])[],
): { readonly weights: Float32Array; readonly state: OptimizerState | null }[] {
  let weights: Float32Array = Float32Array.from(initial);
  let state = initialState(optimizer, weights.length);
  return means.map((mean, version) => {
    const next = serverStep(state, weights, Float64Array.from(mean), optimizer, version);
    ({ weights, state } = next);
    return next;
  });
}

function near(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, one] of expected.entries()) {
    const distance = Math.abs((found[i] as number) - one);
    expect(distance).toBeLessThanOrEqual(1e-14 * Math.abs(one) + 1e-300);
  }
}

describe('server optimisers', () => {
  for (const { optimizer, steps: expected } of known.vectors) {
    it(`RD21 ${JSON.stringify(optimizer)}: known answers of exact arithmetic`, () => {
      const one = optimizer as ServerOptimizer;
      expect(serverOptimizerSteps(one, known.weights, known.means)).toEqual(expected);
      const found = steps(one, known.weights, known.means);
      for (const [i, { weights, state }] of found.entries()) {
        expect([...weights]).toEqual(expected[i]?.weights);
        near(state?.m ?? [], expected[i]?.m ?? []);
        near(state?.v ?? [], expected[i]?.v ?? []);
      }
    });
  }

  it('RD21 by hand: two rounds of FedAdam and FedYogi', () => {
    const more = { ...CONSTANT, beta1: 0.5, beta2: 0.75, tau: 1 } as const;
    // m = 2, then 2; v = 0.75·1 + 0.25·16 = 4.75, then 0.75·4.75 + 0.25·4 = 4.5625.
    const adam = steps({ name: 'fedadam', ...more }, [0], [[4], [2]]);
    expect(adam.map(({ state }) => [state?.m[0], state?.v[0]])).toEqual([
      [2, 4.75],
      [2, 4.5625],
    ]);
    expect(adam[0]?.weights[0]).toBe(Math.fround(2 / (Math.sqrt(4.75) + 1)));
    // v = 1 + 0.25·16 = 5, then 5 − 0.25·4 = 4.
    const yogi = steps({ name: 'fedyogi', ...more }, [0], [[4], [2]]);
    expect(yogi.map(({ state }) => state?.v[0])).toEqual([5, 4]);
    const first = Math.fround(2 / (Math.sqrt(5) + 1));
    expect(yogi[1]?.weights[0]).toBe(Math.fround(first + 2 / 3));
  });

  it('RD21 FedAvgM without momentum is FedAvg, bit for bit', () => {
    const means = known.means;
    const plain = steps({ name: 'fedavg', ...STEP }, known.weights, means);
    const none = steps({ name: 'fedavgm', ...STEP, momentum: 0 }, known.weights, means);
    expect(none.map(({ weights }) => weights)).toEqual(plain.map(({ weights }) => weights));
    expect(plain.every(({ state }) => state === null)).toBe(true);
  });

  it('RD7 known answers of the step', () => {
    const optimizer = { name: 'fedavg', learningRate: 0.5, decayRounds: 4 } as const;
    expect([0, 4, 12].map((version) => stepSize(optimizer, version))).toEqual([0.5, 0.25, 0.125]);
    expect(stepSize({ ...optimizer, decayRounds: null }, 400)).toBe(0.5);
    const mean = Float64Array.of(1, -2);
    const next = serverStep(null, Float32Array.of(1, 2), mean, optimizer, 4);
    expect([...next.weights]).toEqual([1.25, 1.5]);
  });

  it('RD7 rounds to float32 once', () => {
    const optimizer = { name: 'fedavg', ...CONSTANT } as const;
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        (w, m) => {
          fc.pre(Math.abs(w) < 1e30);
          const { weights } = serverStep(
            null,
            Float32Array.of(w),
            Float64Array.of(m),
            optimizer,
            0,
          );
          expect(weights[0]).toBe(Math.fround(w + m));
        },
      ),
    );
  });

  it('RD21 changes nothing of what it is given, and fails closed', () => {
    const mean = Float64Array.of(1, -1);
    const weights = Float32Array.of(3, 4);
    for (const optimizer of OPTIMIZERS) {
      const state = initialState(optimizer, 2);
      const before = structuredClone({ state, mean, weights });
      serverStep(state, weights, mean, optimizer, 3);
      expect({ state, mean, weights }).toEqual(before);
      const run = (s: OptimizerState | null, m: Float64Array) => () =>
        serverStep(s, weights, m, optimizer, 0);
      expect(run(state, new Float64Array(3))).toThrow(/length/);
      expect(run(state, Float64Array.of(1, 1e300))).toThrow(/infinite/);
      if (state === null) continue;
      expect(run(null, mean)).toThrow(/state/);
      expect(run(initialState(optimizer, 3), mean)).toThrow(/state/);
    }
    const other = { ...STEP, name: 'sgd' } as never;
    expect(() => serverStep(null, weights, mean, other, 0)).toThrow(/optimizer/);
  });

  it('RD21 K5 the audit computes every version again, bit for bit', () => {
    const units = 2 ** task.scaleBits / task.clipL2;
    const mechanism = { name: 'discrete-gaussian', sigma: 1 } as const;
    fc.assert(
      fc.property(
        fc.constantFrom<TaskRecipe['server']>(...OPTIMIZERS, ...RELEASES),
        fc.array(
          fc.tuple(
            fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 3, maxLength: 3 }),
            fc.integer({ min: 1, max: 900 }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        (server, rounds) => {
          const recipe = { ...task.recipe, server } as Task['recipe'];
          const audited = { ...task, mechanism, d: 3, recipe };
          let weights: Float32Array = Float32Array.of(0.25, -1, 0);
          let state = initialState(server, 3);
          let moments: Moments | null = null;
          for (const [version, [sums, reports]] of rounds.entries()) {
            const sum = Float64Array.from(sums);
            const again = nextModel(audited, weights, version, moments, sum, reports);
            const next = serverStep(state, weights, meanOf(sum, reports, units), server, version);
            expect(decodeModel(again.bytes, 3)).toEqual(next.weights);
            ({ weights, state } = next);
            moments = again.moments;
            expect(moments?.map(([m]) => m) ?? null).toEqual(state === null ? null : [...state.m]);
          }
        },
      ),
    );
  });
});

describe('state on disk', () => {
  const model = 'ab'.repeat(32);
  const state = { m: Float64Array.of(1, -0.1, 1e-300), v: Float64Array.of(2, 3, 1e300) };

  it('RD21 comes back bit for bit, for the same model and length alone', async () => {
    const bytes = await encodeState(state, model);
    expect(bytes.length).toBe(12 + 32 + 48 + 32);
    expect(await decodeState(bytes, state, model)).toEqual(state);
    expect(await decodeState(bytes, state, 'ac'.repeat(32))).toBeNull();
    const longer = { m: new Float64Array(4), v: new Float64Array(2) };
    expect(await decodeState(bytes, longer, model)).toBeNull();
    const momentum = { m: state.m, v: new Float64Array(0) };
    expect(await decodeState(await encodeState(momentum, model), momentum, model)).toEqual(
      momentum,
    );
  });

  it('RD21 every changed bit and every other length is seen', async () => {
    const bytes = await encodeState(state, model);
    for (let bit = 0; bit < 8 * bytes.length; bit += 5) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(await decodeState(changed, state, model)).toBeNull();
    }
    for (const length of [0, 10, bytes.length - 1]) {
      expect(await decodeState(bytes.slice(0, length), state, model)).toBeNull();
    }
  });
});

describe('the recipe of a task', () => {
  const withServer = (server: object): unknown => ({ ...task, recipe: { ...task.recipe, server } });

  it('R3 RD21 takes the five optimisers', () => {
    for (const server of OPTIMIZERS) expect(() => decodeTask(withServer(server))).not.toThrow();
  });

  it.each([
    ['an unknown one', { name: 'fedprox', ...STEP }],
    ['momentum in FedAvg', { name: 'fedavg', ...STEP, momentum: 0.9 }],
    ['FedAvgM without momentum', { name: 'fedavgm', ...STEP }],
    ['a momentum of 1', { name: 'fedavgm', ...STEP, momentum: 1 }],
    ['a negative momentum', { name: 'fedavgm', ...STEP, momentum: -0.1 }],
    ['β₂ in FedAdagrad', { name: 'fedadagrad', ...ADAPTIVE, beta2: 0.9 }],
    ['FedAdam without β₂', { name: 'fedadam', ...ADAPTIVE }],
    ['β₂ of 1', { name: 'fedadam', ...ADAPTIVE, beta2: 1 }],
    ['τ of 0', { name: 'fedyogi', ...ADAPTIVE, beta2: 0.9, tau: 0 }],
    ['a step of 0', { name: 'fedyogi', ...ADAPTIVE, beta2: 0.9, learningRate: 0 }],
    ['a field too many', { name: 'fedyogi', ...ADAPTIVE, beta2: 0.9, epsilon: 1 }],
  ])('R3 RD21 refuses %s', (_, server) => {
    expect(() => decodeTask(withServer(server))).toThrow(/task.recipe/);
  });
});
