import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auc,
  averagePrecision,
  bestThreshold,
  calibration,
  classification,
  logLoss,
} from '../../shared/model/metrics/binary.ts';
import { wape } from '../../shared/model/metrics/forecast.ts';
import {
  hitRate,
  ndcg,
  rankAmong,
  rankOf,
  recall,
  reciprocalRank,
} from '../../shared/model/metrics/ranking.ts';
import { folds, mulberry32, pairedBootstrap } from '../../shared/model/metrics/resample.ts';

const scoresAndLabels = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1)), { minLength: 1 })
  .map((rows) => ({ scores: rows.map(([s]) => s / 9), labels: rows.map(([, y]) => y) }));

describe('ranking metrics', () => {
  it('counts who stands before the target, and with it', () => {
    expect(rankOf([3, 1, 2, 2], 2)).toEqual({ greater: 1, tied: 2 });
    expect(rankOf([3, 1, 2, 2], 2, [0, 3, 3, 2, 9])).toEqual({ greater: 0, tied: 1 });
    expect(rankOf([Number.NaN, 1], 1)).toEqual({ greater: 0, tied: 1 });
    expect(rankAmong([3, 1, 2, 2], 1, [0, 2])).toEqual({ greater: 2, tied: 1 });
    expect(() => rankOf([1], 4)).toThrow(RangeError);
    expect(() => rankAmong([Number.NaN], 0, [])).toThrow(RangeError);
  });

  it('has the values of the definitions', () => {
    const third = { greater: 2, tied: 1 };
    expect(hitRate(third, 3)).toBe(1);
    expect(hitRate(third, 2)).toBe(0);
    expect(ndcg(third, 10)).toBe(0.5);
    expect(ndcg({ greater: 1, tied: 1 }, 10)).toBeCloseTo(0.6309297535714575, 12);
    expect(ndcg({ greater: 10, tied: 1 }, 10)).toBe(0);
    expect(reciprocalRank(third)).toBeCloseTo(1 / 3, 12);
    expect(reciprocalRank(third, 2)).toBe(0);
    expect(recall([third, { greater: 9, tied: 1 }], 5)).toBe(0.5);
    expect(recall([], 5)).toBe(0);
  });

  it('is the mean over the orders of the tied', () => {
    fc.assert(
      fc.property(fc.nat(15), fc.integer({ min: 1, max: 12 }), (greater, tied) => {
        const mean = (of: (rank: { greater: number; tied: number }) => number): number =>
          Array.from({ length: tied }, (_, i) => of({ greater: greater + i, tied: 1 })).reduce(
            (sum, value) => sum + value / tied,
            0,
          );
        const rank = { greater, tied };
        expect(hitRate(rank, 10)).toBeCloseTo(
          mean((one) => hitRate(one, 10)),
          12,
        );
        expect(ndcg(rank, 10)).toBeCloseTo(
          mean((one) => ndcg(one, 10)),
          12,
        );
        expect(reciprocalRank(rank, 10)).toBeCloseTo(
          mean((one) => reciprocalRank(one, 10)),
          12,
        );
      }),
    );
  });
});

