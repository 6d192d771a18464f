/** Vectors of a closed batch, all of them in memory: what a robust statistic is taken of. */
import {
  MAX_ROBUST_BYTES,
  type RobustAggregate,
  robustBytes,
} from '../../../shared/model/recipe.ts';
import { REPORT_HEADER_BYTES } from '../../../shared/protocol/report.ts';
import type { Task } from '../../../shared/protocol/task.ts';
import { addPrivUnit } from '../../../shared/random/privunit.ts';
import { idOf, type OpenBatch } from '../../accumulate/batch.ts';

/** Lets the event loop turn: reports of other tasks are taken while a statistic is computed. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** @throws TypeError for rows that are none, RangeError for no rows or different lengths. */
export function assertRows(rows: readonly Int32Array[]): void {
  const [first] = rows;
  if (first === undefined) throw new RangeError('rows must hold at least one');
  for (const [i, row] of rows.entries()) {
    if (!(row instanceof Int32Array)) throw new TypeError(`rows[${i}] must be an Int32Array`);
    if (row.length !== first.length) throw new RangeError(`rows[${i}] has another length`);
  }
}

/** Mean of some rows, integer units: exact sums, one division. */
export function meanOfRows(rows: readonly Int32Array[]): Float64Array {
  assertRows(rows);
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (row[i] as number);
  }
  return sum.map((one) => one / rows.length);
}

/** The coordinates of a report, or those of the vector that its seed stands for. */
function rowOf(body: Uint8Array, { mechanism, d }: Task): Int32Array {
  if (mechanism.name === 'privunit') {
    const vector = new Float64Array(d);
    addPrivUnit(body.subarray(REPORT_HEADER_BYTES), vector);
    return Int32Array.from(vector);
  }
  const view = new DataView(body.buffer, body.byteOffset + REPORT_HEADER_BYTES, 4 * d);
  return Int32Array.from({ length: d }, (_, i) => view.getInt32(4 * i, true));
}

/**
 * Reads a batch of the local tier back from its journal, in ascending order of ids, so that rounding
 * does not depend on the order of arrival.
 * @throws RangeError above `MAX_ROBUST_BYTES`; CorruptJournal, DiskError
 */
export async function rowsOf(
  task: Task,
  aggregate: RobustAggregate,
  batch: Pick<OpenBatch, 'count' | 'walk'>,
): Promise<Int32Array[]> {
  if (robustBytes(aggregate, batch.count, task.d) > MAX_ROBUST_BYTES) {
    throw new RangeError(`aggregate needs more than ${MAX_ROBUST_BYTES} bytes of this batch`);
  }
  const placed: { readonly id: string; readonly row: Int32Array }[] = [];
  await batch.walk(async (bodies) => {
    for (const body of bodies) placed.push({ id: idOf(body), row: rowOf(body, task) });
    await pause();
  });
  return placed.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ row }) => row);
}
