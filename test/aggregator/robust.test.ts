import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centeredClipping } from '../../aggregator/average/robust/clipping.ts';
import { coordinateMedian, trimmedMean } from '../../aggregator/average/robust/columns.ts';
import { type Gram, gramOf } from '../../aggregator/average/robust/gram.ts';
import { multiKrum } from '../../aggregator/average/robust/krum.ts';
import { robustOf } from '../../aggregator/average/robust/mean.ts';
import { meanOfRows } from '../../aggregator/average/robust/rows.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import type { RobustAggregate } from '../../shared/model/recipe.ts';

const rows = (...all: readonly (readonly number[])[]): Int32Array[] =>
  all.map((one) => Int32Array.from(one));

const AGGREGATES: readonly RobustAggregate[] = [
  { name: 'experimental-multi-krum', hostile: 0.2 },
  { name: 'experimental-trimmed-mean', hostile: 0.2 },
  { name: 'experimental-median' },
  { name: 'experimental-centered-clipping', radius: 50, iterations: 3 },
];

/** At least five rows, so that 2f + 2 < n. */
const batch = (largest: number): fc.Arbitrary<Int32Array[]> =>
  fc.integer({ min: 1, max: 4 }).chain((d) =>
    fc.array(
      fc
        .array(fc.integer({ min: -largest, max: largest }), { minLength: d, maxLength: d })
        .map((one) => Int32Array.from(one)),
      { minLength: 6, maxLength: 20 },
    ),
  );

describe('robust statistics, by hand', () => {
  it('RD22 multi-Krum leaves out the row with the farthest neighbours', async () => {
    // n = 5, f = 1: two nearest each. Scores: 0: 1+4, 1: 1+1, 2: 1+4, 10: 36+64, 4: 4+9.
    const line = rows([0], [1], [2], [10], [4]);
    expect([...(await multiKrum(line, 0.2))]).toEqual([7 / 4]);
    // Two nearest each: 17, 10, 10, 5, 13, so 0 goes; with one or three it would be 7.
    expect([...(await multiKrum(rows([0], [1], [4], [5], [7]), 0.2))]).toEqual([17 / 4]);
    // −2 and 2 have the same score: the smaller row stays, in any order.
    for (const ends of [[-2, 2] as const, [2, -2] as const]) {
      const tied = rows([ends[0]], [-1], [0], [1], [ends[1]]);
      expect([...(await multiKrum(tied, 0.2))]).toEqual([-0.5]);
    }
    // n = 9, f = 2: both far ones go.
    const two = rows([0, 0], [0, 1], [1, 0], [1, 1], [900, 900], [0, 0], [0, 1], [1, 0], [-900, 4]);
    expect([...(await multiKrum(two, 0.25))]).toEqual([3 / 7, 3 / 7]);
  });

  it('RD22 multi-Krum takes the Gram matrix that it is given', async () => {
    const line = rows([0], [1], [2], [10], [4]);
    const seen: unknown[] = [];
    const gram: Gram = (given, offset, d) => {
      seen.push([given.map((one) => [...one]), offset, d]);
      return gramOf(given, offset, d);
    };
    expect(await multiKrum(line, 0.2, gram)).toEqual(await multiKrum(line, 0.2));
    expect(seen).toEqual([[line.map((one) => [...encodeInt32LE(one)]), 0, 1]]);
    // Another matrix, another choice: by this one the first row lies far from all.
    const other: Gram = () => Float64Array.from({ length: 25 }, (_, i) => (i === 0 ? 1e6 : 0));
    expect([...(await multiKrum(line, 0.2, other))]).toEqual([17 / 4]);
  });

  it('RD22 trimmed mean and median, odd and even', async () => {
    const five = rows([5, -100], [1, 1], [3, 2], [2, 3], [1000, 4]);
    expect([...(await trimmedMean(five, 0.2))]).toEqual([10 / 3, 2]);
    expect([...(await trimmedMean(five, 0.4))]).toEqual([3, 2]);
    expect([...(await coordinateMedian(five))]).toEqual([3, 2]);
    expect([...(await coordinateMedian(rows([4], [1], [3], [-2])))]).toEqual([2]);
    const ends = rows([2 ** 31 - 1], [2 ** 31 - 1], [-(2 ** 31)], [-(2 ** 31)]);
    expect([...(await coordinateMedian(ends))]).toEqual([-0.5]);
    // More columns than one pass gathers.
    const wide = [0, 1, 2].map((k) => Int32Array.from({ length: 37 }, (_, i) => (k - 1) * 100 + i));
    expect(await coordinateMedian(wide)).toEqual(Float64Array.from({ length: 37 }, (_, i) => i));
  });

  it('RD22 centred clipping: one step and two, and nothing to clip', async () => {
    // (4, 0) is scaled to 1, and so is (3.5, 0) from (0.5, 0).
    const axis = rows([4, 0], [0, 0]);
    expect([...(await centeredClipping(axis, 1, 1))]).toEqual([0.5, 0]);
    expect([...(await centeredClipping(axis, 1, 2))]).toEqual([0.75, 0]);
    const two = rows([3, 4], [0, 0]);
    const [x, y] = await centeredClipping(two, 1, 1);
    expect(x).toBeCloseTo(0.3, 14);
    expect(y).toBeCloseTo(0.4, 14);
    expect([...(await centeredClipping(two, 1000, 1))]).toEqual([1.5, 2]);
  });

  it('RD22 Gram matrix, exact beyond 2^31', async () => {
    const one = rows([2 ** 21, -3], [5, 7], [-(2 ** 21), 1], [0, 0], [1, 1]).map(encodeInt32LE);
    const gram = await gramOf(one, 0, 2);
    const [a, b] = [2 ** 21, 2 ** 42];
    expect([...gram]).toEqual([
      ...[b + 9, 5 * a - 21, -b - 3, 0, a - 3],
      ...[5 * a - 21, 74, 7 - 5 * a, 0, 12],
      ...[-b - 3, 7 - 5 * a, b + 1, 0, 1 - a],
      ...[0, 0, 0, 0, 0],
      ...[a - 3, 12, 1 - a, 0, 2],
    ]);
    const behind = one.map((bytes) => Uint8Array.from([1, 2, 3, 4, ...bytes]));
    expect(await gramOf(behind, 4, 2)).toEqual(gram);
  });
});

