import { describe, expect, it } from 'vitest';
import { epsilonOfRdp, INTEGER_ORDERS } from '../../shared/privacy/conversion.ts';
import { distributedRdp, shareInflation } from '../../shared/privacy/distributed.ts';
import type { RatioMethod } from '../../shared/privacy/empirical.ts';
import {
  clopperPearson,
  epsilonLowerBound,
  ratioLowerBound,
} from '../../shared/privacy/empirical.ts';
import { exponentialRdp } from '../../shared/privacy/exponential.ts';
import { transform } from '../../shared/privacy/fft.ts';
import { laplaceRdp } from '../../shared/privacy/laplace.ts';
import { bestPrivUnit, privUnitEpsilon, privUnitError } from '../../shared/privacy/privunit.ts';
import {
  shuffledDelta,
  shuffledEpsilon,
  shuffledEpsilonClosed,
} from '../../shared/privacy/research/shuffle.ts';
import { roundedSensitivity } from '../../shared/privacy/rounding.ts';
import { skellamRdp } from '../../shared/privacy/skellam.ts';
import { betaRegularised, logGamma, normalQuantile, solve } from '../../shared/privacy/special.ts';
import { treeDepth, treeRdp } from '../../shared/privacy/tree.ts';
import known from '../vectors/v1/accountant.json' with { type: 'json' };

const counts = (tp: number, fn: number, fp: number, tn: number) => ({
  truePositives: tp,
  falseNegatives: fn,
  falsePositives: fp,
  trueNegatives: tn,
});

describe('empirical lower bounds', () => {
  it.each(known.clopperPearson)('Clopper–Pearson of $hits in $trials', (row) => {
    const interval = clopperPearson(row.hits, row.trials, row.alpha);
    for (const [i, end] of interval.entries()) {
      expect(Math.abs(end - (row.interval[i] as number))).toBeLessThan(1e-12);
    }
  });

  it.each([
    ['KATZ_LOG', 473, 511, 755, 950, 1.01166194],
    ['ADJUSTED_LOG', 2, 697, 213, 313, 0.0031088],
    ['BAILEY', 1000, 10, 10, 10000, 613.58766147],
    ['BAILEY', 2, 697, 0, 313, 0.18481008],
    ['INV_SINH', 1000, 0, 10, 0, 0.93381958],
    ['KATZ_LOG', 0, 511, 755, 950, 0],
  ] as const)(
    '%s of %i %i %i %i is that of the R package asbio',
    (method, tp, fn, fp, tn, ratio) => {
      const bound = ratioLowerBound(counts(tp, fn, fp, tn), 0.05, method);
      expect(Math.abs(bound - ratio)).toBeLessThan(1e-7);
    },
  );

  it('says nothing where nothing was seen, and refuses unknown methods by name', () => {
    expect(epsilonLowerBound(counts(0, 9, 3, 9), 0.05, 'CLOPPER_PEARSON')).toBe(-Infinity);
    const method = 'WALD' as RatioMethod;
    expect(() => ratioLowerBound(counts(1, 1, 1, 1), 0.05, method)).toThrow("'WALD'");
    expect(() => ratioLowerBound(counts(1, 1, 1, 1), 0.5, 'BAILEY')).toThrow('alpha');
    expect(() => ratioLowerBound(counts(-1, 1, 1, 1), 0.05, 'BAILEY')).toThrow('truePositives');
  });
});

describe('PrivUnitG', () => {
  it.each(known.privUnitError)('d $d, p $p, q $q agrees with quadrature', (row) => {
    expect(Math.abs(privUnitError(row.d, row.p, row.q) / row.error - 1)).toBeLessThan(1e-10);
  });

  it('has its smallest error where no neighbour is smaller, at the ε asked for', () => {
    for (const epsilon of [0.5, 1, 2, 4, 8]) {
      const { p, q, gamma } = bestPrivUnit(epsilon, 20_000);
      expect(privUnitEpsilon(p, q)).toBeCloseTo(epsilon, 10);
      expect(gamma).toBeCloseTo(normalQuantile(q), 10);
      const least = privUnitError(20_000, p, q);
      for (const shift of [-0.01, 0.01]) {
        const other = 1 / (1 + ((1 - p) / p) * Math.exp(-shift));
        const partner = 1 / (1 + (other / (1 - other)) * Math.exp(-epsilon));
        expect(privUnitError(20_000, other, partner)).toBeGreaterThan(least);
      }
    }
  });

  it('gives the table of reference/privacy.md §1.4: 0.252, 0.127, 0.0365 per coordinate', () => {
    for (const [epsilon, deviation] of [
      [1, 0.252],
      [2, 0.127],
      [8, 0.0365],
    ] as const) {
      const { p, q } = bestPrivUnit(epsilon, 20_000);
      const each = Math.sqrt(privUnitError(20_000, p, q) / 20_000 / 100);
      expect(Math.abs(each / deviation - 1)).toBeLessThan(0.005);
    }
  });
});

