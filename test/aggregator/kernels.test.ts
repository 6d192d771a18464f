import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createKernels,
  KERNEL_TYPES,
  type Kernels,
  type KernelType,
  SCRATCH_BYTES,
} from '../../aggregator/average/kernels.ts';
import { magnitudeBitsOn } from '../../aggregator/average/wasm.ts';

const PAGE = 65_536;
const SCRATCH = 4 * PAGE;
/** Rows and sums of the tests lie behind scratch, up to the end of the memory. */
const FREE = SCRATCH + Math.ceil(SCRATCH_BYTES / PAGE) * PAGE;
const SIZE = FREE + 56 * PAGE;
/** Where small batches lie. */
const WINDOW = SIZE - 16_384;

function fresh(): Kernels {
  const pages = SIZE / PAGE;
  return createKernels(new WebAssembly.Memory({ initial: pages, maximum: pages }), SCRATCH);
}

const kernels = fresh();
const bytes = new Uint8Array(kernels.memory.buffer);
const view = new DataView(kernels.memory.buffer);

interface Format {
  read(at: number): bigint;
  write(at: number, value: bigint): void;
}

/** How DataView reads and writes each type of coordinate and of sum. */
const FORMATS: Record<'u32' | 'i64' | 'i32' | 'i16' | 'f64', Format> = {
  u32: {
    read: (at) => BigInt(view.getUint32(at, true)),
    write: (at, x) => view.setUint32(at, Number(x), true),
  },
  i64: {
    read: (at) => view.getBigInt64(at, true),
    write: (at, x) => view.setBigInt64(at, x, true),
  },
  i32: {
    read: (at) => BigInt(view.getInt32(at, true)),
    write: (at, x) => view.setInt32(at, Number(x), true),
  },
  i16: {
    read: (at) => BigInt(view.getInt16(at, true)),
    write: (at, x) => view.setInt16(at, Number(x), true),
  },
  f64: {
    read: (at) => BigInt(view.getFloat64(at, true)),
    write: (at, x) => view.setFloat64(at, Number(x), true),
  },
};

/** Type of the sums, their wrap, and the ends of what a coordinate and a start may be. */
const LAWS: Record<
  KernelType,
  { sums: keyof typeof FORMATS; wrap(x: bigint): bigint; low: bigint; high: bigint; start: bigint }
> = {
  u32: {
    sums: 'u32',
    wrap: (x) => BigInt.asUintN(32, x),
    low: 0n,
    high: 2n ** 32n - 1n,
    start: 2n ** 32n - 1n,
  },
  i64: {
    sums: 'i64',
    wrap: (x) => BigInt.asIntN(64, x),
    low: -(2n ** 63n),
    high: 2n ** 63n - 1n,
    start: 2n ** 63n - 1n,
  },
  i32: { sums: 'f64', wrap: (x) => x, low: -(2n ** 31n), high: 2n ** 31n - 1n, start: 2n ** 50n },
  i16: { sums: 'i32', wrap: (x) => x, low: -(2n ** 15n), high: 2n ** 15n - 1n, start: 2n ** 30n },
  f64: { sums: 'f64', wrap: (x) => x, low: -(2n ** 40n), high: 2n ** 40n, start: 2n ** 50n },
};

const TYPES = Object.keys(KERNEL_TYPES) as KernelType[];

interface Batch {
  readonly rows: readonly (readonly bigint[])[];
  readonly start: readonly bigint[];
  /** Bytes past a multiple of 16 at which each row and the sums begin. */
  readonly shifts: readonly number[];
  readonly intoShift: number;
}

function batches(type: KernelType): fc.Arbitrary<Batch> {
  const { low, high, start } = LAWS[type];
  const value = fc.oneof(fc.constantFrom(low, high, 0n, 1n), fc.bigInt({ min: low, max: high }));
  return fc
    .record({ d: fc.integer({ min: 0, max: 37 }), n: fc.integer({ min: 0, max: 19 }) })
    .chain(({ d, n }) =>
      fc.record({
        rows: fc.array(fc.array(value, { minLength: d, maxLength: d }), {
          minLength: n,
          maxLength: n,
        }),
        start: fc.array(fc.bigInt({ min: low < 0n ? -start : 0n, max: start }), {
          minLength: d,
          maxLength: d,
        }),
        shifts: fc.array(fc.nat(15), { minLength: n, maxLength: n }),
        intoShift: fc.nat(15),
      }),
    );
}

