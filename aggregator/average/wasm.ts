/**
 * WASM SIMD kernel, assembled here: 128-bit int32 lanes, eight reports a pass.
 *
 * A lane keeps Σx mod 2^32 and Σ(x >> 16). With at most 2^15 reports the second is within 2^30 and
 * Σ(x & 0xffff) below 2^31, so the exact sum is hi·2^16 + ((mod − hi·2^16) mod 2^32). That is four
 * instructions for four coordinates, and no conversion inside the loop.
 *
 * Reports are copied block by block into scratch that stays in the second-level cache, so their
 * memory is read once and may lie anywhere.
 */
import { type AverageBackend, assertReports } from './backend.ts';

/** Coordinates of a block at most: 48 KB a row. Measured by bench `average` among 8192 to 32768. */
const BLOCK = 12_288;
const ROW_BYTES = 4 * BLOCK;
const MAX_ROWS = 2 ** 15;
/** Reports that one function adds in a pass; the first one that still fits is taken. */
const PASSES = [8, 4, 1] as const;
const MOD = 8 * ROW_BYTES;
const HI = 9 * ROW_BYTES;

const LOCAL = { end: 0, at: 1, row: 2 } as const;

function leb(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...leb(rest)];
}

const section = (id: number, bytes: readonly number[]): number[] => [
  id,
  ...leb(bytes.length),
  ...bytes,
];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const I32_ADD = [0x6a];
const I32X4_ADD = [0xfd, 0xae, 0x01];
const SHIFT_16 = [0x41, 16, 0xfd, 0xac, 0x01];
/** Aligned to 4 bytes, at a place that is part of the instruction. */
const load = (place: number): number[] => [0xfd, 0x00, 2, ...leb(place)];
const store = (place: number): number[] => [0xfd, 0x0b, 2, ...leb(place)];

/** Body of a function that adds the first `rows` rows to both sums, up to byte `end` of each. */
function adder(rows: number): number[] {
  const numbers = Array.from({ length: rows }, (_, row) => row);
  const into = (sum: number, term: (row: number) => number[]): number[] => [
    ...[...get(LOCAL.at), ...get(LOCAL.at), ...load(sum)],
    ...numbers.flatMap((row) => [...term(row), ...I32X4_ADD]),
    ...store(sum),
  ];
  const code = [
    ...[2, 1, 0x7f, rows, 0x7b],
    ...[0x03, 0x40],
    ...numbers.flatMap((row) => [
      ...[...get(LOCAL.at), ...load(row * ROW_BYTES)],
      ...set(LOCAL.row + row),
    ]),
    ...into(MOD, (row) => get(LOCAL.row + row)),
    ...into(HI, (row) => [...get(LOCAL.row + row), ...SHIFT_16]),
    ...[...get(LOCAL.at), 0x41, 16, ...I32_ADD, 0x22, LOCAL.at],
    ...[...get(LOCAL.end), 0x49, 0x0d, 0, 0x0b],
    0x0b,
  ];
  return [...leb(code.length), ...code];
}

/** The module: memory "m" and the functions "a", "b", "c" of PASSES. 0x7f is i32. */
function moduleBytes(pages: number): Uint8Array<ArrayBuffer> {
  const exported = PASSES.flatMap((_, i) => [1, 0x61 + i, 0, i]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(3, [PASSES.length, ...PASSES.map(() => 0)]),
    ...section(5, [1, 0, ...leb(pages)]),
    ...section(7, [1 + PASSES.length, 1, 0x6d, 2, 0, ...exported]),
    ...section(10, [PASSES.length, ...PASSES.flatMap((rows) => adder(rows))]),
  ]);
}

interface Kernel {
  readonly bytes: Uint8Array;
  readonly sums: Int32Array;
  readonly passes: readonly { readonly rows: number; readonly add: (end: number) => void }[];
}

/** @throws CompileError where the engine has no SIMD. */
function compile(): Kernel {
  const pages = Math.ceil((10 * ROW_BYTES) / 65_536);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes(pages)));
  const { m, ...functions } = exports as Record<string, unknown>;
  const { buffer } = m as WebAssembly.Memory;
  const passes = PASSES.map((rows, i) => ({
    rows,
    add: functions[String.fromCharCode(0x61 + i)] as (end: number) => void,
  }));
  return { bytes: new Uint8Array(buffer), sums: new Int32Array(buffer), passes };
}

let compiled: Kernel | null = null;

/** Coordinates `start` to `end` of all reports into scratch, and their sums into `into`. */
function sumBlock(
  { bytes, sums, passes }: Kernel,
  reports: readonly Uint8Array[],
  offset: number,
  into: Float64Array,
  start: number,
  end: number,
): void {
  const [from, length] = [offset + 4 * start, 4 * (end - start)];
  // What is past a short block is summed too, and never read.
  const covered = Math.min(ROW_BYTES, length + 16);
  bytes.fill(0, MOD, MOD + covered);
  bytes.fill(0, HI, HI + covered);
  let r = 0;
  for (const { rows, add } of passes) {
    for (; r + rows <= reports.length; r += rows) {
      for (let row = 0; row < rows; row++) {
        const report = reports[r + row] as Uint8Array;
        bytes.set(report.subarray(from, from + length), row * ROW_BYTES);
      }
      add(length);
    }
  }
  for (let i = 0; i < end - start; i++) {
    const high = sums[HI / 4 + i] as number;
    const low = ((sums[MOD / 4 + i] as number) - (high << 16)) >>> 0;
    into[start + i] = (into[start + i] as number) + (high * 65_536 + low);
  }
}

export const wasmBackend: AverageBackend = {
  name: 'wasm',
  sum(reports, offset, into) {
    assertReports(reports, offset, into);
    if (reports.length === 0) return;
    compiled ??= compile();
    for (let first = 0; first < reports.length; first += MAX_ROWS) {
      const rows = reports.slice(first, first + MAX_ROWS);
      // Blocks of about the same length: a short last one costs as many copies as a long one.
      const block = Math.ceil(into.length / Math.ceil(into.length / BLOCK));
      for (let start = 0; start < into.length; start += block) {
        const end = Math.min(into.length, start + block);
        sumBlock(compiled, rows, offset, into, start, end);
      }
    }
  },
};
