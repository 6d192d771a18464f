/**
 * Goodness of fit of the WebAssembly sampler. Seeds are fixed, so a run repeats; for a correct
 * sampler each figure had a chance of a millionth to fail when its seed was chosen.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { fillByEngine } from '../../shared/random/wasm/engine.ts';
import { pmf } from '../oracles/discrete-gaussian.ts';
import { chiSquaredScore, ONE_IN_A_MILLION } from '../oracles/statistics.ts';

const COUNT = 400_000;

/** Two-sided z for a false alarm in a million. */
const TWO_SIDED = 4.892;

interface Case {
  readonly name: string;
  readonly num: bigint;
  readonly den: bigint;
  readonly seed: number;
}

const SMALL: readonly Case[] = [
  { name: '0.5', num: 1n, den: 4n, seed: 21 },
  { name: '1', num: 1n, den: 1n, seed: 22 },
  { name: '3.2', num: 256n, den: 25n, seed: 23 },
  { name: '10', num: 100n, den: 1n, seed: 24 },
];
const LARGE: readonly Case[] = [
  { name: '4531.4', num: 22_657n ** 2n, den: 25n, seed: 25 },
  { name: '78041', num: 78_041n ** 2n, den: 1n, seed: 26 },
  { name: '2^20', num: 2n ** 40n, den: 1n, seed: 27 },
  { name: '2^24', num: 2n ** 48n, den: 1n, seed: 28 },
];

function drawn({ num, den, seed }: Case): Int32Array {
  const out = new Int32Array(COUNT);
  expect(fillByEngine(out, { num, den }, new Uint8Array(32).fill(seed))).toBe(true);
  return out;
}

function histogram(samples: Int32Array, cells: number, cellOf: (x: number) => number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (const x of samples) {
    const cell = cellOf(x);
    if (cell >= 0 && cell < cells) counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

function meanOf(samples: Int32Array, of: (x: number) => number): number {
  return samples.reduce((sum, x) => sum + of(x), 0) / samples.length;
}

/** The normal density's integral over [a, b], by Simpson's rule on 64 parts. */
function normalMass(a: number, b: number): number {
  const step = (b - a) / 64;
  let sum = 0;
  for (let i = 0; i <= 64; i++) {
    const x = a + i * step;
    sum += (i === 0 || i === 64 ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp((-x * x) / 2);
  }
  return (sum * step) / 3 / Math.sqrt(2 * Math.PI);
}

describe.each(SMALL)('at σ = $name', (given) => {
  const range = 120;
  let samples: Int32Array;
  let law: number[];
  const moment = (of: (x: number) => number): number =>
    law.reduce((sum, p, i) => sum + p * of(i - range), 0);

  beforeAll(() => {
    samples = drawn(given);
    law = pmf(given.num, given.den, range);
  });

  it('PR30 has the exact probabilities, by χ²', () => {
    const observed = histogram(samples, 2 * range + 1, (x) => x + range);
    const expected = law.map((p) => p * COUNT);
    expect(Math.abs(chiSquaredScore(observed, expected))).toBeLessThan(ONE_IN_A_MILLION);
  });

  it('PR30 has the exact mean, variance and tail', () => {
    const sigma = Math.sqrt(Number(given.num) / Number(given.den));
    const figures: ((x: number) => number)[] = [
      (x) => x,
      (x) => x * x,
      (x) => Number(Math.abs(x) > 2.5 * sigma),
    ];
    for (const figure of figures) {
      const mean = moment(figure);
      const spread = Math.sqrt((moment((x) => figure(x) ** 2) - mean ** 2) / COUNT);
      expect(Math.abs(meanOf(samples, figure) - mean)).toBeLessThan(TWO_SIDED * spread);
    }
  });
});

describe.each(LARGE)('at σ = $name', (given) => {
  const sigma = Math.sqrt(Number(given.num) / Number(given.den));
  let samples: Int32Array;

  beforeAll(() => {
    samples = drawn(given);
  });

  it('PR30 has the right cells, by χ²', () => {
    // 81 cells of σ/10: sums over whole numbers are integrals between halves, to e^(−2π²σ²).
    const width = 2 * Math.floor(sigma / 20) + 1;
    const half = (81 * width) / 2;
    const expected = Array.from({ length: 81 }, (_, i) => {
      const from = i * width - half;
      return COUNT * normalMass(from / sigma, (from + width) / sigma);
    });
    const observed = histogram(samples, 81, (x) => Math.floor((x + half) / width));
    expect(Math.abs(chiSquaredScore(observed, expected))).toBeLessThan(ONE_IN_A_MILLION);
  });

  it('PR30 has low bits that are uniform, by χ²', () => {
    const observed = histogram(samples, 64, (x) => x & 63);
    const expected = new Array<number>(64).fill(COUNT / 64);
    expect(Math.abs(chiSquaredScore(observed, expected))).toBeLessThan(ONE_IN_A_MILLION);
  });

  it('PR30 has the right mean, variance and tail', () => {
    const error = Math.sqrt(1 / COUNT);
    expect(Math.abs(meanOf(samples, (x) => x / sigma))).toBeLessThan(TWO_SIDED * error);
    const variance = meanOf(samples, (x) => (x / sigma) ** 2);
    expect(Math.abs(variance - 1)).toBeLessThan(TWO_SIDED * Math.SQRT2 * error);
    const tail = 2 * normalMass(3.5, 12);
    const observed = meanOf(samples, (x) => Number(Math.abs(x) > 3.5 * sigma));
    expect(Math.abs(observed - tail)).toBeLessThan(TWO_SIDED * Math.sqrt(tail) * error);
  });
});
