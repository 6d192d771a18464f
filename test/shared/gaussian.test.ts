import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../shared/bytes/hex.ts';
import { DiscreteGaussian, exactSigmaSquared } from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { pmf, samplePaper } from '../oracles/discrete-gaussian.ts';
import { chiSquaredScore, ONE_IN_A_MILLION } from '../oracles/statistics.ts';
import vectors from '../vectors/v1/discrete-gaussian.json' with { type: 'json' };

const seeded = (n: number): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(n));

const VARIANCES: [bigint, bigint][] = [
  [1n, 3n],
  [1n, 1n],
  [4n, 1n],
  [25n, 4n],
  [100n, 1n],
];

function histogram(count: number, range: number, next: () => number): number[] {
  const cells = new Array<number>(2 * range + 1).fill(0);
  for (let i = 0; i < count; i++) {
    const at = next() + range;
    if (at >= 0 && at < cells.length) cells[at] = (cells[at] as number) + 1;
  }
  return cells;
}

describe('DiscreteGaussian', () => {
  it.each(VARIANCES)(
    'PR4 has the exact distribution at σ² = %d/%d; false alarm 1e-6',
    (num, den) => {
      const count = 300_000;
      const expected = pmf(num, den, 60).map((p) => p * count);
      const gaussian = new DiscreteGaussian({ num, den });
      const source = seeded(1);
      const observed = histogram(count, 60, () => gaussian.sample(source));
      expect(chiSquaredScore(observed, expected)).toBeLessThan(ONE_IN_A_MILLION);
    },
  );

  it.each(VARIANCES)('the oracle agrees with its own table at σ² = %d/%d', (num, den) => {
    const count = 20_000;
    const source = seeded(2);
    const observed = histogram(count, 60, () => samplePaper(num, den, () => source.nextUint32()));
    const expected = pmf(num, den, 60).map((p) => p * count);
    expect(chiSquaredScore(observed, expected)).toBeLessThan(ONE_IN_A_MILLION);
  });

  it('PR4 has the right cells, tails, variance and mean at σ = 45,000; false alarm 1e-6 each', () => {
    const sigma = 45_000;
    const count = 400_000;
    const gaussian = new DiscreteGaussian(BigInt(sigma) ** 2n);
    const out = new Int32Array(count);
    gaussian.fill(out, seeded(3));
    const width = 4_501;
    const cells = 81;
    const half = (cells * width - 1) / 2;
    const weights = new Array<number>(cells).fill(0);
    let total = 0;
    let tailWeight = 0;
    for (let x = -12 * sigma; x <= 12 * sigma; x++) {
      const weight = Math.exp(-(x * x) / (2 * sigma * sigma));
      total += weight;
      if (Math.abs(x) > 4 * sigma) tailWeight += weight;
      const cell = Math.floor((x + half) / width);
      if (cell >= 0 && cell < cells) weights[cell] = (weights[cell] as number) + weight;
    }
    const observed = new Array<number>(cells).fill(0);
    let sum = 0;
    let squares = 0;
    let tail = 0;
    for (const x of out) {
      const cell = Math.floor((x + half) / width);
      if (cell >= 0 && cell < cells) observed[cell] = (observed[cell] as number) + 1;
      sum += x;
      squares += x * x;
      if (Math.abs(x) > 4 * sigma) tail++;
    }
    expect(
      chiSquaredScore(
        observed,
        weights.map((w) => (w / total) * count),
      ),
    ).toBeLessThan(ONE_IN_A_MILLION);
    expect(Math.abs(sum / (sigma * Math.sqrt(count)))).toBeLessThan(4.9);
    expect(Math.abs(squares / (sigma * sigma * count) - 1)).toBeLessThan(
      4.9 * Math.sqrt(2 / count),
    );
    const tails = (tailWeight / total) * count;
    expect(Math.abs(tail - tails)).toBeLessThan(5.5 * Math.sqrt(tails));
    expect(new Set(out.map((x) => x & 15)).size).toBe(16);
  });

  it.each(vectors.cases)('PR4 gives the pinned samples at σ² = $num/$den', (known) => {
    const fraction = { num: BigInt(known.num), den: BigInt(known.den) };
    const gaussian = new DiscreteGaussian(fraction);
    const source = new ChaChaSource(fromHex(vectors.seed));
    expect(known.samples.map(() => gaussian.sample(source))).toEqual(known.samples);
    expect(source.nextUint32()).toBe(known.nextWord);
  });

  it('decides as BigInt decides from the same words, random ones', () => {
    for (const variance of [2n, 1000n ** 2n, 45_000n ** 2n, 300_000n ** 2n + 1n]) {
      const gaussian = new DiscreteGaussian(variance);
      const [fast, exact] = [seeded(4), seeded(4)];
      for (let i = 0; i < 1_000; i++)
        expect(gaussian.sample(fast)).toBe(gaussian.sampleExact(exact));
      expect(fast.nextUint32()).toBe(exact.nextUint32());
    }
  });

  it('decides as BigInt decides from the same words, on the edges of its intervals', () => {
    // Words at floor(2^32·a/b) ± 1 leave rational probabilities a/b undecided.
    const edge = fc
      .tuple(
        fc.integer({ min: 0, max: 24 }),
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: -1, max: 1 }),
      )
      .map(
        ([a, b, shift]) => (Math.floor((2 ** 32 * Math.min(a, b)) / b) + shift + 2 ** 32) % 2 ** 32,
      );
    const word = fc.oneof({ weight: 4, arbitrary: edge }, fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const variance = fc.constantFrom<[bigint, bigint]>(
      [1n, 1n],
      [4n, 1n],
      [9n, 1n],
      [25n, 4n],
      [2n, 1n],
    );
    const replay = (
      words: number[],
      tail: ChaChaSource,
    ): { drawn: number; nextUint32(): number } => ({
      drawn: 0,
      nextUint32() {
        const next = words[this.drawn++];
        return next ?? tail.nextUint32();
      },
    });
    fc.assert(
      fc.property(
        variance,
        fc.array(word, { minLength: 5, maxLength: 60 }),
        ([num, den], words) => {
          const gaussian = new DiscreteGaussian({ num, den });
          const [fast, exact] = [replay(words, seeded(5)), replay(words, seeded(5))];
          for (let i = 0; i < 5; i++)
            expect(gaussian.sample(fast)).toBe(gaussian.sampleExact(exact));
          expect(fast.drawn).toBe(exact.drawn);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  // σ² = 1, so t = 2. A try draws: u; Bernoulli(exp(−u/2)); Bernoulli(exp(−1)) until it fails,
  // beginning with 1/2; the sign; the rejection, whose γ is 1/8 at y = 0. `last` fails any draw.
  const last = 2 ** 32 - 1;
  const third = Math.floor(2 ** 32 / 3);
  const zero = [0, 0, last, 0, last];
  it.each([
    ['takes y = 0', zero],
    [
      'draws a further word where the first digits are those of 1/3',
      [0, 0, 0, third, third - 1, last, 0, last],
    ],
    [
      'takes the word just below 1/8 as below: rejected by k = 2',
      [0, 0, last, 0, 2 ** 29 - 1, last, ...zero],
    ],
    ['takes the word 1/8 as not below', [0, 0, last, 0, 2 ** 29]],
    ['takes the word just below 1/2 as below at u = 1', [1, 2 ** 31 - 1, last, ...zero]],
    ['draws y = 0 with a minus sign again', [0, 0, last, last, ...zero]],
  ])('%s', (_, script) => {
    const gaussian = new DiscreteGaussian(1n);
    for (const method of ['sample', 'sampleExact'] as const) {
      let drawn = 0;
      const source = { nextUint32: () => script[drawn++] ?? Number.NaN };
      expect(gaussian[method](source)).toBe(0);
      expect(drawn).toBe(script.length);
    }
  });

  it('refuses a variance out of range and a sample that an Int32Array would wrap', () => {
    expect(() => new DiscreteGaussian(0n)).toThrow(RangeError);
    expect(() => new DiscreteGaussian({ num: 1n, den: 0n })).toThrow(RangeError);
    expect(() => new DiscreteGaussian(2n ** 81n)).toThrow(RangeError);
    expect(() => new DiscreteGaussian(5 as unknown as bigint)).toThrow(TypeError);
    const wide = new DiscreteGaussian(2n ** 80n);
    expect(() => wide.fill(new Int32Array(4), seeded(6))).toThrow('int32');
  });
});

describe('exactSigmaSquared', () => {
  it('PR4 is the smallest integer at or above the exact square', () => {
    expect(exactSigmaSquared(45_000)).toBe(45_000n ** 2n);
    expect(exactSigmaSquared(1.5)).toBe(3n);
    expect(exactSigmaSquared(1e-9)).toBe(1n);
    expect(exactSigmaSquared(1 + 2 ** -52)).toBe(2n);
    expect(() => exactSigmaSquared(0)).toThrow(RangeError);
    expect(() => exactSigmaSquared(Number.NaN)).toThrow(RangeError);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.integer({ min: 0, max: 9 }), (m, e) => {
        const square = exactSigmaSquared(m / 2 ** e) * 4n ** BigInt(e);
        expect(square >= BigInt(m) ** 2n).toBe(true);
        expect(square - 4n ** BigInt(e) < BigInt(m) ** 2n).toBe(true);
      }),
    );
  });
});
