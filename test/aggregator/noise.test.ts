import { describe, expect, it } from 'vitest';
import { serverNoise } from '../../aggregator/noise/noise.ts';
import { discreteGaussian, NO_MECHANISM } from '../../shared/privacy/mechanism.ts';
import { type NoiseTask, serverVariance } from '../../shared/random/variance.ts';

const task = (more: Partial<NoiseTask> = {}): NoiseTask => ({
  tier: 'split',
  mechanism: discreteGaussian(2.3816),
  d: 20_000,
  scaleBits: 15,
  ...more,
});

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** ⌊√n⌋ by halving. */
function floorRoot(n: bigint): bigint {
  let low = 0n;
  let high = n + 1n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= n) low = middle;
    else high = middle;
  }
  return low;
}

/** (σB′)² from below and from above as integers over 2^260, from B′² = B² + d/4 + B + √d/2. */
function bounds(sigma: number, d: number, scaleBits: number): [bigint, bigint] {
  const scaled = BigInt(sigma * 2 ** 52 * 2 ** 48);
  expect(Number(scaled)).toBe(sigma * 2 ** 100);
  const B = 1n << BigInt(scaleBits);
  const whole = ((B * B + B) * 4n + BigInt(d)) << 58n;
  // √d/2 over 2^60.
  const root = floorRoot(BigInt(d) << 118n);
  return [scaled * scaled * (whole + root), scaled * scaled * (whole + root + 1n)];
}

describe("a server's noise", () => {
  it('S10 PR4 has the smallest integer variance that is surely at least (σB′)²', () => {
    for (const sigma of [0.001, 0.6893, 1, 2.3816, 4.5309, 100]) {
      for (const [d, scaleBits] of [
        [1, 4],
        [3, 10],
        [20_000, 15],
        [500_000, 11],
      ] as const) {
        const mechanism = discreteGaussian(sigma);
        const variance = serverVariance(task({ mechanism, d, scaleBits })) << 260n;
        const [low, high] = bounds(sigma, d, scaleBits);
        expect(variance >= high).toBe(true);
        // One unit for the ceiling, and 2^-48 of the value for the margin.
        expect(variance - low <= (1n << 260n) + (low >> 48n)).toBe(true);
      }
    }
  });

  it('S10 is the same for the same seed and another for another', () => {
    const small = task({ d: 100 });
    expect(serverNoise(small, seed(1))).toEqual(serverNoise(small, seed(1)));
    expect(serverNoise(small, seed(1)).noise).not.toEqual(serverNoise(small, seed(2)).noise);
  });

  it('S10 has mean 0 and its variance over d = 20,000, false alarm 2·10⁻⁶ a seed', () => {
    for (const byte of [1, 2, 3]) {
      const { noise, variance } = serverNoise(task(), seed(byte));
      const sum = noise.reduce((total, x) => total + x, 0);
      const squares = noise.reduce((total, x) => total + x * x, 0) / Number(variance);
      // Normal quantile at 1 − 5·10⁻⁷ is 4.892; χ² with 20,000 degrees of freedom is near normal.
      expect(Math.abs(sum)).toBeLessThan(4.892 * Math.sqrt(20_000 * Number(variance)));
      expect(Math.abs(squares - 20_000)).toBeLessThan(4.95 * Math.sqrt(2 * 20_000));
    }
  });

  it('S10 there is none outside the split tier, without σ, or from a short seed', () => {
    expect(() => serverVariance(task({ tier: 'local' }))).toThrow(RangeError);
    expect(() => serverVariance(task({ mechanism: NO_MECHANISM }))).toThrow(RangeError);
    expect(() => serverNoise(task(), new Uint8Array(16))).toThrow(RangeError);
    expect(() =>
      serverNoise(task({ scaleBits: 24, d: 10, mechanism: discreteGaussian(1000) }), seed(1)),
    ).toThrow(RangeError);
  });
});
