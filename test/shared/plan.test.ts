import { describe, expect, it } from 'vitest';
import { normBoundSquared, roundStochastic } from '../../shared/field/fixed.ts';
import { predictedError } from '../../shared/plan/error.ts';
import { taskErrorGuard } from '../../shared/privacy/guard.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { DiscreteGaussian, exactSigmaSquared } from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const base = { d: 20_000, clipL2: 1, scaleBits: 15, minReports: 100 } as const;

describe('predictedError', () => {
  it('gives the local column of reference/privacy.md §1.4 (Gaussian, analytic σ)', () => {
    const error = (sigma: number, reports: number): number =>
      predictedError({ ...base, tier: 'local', sigma, reports });
    expect(error(4.2247, 100)).toBeCloseTo(119.5, 1);
    expect(error(4.2247, 100_000)).toBeCloseTo(3.78, 2);
    expect(error(0.6529, 10_000)).toBeCloseTo(1.85, 2);
  });

  it('gives DESIGN.md §2 in the split tier: two servers and the browsers’ share', () => {
    const error = predictedError({
      ...base,
      tier: 'split',
      sigma: 2,
      reports: 200,
      minReports: 150,
    });
    const bound = Math.sqrt(normBoundSquared(2 ** 15, 20_000)) / 2 ** 15;
    expect(error).toBeCloseTo((Math.sqrt(20_000 * (2 + 200 / 75)) * 2 * bound) / 200, 6);
  });

  it('leaves rounding alone in the test tier', () => {
    const error = predictedError({ ...base, tier: 'test', sigma: 0, reports: 4 });
    expect(error).toBe(Math.sqrt(20_000) / 2 ** 17);
  });

  it('agrees with a simulated mean within 2 %, five standard errors of 1/√(2d)', () => {
    const d = 40_000;
    const reports = 5;
    const source = new ChaChaSource(new Uint8Array(32).fill(3));
    const boundSquared = normBoundSquared(256, d);
    const sigma = 0.7;
    const noise = new DiscreteGaussian(exactSigmaSquared(2 * sigma * Math.sqrt(boundSquared)));
    const u = new Float64Array(d).fill(1 / Math.sqrt(d));
    const mean = new Float64Array(d);
    const drawn = new Float64Array(d);
    for (let i = 0; i < reports; i++) {
      const z = roundStochastic(u, 256, boundSquared, source);
      noise.fill(drawn, source);
      for (let j = 0; j < d; j++) {
        mean[j] = (mean[j] as number) + ((z[j] as number) + (drawn[j] as number)) / (256 * reports);
      }
    }
    const error = Math.sqrt(mean.reduce((sum, x, j) => sum + (x - (u[j] as number)) ** 2, 0));
    const input = {
      tier: 'local',
      d,
      clipL2: 1,
      scaleBits: 8,
      sigma,
      reports,
      minReports: 1,
    } as const;
    expect(error / predictedError(input)).toBeGreaterThan(0.98);
    expect(error / predictedError(input)).toBeLessThan(1.02);
  });

  it('refuses an unknown tier and noiseless tiers that promise noise', () => {
    const input = { ...base, tier: 'local', sigma: 0, reports: 1 } as const;
    expect(() => predictedError(input)).toThrow('sigma');
    expect(() => predictedError({ ...input, tier: 'x' as 'test' })).toThrow('tier');
  });
});

describe('taskErrorGuard', () => {
  it('PR7 refuses where the error at n_min exceeds the clip, with both figures', () => {
    const mechanism = discreteGaussian(0.6893);
    const input = { ...base, tier: 'local', mechanism } as const;
    const few = taskErrorGuard({ ...input, minReports: 1_000 });
    expect(few.ok).toBe(false);
    expect(few.predictedL2).toBeGreaterThan(few.clipL2);
    expect(taskErrorGuard({ ...input, minReports: 40_000 }).ok).toBe(true);
    expect(taskErrorGuard({ ...input, d: 500, minReports: 1_000 })).toMatchObject({
      ok: true,
      clipL2: 1,
    });
  });
});
