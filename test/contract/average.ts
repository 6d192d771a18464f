/**
 * What every averaging backend must do (RD6): exact sums, equal to big integers in every
 * coordinate. A backend may answer later; nothing here depends on when.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AverageBackend } from '../../aggregator/average/backend.ts';

export interface AverageShapes {
  /** Random batches of a property. */
  readonly runs: number;
  /** Coordinates of the long case. */
  readonly longD: number;
  /** Reports of the case with many, of which one in seventy is of the other sign. */
  readonly manyReports: number;
}

const FULL: AverageShapes = { runs: 100, longD: 30_001, manyReports: 70_000 };

/** For a software adapter, where a launch takes milliseconds. */
export const SMALL: AverageShapes = { runs: 12, longD: 2_051, manyReports: 700 };

const CASES = {
  known: 'RD6 known answers at the ends of int32',
  bigIntegers: 'RD6 sums like big integers, whatever number, length, offset and alignment',
  order: 'RD6 the order of arrival and the split into groups leave no trace',
  long: 'RD6 is exact past one block and at the ends of int32',
  many: 'RD6 is exact for more reports than a 32-bit lane holds',
  nothing: 'RD6 no reports change nothing, and of reports nothing is changed',
  short: 'refuses a report that is too short and changes nothing',
} as const;

type Case = keyof typeof CASES;

export interface AverageOptions {
  readonly shapes?: AverageShapes;
  /** Cases that a backend cannot pass, each with its reason. */
  readonly skip?: Partial<Record<Case, string>>;
}

function exact(rows: readonly Int32Array[], start: Float64Array): Float64Array {
  return start.map((one, i) => {
    const total = rows.reduce((sum, row) => sum + BigInt(row[i] as number), BigInt(one));
    return Number(total);
  });
}

/** Bytes of a row after `offset` bytes of something else, `shift` bytes into its buffer. */
function body(row: Int32Array, offset: number, shift: number): Uint8Array {
  const bytes = new Uint8Array(shift + offset + row.byteLength).fill(0xee);
  bytes.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), shift + offset);
  return bytes.subarray(shift);
}

const int32 = fc.oneof(
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -1, 0, 1),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

/**
 * Declares the cases inside a `describe`.
 *
 * @param open called once, when the first case runs.
 * @param place puts the bytes of a report where this backend reads them; as they are by default.
 */
export function averageContract(
  open: () => AverageBackend | Promise<AverageBackend>,
  { shapes = FULL, skip = {} }: AverageOptions = {},
  place: (report: Uint8Array) => Uint8Array = (report) => report,
): void {
  let opened: Promise<AverageBackend> | null = null;
  const sum = async (
    reports: readonly Uint8Array[],
    offset: number,
    into: Float64Array,
  ): Promise<void> => {
    opened ??= Promise.resolve(open());
    await (await opened).sum(reports.map(place), offset, into);
  };
  const test = (name: Case, work: () => Promise<void>): void => {
    const reason = skip[name];
    if (reason === undefined) it(CASES[name], work, 60_000);
    else it.skip(`${CASES[name]} (skipped: ${reason})`, work);
  };

  test('known', async () => {
    const rows = [-(2 ** 31), 2 ** 31 - 1, -1, 7, 2 ** 31 - 1];
    const into = Float64Array.of(0, 5, -(2 ** 52));
    await sum(
      rows.map((one) => body(Int32Array.of(one, 1, -one - 1), 88, 0)),
      88,
      into,
    );
    expect([...into]).toEqual([2 ** 31 + 4, 10, -(2 ** 52) - (2 ** 31 + 4) - 5]);
  });

  test('bigIntegers', async () => {
    const batches = fc
      .record({ d: fc.integer({ min: 1, max: 40 }), n: fc.integer({ min: 0, max: 21 }) })
      .chain(({ d, n }) =>
        fc.record({
          rows: fc.array(fc.array(int32, { minLength: d, maxLength: d }), {
            minLength: n,
            maxLength: n,
          }),
          start: fc.array(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), {
            minLength: d,
            maxLength: d,
          }),
          offset: fc.constantFrom(0, 4, 88),
          shift: fc.integer({ min: 0, max: 5 }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(batches, async ({ rows, start, offset, shift }) => {
        const vectors = rows.map((row) => Int32Array.from(row));
        const into = Float64Array.from(start);
        await sum(
          vectors.map((row) => body(row, offset, shift)),
          offset,
          into,
        );
        expect(into).toEqual(exact(vectors, Float64Array.from(start)));
      }),
      { numRuns: shapes.runs },
    );
  });

  test('order', async () => {
    const rows = fc.array(fc.array(int32, { minLength: 5, maxLength: 5 }), { maxLength: 22 });
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(22), async (values, cut) => {
        const bodies = values.map((row) => body(Int32Array.from(row), 0, 0));
        const once = new Float64Array(5);
        await sum(bodies, 0, once);
        const twice = new Float64Array(5);
        const turned = [...bodies].reverse();
        await sum(turned.slice(0, cut), 0, twice);
        await sum(turned.slice(cut), 0, twice);
        expect(twice).toEqual(once);
      }),
      { numRuns: shapes.runs },
    );
  });

  test('long', async () => {
    const d = shapes.longD;
    const rows = Array.from({ length: 19 }, (_, r) =>
      Int32Array.from({ length: d }, (_, i) =>
        r % 2 === 0 ? 2 ** 31 - 1 - i : -(2 ** 31) + i * r,
      ),
    );
    const into = new Float64Array(d);
    await sum(
      rows.map((row) => body(row, 88, 0)),
      88,
      into,
    );
    expect(into).toEqual(exact(rows, new Float64Array(d)));
  });

  test('many', async () => {
    const ends = [-(2 ** 31), 2 ** 31 - 1].map((end) => body(Int32Array.of(end, -1, 65_535), 0, 0));
    const n = shapes.manyReports;
    const few = n / 70;
    const into = new Float64Array(3);
    await sum(
      Array.from({ length: n }, (_, i) => ends[i < n - few ? 0 : 1] as Uint8Array),
      0,
      into,
    );
    expect([...into]).toEqual([-(2 ** 31) * (n - few) + (2 ** 31 - 1) * few, -n, n * 65_535]);
  });

  test('nothing', async () => {
    const into = Float64Array.of(1, -2, 3);
    await sum([], 0, into);
    await sum([], 88, into);
    expect([...into]).toEqual([1, -2, 3]);
    const report = body(Int32Array.of(4, 5, 6), 4, 0);
    const before = Uint8Array.from(report);
    await sum([report, report], 4, into);
    expect([...into]).toEqual([9, 8, 15]);
    expect(report).toEqual(before);
    await sum([report], 16, new Float64Array(0));
  });

  test('short', async () => {
    const into = new Float64Array(4);
    const good = body(Int32Array.of(1, 2, 3, 4), 0, 0);
    await expect(sum([good, good.subarray(0, 12)], 0, into)).rejects.toThrow(RangeError);
    await expect(sum([good], 3, into)).rejects.toThrow(RangeError);
    expect([...into]).toEqual([0, 0, 0, 0]);
  });
}
