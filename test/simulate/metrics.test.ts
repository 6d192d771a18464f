import { describe, expect, it } from 'vitest';
import { auc, meanQuality, pairedBootstrap, rowQuality } from './metrics.ts';
import { SeededRandom } from './random.ts';

describe('full-ranking metrics', () => {
  it('gives 1 / log2(rank + 1) inside the first ten and 0 after', () => {
    const scores = Array.from({ length: 30 }, (_, i) => 30 - i);
    expect(rowQuality(scores, 0)).toEqual({ hit: 1, gain: 1 });
    expect(rowQuality(scores, 1).gain).toBeCloseTo(0.6309297535714575, 12);
    expect(rowQuality(scores, 9).gain).toBeCloseTo(0.2890648263178879, 12);
    expect(rowQuality(scores, 10)).toEqual({ hit: 0, gain: 0 });
  });

  it('takes the expectation over tied items', () => {
    expect(rowQuality([1, 1], 0).gain).toBeCloseTo((1 + 0.6309297535714575) / 2, 12);
    const flat = rowQuality(new Float32Array(20), 3);
    expect(flat.hit).toBeCloseTo(0.5, 12);
    expect(flat.gain).toBeCloseTo(4.543559338088346 / 20, 12);
  });

  it('does not rank what is excluded', () => {
    expect(rowQuality([5, 4, 3], 1, [0])).toEqual({ hit: 1, gain: 1 });
  });

  it('averages in percent', () => {
    expect(meanQuality([rowQuality([2, 1], 0), rowQuality([2, 1], 1)])).toEqual({
      hr10: 100,
      ndcg10: 50 * (1 + 1 / Math.log2(3)),
    });
  });

  it('refuses a target without a score and unpaired rows', () => {
    expect(() => rowQuality([1], 4)).toThrow(RangeError);
    expect(() => pairedBootstrap([1], [], 's')).toThrow(RangeError);
  });
});

describe('area under the curve', () => {
  it('is the share of pairs in the right order, ties half', () => {
    expect(auc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1);
    expect(auc([4, 3, 2, 1], [0, 0, 1, 1])).toBe(0);
    expect(auc([1, 3, 2, 4], [0, 0, 1, 1])).toBe(0.75);
    expect(auc([5, 5, 5], [0, 1, 1])).toBe(0.5);
    expect(auc([1, 2], [1, 1])).toBe(0.5);
  });
});

describe('paired bootstrap', () => {
  it('covers a mean that is there and excludes zero where the difference is plain', () => {
    const random = new SeededRandom('bootstrap');
    const b = Array.from({ length: 400 }, () => random.uniform());
    const a = b.map((value) => value + 0.1 + 0.2 * random.normal());
    const { mean, low, high } = pairedBootstrap(a, b, 'x');
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    // Normal theory: 1.96 × 0.2 / √400 = 0.0196 on either side.
    expect(high - low).toBeGreaterThan(0.03);
    expect(high - low).toBeLessThan(0.05);
  });

  it('gives the same interval for the same seed', () => {
    const rows = [0, 1, 0, 1, 1];
    expect(pairedBootstrap(rows, [0, 0, 0, 0, 0], 's')).toEqual(
      pairedBootstrap(rows, [0, 0, 0, 0, 0], 's'),
    );
  });
});
