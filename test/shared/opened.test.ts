import { describe, expect, it } from 'vitest';
import { serverNoise } from '../../aggregator/noise/noise.ts';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { normBound } from '../../shared/field/fixed.ts';
import { excessOf, openedLimits } from '../../shared/field/opened.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const TASK = { d: 4, scaleBits: 16, minReports: 50 };

describe('what an opened sum can be', () => {
  it('RD18 known answers', () => {
    const bound = normBound(2 ** 16, 4);
    expect(bound).toBeCloseTo(65_536.5, 0);
    const { coordinate, norm } = openedLimits(TASK, 2, 100);
    // 100 reports of a task with n_min 50: √(2 + 100/25) = √6.
    const deviation = 2 * bound * Math.sqrt(6);
    expect(coordinate).toBeCloseTo(100 * (bound + 1) + 10 * deviation, 3);
    expect(norm).toBeCloseTo(100 * bound + 12 * deviation, 3);
    expect(() => openedLimits(TASK, 0, 100)).toThrow(/sigma/);
    expect(() => openedLimits(TASK, 2, 0)).toThrow(/reports/);
  });

  it('RD18 names coordinates, and a norm that no coordinate gives away', () => {
    const limits = { coordinate: 10, norm: 12 };
    expect(excessOf(Float64Array.of(10, 0, -6, 0), limits)).toBeNull();
    expect(excessOf(Float64Array.of(0, 0, -11, 0), limits)).toEqual({
      coordinates: 1,
      norm: false,
    });
    expect(excessOf(Float64Array.of(9, -9, 0, 0), limits)).toEqual({ coordinates: 0, norm: true });
    expect(excessOf(Float64Array.of(11, -11, 0, 0), limits)).toEqual({
      coordinates: 2,
      norm: true,
    });
  });

  it('RD18 all browsers saying the same at the full clip is honest, with all noise', () => {
    const source = new ChaChaSource(new Uint8Array(32).fill(1));
    for (const d of [1, 28, 400]) {
      const task: NoiseTask = {
        ...TASK,
        tier: 'split',
        mechanism: discreteGaussian(2.5),
        d,
        clipL2: 1,
        maxReports: 100,
      };
      const sum = new Float64Array(d);
      const add = (z: Int32Array): void => {
        for (const [i, one] of z.entries()) sum[i] = (sum[i] as number) + one;
      };
      const update = new Float32Array(d);
      update[0] = 1;
      for (let i = 0; i < 60; i++) {
        const { payload } = privatize(update, task, drawNoise(task, source), source);
        if (payload.form === 'coordinates') add(payload.coordinates);
      }
      for (let server = 0; server < 2; server++) {
        add(serverNoise(task, new Uint8Array(32).fill(d + server)).noise);
      }
      const limits = openedLimits(task, 2.5, 60);
      expect(excessOf(sum, limits)).toBeNull();
      // One report that says what only three times as many could say.
      sum[0] = (sum[0] as number) + 3 * limits.coordinate;
      expect(excessOf(sum, limits)).not.toBeNull();
    }
  });
});
