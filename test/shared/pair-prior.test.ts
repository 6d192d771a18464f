/** Estimates of pairs under noise, against the posterior integrated numerically, and their laws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likenessBand, pairEstimates, posteriorMean } from '../../shared/model/pair-prior.ts';

/** E[y | x] by the midpoint rule over y, spike and slab apart; slow. */
function integrated(x: number, deviation: number, share: number, scale: number): number {
  const noise = (y: number): number => Math.exp(-(((x - y) / deviation) ** 2) / 2);
  const [steps, most] = [400_000, Math.max(0, x) + 12 * deviation];
  let [mass, moment] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const y = ((i + 0.5) * most) / steps;
    const density = (noise(y) * Math.exp(-y / scale) * most) / (steps * scale);
    mass += density;
    moment += y * density;
  }
  return (share * moment) / (share * mass + (1 - share) * noise(0));
}

const PRIOR = { deviation: 2.4, share: 0.05, scale: 1.5 };

describe('posteriorMean', () => {
  it.each([
    [0, 2.4, 0.05, 1.5],
    [6, 2.4, 0.05, 1.5],
    [-5, 2.4, 0.2, 1.5],
    [12, 2.4, 1e-5, 1.5],
    [3, 0.5, 0.3, 1.5],
    [9, 4.8, 0.95, 0.7],
    [-12, 4.8, 0.5, 0.7],
    // t = x/σ − σ/s at and around the ends of the centre.
    [-7.2, 2.4, 0.1, 2400],
    [-7.21, 2.4, 0.1, 2400],
    [7.22, 2.4, 0.1, 2400],
    [18, 2.4, 0.1, 2400],
  ])('K17 is E[y | x]: x %d, σ %d, π %d, s %d', (x, deviation, share, scale) => {
    const expected = integrated(x, deviation, share, scale);
    const estimate = posteriorMean(x, { deviation, share, scale });
    expect(Math.abs(estimate / expected - 1)).toBeLessThan(1e-6);
  });

  it('K17 grows with x, from above 0 to x less σ²/s, without NaN 40 deviations out', () => {
    for (const prior of [PRIOR, { ...PRIOR, deviation: 300 }, { ...PRIOR, deviation: 0.01 }]) {
      let before = 0;
      for (let step = -400; step <= 400; step++) {
        const x = (step / 10) * prior.deviation;
        const estimate = posteriorMean(x, prior);
        // A deviation of 0.01 says 0 so surely that float64 says so too.
        if (prior.deviation > 1) expect(estimate).toBeGreaterThan(before);
        else expect(estimate).toBeGreaterThanOrEqual(before);
        before = estimate;
      }
    }
    const far = posteriorMean(40 * 2.4, PRIOR);
    expect(far).toBeCloseTo(40 * 2.4 - 2.4 ** 2 / 1.5, 9);
    expect(posteriorMean(1e6, PRIOR)).toBeCloseTo(1e6 - 3.84, 6);
    expect(posteriorMean(-1e6, PRIOR)).toBeGreaterThan(0);
  });

  it('K17 is nearly nothing at 0, all of x without noise, and more where more is expected', () => {
    expect(posteriorMean(0, PRIOR)).toBeLessThan(0.05);
    expect(posteriorMean(3.25, { ...PRIOR, deviation: 0 })).toBe(3.25);
    expect(posteriorMean(-1, { ...PRIOR, deviation: 0 })).toBe(0);
    expect(posteriorMean(3.25, { ...PRIOR, deviation: 1e-9 })).toBeCloseTo(3.25, 6);
    fc.assert(
      fc.property(
        fc.double({ min: -20, max: 40, noNaN: true }),
        fc.double({ min: 1e-5, max: 0.5, noNaN: true }),
        (x, share) => {
          const less = posteriorMean(x, { ...PRIOR, share });
          const more = posteriorMean(x, { ...PRIOR, share: 1.5 * share });
          expect(more).toBeGreaterThanOrEqual(less);
          // By no more than the odds of the slab.
          const odds = (1.5 * (1 - share)) / (1 - 1.5 * share);
          expect(more).toBeLessThan(odds * less * (1 + 1e-9));
        },
      ),
    );
  });
});