/** Writes a batch at the end of the memory, the last row up to its last byte, and sums it. */
function sumBatch(type: KernelType, { rows, start, shifts, intoShift }: Batch): bigint[] {
  const { bytes: size, sumBytes } = KERNEL_TYPES[type];
  const sums = FORMATS[LAWS[type].sums];
  const d = start.length;
  const room = 16 * Math.ceil((size * d + 16) / 16);
  bytes.fill(0xa5, WINDOW);
  const into = WINDOW + 64 + intoShift;
  for (const [i, one] of start.entries()) sums.write(into + sumBytes * i, one);
  const addresses = rows.map(
    (_, r) =>
      SIZE -
      size * d -
      (rows.length - 1 - r) * room -
      (r === rows.length - 1 ? 0 : (shifts[r] as number)),
  );
  for (const [r, row] of rows.entries()) {
    for (const [i, one] of row.entries()) {
      FORMATS[type].write((addresses[r] as number) + size * i, one);
    }
  }
  const before = bytes.slice(WINDOW);
  kernels.add(type, addresses, d, into);
  const result = start.map((_, i) => sums.read(into + sumBytes * i));
  // Nothing but the sums has changed.
  before.set(bytes.subarray(into, into + sumBytes * d), into - WINDOW);
  expect(Buffer.compare(bytes.subarray(WINDOW), before)).toBe(0);
  return result;
}

