/** What every averaging backend must do: exact sums, equal to big integers in every coordinate. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AverageBackend } from '../../aggregator/average/backend.ts';

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

export function averageContract(backend: AverageBackend): void {
  it('RD6 sums like big integers, whatever number, length, offset and alignment', () => {
    const batches = fc
      .record({ d: fc.integer({ min: 1, max: 40 }), n: fc.integer({ min: 0, max: 11 }) })
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
    fc.assert(
      fc.property(batches, ({ rows, start, offset, shift }) => {
        const vectors = rows.map((row) => Int32Array.from(row));
        const into = Float64Array.from(start);
        const bodies = vectors.map((row) => body(row, offset, shift));
        backend.sum(bodies, offset, into);
        expect(into).toEqual(exact(vectors, Float64Array.from(start)));
      }),
    );
  });

  it('RD6 the order of arrival and the split into groups leave no trace', () => {
    const rows = fc.array(fc.array(int32, { minLength: 5, maxLength: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.nat(12), (values, cut) => {
        const bodies = values.map((row) => body(Int32Array.from(row), 0, 0));
        const once = new Float64Array(5);
        backend.sum(bodies, 0, once);
        const twice = new Float64Array(5);
        const turned = [...bodies].reverse();
        backend.sum(turned.slice(0, cut), 0, twice);
        backend.sum(turned.slice(cut), 0, twice);
        expect(twice).toEqual(once);
      }),
    );
  });

  it('RD6 is exact past one block and at the ends of int32', () => {
    const d = 30_001;
    const rows = Array.from({ length: 9 }, (_, r) =>
      Int32Array.from({ length: d }, (_, i) =>
        r % 2 === 0 ? 2 ** 31 - 1 - i : -(2 ** 31) + i * r,
      ),
    );
    const into = new Float64Array(d);
    backend.sum(
      rows.map((row) => body(row, 88, 0)),
      88,
      into,
    );
    expect(into).toEqual(exact(rows, new Float64Array(d)));
  });

  it('RD6 is exact for more reports than a 32-bit lane holds', () => {
    const ends = [-(2 ** 31), 2 ** 31 - 1].map((end) => body(Int32Array.of(end, -1, 65_535), 0, 0));
    const into = new Float64Array(3);
    backend.sum(
      Array.from({ length: 70_000 }, (_, i) => ends[i < 69_000 ? 0 : 1] as Uint8Array),
      0,
      into,
    );
    expect([...into]).toEqual([
      -(2 ** 31) * 69_000 + (2 ** 31 - 1) * 1000,
      -70_000,
      70_000 * 65_535,
    ]);
  });

  it('refuses a report that is too short and changes nothing', () => {
    const into = new Float64Array(4);
    const good = body(Int32Array.of(1, 2, 3, 4), 0, 0);
    expect(() => backend.sum([good, good.subarray(0, 12)], 0, into)).toThrow(RangeError);
    expect(() => backend.sum([good], 3, into)).toThrow(RangeError);
    expect([...into]).toEqual([0, 0, 0, 0]);
  });
}
