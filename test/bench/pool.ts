/** Memory full of reports for bench `average`, and the plain loops over it. */
import { createKernels, type Kernels, SCRATCH_BYTES } from '../../aggregator/average/kernels.ts';
import { compileModule, READ } from '../wasm.ts';

/** Bytes of a report's header: coordinates begin behind it. */
export const HEADER = 88;

/** Slots are apart by whole cache lines, and coordinates begin on one. */
const LINE = 64;
const up = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

const PAGE = 65_536;

/** Bytes of a slot for a report with so many bytes of coordinates. */
export function slotBytes(coordinateBytes: number): number {
  return up(HEADER) + up(coordinateBytes);
}

/** A memory with scratch, then room for sums, then the pool up to its end. */
export interface Pool {
  readonly kernels: Kernels;
  /** Address of the sums. */
  readonly sums: number;
  /** Address of the pool, and its bytes. */
  readonly start: number;
  readonly bytes: Buffer;
  /** Sum mod 2^32 of the uint32 between two addresses: the least that can be done with them. */
  readonly read: (from: number, to: number) => number;
}

export async function openPool(poolBytes: number, sumBytes: number): Promise<Pool> {
  const sums = Math.ceil(SCRATCH_BYTES / PAGE) * PAGE;
  const start = sums + Math.ceil(sumBytes / PAGE) * PAGE;
  const pages = Math.ceil((start + poolBytes) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { binary } = await compileModule(READ);
  const module = new WebAssembly.Module(Uint8Array.from(binary));
  const { read } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  return {
    kernels: createKernels(memory, 0),
    sums,
    start,
    bytes: Buffer.from(memory.buffer, start, poolBytes),
    read: read as Pool['read'],
  };
}

/** Reports one after the other, as slots lie. */
export interface Rows {
  /** Address of the first slot, and bytes up to the end of the last. */
  readonly start: number;
  readonly length: number;
  /** Addresses of the coordinates. */
  readonly addresses: readonly number[];
  readonly reports: readonly Uint8Array[];
  /** Of all coordinates. */
  readonly bytes: number;
}

/** `count` reports with `bytes` of coordinates each, from an address on. */
export function rowsAt({ kernels }: Pool, start: number, count: number, bytes: number): Rows {
  const stride = slotBytes(bytes);
  const { buffer } = kernels.memory;
  const addresses = Array.from({ length: count }, (_, i) => start + i * stride + up(HEADER));
  const reports = addresses.map((at) => new Uint8Array(buffer, at - HEADER, HEADER + bytes));
  return { start, length: count * stride, addresses, reports, bytes: count * bytes };
}

/** Integers of 24 bits, the same again after `period` bytes. */
export function fillIntegers(bytes: Buffer, period: number): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, period / 4);
  let state = 1;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    words[i] = state >> 8;
  }
  for (let at = period; at < bytes.length; at += period) {
    bytes.copyWithin(at, 0, Math.min(period, bytes.length - at));
  }
}

export function fillFloats(bytes: Buffer): void {
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  for (let i = 0; i < numbers.length; i++) numbers[i] = (i % 1001) / 1000 - 0.5;
}

// The loops that one would write first: report after report, coordinate after coordinate. One a
// type, so that none is compiled for several.

export function plainI32(rows: readonly Int32Array[], into: Float64Array): void {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) into[i] = (into[i] as number) + (row[i] as number);
  }
}

export function plainU32(rows: readonly Uint32Array[], into: Uint32Array): void {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) into[i] = (into[i] as number) + (row[i] as number);
  }
}

export function plainI16(rows: readonly Int16Array[], into: Int32Array): void {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) into[i] = (into[i] as number) + (row[i] as number);
  }
}
