/** Gram matrices on a GPU against big integers and against float64 loops. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gram, gramOf } from '../../aggregator/average/robust/gram.ts';
import { type Device, openDevice } from '../../aggregator/average/webgpu/device.ts';
import { gramOn } from '../../aggregator/average/webgpu/gram.ts';
import { useSwiftShader } from './swiftshader.ts';

let device: Device;
beforeAll(async () => {
  useSwiftShader();
  device = await openDevice({ allowSoftware: true });
});
afterAll(() => device.close());

const OFFSET = 88;

function body(row: Int32Array): Uint8Array {
  const bytes = new Uint8Array(OFFSET + row.byteLength).fill(0xee);
  bytes.set(new Uint8Array(row.buffer), OFFSET);
  return bytes;
}

function exact(rows: readonly Int32Array[]): number[] {
  return rows.flatMap((x) =>
    rows.map((y) => Number(x.reduce((sum, one, k) => sum + BigInt(one) * BigInt(y[k] ?? 0), 0n))),
  );
}

/** Numbers that need exactly so many digits, the ends of each among them. */
function values(digits: number): fc.Arbitrary<number> {
  const ones = [1, 257, 65_793, 16_843_009, 2 ** 30][digits - 1] as number;
  const max = Math.min(127 * ones, 2 ** 31 - 1);
  const min = Math.max(-128 * ones, -(2 ** 31));
  return fc.oneof(fc.constantFrom(min, max, -1, 0, 128, -129), fc.integer({ min, max }));
}

function matrices(digits: number, max: { n: number; d: number }): fc.Arbitrary<Int32Array[]> {
  return fc
    .record({ n: fc.integer({ min: 1, max: max.n }), d: fc.integer({ min: 1, max: max.d }) })
    .chain(({ n, d }) =>
      fc.array(
        fc
          .array(digits === 1 ? fc.integer({ min: -128, max: 127 }) : values(digits), {
            minLength: d,
            maxLength: d,
          })
          .map((row) => Int32Array.from(row)),
        { minLength: n, maxLength: n },
      ),
    );
}

describe('Gram matrix on webgpu', () => {
  let gram: Gram;
  beforeAll(() => {
    gram = gramOn(device);
  });

  // Squares of d coordinates stay below 2^53: so far these are exact.
  it.each([
    { digits: 1, n: 17, d: 40 },
    { digits: 2, n: 17, d: 70 },
    { digits: 3, n: 5, d: 70 },
  ])('is exact for coordinates of $digits digits', async ({ digits, n, d }) => {
    await fc.assert(
      fc.asyncProperty(matrices(digits, { n, d }), async (rows) => {
        const made = await gram(rows.map(body), OFFSET, rows[0]?.length ?? 0);
        expect([...made]).toEqual(exact(rows));
      }),
      { numRuns: 5 },
    );
  });

  it.each([1, 257, 65_793])('takes the digits that 127 and −128 times %i need', async (ones) => {
    for (const end of [127 * ones, 127 * ones + 1, -128 * ones, -128 * ones - 1]) {
      const rows = [Int32Array.of(end, 0), Int32Array.of(Math.sign(end), 1)];
      expect([...(await gram(rows.map(body), OFFSET, 2))]).toEqual(exact(rows));
    }
  });

  it('is exact for few large coordinates, of 4 digits', async () => {
    const large = 94_906_265; // ⌊√2^53⌋
    const rows = [
      [large, 0, -1],
      [-large, 0, 0],
      [46_340, 67_000_000, -67_000_000],
      [1, 2 ** 26, 2 ** 26],
    ].map((row) => Int32Array.from(row));
    expect([...(await gram(rows.map(body), OFFSET, 3))]).toEqual(exact(rows));
  });

  it('where sums are not exact in float64, gives bit for bit what the CPU gives', async () => {
    await fc.assert(
      fc.asyncProperty(matrices(5, { n: 9, d: 80 }), async (rows) => {
        const bodies = rows.map(body);
        const d = rows[0]?.length ?? 0;
        expect(await gram(bodies, OFFSET, d)).toEqual(await gramOf(bodies, OFFSET, d));
      }),
      { numRuns: 5 },
    );
  });

  it('is the same in one piece and in panels and slices', async () => {
    const rows = Array.from({ length: 21 }, (_, r) =>
      Int32Array.from({ length: 131 }, (_, i) => Math.imul(i + 1, 0x9e37_79b1 + 2 * r) >> 13),
    );
    const bodies = rows.map(body);
    expect([...(await gram(bodies, OFFSET, 131))]).toEqual(exact(rows));
    const inParts = gramOn(device, { panel: 17, coordinates: 68 });
    expect([...(await inParts(bodies, OFFSET, 131))]).toEqual(exact(rows));
  });

  it('holds the longest slice of the largest products in its planes', async () => {
    const d = 2 ** 14; // what one slice holds
    const rows = [new Int32Array(d).fill(-128 * 257), new Int32Array(d).fill(127 * 257)];
    expect([...(await gram(rows.map(body), OFFSET, d))]).toEqual(exact(rows));
  });

  it('of nothing is nothing, and refuses a short row', async () => {
    expect(await gram([], 0, 5)).toEqual(new Float64Array(0));
    expect(await gram([body(Int32Array.of(1))], OFFSET, 0)).toEqual(new Float64Array(1));
    await expect(gram([new Uint8Array(99)], OFFSET, 3)).rejects.toThrow('reports[0]');
    await expect(gram([], 0, -1)).rejects.toThrow(RangeError);
  });
});
