/**
 * What the recipe's `aggregate` puts in place of the mean (RD22). Experimental: ROBUST.md says what
 * it buys under the noise of the local tier, and what it costs.
 */
import type { RobustAggregate } from '../../../shared/model/recipe.ts';
import { unitsOf } from '../../../shared/privacy/guard.ts';
import type { Task } from '../../../shared/protocol/task.ts';
import type { OpenBatch } from '../../accumulate/batch.ts';
import { centeredClipping } from './clipping.ts';
import { coordinateMedian, trimmedMean } from './columns.ts';
import { type Gram, gramOf } from './gram.ts';
import { multiKrum } from './krum.ts';
import { rowsOf } from './rows.ts';

/**
 * The statistic of some rows, integer units.
 * @param units integer units for one unit of the update.
 */
export async function robustOf(
  aggregate: RobustAggregate,
  rows: readonly Int32Array[],
  units: number,
  gram: Gram = gramOf,
): Promise<Float64Array> {
  switch (aggregate.name) {
    case 'experimental-multi-krum':
      return multiKrum(rows, aggregate.hostile, gram);
    case 'experimental-trimmed-mean':
      return trimmedMean(rows, aggregate.hostile);
    case 'experimental-median':
      return coordinateMedian(rows);
    case 'experimental-centered-clipping':
      return centeredClipping(rows, aggregate.radius * units, aggregate.iterations);
    default:
      throw new RangeError('aggregate.name is unknown');
  }
}

/**
 * The statistic of a closed batch of the local tier, d coordinates in the units of the update. Holds
 * all vectors of the batch in memory.
 * @throws RangeError when they need more than `MAX_ROBUST_BYTES`; CorruptJournal, DiskError
 */
export async function robustMean(
  aggregate: RobustAggregate,
  task: Task,
  batch: Pick<OpenBatch, 'count' | 'walk'>,
  gram: Gram = gramOf,
): Promise<Float64Array> {
  const rows = await rowsOf(task, aggregate, batch);
  const units = unitsOf(task);
  return (await robustOf(aggregate, rows, units, gram)).map((one) => one / units);
}
