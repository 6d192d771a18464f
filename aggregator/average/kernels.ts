/**
 * Exact sums of vectors that lie in WebAssembly memory, 128 bits at a time and eight vectors a
 * pass: what `kernels/sums.as.ts` exports, with its arguments checked. A sum reads its rows where
 * they are, so that a report that was received into this memory is never copied.
 */
import { assertInteger } from '../../shared/assert/assert.ts';
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { BINARY } from './kernels/binary.ts';

/** Coordinates of a row, and what their sums are made of. */
export const KERNEL_TYPES = {
  /** A ring: sums are uint32, mod 2^32. */
  u32: { bytes: 4, sumBytes: 4, lanes: 4, maxRows: Number.POSITIVE_INFINITY },
  /** Sums are int64, mod 2^64. */
  i64: { bytes: 8, sumBytes: 8, lanes: 2, maxRows: Number.POSITIVE_INFINITY },
  /** Sums are float64, exact while they stay within 2^53: 2^22 rows from zero. */
  i32: { bytes: 4, sumBytes: 8, lanes: 2, maxRows: 2 ** 22 },
  /** Sums are int32, exact for 2^16 rows from zero. */
  i16: { bytes: 2, sumBytes: 4, lanes: 8, maxRows: 2 ** 16 },
  /** Sums are float64, rounded as they come. */
  f64: { bytes: 8, sumBytes: 8, lanes: 2, maxRows: Number.POSITIVE_INFINITY },
} as const;

export type KernelType = keyof typeof KERNEL_TYPES;

export interface Kernels {
  readonly memory: WebAssembly.Memory;
  /** Byte address of SCRATCH_BYTES that belong to whoever has these kernels. */
  readonly scratch: number;
  /**
   * Adds vectors of `d` coordinates, little endian, at any byte addresses, to `d` sums at `into`,
   * which no row overlaps.
   * @throws TypeError or RangeError for an address outside the memory, or too many rows.
   */
  add(type: KernelType, rows: readonly number[], d: number, into: number): void;
  /**
   * OR of m over `d` int32 at a byte address, m = x, or −x − 1 where x is negative: no m is above
   * it, and it is below twice the largest.
   * @throws TypeError or RangeError for an address outside the memory.
   */
  magnitudeBits(address: number, d: number): number;
}

/** Rows of a pass. */
export const PASS = 8;

/**
 * Coordinates of a block in scratch, for what lies outside the memory: see wasm.ts. Measured by
 * bench `average` among 8192 to 32768: with eight rows it stays in a second-level cache.
 */
export const SCRATCH_BLOCK = 12_288;

/** Sums of one block and eight rows of it. */
export const SCRATCH_BYTES: number = SCRATCH_BLOCK * (8 + 4 * PASS);

/** Bytes of sums that stay in a second-level cache: shorter runs of a row are read more slowly. */
const BLOCK_BYTES = 256 * 1024;

type Eight = (...rowsIntoEnd: number[]) => void;
type One = (row: number, into: number, end: number) => void;

let compiled: WebAssembly.Module | null = null;

/**
 * @param memory does not grow: views on it stay good.
 * @param scratch byte address of SCRATCH_BYTES that nobody else uses, a multiple of 16.
 * @throws TypeError or RangeError for a wrong argument; WebAssembly.CompileError without SIMD.
 */
export function createKernels(memory: WebAssembly.Memory, scratch: number): Kernels {
  if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('memory must be a Memory');
  const size = memory.buffer.byteLength;
  // Addresses behind the last vector are computed in 32 bits.
  assertInteger('memory.buffer.byteLength', size, SCRATCH_BYTES, 2 ** 32 - 65_536);
  assertInteger('scratch', scratch, 0, size - SCRATCH_BYTES);
  if (scratch % 16 !== 0) throw new RangeError('scratch must be a multiple of 16');
  compiled ??= new WebAssembly.Module(fromBase64url(BINARY));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const functions = exports as Record<string, unknown>;
  const bits = functions.magnitudeBits as (at: number, end: number) => number;
  const assertRange = (name: string, address: number, bytes: number): void => {
    assertInteger(name, address, 0, size - bytes);
  };
  return {
    memory,
    scratch,
    add(type, rows, d, into) {
      const { bytes, sumBytes, lanes, maxRows } = KERNEL_TYPES[type];
      assertInteger('d', d, 0, size);
      assertInteger('rows.length', rows.length, 0, Math.min(maxRows, Number.MAX_SAFE_INTEGER));
      assertRange('into', into, sumBytes * d);
      for (const row of rows) assertRange('rows', row, bytes * d);
      const eight = functions[`eight${type.toUpperCase()}`] as Eight;
      const one = functions[`one${type.toUpperCase()}`] as One;
      const whole = d - (d % lanes);
      const block = BLOCK_BYTES / sumBytes;
      const grouped = rows.length - (rows.length % PASS);
      for (let start = 0; start < whole; start += block) {
        const end = Math.min(whole, start + block);
        const at = bytes * start;
        const [from, to] = [into + sumBytes * start, into + sumBytes * end];
        const row = (r: number): number => (rows[r] as number) + at;
        for (let r = 0; r < grouped; r += PASS) {
          eight(
            row(r),
            row(r + 1),
            row(r + 2),
            row(r + 3),
            row(r + 4),
            row(r + 5),
            row(r + 6),
            row(r + 7),
            from,
            to,
          );
        }
        for (let r = grouped; r < rows.length; r++) one(row(r), from, to);
      }
      if (whole === d) return;
      for (const row of rows)
        one(row + bytes * whole, into + sumBytes * whole, into + sumBytes * d);
    },
    magnitudeBits(address, d) {
      assertInteger('d', d, 0, size);
      assertRange('address', address, 4 * d);
      return bits(address, address + 4 * d);
    },
  };
}
