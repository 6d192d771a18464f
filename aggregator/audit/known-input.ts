/**
 * Known input (PR53): the auditor knows every vector and every share of a batch, so that what is
 * left of the opened sum, and of each server's share, is that server's noise and nothing else.
 */
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { aggregateOf } from '../../shared/model/recipe.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';
import { serverVariance } from '../../shared/random/variance.ts';
import { sharesOf } from './batches.ts';
import { type CheckName, type Checks, Tally } from './check.ts';
import { chiSquaredInterval } from './chi-squared.ts';
import type { LoggedRound } from './history.ts';
import type { KnownTask } from './records.ts';
import { keepsMoments, type Moments, nextModel } from './step.ts';
import type { Supplied } from './supply.ts';
import { reasonOf } from './web.ts';

/** Two-sided false-alarm rate of every test of a variance or correlation. */
const ALARM = 1e-6;
/** Φ⁻¹(1 − ALARM/2). */
const DEVIATIONS = 4.8916;

/** Coordinates from which one server's half variance moves the sum's out of its interval. */
const ENOUGH = 4096;

/** Rounds that are supplied: those asked for, or as many as the tests need, two to compare. */
export function roundsNeeded({ signed }: KnownTask, asked: number | null): number {
  const { d, tier } = signed.record;
  return asked ?? (tier === 'split' ? Math.max(2, Math.ceil(ENOUGH / d)) : 1);
}

type Own = readonly (readonly [Supplied, LoggedRound])[];

interface Residuals {
  /** One vector a round. */
  readonly leader: Int32Array[];
  readonly helper: Int32Array[];
  readonly sum: Int32Array[];
}

const less = (a: ArrayLike<number>, b: ArrayLike<number>): Int32Array =>
  Int32Array.from({ length: a.length }, (_, i) => ((a[i] as number) - (b[i] as number)) | 0);

async function residualsOf(fetch: FetchFile, own: Own): Promise<Residuals> {
  const residuals: Residuals = { leader: [], helper: [], sum: [] };
  for (const [{ sums }, round] of own) {
    const [leader, helper] = await sharesOf(fetch, round);
    residuals.leader.push(less(leader, sums.leader));
    residuals.helper.push(less(helper, sums.helper));
    const opened = leader.map((word, i) => word + (helper[i] as number));
    residuals.sum.push(less(opened, sums.z));
  }
  return residuals;
}

const dot = (a: Int32Array, b: Int32Array): number =>
  a.reduce((sum, one, i) => sum + one * (b[i] as number), 0);

/** Names what a ratio of variances looks like. */
function looksLike(ratio: number): string {
  if (ratio === 0) return 'no noise at all';
  if (Math.abs(ratio - 0.25) < 0.05) return 'noise of half the standard deviation';
  if (Math.abs(ratio - 0.5) < 0.1) return 'half the variance';
  return ratio < 1 ? 'too little noise' : 'too much noise, or another sum';
}

function checkVariance(
  name: CheckName,
  task: string,
  vectors: readonly Int32Array[],
  variance: number,
  checks: Checks,
): void {
  const freedom = vectors.reduce((sum, { length }) => sum + length, 0);
  const squares = vectors.reduce((sum, one) => sum + dot(one, one), 0);
  const [low, high] = chiSquaredInterval(freedom, ALARM);
  const ratio = squares / (freedom * variance);
  const [least, most] = [low / freedom, high / freedom];
  const holds = ratio >= least && ratio <= most;
  const interval = `${least.toFixed(4)} to ${most.toFixed(4)}`;
  const found = `variance ${ratio.toFixed(4)} of what is attested (${interval} over ${freedom} coordinates)`;
  const detail = holds ? found : `${found}: ${looksLike(ratio)}`;
  const figures = { ratio, least, most, freedom, variance, alarm: ALARM };
  checks.decide(holds, name, task, detail, figures);
}

/** That no server's noise of two rounds is related: the same seed would open their difference. */
function checkFresh({ leader, helper }: Residuals, task: string, checks: Checks): void {
  const tally = new Tally();
  for (const [who, vectors] of Object.entries({ leader, helper })) {
    for (const [i, one] of vectors.entries()) {
      for (const other of vectors.slice(i + 1)) {
        const scale = Math.sqrt(dot(one, one) * dot(other, other));
        const related = scale === 0 ? 0 : (dot(one, other) / scale) * Math.sqrt(one.length);
        const words = `noise of the ${who} in two rounds is related, ${related.toFixed(1)} deviations`;
        tally.look(Math.abs(related) <= DEVIATIONS, () => words);
      }
    }
  }
  checks.tally('noise-fresh', task, tally, `${tally.seen} pairs of rounds`);
}

async function checkSplit(
  fetch: FetchFile,
  { signed }: KnownTask,
  own: Own,
  checks: Checks,
): Promise<void> {
  const { record: task } = signed;
  const residuals = await residualsOf(fetch, own);
  const variance = Number(serverVariance(task));
  checkVariance('noise-leader', task.name, residuals.leader, variance, checks);
  checkVariance('noise-helper', task.name, residuals.helper, variance, checks);
  checkVariance('noise-sum', task.name, residuals.sum, 2 * variance, checks);
  checkFresh(residuals, task.name, checks);
}

/** Without noise of servers the version is that of the reports' exact sum, to the last bit. */
async function checkExact(
  fetch: FetchFile,
  { signed }: KnownTask,
  own: Own,
  checks: Checks,
): Promise<void> {
  const { record: task } = signed;
  if (aggregateOf(task.recipe) !== null) {
    checks.skip('exact-sum', task.name, 'a robust statistic stands in for the mean');
    return;
  }
  const tally = new Tally();
  const made = new Map<number, Moments | null>();
  for (const [{ sums, ids, round }, { model, base }] of own) {
    if (model === null) continue;
    const { previousModel, modelVersion, model: published } = model.signed.record;
    // The state that the optimiser had before the auditor's own rounds is nobody else's to know.
    const known = base.fromRound && keepsMoments(task) ? made.get(base.version) : null;
    if (known === undefined) continue;
    const weights = decodeModel(await fetch(PATHS.model(previousModel), 8 + 4 * task.d), task.d);
    const next = nextModel(task, weights, base.version, known, sums.z, ids.length);
    made.set(modelVersion, next.moments);
    const same = (await sha256Hex(next.bytes)) === published;
    tally.look(same, () => `round ${round}: another version than the sum of its reports gives`);
  }
  checks.tally('exact-sum', task.name, tally, `${tally.seen} versions, equal in every bit`);
}

const SPLIT_CHECKS = ['noise-leader', 'noise-helper', 'noise-sum', 'noise-fresh'] as const;

export async function checkKnownInput(
  fetch: FetchFile,
  task: KnownTask,
  own: Own,
  checks: Checks,
): Promise<void> {
  const { name, tier } = task.signed.record;
  const names = tier === 'split' ? SPLIT_CHECKS : (['exact-sum'] as const);
  if (own.length === 0) {
    for (const one of names)
      checks.skip(one, name, 'no round holds the reports of the auditor alone');
    return;
  }
  try {
    await (tier === 'split' ? checkSplit : checkExact)(fetch, task, own, checks);
  } catch (error) {
    checks.fail(names[0], name, reasonOf(error));
  }
}
