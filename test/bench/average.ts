/**
 * Averaging throughput. Reports lie in WebAssembly memory, in slots as an aggregator receives them,
 * in a pool larger than the caches.
 *
 * The bound is a loop of 128-bit loads and additions over as many bytes of the same memory, just
 * before what is measured: an engine that does nothing but read. memcmp, native and of two streams,
 * stands beside it. Each measurement takes one part of the pool, some milliseconds, so that on a
 * shared machine most of them are not interrupted; a part comes to its turn again after the whole
 * pool has gone through the caches.
 */
import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { KERNEL_TYPES, type KernelType } from '../../aggregator/average/kernels.ts';
import { wasmBackend, wasmBackendOn } from '../../aggregator/average/wasm.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median, note, type Times } from './medians.ts';
import {
  fillFloats,
  fillIntegers,
  HEADER,
  openPool,
  type Pool,
  plainI16,
  plainI32,
  plainU32,
  type Rows,
  rowsAt,
  slotBytes,
} from './pool.ts';
import { regeneratedPerSecond } from './regenerated.ts';

/** Reports of a part are a multiple of those that a kernel takes in a pass. */
const FULL = { d: 10_000, perPart: 416, turns: 64, largeD: 1_000_000, large: 100 };
const QUICK = { d: 1000, perPart: 16, turns: 2, largeD: 5000, large: 10 };
type Shapes = typeof FULL;

/** Parts of the pool, a prime, so that every work comes to every part. */
const PARTS = 17;

/** Engines compile a hot function again while it runs: these turns are not counted. */
const WARM_UP = 8;

function secondsOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

type Work = (part: number) => unknown;

/** Seconds by name, in turns. */
class Turns {
  readonly #times: Times = {};

