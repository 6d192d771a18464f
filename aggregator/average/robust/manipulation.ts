/**
 * What one report can do to a published mean at most: nobody stops a browser from lying within what
 * its tier lets it say, and no noise of its own holds it back (ROBUST.md).
 */
import { assertInteger } from '../../../shared/assert/assert.ts';
import { openedLimits } from '../../../shared/field/opened.ts';
import { aggregateOf } from '../../../shared/model/recipe.ts';
import { unitsOf } from '../../../shared/privacy/guard.ts';
import { sigmaOf } from '../../../shared/privacy/mechanism.ts';
import type { Task } from '../../../shared/protocol/task.ts';
import { privUnitTable } from '../../../shared/random/privunit.ts';
import { coordinateBound } from '../../accept/validate.ts';

/** Largest difference of two means, in the units of the update, whose batches differ in one report. */
export interface ManipulationBound {
  /** In each coordinate. */
  readonly coordinate: number;
  /** In L2. */
  readonly l2: number;
}

/** |T| at its ends, 17,715: the largest coordinate that a seed can stand for. */
function largestOfSeeds(): number {
  return privUnitTable().at(-1) as number;
}

/**
 * How far one report of `reports` can move the published mean, before the server's step.
 *
 * - Local and test tier: both what is there and what stands in its place are within the bound b of
 *   RD5 in every coordinate (of PrivUnitG: within the table), so 2b/(n·s), and √d times that in L2.
 *   Under noise b is far above the clip. A seed is not chosen freely: its vector has a norm of about
 *   √d standard deviations, and what points some way must be searched for, so that the L2 figure is
 *   never reached.
 * - Split tier: a share is uniform and moves the sum by anything mod 2^32; but nothing is published
 *   beyond the limits of RD18, so that two published means differ by twice those at most. A report
 *   that goes beyond costs its round.
 *
 * @throws RangeError for a task with a robust `aggregate`: there one report may decide which others
 * count, and no such bound is stated.
 */
export function manipulationBound(task: Task, reports: number): ManipulationBound {
  assertInteger('reports', reports, 1);
  if (aggregateOf(task.recipe) !== null) {
    throw new RangeError('task.recipe.aggregate must be left out: the bound is that of the mean');
  }
  const scale = reports * unitsOf(task);
  if (task.tier === 'split') {
    const { coordinate, norm } = openedLimits(task, sigmaOf(task.mechanism), reports);
    return { coordinate: (2 * coordinate) / scale, l2: (2 * norm) / scale };
  }
  const seeded = task.mechanism.name === 'privunit';
  const coordinate = (2 * (seeded ? largestOfSeeds() : coordinateBound(task))) / scale;
  return { coordinate, l2: Math.sqrt(task.d) * coordinate };
}
