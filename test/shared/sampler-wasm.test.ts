import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { DiscreteGaussian, type Fraction } from '../../shared/random/gaussian.ts';
import { fillGaussian, fillSeeded } from '../../shared/random/seeded.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { BINARY } from '../../shared/random/wasm/binary.ts';
import { type Exports, fillByEngine, openEngine } from '../../shared/random/wasm/engine.ts';
import { StreamOracle } from '../oracles/gaussian-stream.ts';
import chacha from '../vectors/v1/chacha20.json' with { type: 'json' };
import vectors from '../vectors/v1/discrete-gaussian.json' with { type: 'json' };
import { binaryText, compileModule, SAMPLER } from '../wasm.ts';

const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);

function engine(seed: Uint8Array, nonce?: Uint8Array, counter?: number): Exports {
  const opened = openEngine(seed, nonce, counter);
  if (opened === null) throw new Error('no WebAssembly here');
  return opened;
}

function byWasm(count: number, variance: bigint | Fraction, seed: Uint8Array, steps?: 0): number[] {
  const out = new Int32Array(count);
  expect(fillByEngine(out, variance, seed, steps)).toBe(true);
  return [...out];
}

function byTypeScript(count: number, variance: bigint | Fraction, seed: Uint8Array): number[] {
  const out = new Int32Array(count);
  new DiscreteGaussian(variance).fill(out, new ChaChaSource(seed));
  return [...out];
}

function byOracle(count: number, num: bigint, den: bigint, seed: Uint8Array): number[] {
  const oracle = new StreamOracle(seed);
  return Array.from({ length: count }, () => Number(oracle.sample(num, den)));
}

/**
 * Collects the module's instances from here on. `result` may give an own result for a call of
 * `fill`, which is told whether it is the second: no seed is known that makes one.
 */
function instances(result: (second: boolean) => number | false = () => false): Exports[] {
  const made: Exports[] = [];
  const Instance = new Proxy(WebAssembly.Instance, {
    construct(target, [module]) {
      const real = new target(module).exports as unknown as Exports;
      let calls = 0;
      const fill = (count: number): number => result(++calls === 2) || real.fill(count);
      made.push(real);
      return { exports: { ...real, fill } };
    },
  });
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Instance }));
  return made;
}

/** σ of 1/2, 1, 3.2, 10, 4531.4, 2^20, the split tier's browser and server, 2^28; and in between. */
const VARIANCES: readonly (readonly [bigint, bigint])[] = [
  [1n, 128n],
  [1n, 4n],
  [1n, 1n],
  [256n, 25n],
  [100n, 1n],
  [22657n ** 2n, 25n],
  [2n ** 40n, 1n],
  [121_811_523n, 1n],
  [78_041n ** 2n, 1n],
  [2n ** 48n + 1n, 1n],
  [2n ** 56n, 1n],
];

describe('the keystream in WebAssembly', () => {
  it.each(chacha.blocks)('PR30 gives $id', ({ key, nonce, counter, keystream }) => {
    const module = engine(fromHex(key), fromHex(nonce), counter);
    const words = Uint32Array.from({ length: 16 }, () => module.next());
    expect(toHex(new Uint8Array(words.buffer))).toBe(keystream);
  });

  it('PR30 is the keystream of ChaChaSource over many refills', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.integer({ min: 0, max: 2 ** 32 - 200 }),
        (seed, nonce, counter) => {
          const source = new ChaChaSource(seed, nonce, counter);
          const module = engine(seed, nonce, counter);
          for (let i = 0; i < 1_000; i++) expect(module.next() >>> 0).toBe(source.nextUint32());
        },
      ),
      { numRuns: 20 },
    );
  });

  it('PR30 traps when the block counter is used up', () => {
    const last = engine(seedOf(1), seedOf(0).subarray(20), 2 ** 32 - 4);
    for (let i = 0; i < 64; i++) last.next();
    expect(() => last.next()).toThrow(WebAssembly.RuntimeError);
  });
});

