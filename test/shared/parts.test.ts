/** Parts of the ranker from published sums, against answers by hand (models.md §1). */
import { describe, expect, it } from 'vitest';
import { posteriorMean } from '../../shared/model/pair-prior.ts';
import { graphRows, pairScores, popularRows } from '../../shared/model/pair-rows.ts';
import { pairMatrix, popularCounts, popularityScores } from '../../shared/model/parts.ts';

const GRAPH = {
  ids: ['a', 'b', 'c'],
  degree: 2,
  // a → a, b; b → b, c; c → c, nothing.
  graph: Uint32Array.of(0, 1, 1, 2, 2, 3),
};
const PAIR = { decay: 0.6, reach: 3 };

describe('popularity', () => {
  const settings = { floor: 1.5, scale: 3 };
  const scored = (sums: readonly number[], deviation: number): Float32Array =>
    popularityScores(popularCounts(sums, deviation, settings), settings);

  it('K16 is ln(1 + max(c − 1.5σ, 0)/3)', () => {
    expect([...popularCounts([10, 3, -40], 2, settings)]).toEqual([7, 0, 0]);
    const scores = scored([10, 3, 1, -40, 3.0001], 2);
    expect(scores[0]).toBeCloseTo(Math.log(1 + 7 / 3), 6);
    expect([...scores.slice(1, 4)]).toEqual([0, 0, 0]);
    expect(scores[4]).toBeCloseTo(Math.log(1 + 0.0001 / 3), 6);
  });

  it('gives zeros, never NaN, for sums that are no numbers', () => {
    expect([...scored([Number.NaN, 1], 1)]).toEqual([0, 0]);
    for (const deviation of [-1, Infinity]) {
      expect(() => popularCounts([1], deviation, settings)).toThrow(/deviation/);
    }
    expect(scored([], 0)).toHaveLength(0);
  });
});

describe('pairMatrix', () => {
  it('K17 keeps what is above the threshold, whole', () => {
    expect([...pairMatrix([6, 6.5, -9, 0], 2, { threshold: 3 })]).toEqual([0, 6.5, 0, 0]);
    expect([...pairMatrix([0.5, 0, -1, Number.NaN], 0, { threshold: 3 })]).toEqual([0.5, 0, 0, 0]);
  });
});

describe('pairScores', () => {
  const matrix = Float32Array.of(1, 2, 4, 8, 16, 32);

  it('K17 is ln(1 + Σ 0.6^q M[h₋₁₋q, j]) over the last three', () => {
    const scores = pairScores(graphRows(matrix, GRAPH), [2, 1, 0, 1, 0], PAIR);
    // q = 0: a adds 1 to a and 2 to b; q = 1: b adds 0.6·4 to b and 0.6·8 to c; q = 2: a again.
    expect(scores[0]).toBeCloseTo(Math.log(1 + 1 + 0.36), 6);
    expect(scores[1]).toBeCloseTo(Math.log(1 + 2 + 2.4 + 0.72), 6);
    expect(scores[2]).toBeCloseTo(Math.log(1 + 4.8), 6);
  });

  it('passes over missing neighbours and gives zeros for an empty history', () => {
    expect([...pairScores(graphRows(matrix, GRAPH), [], PAIR)]).toEqual([0, 0, 0]);
    const last = pairScores(graphRows(matrix, GRAPH), [2], PAIR);
    expect([last[0], last[1]]).toEqual([0, 0]);
    expect(last[2]).toBeCloseTo(Math.log(17), 6);
  });

  it('refuses another catalogue’s matrix and items, by name', () => {
    expect(() => graphRows(new Float32Array(5), GRAPH)).toThrow(/matrix/);
    for (const item of [3, -1, 0.5]) {
      expect(() => pairScores(graphRows(matrix, GRAPH), [item], PAIR)).toThrow(/history/);
    }
  });
});

describe('popularRows', () => {
  const POPULAR = { among: [0, 2, 3] } as const;
  /** Items 0 and 2 are alike, the others not. */
  const GOODS = {
    ids: ['a', 'b', 'c', 'd'],
    k: 2,
    vectors: Float32Array.of(1, 0, 0, 1, 0.9, Math.sqrt(1 - 0.81), 0, -1),
  };

  it('K17 hold both directions of the pairs, whose sums they are without noise', () => {
    // Pairs 0·2, 0·3, 2·3.
    const rows = popularRows(POPULAR, [9, -6, 7], 0, {}, GOODS);
    expect([...rows.starts]).toEqual([0, 1, 1, 3, 4]);
    expect([...rows.items]).toEqual([2, 0, 3, 2]);
    expect([...rows.values]).toEqual([9, 9, 7, 7]);
    expect(() => popularRows({ among: [0, 4] }, [9], 0, {}, GOODS)).toThrow(/among/);
    expect(() => popularRows(POPULAR, [9, 6, 7], Number.NaN, {}, GOODS)).toThrow(/deviation/);
  });

  it('K17 hold estimates under noise: of two equal sums the one of alike goods is more', () => {
    const among = { among: [0, 1, 2, 3] };
    // Pairs 0·1, 0·2, 0·3, 1·2, 1·3, 2·3; alike is 0·2 alone, 0·1 and 0·3 are orthogonal.
    const sums = [9, 9, -1, -1, -1, -1];
    const { starts, items, values } = popularRows(among, sums, 2, { scale: 8 }, GOODS);
    expect([...items.subarray(0, starts[1])]).toEqual([1, 2]);
    const prior = { deviation: 2, scale: 8 };
    // Means 4 of two pairs and 9 of one.
    const share = (4 - Math.SQRT2) / 8;
    expect(values[0]).toBeCloseTo(posteriorMean(9, { ...prior, share }), 5);
    expect(values[1]).toBeCloseTo(posteriorMean(9, { ...prior, share: 7 / 8 }), 5);
    const other = popularRows(among, sums, 2, {}, GOODS);
    expect(other.values[1]).toBeCloseTo(posteriorMean(9, { ...prior, share: 0.95, scale: 1.5 }), 5);
  });

  it('K17 hold every pair of many goods once in each direction', () => {
    const m = 60;
    const numbers = Array.from({ length: m }, (_, i) => i);
    const goods = { ids: numbers.map(String), k: 1, vectors: new Float32Array(m) };
    const sums = Float64Array.from({ length: (m * (m - 1)) / 2 }, (_, pair) => pair + 1);
    const { starts, items, values } = popularRows({ among: numbers }, sums, 0, {}, goods);
    expect([...starts]).toEqual([...numbers, m].map((row) => row * (m - 1)));
    for (const a of numbers) {
      const row = items.subarray(starts[a], starts[a + 1]);
      expect([...row].sort((x, y) => x - y)).toEqual(numbers.filter((b) => b !== a));
      for (const [at, b] of row.entries()) {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const pair = less * m - (less * (less + 1)) / 2 + (more - less);
        expect(values[a * (m - 1) + at]).toBe(pair);
      }
    }
  });

  it('K17 scores the decayed sum of estimates itself', () => {
    const rows = popularRows(POPULAR, [9, 0, 7], 0, {}, GOODS);
    const form = { decay: 0.5, reach: 2 };
    expect([...pairScores(rows, [3, 2], { ...form, linear: true })]).toEqual([9, 0, 3.5, 7]);
    const logarithms = [9, 0, 3.5, 7].map((sum) => Math.fround(Math.log1p(sum)));
    expect([...pairScores(rows, [3, 2], form)]).toEqual(logarithms);
  });
});