describe.each(TYPES)('kernel %s', (type) => {
  it('RD6 sums like big integers at every length, number and alignment', () => {
    const { wrap } = LAWS[type];
    fc.assert(
      fc.property(batches(type), (batch) => {
        const expected = batch.start.map((one, i) =>
          wrap(batch.rows.reduce((sum, row) => sum + (row[i] as bigint), one)),
        );
        expect(sumBatch(type, batch)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('RD6 sums past a block of the cache, with a rest of rows and of lanes', () => {
    const { bytes: size, sumBytes, lanes } = KERNEL_TYPES[type];
    const sums = FORMATS[LAWS[type].sums];
    const { wrap, low, high } = LAWS[type];
    const d = (256 * 1024) / sumBytes + 3 * lanes + 1;
    const into = FREE;
    const addresses = Array.from({ length: 11 }, (_, r) => FREE + sumBytes * d + r * size * d);
    bytes.fill(0, into, into + sumBytes * d);
    const at = (r: number, i: number): bigint =>
      (i % 3 === 0 ? low : high) / BigInt(1 + ((i + r) % 5));
    for (const [r, address] of addresses.entries()) {
      for (let i = 0; i < d; i++) FORMATS[type].write(address + size * i, at(r, i));
    }
    kernels.add(type, addresses, d, into);
    const wrong: number[] = [];
    for (let i = 0; i < d; i++) {
      const expected = wrap(addresses.reduce((sum, _, r) => sum + at(r, i), 0n));
      if (sums.read(into + sumBytes * i) !== expected) wrong.push(i);
    }
    expect(wrong).toEqual([]);
  });

  it('refuses an address outside the memory and changes nothing', () => {
    const { bytes: size } = KERNEL_TYPES[type];
    const before = bytes.slice(FREE, FREE + 64);
    const add = (rows: readonly number[], d: number, into: number) => () =>
      kernels.add(type, rows, d, into);
    expect(add([SIZE - 4 * size + 1], 4, FREE)).toThrow(/rows/);
    expect(add([FREE, -1], 4, FREE)).toThrow(/rows/);
    expect(add([FREE + 0.5], 4, FREE)).toThrow(RangeError);
    expect(add(['0' as never], 4, FREE)).toThrow(TypeError);
    expect(add([FREE], 4, SIZE - 8)).toThrow(/into/);
    expect(add([FREE], -1, FREE)).toThrow(/d must/);
    expect(bytes.slice(FREE, FREE + 64)).toEqual(before);
    expect(add([], 4, SIZE - 32)).not.toThrow();
    expect(add([SIZE], 0, SIZE)).not.toThrow();
  });
});

describe('kernels', () => {
  it('RD6 i16 is exact for 2^16 rows and takes no more', () => {
    view.setInt16(FREE, -(2 ** 15), true);
    view.setInt16(FREE + 2, 2 ** 15 - 1, true);
    view.setInt32(FREE + 16, 0, true);
    view.setInt32(FREE + 20, 0, true);
    const rows = new Array<number>(2 ** 16).fill(FREE);
    kernels.add('i16', rows, 2, FREE + 16);
    expect(view.getInt32(FREE + 16, true)).toBe(-(2 ** 31));
    expect(view.getInt32(FREE + 20, true)).toBe(2 ** 31 - 2 ** 16);
    expect(() => kernels.add('i16', [...rows, FREE], 2, FREE + 16)).toThrow(/rows.length/);
  });

  it('f64 adds eight rows as a tree, then the rest in turn', () => {
    const values = Array.from({ length: 11 }, (_, r) => Math.sqrt(r + 2) * 10 ** ((r % 4) - 2));
    const [a, b, c, d, e, f, g, h, x, y, z] = values as [number, ...number[]] & number[];
    const start = 0.1;
    const tree =
      start +
      (a +
        (b as number) +
        ((c as number) + (d as number)) +
        ((e as number) + (f as number) + ((g as number) + (h as number))));
    const expected = tree + (x as number) + (y as number) + (z as number);
    for (const i of [0, 1]) view.setFloat64(FREE + 8 * i, start, true);
    const rows = values.map((value, r) => {
      for (const i of [0, 1]) view.setFloat64(FREE + 64 + 16 * r + 8 * i, value, true);
      return FREE + 64 + 16 * r;
    });
    kernels.add('f64', rows, 2, FREE);
    expect([view.getFloat64(FREE, true), view.getFloat64(FREE + 8, true)]).toEqual([
      expected,
      expected,
    ]);
  });

  it('RD5 magnitudeBits holds every magnitude and is below twice the largest', () => {
    const int32 = fc.oneof(
      fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -1, 0, 1),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.integer({ min: -9, max: 9 }),
    );
    const outside = magnitudeBitsOn(kernels);
    fc.assert(
      fc.property(fc.array(int32, { maxLength: 40 }), fc.nat(15), (values, shift) => {
        bytes.fill(0xff, FREE, FREE + 256);
        const at = FREE + shift;
        for (const [i, one] of values.entries()) view.setInt32(at + 4 * i, one, true);
        const expected = values.reduce((bits, x) => bits | (x < 0 ? -x - 1 : x), 0);
        expect(kernels.magnitudeBits(at, values.length)).toBe(expected);
        expect(outside(Int32Array.from(values))).toBe(expected);
        if (shift % 4 === 0) {
          const inside = new Int32Array(kernels.memory.buffer, at, values.length);
          expect(outside(inside)).toBe(expected);
        }
      }),
    );
    const long = new Int32Array(70_001);
    for (const [i, one] of [
      [0, 1],
      [24_576, 2],
      [30_000, -5],
      [70_000, 64],
    ] as const)
      long[i] = one;
    expect(outside(long)).toBe(1 | 2 | 4 | 64);
    expect(() => kernels.magnitudeBits(SIZE - 4, 2)).toThrow(/address/);
  });

  it('refuses a memory that is too small and scratch outside it', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    expect(() => createKernels(memory, 0)).toThrow(/memory/);
    expect(() => createKernels({} as never, 0)).toThrow(TypeError);
    expect(() => createKernels(kernels.memory, SIZE - SCRATCH_BYTES + 16)).toThrow(/scratch/);
    expect(() => createKernels(kernels.memory, 8)).toThrow(/multiple of 16/);
  });
});