describe('likenessBand', () => {
  it('K17 parts cosines at −0.1, 0, 0.1, 0.2, 0.35, 0.5, 0.7, an edge to the band above', () => {
    const cosines = [-1, -0.1, -0.05, 0, 0.1, 0.19, 0.2, 0.35, 0.5, 0.699, 0.7, 1.01];
    expect(cosines.map(likenessBand)).toEqual([0, 1, 1, 2, 3, 3, 4, 5, 6, 6, 7, 7]);
  });
});

describe('pairEstimates', () => {
  const of = (
    sums: readonly number[],
    bands: readonly number[],
    deviation: number,
    scale = 1.5,
  ) => [...pairEstimates(sums, Uint8Array.from(bands), deviation, scale)];

  it('K17 take the share of the slab from the mean of their band less its own noise', () => {
    // Means 2.5 and 1.3 of four pairs each, known to ±1: shares 0.5 and 0.1.
    const found = of([4, 2, 3, 1, 4, -2, 3, 0.2], [1, 1, 1, 1, 5, 5, 5, 5], 2, 3);
    expect(found[0]).toBe(posteriorMean(4, { deviation: 2, share: 0.5, scale: 3 }));
    const share = (1.3 - 1) / 3;
    expect(found[4]).toBeCloseTo(posteriorMean(4, { deviation: 2, share, scale: 3 }), 12);
    expect(found[0] as number).toBeGreaterThan(2 * (found[4] as number));
    // One pair alone proves nothing of its band, a thousand like it do.
    const [lonely] = of([2], [7], 2, 3);
    const [common] = of(new Array(1000).fill(2), new Array(1000).fill(7), 2, 3);
    expect(lonely).toBe(0);
    expect(common).toBeGreaterThan(0.5);
  });

  it('K17 clip that share: a mean below 0 or above s is the noise’s', () => {
    const [most] = of([30, 30], [2, 2], 2);
    expect(most).toBe(posteriorMean(30, { deviation: 2, share: 0.95, scale: 1.5 }));
    const [least] = of([15, -90], [2, 2], 2);
    expect(least).toBe(posteriorMean(15, { deviation: 2, share: 1e-5, scale: 1.5 }));
  });

  it('K17 leave out what is at most 0.3, or the noise where that is less', () => {
    // Their mean is above s, so that the share is 0.95.
    const sums = Array.from({ length: 400 }, (_, i) => i / 20 - 9);
    const found = of(sums, new Array(400).fill(0), 3, 0.3);
    for (const [i, one] of found.entries()) {
      const all = posteriorMean(sums[i] as number, { deviation: 3, share: 0.95, scale: 0.3 });
      expect(one).toBe(all > 0.3 ? all : 0);
    }
    expect(found.filter((one) => one === 0).length).toBeGreaterThan(50);
    expect(found.filter((one) => one > 0).length).toBeGreaterThan(50);
    expect(of([0.2, 0.05, -1, 0], [0, 0, 0, 0], 0)).toEqual([0.2, 0.05, 0, 0]);
    const [kept, lost] = of([0.2, 0.0001], [0, 0], 0.001);
    expect(kept).toBeCloseTo(0.2, 5);
    expect(lost).toBe(0);
  });

  it('K17 count nothing for sums that are no numbers, nor for a band’s mean', () => {
    const found = of([Number.NaN, 8, Number.POSITIVE_INFINITY, -1], [3, 3, 3, 3], 2);
    expect(found[0]).toBe(0);
    expect(found[1]).toBeCloseTo(posteriorMean(8, { deviation: 2, share: 0.95, scale: 1.5 }), 12);
    expect(of([], [], 2)).toEqual([]);
  });

  it('refuses a deviation, a scale and bands that are none, by name', () => {
    for (const deviation of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => of([1], [0], deviation)).toThrow(/deviation/);
    }
    for (const scale of [0, -1, Number.NaN]) expect(() => of([1], [0], 1, scale)).toThrow(/scale/);
    expect(() => of([1, 2], [0], 1)).toThrow(/bands/);
  });
});