describe('robust statistics, by law', () => {
  for (const aggregate of AGGREGATES) {
    it(`RD22 ${aggregate.name} does not depend on the order of the reports`, async () => {
      await fc.assert(
        fc.asyncProperty(batch(1e6), fc.infiniteStream(fc.nat()), async (all, order) => {
          const keyed = all.map((row) => ({ row, key: order.next().value as number }));
          const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ row }) => row);
          const [one, other] = [
            await robustOf(aggregate, all, 1),
            await robustOf(aggregate, shuffled, 1),
          ];
          // Centred clipping alone rounds on its way: a report's place is fixed by its id (RD22).
          const clipped = aggregate.name === 'experimental-centered-clipping';
          for (const [i, x] of one.entries()) {
            expect(Math.abs(x - (other[i] as number))).toBeLessThanOrEqual(clipped ? 1e-9 : 0);
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  it('RD22 with nobody hostile, or nothing beyond the radius, it is the mean', async () => {
    await fc.assert(
      fc.asyncProperty(batch(2 ** 31 - 1), async (all) => {
        const mean = meanOfRows(all);
        expect(await multiKrum(all, 0)).toEqual(mean);
        expect(await trimmedMean(all, 0)).toEqual(mean);
        const clipped = await centeredClipping(all, 1e12, 1);
        for (const [i, x] of clipped.entries()) {
          expect(Math.abs(x - (mean[i] as number))).toBeLessThanOrEqual(1e-4);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('RD22 breakdown: one fifth of hostile reports moves none of them out of the honest range', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 16, maxLength: 16 }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        async (honest, hostile) => {
          const all = rows(...honest.map((x) => [x]), [hostile], [hostile], [hostile], [hostile]);
          const far = Math.abs(hostile) > 1e5;
          for (const aggregate of AGGREGATES) {
            const [x] = await robustOf(aggregate, all, 1);
            expect(Math.abs(x as number), aggregate.name).toBeLessThanOrEqual(far ? 100 : 1e5);
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it('RD22 beyond the breakdown point the mean is not the only one that follows', async () => {
    const honest = Array.from({ length: 8 }, (_, i) => [i]);
    const hostile = Array.from({ length: 12 }, () => [1_000_000]);
    for (const aggregate of AGGREGATES.slice(0, 3)) {
      const [x] = await robustOf(aggregate, rows(...honest, ...hostile), 1);
      expect(x, aggregate.name).toBeGreaterThan(1e5);
    }
  });

  it('RD22 refuses what it cannot bear', async () => {
    await expect(multiKrum(rows([1], [2], [3], [4]), 0.25)).rejects.toThrow(/2f \+ 2 < n/);
    await expect(trimmedMean(rows([1], [2]), 0.5)).rejects.toThrow(/hostile/);
    await expect(coordinateMedian([])).rejects.toThrow(/rows/);
    await expect(coordinateMedian(rows([1], [1, 2]))).rejects.toThrow(/rows\[1\]/);
    await expect(coordinateMedian([[1]] as never)).rejects.toThrow(TypeError);
    await expect(centeredClipping(rows([1]), 0, 1)).rejects.toThrow(/radius/);
    await expect(centeredClipping(rows([1]), 1, 0)).rejects.toThrow(/iterations/);
    await expect(
      multiKrum(rows([1], [2], [3], [4], [5]), 0.2, () => new Float64Array(4)),
    ).rejects.toThrow(/gram/);
    await expect(robustOf({ name: 'mean' } as never, rows([1]), 1)).rejects.toThrow(/aggregate/);
  });
});
