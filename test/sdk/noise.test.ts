import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip } from '../../sdk/noise/clip.ts';
import { drawNoise, type NoiseTask, noiseStd } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import type { Privatized } from '../../sdk/noise/privatized.ts';
import { normBound } from '../../shared/field/fixed.ts';
import { exactSigmaSquared } from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const source = (seed = 1): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(seed));

const task = (change: Partial<NoiseTask> = {}): NoiseTask => ({
  tier: 'local',
  mechanism: { name: 'discrete-gaussian', sigma: 0.6893 },
  d: 11,
  clipL2: 0.5,
  scaleBits: 16,
  minReports: 500,
  maxReports: 1000,
  ...change,
});
const testTask = (change: Partial<NoiseTask> = {}): NoiseTask =>
  task({ tier: 'test', mechanism: { name: 'none' }, ...change });

const splitTask = (change: Partial<NoiseTask> = {}): NoiseTask =>
  task({ tier: 'split', ...change });

function coordinatesOf({ payload }: Privatized): Int32Array {
  if (payload.form !== 'coordinates') throw new Error('coordinates were expected');
  return payload.coordinates;
}

const l2 = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

describe('clip', () => {
  it('PR1 keeps what is within the bound and scales what is not', () => {
    const small = clip(Float32Array.of(0.25, 0), 0.5);
    expect(small).toEqual({ clipped: Float64Array.of(0.25, 0), normBefore: 0.25, normAfter: 0.25 });
    const large = clip(Float32Array.of(3, -4), 0.5);
    expect(large.normBefore).toBe(5);
    expect(large.normAfter).toBeLessThanOrEqual(0.5);
    expect(large.clipped[0]).toBeCloseTo(0.3, 9);
    expect(large.clipped[1]).toBeCloseTo(-0.4, 9);
  });

  it('PR1 holds for every update: norm at most C, direction kept', () => {
    const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(values, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (update, clipL2) => {
        const before = Float32Array.from(update);
        const { clipped, normBefore, normAfter } = clip(before, clipL2);
        expect(Number.isFinite(normBefore)).toBe(true);
        expect(normAfter).toBeLessThanOrEqual(clipL2);
        expect(normAfter).toBeGreaterThanOrEqual(Math.min(normBefore, clipL2) * (1 - 1e-9));
        for (const [i, value] of clipped.entries()) {
          if (value !== 0) expect(Math.sign(value)).toBe(Math.sign(before[i] as number));
        }
      }),
    );
  });

  it('PR1 survives squares beyond float32 at both ends, and zero', () => {
    const huge = clip(new Float32Array(5000).fill(3.4e38), 1);
    expect(huge.normAfter).toBeCloseTo(1, 9);
    expect(huge.clipped[0]).toBeCloseTo(1 / Math.sqrt(5000), 9);
    const tiny = clip(Float32Array.of(1e-45, -1e-45), 1);
    expect(tiny.normAfter).toBeGreaterThan(0);
    expect(clip(new Float32Array(3), 1).normAfter).toBe(0);
  });

  it('PR1 refuses NaN and infinity by name', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => clip(Float32Array.of(0, bad), 1)).toThrow(/^update\[1\] must be finite$/);
      expect(() => clip(Float32Array.of(0, bad), 1)).toThrow(RangeError);
    }
    expect(() => clip([1] as unknown as Float32Array, 1)).toThrow(TypeError);
    expect(() => clip(Float32Array.of(1), 0)).toThrow(/clipL2/);
  });
});

