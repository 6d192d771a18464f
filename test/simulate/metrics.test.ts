import { describe, expect, it } from 'vitest';
import { meanQuality, rowQuality } from './metrics.ts';

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

  it('refuses a target without a score', () => {
    expect(() => rowQuality([1], 4)).toThrow(RangeError);
  });
});