describe('metrics of two classes', () => {
  it('auc is the share of pairs in the right order, ties half', () => {
    expect(auc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1);
    expect(auc([4, 3, 2, 1], [0, 0, 1, 1])).toBe(0);
    expect(auc([1, 3, 2, 4], [0, 0, 1, 1])).toBe(0.75);
    expect(auc([5, 5, 5], [0, 1, 1])).toBe(0.5);
    expect(auc([1, 2], [1, 1])).toBe(0.5);
  });

  it('auc agrees with counting every pair', () => {
    fc.assert(
      fc.property(scoresAndLabels, ({ scores, labels }) => {
        let right = 0;
        let pairs = 0;
        for (const [i, a] of scores.entries()) {
          for (const [j, b] of scores.entries()) {
            if (labels[i] !== 1 || labels[j] !== 0) continue;
            pairs++;
            right += a > b ? 1 : a === b ? 0.5 : 0;
          }
        }
        expect(auc(scores, labels)).toBeCloseTo(pairs === 0 ? 0.5 : right / pairs, 12);
      }),
    );
  });

  it('average precision sums precision over the steps of recall', () => {
    // Hits at ranks 1, 3 and 4: (1/1 + 2/3 + 3/4) / 3.
    expect(averagePrecision([5, 4, 3, 2, 1], [1, 0, 1, 1, 0])).toBeCloseTo(0.8055555555, 9);
    expect(averagePrecision([1, 1, 1, 1], [1, 0, 0, 0])).toBe(0.25);
    expect(averagePrecision([1], [0])).toBe(0);
  });

  it('classifies at and above the threshold', () => {
    const found = classification([0.9, 0.8, 0.4, 0.3, 0.1], [1, 0, 1, 0, 0], 0.4);
    expect(found.accuracy).toBe(0.8);
    expect(found.precision).toBeCloseTo(2 / 3, 12);
    expect(found.recall).toBe(1);
    expect(found.f1).toBeCloseTo(0.8, 12);
    expect(classification([0], [1], 1)).toEqual({ accuracy: 0, precision: 0, recall: 0, f1: 0 });
  });

  it('finds the threshold that no other beats', () => {
    fc.assert(
      fc.property(scoresAndLabels, ({ scores, labels }) => {
        const best = classification(scores, labels, bestThreshold(scores, labels)).f1;
        for (const score of scores) {
          expect(best).toBeGreaterThanOrEqual(classification(scores, labels, score).f1 - 1e-12);
        }
      }),
    );
    expect(bestThreshold([1, 2], [0, 0])).toBe(Number.POSITIVE_INFINITY);
  });

  it('measures log loss and calibration', () => {
    expect(logLoss([0.5, 0.5], [0, 1])).toBeCloseTo(Math.LN2, 12);
    expect(logLoss([1, 0], [0, 1])).toBeCloseTo(24 * Math.LN2, 6);
    // Bin 0.2: mean 0.25 of 4 rows, one hit; bin 0.9: 0.9 of 1 row, no hit.
    const found = calibration([0.25, 0.25, 0.25, 0.25, 0.9], [1, 0, 0, 0, 0]);
    expect(found.ece).toBeCloseTo(0.9 / 5, 12);
    expect(found.brier).toBeCloseTo((0.5625 + 3 * 0.0625 + 0.81) / 5, 12);
    expect(() => calibration([2], [1])).toThrow(/probabilities\[0\]/);
  });

  it('refuses rows that are no rows', () => {
    expect(() => auc([1], [])).toThrow(RangeError);
    expect(() => auc([Number.NaN], [1])).toThrow(RangeError);
    expect(() => auc([1], [2])).toThrow(RangeError);
  });
});

describe('forecasts', () => {
  it('wape is the error over what happened', () => {
    expect(wape([10, 0, 30], [12, 3, 25])).toBe(0.25);
    expect(wape([10, 20], [0, 0])).toBe(1);
    expect(wape([0], [0])).toBe(0);
    expect(wape([0], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(() => wape([1], [])).toThrow(RangeError);
  });
});

describe('resampling', () => {
  it('mulberry32 has its known stream', () => {
    const next = mulberry32(1);
    expect(Array.from({ length: 3 }, () => Math.floor(next() * 2 ** 32))).toEqual([
      2693262067, 11749833, 2265367787,
    ]);
  });

  it('folds hold every row once, in equal parts, stratum by stratum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { minLength: 5, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 2, max: 5 }),
        (strata, seed, k) => {
          const parts = folds(strata.length, k, seed, strata);
          const rows = parts.flat().sort((a, b) => a - b);
          expect(rows).toEqual(strata.map((_, i) => i));
          for (const label of [null, 0, 1, 2]) {
            const sizes = parts.map(
              (part) => part.filter((row) => label === null || strata[row] === label).length,
            );
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
    expect(folds(20, 4, 1)).toEqual(folds(20, 4, 1));
    expect(folds(20, 4, 1)).not.toEqual(folds(20, 4, 2));
    expect(() => folds(3, 4, 0)).toThrow(RangeError);
    expect(() => folds(3, 2, 0, [1])).toThrow(RangeError);
  });

  it('the bootstrap interval covers the mean and shrinks as theory says', () => {
    const next = mulberry32(7);
    const b = Array.from({ length: 400 }, () => next());
    // Sum of twelve uniforms less six: variance 1.
    const normal = (): number => Array.from({ length: 12 }, next).reduce((x, y) => x + y, -6);
    const a = b.map((value) => value + 0.1 + 0.2 * normal());
    const { mean, low, high } = pairedBootstrap(a, b, 2000, 3);
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    // Normal theory: 1.96 × 0.2 / √400 = 0.0196 on either side.
    expect(high - low).toBeGreaterThan(0.03);
    expect(high - low).toBeLessThan(0.05);
    expect(pairedBootstrap(a, b, 2000, 3)).toEqual({ mean, low, high });
    expect(() => pairedBootstrap([1], [], 10, 0)).toThrow(RangeError);
  });
});