describe('drawNoise', () => {
  it('PR3 is calibrated to 2B′, never below', () => {
    const std = noiseStd(task());
    const claimed = 0.6893 * 2 * normBound(2 ** 16, 11);
    expect(std).toBeGreaterThanOrEqual(claimed);
    expect(std).toBeLessThan(claimed * (1 + 1e-12));
  });

  it('PR4 has the variance of the claim, in every coordinate', () => {
    const wide = task({ d: 20_000 });
    const { coordinates, std } = drawNoise(wide, source());
    const variance = coordinates.reduce((sum, x) => sum + x * x, 0) / coordinates.length;
    // The relative standard error of a variance of n Gaussians is √(2/n) = 0.01.
    expect(Math.abs(variance / Number(exactSigmaSquared(std)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(coordinates.reduce((sum, x) => sum + x, 0))).toBeLessThan(
      5 * std * Math.sqrt(coordinates.length),
    );
  });

  it('adds nothing in the test tier, and refuses a tier without its mechanism', () => {
    expect(drawNoise(testTask(), source()).coordinates).toEqual(new Int32Array(11));
    const wrong = { code: 'wrong-mechanism' };
    const expectCode = (bad: NoiseTask, code: string): void => {
      expect(() => drawNoise(bad, source())).toThrow(expect.objectContaining({ code }));
    };
    expectCode(task({ mechanism: { name: 'none' } }), wrong.code);
    expectCode(testTask({ mechanism: { name: 'discrete-gaussian', sigma: 1 } }), wrong.code);
    expectCode(splitTask({ mechanism: { name: 'none' } }), wrong.code);
    expectCode(task({ tier: 'other' as 'split' }), 'unsupported-tier');
  });

  it('PR4 makes no noise of σ = 0, and nothing leaves without noise but in the test tier', () => {
    for (const tier of ['local', 'split'] as const) {
      const silent = task({ tier, mechanism: { name: 'discrete-gaussian', sigma: 0 } });
      expect(() => drawNoise(silent, source())).toThrow(/sigma must be above 0/);
    }
  });

  it('PR45 is σB′/√(½·n_min) in the split tier, never below, and half as much at four times n_min', () => {
    const std = noiseStd(splitTask());
    const claimed = (0.6893 * normBound(2 ** 16, 11)) / Math.sqrt(250);
    expect(std).toBeGreaterThanOrEqual(claimed);
    expect(std).toBeLessThan(claimed * (1 + 1e-12));
    const more = splitTask({ minReports: 2000, maxReports: 4000 });
    expect(noiseStd(more) / std).toBeCloseTo(0.5, 12);
    const { coordinates } = drawNoise(splitTask({ d: 20_000 }), source());
    const variance = coordinates.reduce((sum, x) => sum + x * x, 0) / coordinates.length;
    const expected = (0.6893 * normBound(2 ** 16, 20_000)) ** 2 / 250;
    // Two-sided 10⁻⁶ of χ² with 20,000 degrees of freedom: 4.9·√(2/d).
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.049);
  });

  it('PR45 refuses batches of more than twice n_min in the split tier', () => {
    expect(noiseStd(splitTask({ minReports: 500, maxReports: 1000 }))).toBeGreaterThan(0);
    expect(() => noiseStd(splitTask({ minReports: 500, maxReports: 1001 }))).toThrow(
      /maxReports must be at most twice minReports/,
    );
  });

  it('PR6 refuses a split task whose sums could wrap', () => {
    const wide = splitTask({ scaleBits: 22, minReports: 500, maxReports: 1000 });
    expect(() => noiseStd(wide)).toThrow(/modulo 2\^32/);
  });

  it('PR6 refuses a task whose coordinates could wrap', () => {
    const wide = task({ scaleBits: 24, mechanism: { name: 'discrete-gaussian', sigma: 10 } });
    expect(() => drawNoise(wide, source())).toThrow(RangeError);
  });
});

describe('privatize', () => {
  it('PR2 without noise is the clipped update in fixed point, within a unit', () => {
    const update = Float32Array.from({ length: 11 }, (_, i) => (i - 5) / 3);
    const { clipped } = clip(update, 0.5);
    const value = privatize(update, testTask(), drawNoise(testTask(), source()), source(2));
    expect(value.tier).toBe('test');
    for (const [i, z] of coordinatesOf(value).entries()) {
      expect(Math.abs(z - (clipped[i] as number) * (2 ** 16 / 0.5))).toBeLessThan(1);
    }
    expect(l2(coordinatesOf(value))).toBeLessThanOrEqual(normBound(2 ** 16, 11));
    expect(value.metrics.noiseStd).toBe(0);
    expect(value.metrics.signalToNoise).toBe(Number.POSITIVE_INFINITY);
  });

  it('PR3 adds the drawn noise to the rounded update, and reports both', () => {
    const update = Float32Array.from({ length: 11 }, (_, i) => i - 5);
    const noise = drawNoise(task(), source(7));
    const noised = privatize(update, task(), noise, source(3));
    const bare = privatize(update, testTask(), drawNoise(testTask(), source()), source(3));
    expect(coordinatesOf(noised)).toEqual(
      Int32Array.from(coordinatesOf(bare), (z, i) => z + (noise.coordinates[i] as number)),
    );
    const { normBefore, normAfter, noiseStd: std, signalToNoise } = noised.metrics;
    expect(normBefore).toBeCloseTo(Math.sqrt(110), 5);
    expect(normAfter).toBeCloseTo(0.5, 9);
    expect(std).toBeCloseTo((0.6893 * 2 * normBound(2 ** 16, 11) * 0.5) / 2 ** 16, 12);
    expect(signalToNoise).toBeCloseTo(0.5 / (Math.sqrt(11) * std), 9);
  });

  it('PR22 makes a noised zero of a zero', () => {
    const noise = drawNoise(task(), source(7));
    const value = privatize(new Float32Array(11), task(), noise, source());
    expect(coordinatesOf(value)).toEqual(noise.coordinates);
    expect(value.metrics.signalToNoise).toBe(0);
  });

  it('spends noise once, and takes none of another task or another maker', () => {
    const update = new Float32Array(11);
    const noise = drawNoise(task(), source());
    privatize(update, task(), noise, source());
    const code = (name: string): unknown => expect.objectContaining({ code: name });
    expect(() => privatize(update, task(), noise, source())).toThrow(code('reused-noise'));
    const copy = { ...drawNoise(task(), source()) };
    expect(() => privatize(update, task(), copy, source())).toThrow(code('reused-noise'));
    const weak = drawNoise(
      task({ mechanism: { name: 'discrete-gaussian', sigma: 0.1 } }),
      source(),
    );
    expect(() => privatize(update, task(), weak, source())).toThrow(code('wrong-noise'));
    const none = drawNoise(testTask(), source());
    expect(() => privatize(update, task(), none, source())).toThrow(code('wrong-noise'));
  });

  it('fails closed on another length, on NaN and beyond int32', () => {
    const make = (update: Float32Array, of: NoiseTask = task()): unknown =>
      privatize(update, of, drawNoise(of, source()), source());
    expect(() => make(new Float32Array(10))).toThrow(/update must have 11 coordinates/);
    expect(() => make(new Float32Array(11).fill(Number.NaN))).toThrow(/update\[0\] must be finite/);
    const near = drawNoise(task(), source());
    near.coordinates.fill(2 ** 31 - 1);
    const update = new Float32Array(11).fill(1);
    expect(() => privatize(update, task(), near, source())).toThrow(/beyond int32/);
  });
});
