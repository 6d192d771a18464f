/**
 * Canaries (PR54): vectors that are in a batch or not, by a fair coin that the servers do not see,
 * guessed from what was opened. Steinke, Nasr and Jagielski, arXiv:2305.08846, Theorem 5.2: under
 * (ε, δ) the right guesses among m are dominated by Binomial(m, e^ε/(1 + e^ε)), up to 2mδ.
 */
import { clopperPearson } from '../../shared/privacy/empirical.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';
import type { RandomSource } from '../../shared/random/source.ts';
import { sharesOf } from './batches.ts';
import type { Checks } from './check.ts';
import type { LoggedRound } from './history.ts';
import type { KnownTask } from './records.ts';
import {
  type Direction,
  randomSigns,
  type Supplied,
  type SupplyDeps,
  signedSum,
  supplyRound,
} from './supply.ts';
import { reasonOf, UsageError } from './web.ts';

/** One minus the confidence of the bound. */
const ALARM = 0.05 / 20;
const MIN_D = 5000;

/**
 * Coordinates for one canary of a round. The others add to its score a deviation of √(m/2d) of its
 * length: a twelfth, six deviations from the threshold.
 */
const D_PER_CANARY = 72;

interface Canary {
  readonly signs: Int8Array;
  readonly isIn: boolean;
}

export interface CanaryRound {
  readonly supplied: Supplied;
  /** Of the reports with the same index; there may be more reports. */
  readonly canaries: readonly Canary[];
}

/** ε that `right` guesses of `guesses` show, at confidence 1 − ALARM; 0 at least. */
export function shownEpsilon(right: number, guesses: number): number {
  const [low] = clopperPearson(right, guesses, 2 * ALARM);
  return Math.max(0, Math.log(low) - Math.log1p(-low));
}

/** The fewest canaries that, all guessed right, show more than `epsilon`. */
export function canariesFor(epsilon: number): number {
  let count = Math.max(1, Math.floor(Math.log(ALARM) / -Math.log1p(Math.exp(-epsilon))));
  while (shownEpsilon(count, count) <= epsilon) count += 1;
  return count;
}

export interface CanaryPlan {
  readonly claim: number;
  readonly canaries: number;
  readonly rounds: number;
}

/** @throws UsageError for a task that canaries say nothing of. */
export function planCanaries({ signed }: KnownTask): CanaryPlan {
  const { name, d, tier, mechanism, epsilon, maxReports } = signed.record;
  if (tier === 'test' || mechanism.name !== 'discrete-gaussian' || epsilon === 'none') {
    throw new UsageError(`task '${name}': canaries need discrete Gaussian noise, and a claim`);
  }
  if (d < MIN_D) throw new UsageError(`task '${name}': canaries need d ≥ ${MIN_D}, it has ${d}`);
  const canaries = canariesFor(epsilon);
  const rounds = Math.ceil(canaries / perRound(d, maxReports));
  return { claim: epsilon, canaries, rounds };
}

function perRound(d: number, maxReports: number): number {
  return Math.min(maxReports, Math.floor(d / D_PER_CANARY));
}

/** Supplies the rounds; reports besides the canaries are zeros. */
export async function supplyCanaries(
  deps: SupplyDeps,
  { hash, signed }: KnownTask,
  plan: CanaryPlan,
  after: number,
): Promise<readonly CanaryRound[]> {
  const { record: task } = signed;
  const rounds: CanaryRound[] = [];
  let last = after;
  for (let left = plan.canaries; left > 0; ) {
    const count = Math.min(left, perRound(task.d, task.maxReports));
    left -= count;
    const canaries = Array.from({ length: count }, () => newCanary(task.d, deps.source));
    const directions: Direction[] = Array.from({ length: task.maxReports }, (_, i) => {
      const canary = canaries[i];
      return canary?.isIn ? canary.signs : null;
    });
    const probes = canaries.map(({ signs }) => signs);
    const supplied = await supplyRound(deps, task, hash, last, directions, probes);
    last = supplied.round;
    rounds.push({ supplied, canaries });
  }
  return rounds;
}

function newCanary(d: number, source: RandomSource): Canary {
  return { signs: randomSigns(d, source), isIn: (source.nextUint32() & 1) === 1 };
}

/**
 * Scores, about 1 for a canary that is in and 0 for one that is not: ⟨x, c⟩/C², of the opened sum
 * less the auditor's own noise in the split tier, of the report, which the server sees, in the local.
 */
async function scoresOf(
  fetch: FetchFile,
  task: Task,
  { supplied, canaries }: CanaryRound,
  round: LoggedRound,
): Promise<readonly number[]> {
  const unit = 2 ** task.scaleBits * Math.sqrt(task.d);
  if (task.tier !== 'split') return canaries.map((_, i) => (supplied.scores[i] as number) / unit);
  const [leader, helper] = await sharesOf(fetch, round);
  const { noise } = supplied.sums;
  const opened = Float64Array.from(leader, (word, i) => {
    const sum = (word + (helper[i] as number)) | 0;
    return sum - (noise[i] as number);
  });
  return canaries.map(({ signs }) => signedSum(opened, signs) / unit);
}

export async function checkCanaries(
  fetch: FetchFile,
  { signed }: KnownTask,
  plan: CanaryPlan,
  rounds: readonly (readonly [CanaryRound, LoggedRound])[],
  checks: Checks,
): Promise<void> {
  const { record: task } = signed;
  const { claim } = plan;
  try {
    let [guesses, right] = [0, 0];
    for (const [one, round] of rounds) {
      const scores = await scoresOf(fetch, task, one, round);
      for (const [i, { isIn }] of one.canaries.entries()) {
        guesses += 1;
        if ((scores[i] as number) > 0.5 === isIn) right += 1;
      }
    }
    if (guesses < plan.canaries) {
      checks.skip('canary-bound', task.name, `${guesses} of ${plan.canaries} canaries were opened`);
      return;
    }
    const shown = shownEpsilon(right, guesses);
    const most = shownEpsilon(guesses, guesses);
    const alarm = ALARM + 2 * guesses * task.delta;
    const detail =
      `${right} of ${guesses} guesses right show ε ≥ ${shown.toFixed(3)}, claimed ${claim} ` +
      `(all right would show ${most.toFixed(3)}; false alarms ${alarm.toPrecision(3)} at most)`;
    const figures = { right, guesses, shown, claim, most, alarm };
    checks.decide(shown <= claim, 'canary-bound', task.name, detail, figures);
  } catch (error) {
    checks.fail('canary-bound', task.name, reasonOf(error));
  }
}
