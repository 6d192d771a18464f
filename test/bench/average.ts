/**
 * Averaging throughput: the bytes of the updates are read once, from a pool larger than the caches.
 * The bound is memcmp over the same pool (both halves, equal bytes) in the same run.
 */
import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { median } from './medians.ts';

/** Bytes of a report's header: coordinates begin behind it. */
const OFFSET = 88;

function secondsOf(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Reports in one block of memory, as large together as `bytes`; both halves are the same. */
function pool(d: number, bytes: number): { readonly all: Buffer; readonly reports: Uint8Array[] } {
  const length = OFFSET + 4 * d;
  const half = Math.max(1, Math.floor(bytes / length / 2));
  const all = Buffer.allocUnsafeSlow(2 * half * length);
  const words = new Int32Array(all.buffer, all.byteOffset, all.length / 4);
  let state = 1;
  for (let i = 0; i < words.length / 2; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    words[i] = state >> 8;
  }
  all.copyWithin(all.length / 2, 0, all.length / 2);
  const reports = Array.from({ length: 2 * half }, (_, i) =>
    all.subarray(i * length, (i + 1) * length),
  );
  return { all, reports };
}

/** The loop that one would write first: report after report, coordinate after coordinate. */
function plainSum(reports: readonly Uint8Array[], into: Float64Array): void {
  for (const report of reports) {
    const row = new Int32Array(report.buffer, report.byteOffset + OFFSET, into.length);
    for (let i = 0; i < row.length; i++) into[i] = (into[i] as number) + (row[i] as number);
  }
}

/** Sums are compared once, so that no figure is of a wrong sum. */
function check(backend: AverageBackend, reports: readonly Uint8Array[], d: number): void {
  const expected = new Float64Array(d);
  plainSum(reports, expected);
  const sum = new Float64Array(d);
  backend.sum(reports, OFFSET, sum);
  if (!sum.every((one, i) => one === expected[i])) throw new Error(`${backend.name} sums wrongly`);
}

export function run(options: Pick<BenchOptions, 'quick'>): BenchResults {
  const { backend } = chooseBackend();
  const turns = options.quick ? 2 : 9;
  const d = 10_000;
  const { all, reports } = pool(d, options.quick ? 4 << 20 : 256 << 20);
  check(backend, reports, d);
  const half = all.length / 2;
  const times = { sum: [] as number[], bound: [] as number[], plain: [] as number[] };
  for (let turn = 0; turn < turns; turn++) {
    const sum = new Float64Array(d);
    times.bound.push(secondsOf(() => all.compare(all, half, 2 * half, 0, half)));
    times.sum.push(secondsOf(() => backend.sum(reports, OFFSET, sum)));
    times.plain.push(secondsOf(() => plainSum(reports, sum)));
  }
  const gigabytes = all.length / 1e9;
  const large = pool(options.quick ? 1000 : 1_000_000, options.quick ? 100 * 4088 : 400_008_800);
  const largeTimes = Array.from({ length: options.quick ? 2 : 5 }, () => {
    const sum = new Float64Array((large.reports[0] as Uint8Array).length / 4 - OFFSET / 4);
    return secondsOf(() => backend.sum(large.reports, OFFSET, sum));
  });
  const gbps = gigabytes / median(times.sum);
  const boundGbps = gigabytes / median(times.bound);
  return {
    backend: backend.name,
    gbps,
    boundGbps,
    ratio: median(times.sum.map((one, i) => (times.bound[i] as number) / one)),
    ms100x1M: median(largeTimes) * 1000,
    typedArrayRatio: median(times.sum.map((one, i) => (times.plain[i] as number) / one)),
    updatesPerSecond: Math.round(reports.length / median(times.sum)),
    d,
    updates: reports.length,
  };
}
