/**
 * Averaging engines under one contract: exact sums of int32 vectors into float64.
 *
 * A sum of n int32 values stays within n·2^31, so it is exact up to n = 2^22 (field/fixed.ts);
 * the batch holds that bound. All engines must agree in every bit.
 */

export interface AverageBackend {
  readonly name: string;
  /** What it runs on, where that is not this thread. */
  readonly label?: string;
  /**
   * Adds the `into.length` little-endian int32 coordinates that begin at byte `offset` of every
   * report to `into`. `offset` is a multiple of 4.
   *
   * May resolve later, on a GPU: report bytes are only read, and until then; `into` is the
   * backend's until then, and unchanged when it fails.
   * @throws RangeError
   */
  sum(reports: readonly Uint8Array[], offset: number, into: Float64Array): void | Promise<void>;
}

/** A backend on the caller's own thread: done when `sum` returns. */
export interface SyncBackend extends AverageBackend {
  sum(reports: readonly Uint8Array[], offset: number, into: Float64Array): void;
}

/** @throws RangeError when a report ends before its last coordinate. */
export function assertReports(
  reports: readonly Uint8Array[],
  offset: number,
  into: { readonly length: number },
): void {
  if (!Number.isInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw new RangeError('offset must be a multiple of 4');
  }
  for (const [i, report] of reports.entries()) {
    if (report.length < offset + 4 * into.length) {
      throw new RangeError(`reports[${i}] is shorter than ${into.length} coordinates`);
    }
  }
}

/** Mean of a closed batch in the units of the update: sum / (n·s), s integer units per unit. */
export function meanOf(sum: Float64Array, count: number, scale: number): Float64Array {
  if (!Number.isInteger(count) || count < 1) throw new RangeError('count must be at least 1');
  return sum.map((one) => one / (count * scale));
}