describe('shuffling (research)', () => {
  it.each(known.shuffledDelta)(
    'n $reports, ε₀ $epsilon0, ε $epsilon agrees with all outcomes',
    (row) => {
      const delta = shuffledDelta(row.reports, row.epsilon0, row.epsilon);
      expect(Math.abs(delta / row.delta - 1)).toBeLessThan(1e-9);
    },
  );

  it('lies inside the published bracket, below the closed form and below ε₀', () => {
    const epsilon = shuffledEpsilon(100_000, 4, 1e-6);
    expect(epsilon).toBeGreaterThan(0.1675385583317841);
    expect(epsilon).toBeLessThan(0.172790550755978);
    expect(shuffledEpsilonClosed(100_000, 4, 1e-6)).toBeCloseTo(0.5378040242374512, 12);
    expect(shuffledEpsilonClosed(100, 4, 1e-6)).toBe(4);
  }, 120_000);
});

describe('distributed noise', () => {
  it('Skellam at B = 64 gives 1.67 where a naive accountant says 1.08 (privacy.md §2)', () => {
    const [scale, dimension, deviation] = [64, 20_000, 4.224678889326828];
    const input = { scale, clipL2: 1, dimension, beta: Math.exp(-0.5) };
    const epsilon = (rounding: boolean): number => {
      const rdp = skellamRdp(roundedSensitivity({ ...input, rounding }), deviation, scale);
      return epsilonOfRdp(INTEGER_ORDERS, INTEGER_ORDERS.map(rdp), 1e-6).value;
    };
    expect(epsilon(true)).toBeCloseTo(1.67, 2);
    expect(epsilon(false)).toBeCloseTo(1.08, 2);
  });

  it('shares of the discrete Gaussian cost nothing when wide and much when narrow', () => {
    expect(shareInflation(1000, 100)).toBe(0);
    expect(shareInflation(0.5, 1)).toBe(0);
    const sum = Array.from({ length: 99 }, (_, i) => (i + 1) / (i + 2)).reduce(
      (total, ratio) => total + Math.exp(-2 * Math.PI ** 2 * 0.25 * ratio),
      0,
    );
    expect(shareInflation(0.5, 100)).toBeCloseTo(10 * sum, 12);
    const sensitivity = { l1: 4, l2: 1 };
    const rdp = distributedRdp(sensitivity, 16, 0.5, 100, 1000);
    expect(rdp(8)).toBeCloseTo(8 / (2 * 25), 12);
    expect(distributedRdp(sensitivity, 16, 0.5, 100, 1)(8)).toBeGreaterThan(100);
  });

  it('rounding inflates the norm as reference/privacy.md says: 1.50 at 64, d = 20k', () => {
    const input = { scale: 64, clipL2: 1, beta: Math.exp(-0.5), rounding: true };
    expect(roundedSensitivity({ ...input, dimension: 20_000 }).l2).toBeCloseTo(1.5, 2);
    expect(roundedSensitivity({ ...input, dimension: 500_000 }).l2).toBeCloseTo(5.6, 1);
  });
});

describe('curves with closed forms', () => {
  it('a tree is as deep as its number of steps has bits; the deepest counts', () => {
    expect([1, 2, 3, 4, 7, 8, 1600].map(treeDepth)).toEqual([1, 2, 2, 3, 3, 4, 11]);
    expect(treeRdp(2, [1, 7, 3])(5)).toBe((5 * 3) / 8);
    expect(() => treeRdp(1, [])).toThrow('steps');
  });

  it('Laplace and the exponential mechanism go from KL to the pure ε', () => {
    expect(laplaceRdp(1)(1)).toBeCloseTo(Math.exp(-1), 12);
    expect(laplaceRdp(1)(1 + 1e-9)).toBeCloseTo(Math.exp(-1), 8);
    expect(laplaceRdp(0.5)(1e9)).toBeCloseTo(2, 7);
    expect(exponentialRdp(1)(1)).toBeCloseTo(0.123301561, 9);
    expect(exponentialRdp(1)(1000)).toBe(1);
    expect(exponentialRdp(1e-5)(2)).toBeCloseTo(2 * 1.25e-11, 18);
  });
});

describe('special functions', () => {
  it('ln Γ, the incomplete beta function and the normal quantile', () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14);
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 12);
    expect(betaRegularised(0.3, 2, 1)).toBeCloseTo(0.09, 14);
    expect(betaRegularised(0.5, 5000, 5000)).toBeCloseTo(0.5, 11);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
  });

  it('the transform is the sum that defines it, and its own inverse', () => {
    const n = 16;
    const [re, im] = [new Float64Array(n), new Float64Array(n)];
    for (let j = 0; j < n; j++) [re[j], im[j]] = [Math.sin(j * j), Math.cos(3 * j)];
    const [a, b] = [re.slice(), im.slice()];
    transform(re, im);
    for (let k = 0; k < n; k++) {
      let sum = 0;
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * j * k) / n;
        sum += (a[j] as number) * Math.cos(angle) - (b[j] as number) * Math.sin(angle);
      }
      expect(re[k]).toBeCloseTo(sum, 12);
    }
    transform(im, re);
    for (let j = 0; j < n; j++) expect((re[j] as number) / n).toBeCloseTo(a[j] as number, 14);
    expect(() => transform(new Float64Array(3), new Float64Array(3))).toThrow('power of two');
  });

  it('a target is met on the right side, from either direction, or refused', () => {
    expect(solve((x) => 3 - x)).toBeCloseTo(3, 10);
    expect(solve((x) => x * x - 1e-8, false)).toBeCloseTo(1e-4, 14);
    expect(() => solve(() => 1)).toThrow(RangeError);
  });
});
