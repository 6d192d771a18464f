import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertNoWrap,
  decodeInt32LE,
  encodeInt32LE,
  normBound,
  normBoundSquared,
  roundStochastic,
} from '../../shared/field/fixed.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const source = (n: number): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(n));
const words = (...list: number[]): { nextUint32(): number } => ({
  nextUint32: () => list.shift() as number,
});
const square = (z: Int32Array): number => z.reduce((sum, value) => sum + value * value, 0);

describe('normBound', () => {
  it('gives B′/B of reference/privacy.md §1.3', () => {
    expect(normBound(2 ** 15, 20_000) / 2 ** 15).toBeCloseTo(1.00002, 5);
    expect(normBound(2 ** 11, 500_000) / 2 ** 11).toBeCloseTo(1.015, 3);
    expect(normBound(2 ** 8, 500_000) / 2 ** 8).toBeCloseTo(1.71, 2);
    expect(normBoundSquared(4, 16)).toBe(16 + 4 + 4 + 2);
  });
});

describe('roundStochastic', () => {
  it('PR2 keeps the norm bound and moves no coordinate by one or more', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.nat(255), (raw, seed) => {
        const norm = Math.max(1, Math.hypot(...raw));
        const u = Float64Array.from(raw, (x) => x / norm);
        const bound = normBoundSquared(64, u.length);
        const z = roundStochastic(u, 64, bound, source(seed));
        expect(square(z)).toBeLessThanOrEqual(bound);
        for (const [i, x] of u.entries())
          expect(Math.abs((z[i] as number) - 64 * x)).toBeLessThan(1);
      }),
    );
  });

  it('PR2 compares the fraction exactly, digit by digit', () => {
    const round = (x: number, ...list: number[]): number => {
      return roundStochastic(Float64Array.of(x), 1, 100, words(...list))[0] as number;
    };
    expect(round(0.5, 2 ** 31 - 1)).toBe(1);
    expect(round(0.5, 2 ** 31)).toBe(0);
    expect(round(-0.5, 2 ** 31 - 1)).toBe(-1);
    const fine = 2 ** -1 + 2 ** -40;
    expect(round(fine, 2 ** 31, 2 ** 24 - 1)).toBe(1);
    expect(round(fine, 2 ** 31, 2 ** 24)).toBe(0);
    expect(round(2 ** -70, 0, 0, 2 ** 26 - 1)).toBe(1);
    expect(round(-(2 ** -70), 0, 0, 2 ** 26)).toBe(0);
    expect(round(3, 0)).toBe(3);
  });

  it('PR2 is unbiased; false alarm 1e-6', () => {
    const u = new Float64Array(200_000).fill(0.3);
    const z = roundStochastic(u, 1, 1e9, source(1));
    const ups = z.reduce((sum, value) => sum + value, 0);
    expect(Math.abs(ups - 60_000) / Math.sqrt(200_000 * 0.21)).toBeLessThan(4.9);
  });

  it('PR2 redraws until the bound holds, and gives up rather than loosen it', () => {
    const half = Float64Array.of(0.5, 0.5);
    const down = 2 ** 31;
    expect(roundStochastic(half, 1, 1, words(0, 0, 0, down))).toEqual(Int32Array.of(1, 0));
    const up = { nextUint32: () => 0 };
    expect(() => roundStochastic(half, 1, 1, up)).toThrow('norm bound');
  });

  it('PR1 refuses NaN, infinity, what is not clipped and what is beyond int32', () => {
    const round = (x: number, bound: number): unknown => {
      return roundStochastic(Float64Array.of(x), 1, bound, source(0));
    };
    expect(() => round(Number.NaN, 1)).toThrow(RangeError);
    expect(() => round(Number.NEGATIVE_INFINITY, 1)).toThrow(RangeError);
    expect(() => round(2, 1)).toThrow('clipped');
    expect(() => round(2 ** 31, 2 ** 80)).toThrow('int32');
    expect(() => roundStochastic([1] as unknown as Float64Array, 1, 1, source(0))).toThrow(
      TypeError,
    );
  });
});

describe('int32 codec', () => {
  it('decodes what it encodes, at any offset', () => {
    fc.assert(
      fc.property(fc.int32Array({ maxLength: 20 }), fc.nat(5), (z, offset) => {
        const bytes = new Uint8Array(offset + 4 * z.length);
        bytes.set(encodeInt32LE(z), offset);
        expect(decodeInt32LE(bytes, offset, z.length)).toEqual(z);
      }),
    );
    expect(encodeInt32LE(Int32Array.of(-2))).toEqual(Uint8Array.of(254, 255, 255, 255));
    expect(() => decodeInt32LE(new Uint8Array(7), 0, 2)).toThrow(RangeError);
  });
});

describe('assertNoWrap', () => {
  const split = { tier: 'split', B: 2 ** 15, d: 20_000, sigma: 2.3816 } as const;

  it('PR6 takes the largest batch of the split tier and no more', () => {
    const most =
      (2 ** 31 - 10 * 2.3816 * normBound(2 ** 15, 20_000) * Math.sqrt(6)) /
      (normBound(2 ** 15, 20_000) + 1);
    const maxReports = 2 * Math.floor(most / 2);
    assertNoWrap({ ...split, maxReports, minReports: maxReports / 2 });
    assertNoWrap({ ...split, maxReports });
    expect(() => assertNoWrap({ ...split, maxReports: maxReports + 2 })).toThrow('wrap');
  });

  it('PR6 keeps local coordinates in int32 and local sums exact', () => {
    const local = { tier: 'local', B: 2 ** 15, d: 500, sigma: 4.5309 } as const;
    assertNoWrap({ ...local, maxReports: 2 ** 22 });
    expect(() => assertNoWrap({ ...local, maxReports: 2 ** 22 + 1 })).toThrow('maxReports');
    expect(() => assertNoWrap({ ...local, maxReports: 1, sigma: 3300 })).toThrow('int32');
    assertNoWrap({ ...local, tier: 'test', maxReports: 1, sigma: 0 });
    expect(() => assertNoWrap({ ...local, tier: 'x' as 'test', maxReports: 1 })).toThrow('tier');
  });
});