  /** Runs everything once in every turn, each on the next part, and the bound before it on another. */
  constructor(turns: number, bound: Work, works: Record<string, Work>) {
    let next = 0;
    for (let turn = -WARM_UP; turn < turns; turn++) {
      for (const [name, work] of Object.entries(works)) {
        const [part, other] = [next % PARTS, (next + (PARTS >> 1)) % PARTS];
        next += 1;
        const before = secondsOf(() => bound(other));
        const seconds = secondsOf(() => work(part));
        if (turn < 0) continue;
        note(this.#times, 'bound', before);
        note(this.#times, `bound of ${name}`, before);
        note(this.#times, name, seconds);
      }
    }
  }

  seconds(name: string): number {
    return median(this.#times[name] ?? []);
  }

  /** Median over the turns of how many times longer `slow` took. */
  ratio(slow: string, fast: string): number {
    const all = this.#times[slow] ?? [];
    return median((this.#times[fast] ?? []).map((one, i) => (all[i] as number) / one));
  }
}

/** Sums are compared once, so that no figure is of a wrong sum. */
function check({ name, sum }: AverageBackend, { reports }: Rows, d: number): void {
  const [expected, into] = [new Float64Array(d), new Float64Array(d)];
  plainI32(
    reports.map(({ buffer, byteOffset }) => new Int32Array(buffer, byteOffset + HEADER, d)),
    expected,
  );
  void sum(reports, HEADER, into);
  if (!into.every((one, i) => one === expected[i])) throw new Error(`${name} sums wrongly`);
}

/** Figures of a kernel: rate, share of the bound's rate, and, given a loop, how much faster it is. */
function figures(taken: Turns, rows: Rows, name: string, plain: string | null): BenchResults {
  return {
    gbps: rows.bytes / taken.seconds(name) / 1e9,
    ratio: (taken.ratio(`bound of ${name}`, name) * rows.bytes) / rows.length,
    ...(plain !== null && { typedArrayRatio: taken.ratio(plain, name) }),
  };
}

function readOf({ read }: Pool, parts: readonly Rows[]): Work {
  return (part) => {
    const { start, length } = parts[part] as Rows;
    return read(start, start + length);
  };
}

function kernelOf({ kernels, sums }: Pool, parts: readonly Rows[], d: number) {
  return (type: KernelType): Work => {
    const count = (4 * d) / KERNEL_TYPES[type].bytes;
    return (part) => kernels.add(type, (parts[part] as Rows).addresses, count, sums);
  };
}

/** The kernels of integers, the backend on them, and the plain loops, over the same bytes. */
function integers(pool: Pool, parts: readonly Rows[], { d, turns }: Shapes): BenchResults {
  const [rows] = parts as [Rows];
  const { length } = rows;
  const { buffer } = pool.kernels.memory;
  fillIntegers(pool.bytes.subarray(0, PARTS * length), length / 2);
  const backend = wasmBackendOn(pool.kernels);
  check(backend, rows, d);
  const kernel = kernelOf(pool, parts, d);
  const reports = parts.map((part) => part.reports);
  const outside = reports.map((part) => part.map((report) => Uint8Array.from(report)));
  const of = <T>(view: (at: number) => T): T[][] => parts.map((part) => part.addresses.map(view));
  const i32 = of((at) => new Int32Array(buffer, at, d));
  const u32 = of((at) => new Uint32Array(buffer, at, d));
  const i16 = of((at) => new Int16Array(buffer, at, 2 * d));
  const [exact, ring, wide] = [new Float64Array(d), new Uint32Array(d), new Int32Array(2 * d)];
  const taken = new Turns(turns, readOf(pool, parts), {
    u32: kernel('u32'),
    i16: kernel('i16'),
    i32: kernel('i32'),
    i64: kernel('i64'),
    backend: (part) => backend.sum(reports[part] ?? [], HEADER, exact),
    copied: (part) => wasmBackend.sum(outside[part] ?? [], HEADER, exact),
    memcmp: (part) => {
      const bytes = pool.bytes.subarray(part * length, (part + 1) * length);
      return bytes.compare(bytes, length / 2, length, 0, length / 2);
    },
    plainI32: (part) => plainI32(i32[part] ?? [], exact),
    plainU32: (part) => plainU32(u32[part] ?? [], ring),
    plainI16: (part) => plainI16(i16[part] ?? [], wide),
  });
  return {
    ...figures(taken, rows, 'backend', 'plainI32'),
    boundGbps: length / taken.seconds('bound') / 1e9,
    memcmpGbps: length / taken.seconds('memcmp') / 1e9,
    copiedGbps: rows.bytes / taken.seconds('copied') / 1e9,
    updatesPerSecond: Math.round(rows.reports.length / taken.seconds('backend')),
    u32: figures(taken, rows, 'u32', 'plainU32'),
    i16: figures(taken, rows, 'i16', 'plainI16'),
    i32: figures(taken, rows, 'i32', 'plainI32'),
    i64: figures(taken, rows, 'i64', null),
  };
}

function floats(pool: Pool, parts: readonly Rows[], { d, turns }: Shapes): BenchResults {
  const [rows] = parts as [Rows];
  fillFloats(pool.bytes.subarray(0, PARTS * rows.length));
  const works = { f64: kernelOf(pool, parts, d)('f64') };
  const taken = new Turns(turns, readOf(pool, parts), works);
  return figures(taken, rows, 'f64', null);
}

export async function run({ quick }: Pick<BenchOptions, 'quick'>): Promise<BenchResults> {
  const shapes = quick ? QUICK : FULL;
  const { d, perPart, largeD, large } = shapes;
  const part = perPart * slotBytes(4 * d);
  const largeBytes = large * slotBytes(4 * largeD);
  const pool = await openPool(Math.max(PARTS * part, largeBytes), 16 * d);
  const parts = Array.from({ length: PARTS }, (_, i) =>
    rowsAt(pool, pool.start + i * part, perPart, 4 * d),
  );
  const results = integers(pool, parts, shapes);
  const f64 = floats(pool, parts, shapes);
  fillIntegers(pool.bytes, part);
  const { reports } = rowsAt(pool, pool.start, large, 4 * largeD);
  const backend = wasmBackendOn(pool.kernels);
  const into = new Float64Array(largeD);
  const times: number[] = [];
  for (let turn = -1; turn < (quick ? 2 : 5); turn++) {
    const seconds = secondsOf(() => backend.sum(reports, HEADER, into));
    if (turn >= 0) times.push(seconds);
  }
  return {
    backend: backend.name,
    ...results,
    f64,
    ms100x1M: median(times) * 1000,
    regeneratedPerSecond: await regeneratedPerSecond(quick),
    d,
    updates: PARTS * perPart,
  };
}