describe('the sampler in WebAssembly', () => {
  const inside = vectors.cases.filter(({ num }) => BigInt(num) <= 2n ** 57n);

  it.each(inside)('PR30 gives the pinned samples at σ² = $num/$den', (known) => {
    const variance = { num: BigInt(known.num), den: BigInt(known.den) };
    const seed = fromHex(vectors.seed);
    expect(byWasm(known.samples.length, variance, seed)).toEqual(known.samples);
  });

  it.each(VARIANCES)('PR32 equals the oracle and TypeScript at σ² = %d/%d', (num, den) => {
    const variance = { num, den };
    const samples = byWasm(1_500, variance, seedOf(7));
    expect(samples).toEqual(byOracle(1_500, num, den, seedOf(7)));
    expect(samples).toEqual(byTypeScript(1_500, variance, seedOf(7)));
    expect(samples).toEqual(byWasm(1_500, variance, seedOf(7), 0));
  });

  it('PR32 equals TypeScript over a hundred thousand samples, on chunks of any size', () => {
    for (const count of [0, 1, 1_023, 1_024, 1_025, 100_000]) {
      const variance = 121_811_523n * 5n;
      expect(byWasm(count, variance, seedOf(8))).toEqual(byTypeScript(count, variance, seedOf(8)));
    }
  });

  it('PR32 equals the oracle at any variance of its range', () => {
    const variance = fc
      .tuple(fc.bigInt({ min: 1n, max: 2n ** 55n }), fc.integer({ min: 0, max: 55 }), fc.nat(40))
      .map(([num, shift, den]) => [(num >> BigInt(shift)) + 1n, BigInt(den + 1)] as const);
    fc.assert(
      fc.property(variance, fc.nat(255), ([num, den], n) => {
        fc.pre(num * 128n >= den && (num / den + 1n) * den < 2n ** 53n);
        const samples = byWasm(20, { num, den }, seedOf(n));
        expect(samples).toEqual(byOracle(20, num, den, seedOf(n)));
        expect(byWasm(20, { num, den }, seedOf(n), 0)).toEqual(samples);
      }),
      { numRuns: 100 },
    );
  });

  it('PR32 leaves a variance outside its range to TypeScript', () => {
    const out = new Int32Array(3);
    for (const outside of [2n ** 57n, { num: 1n, den: 129n }, { num: 1n, den: 2n ** 58n }]) {
      expect(fillByEngine(out, outside, seedOf(1))).toBe(false);
    }
    fillSeeded(out, { num: 1n, den: 3n * 2n ** 60n }, seedOf(1));
    expect([...out]).toEqual([0, 0, 0]);
    const rational = { num: 10n ** 18n + 1n, den: 10n ** 17n };
    fillSeeded(out, rational, seedOf(1));
    expect([...out]).toEqual(byOracle(3, rational.num, rational.den, seedOf(1)));
  });

  it('PR32 refuses what TypeScript refuses, with the same words', () => {
    const out = new Int32Array(2_000);
    expect(() => fillSeeded(out, 0n, seedOf(1))).toThrow(/sigmaSquared must lie in/);
    expect(() => fillSeeded(out, 5 as unknown as bigint, seedOf(1))).toThrow(TypeError);
    expect(() => fillSeeded(out, 1n, new Uint8Array(31))).toThrow(/seed/);
    expect(() => fillSeeded([1] as unknown as Int32Array, 1n, seedOf(1))).toThrow(/^out must be/);
    // Five hundred σ wide: a sample beyond int32 is refused, never wrapped.
    expect(() => fillSeeded(out, 2n ** 70n, seedOf(1))).toThrow('int32');
    expect(() => engine(seedOf(1)).fill(1_025)).toThrow(WebAssembly.RuntimeError);
  });

  it('PR32 draws the whole vector by TypeScript where the module gives up in its midst', () => {
    const out = new Int32Array(3_000);
    const made = instances((second) => second && 1);
    fillSeeded(out, 100n, seedOf(4));
    vi.unstubAllGlobals();
    expect(made.length).toBe(1);
    expect([...out]).toEqual(byTypeScript(3_000, 100n, seedOf(4)));
  });

  it('PR32 refuses the vector where the module meets a sample beyond int32', () => {
    instances((second) => second && 2);
    expect(() => fillSeeded(new Int32Array(3_000), 100n, seedOf(4))).toThrow('int32');
    vi.unstubAllGlobals();
  });

  it('PR31 wipes seed and memory, and draws the seed from the source', () => {
    const made = instances();
    const source = new ChaChaSource(seedOf(9));
    const out = new Int32Array(3_000);
    fillGaussian(out, 100n, source);
    vi.unstubAllGlobals();
    const memories = made.map(({ memory }) => new Uint8Array(memory.buffer));
    expect(memories.map((bytes) => [bytes.length, bytes.some(Boolean)])).toEqual([[65_536, false]]);
    const seed = new Uint8Array(32);
    new ChaChaSource(seedOf(9)).fill(seed);
    expect([...out]).toEqual(byTypeScript(3_000, 100n, seed));
  });

  it('PR31 gives no seed to a module that cannot draw the variance', () => {
    const made = instances();
    fillSeeded(new Int32Array(3), { num: 1n, den: 1000n }, seedOf(9));
    vi.unstubAllGlobals();
    expect(made.some(({ memory }) => new Uint8Array(memory.buffer).some(Boolean))).toBe(false);
  });
});

/** What `new WebAssembly.Module` does under a policy without 'wasm-unsafe-eval'. */
class Forbidden {
  constructor() {
    throw new Error('Compiling or instantiating WebAssembly module violates the policy');
  }
}

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it.each([
    ['where the page forbids compiling', { Module: Forbidden }],
    ['where there is none', undefined],
  ])('PR32 draws the same samples, %s', async (_, global) => {
    vi.resetModules();
    vi.stubGlobal('WebAssembly', global);
    const again = await import('../../shared/random/seeded.ts');
    const bare = await import('../../shared/random/wasm/engine.ts');
    expect(bare.openEngine(seedOf(3))).toBeNull();
    const out = new Int32Array(500);
    again.fillSeeded(out, 100n, seedOf(3));
    vi.unstubAllGlobals();
    expect([...out]).toEqual(byWasm(500, 100n, seedOf(3)));
  });
});

describe('the binary', () => {
  it('PR32 is what its sources give, small, in integers, and imports nothing', async () => {
    const { binary, text } = await compileModule(SAMPLER);
    expect(fromBase64url(BINARY)).toEqual(new Uint8Array(binary));
    const file = new URL('../../shared/random/wasm/binary.ts', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(binaryText(binary));
    // Above 4 KiB a browser may refuse to compile on a page's main thread.
    expect(binary.length).toBeLessThan(4096);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(fromBase64url(BINARY)))).toEqual([]);
    expect(text).toContain('i32x4.add');
    expect(text).not.toMatch(/\bf(32|64)/);
  }, 60_000);
});
