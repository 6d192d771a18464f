/** The module's bounds, at the words where they leave a decision open. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DiscreteGaussian,
  type Fraction,
  samplerParameters,
} from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { openEngine, parametersOf } from '../../shared/random/wasm/engine.ts';

const SEED = new Uint8Array(32).fill(5);
const LAST = 2 ** 32 - 1;

/** Both samplers draw the same from words put into the module's memory; its keystream follows. */
function replay(variance: Fraction, steps: 0 | 8, words: readonly number[]): void {
  const module = openEngine(SEED) ?? expect.fail();
  const keystream = new ChaChaSource(SEED);
  const tail = Array.from({ length: 64 }, () => keystream.nextUint32()).slice(1 + words.length);
  let drawn = 0;
  const source = {
    nextUint32: () => [...words, ...tail][drawn++] ?? keystream.nextUint32(),
  };
  module.next();
  new Uint32Array(module.memory.buffer, 64 + 4, words.length).set(words);
  module.configure(...(parametersOf(variance, steps) ?? expect.fail()));
  expect(module.fill(3)).toBe(0);
  const exact = new DiscreteGaussian(variance);
  const samples = [...new Int32Array(module.memory.buffer, 1024, 3)];
  expect(samples).toEqual([1, 2, 3].map(() => exact.sampleExact(source)));
  expect(module.next() >>> 0).toBe(source.nextUint32());
}

describe('the sampler in WebAssembly', () => {
  it('PR32 decides as BigInt decides on the edges of its bounds, by words put into its memory', () => {
    // Words at floor(2^32·a/b) ± 1 leave rational probabilities a/b open.
    const edge = fc
      .tuple(fc.nat(24), fc.integer({ min: 1, max: 24 }), fc.integer({ min: -1, max: 1 }))
      .map(([a, b, shift]) => (Math.floor((2 ** 32 * Math.min(a, b)) / b) + shift) >>> 0);
    const word = fc.oneof({ weight: 4, arbitrary: edge }, fc.nat(2 ** 32 - 1));
    const variance = fc.constantFrom<Fraction>(
      ...[1n, 2n, 4n, 9n].map((num) => ({ num, den: 1n })),
      { num: 1n, den: 4n },
      { num: 25n, den: 4n },
    );
    fc.assert(
      fc.property(
        variance,
        fc.constantFrom<0 | 8>(0, 8),
        fc.array(word, { minLength: 63, maxLength: 63 }),
        replay,
      ),
      { numRuns: 1_500 },
    );
  });

  it('PR32 decides as BigInt decides where γ is next to the bounds of a word', () => {
    let next = 1n;
    const random = (below: bigint): bigint => {
      next = (next * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
      return (next >> 8n) % below;
    };
    let met = 0;
    while (met < 60) {
      const num = 2n ** 20n + random(2n ** (21n + random(30n)));
      const { t, gammaDen } = samplerParameters(num);
      const y = random(t);
      // γ in units of 2^-44, of which a word counts 4096; the bounds are 3 apart.
      const gamma = ((y * t - num) ** 2n * 2n ** 44n) / gammaDen;
      const over = Number(gamma % 4096n);
      if (gamma >= 2n ** 44n || (over > 2 && over < 4093)) continue;
      met += 1;
      const word = Number(gamma / 4096n);
      for (const shift of [-1, 0, 1, 2]) {
        // u = y, v = 0, plus, then the word that γ is compared with, and its next digits.
        const words = [Number(y), LAST, LAST, 0, (word + shift) >>> 0, 0, LAST, 1, 2, 3];
        for (const steps of [0, 8] as const) replay({ num, den: 1n }, steps, words);
      }
    }
  });

  it('PR32 decides as BigInt decides where γ is a whole number', () => {
    const successes = (count: bigint): number[] => Array(Number(count)).fill([0, LAST]).flat();
    let met = 0;
    for (let num = 1n; num <= 300n; num++) {
      const { t, gammaDen } = samplerParameters(num);
      for (let y = 1n; y < 8n * t; y++) {
        const over = (y * t - num) ** 2n;
        const gamma = over / gammaDen;
        if (gamma === 0n || gamma > 8n || over % gammaDen !== 0n) continue;
        met += 1;
        // u; not below u/t; v successes of exp(−1), a failure; plus; successes for γ's whole part;
        // the word for the rest, which is 0.
        const laplace = [Number(y % t), LAST, ...successes(y / t), LAST, 0];
        for (const word of [0, LAST]) {
          const words = [...laplace, ...successes(gamma), word];
          for (const steps of [0, 8] as const) replay({ num, den: 1n }, steps, words);
        }
      }
    }
    expect(met).toBe(8);
  });

  it('PR32 reports a sample beyond int32, and takes the largest one within', () => {
    // The widest variance of the module: t²·den just below 2^57.
    const t = 379_625_062n;
    const parameters = parametersOf((t - 1n) ** 2n, 8) ?? expect.fail();
    expect(parametersOf((t + 1n) ** 2n, 8)).toBeNull();
    const fill = (u: number, v: number, negative: number, whole: number): [number, number] => {
      const pairs = (count: number): number[] => Array(count).fill([0, LAST]).flat();
      const words = [u, LAST, ...pairs(v), LAST, negative, ...pairs(whole), LAST];
      const module = openEngine(SEED) ?? expect.fail();
      module.next();
      new Uint32Array(module.memory.buffer, 64 + 4, words.length).set(words);
      module.configure(...parameters);
      const result = module.fill(1);
      return [result, new Int32Array(module.memory.buffer, 1024, 1)[0] ?? Number.NaN];
    };
    // γ = (y/t − 1)²/2: 10.8 at the limit.
    const v = Math.floor(2 ** 31 / Number(t));
    const u = 2 ** 31 - v * Number(t);
    expect(fill(u - 1, v, 0, 10)).toEqual([0, 2 ** 31 - 1]);
    expect(fill(u - 1, v, LAST, 10)).toEqual([0, 1 - 2 ** 31]);
    expect(fill(u, v, 0, 10)[0]).toBe(2);
    expect(fill(u, v, LAST, 10)).toEqual([0, -(2 ** 31)]);
    expect(fill(u + 1, v, LAST, 10)[0]).toBe(2);
  });
});
