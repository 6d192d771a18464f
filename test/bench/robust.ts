/**
 * Bench `robust`: what the robust statistics of the local tier are worth. For each statistic the L2
 * distance of what it publishes from the true mean of the honest updates, in units of the clip C, and
 * the cosine between the two: without liars (what honesty pays) and with 5 and 20 % of them, without
 * noise and at the noise of the demo's tasks. `hostile` is 0.25 throughout.
 */
import { checkPayload } from '../../aggregator/accept/validate.ts';
import { robustOf } from '../../aggregator/average/robust/mean.ts';
import { meanOfRows } from '../../aggregator/average/robust/rows.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { RobustAggregate } from '../../shared/model/recipe.ts';
import { LOCAL_DEFAULTS } from '../../shared/plan/defaults.ts';
import { chooseMechanism } from '../../shared/privacy/choose.ts';
import { predictedTaskError, unitsOf } from '../../shared/privacy/guard.ts';
import { discreteGaussian, NO_MECHANISM } from '../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { BenchOptions, BenchResults } from './contract.ts';
import { ATTACKS, Reports, type ReportTask } from './robust-reports.ts';

const HOSTILE = 0.25;
/** Of the demo's ranker. */
const CLIP = 2;

/**
 * `bare`: no noise. `gaussian`: of the demo's ε a report. `demo`: what the planner chooses for it, as
 * test/simulate/demo-site.ts does for the ranker.
 */
type Noise = 'bare' | 'gaussian' | 'demo';

function taskOf(noise: Noise, d: number, n: number): ReportTask {
  const { epsilon, delta, participations, scaleBits } = LOCAL_DEFAULTS;
  const shape = { d, clipL2: CLIP, scaleBits, minReports: n, maxReports: n };
  if (noise === 'bare') return { ...shape, tier: 'test', mechanism: NO_MECHANISM };
  if (noise === 'gaussian') {
    const sigma = sigmaOfEpsilon(epsilon, delta);
    return { ...shape, tier: 'local', mechanism: discreteGaussian(sigma) };
  }
  const total = { epsilon: participations * epsilon, delta, participations };
  const { mechanism } = chooseMechanism({ ...total, d, clipL2: CLIP, scaleBits });
  return { ...shape, tier: 'local', mechanism };
}

type Statistic = (rows: readonly Int32Array[], units: number) => Promise<Float64Array>;

function statistics(task: ReportTask): Record<string, Statistic> {
  const robust =
    (aggregate: RobustAggregate): Statistic =>
    (rows, units) =>
      robustOf(aggregate, rows, units);
  // Of the length that a report has.
  const radius = Math.hypot(CLIP, task.tier === 'test' ? 0 : predictedTaskError(task, 1));
  return {
    mean: async (rows) => meanOfRows(rows),
    multiKrum: robust({ name: 'experimental-multi-krum', hostile: HOSTILE }),
    trimmedMean: robust({ name: 'experimental-trimmed-mean', hostile: HOSTILE }),
    median: robust({ name: 'experimental-median' }),
    centeredClipping: robust({ name: 'experimental-centered-clipping', radius, iterations: 3 }),
  };
}

interface Loss extends BenchResults {
  readonly error: number;
  readonly cosine: number;
}

type Losses = Record<string, Loss>;

type Setting = Record<string, Losses>;

const SHARES = [0.05, 0.2];

/** One trial: all attacks on the same honest reports. */
async function trialOf(task: ReportTask, n: number, trial: number): Promise<Setting> {
  const reports = new Reports(task, `${task.mechanism.name} ${task.d} ${n} ${trial}`);
  const updates = reports.updates(n);
  const rows = updates.map((update) => reports.honest(update));
  const setting: Setting = { honest: await lossesOf(task, rows, meanOf(updates)) };
  for (const share of SHARES) {
    const liars = Math.max(1, Math.round(share * n));
    const truth = meanOf(updates.slice(liars));
    for (const attack of ATTACKS) {
      const lies = reports.liars(attack, liars, truth, n - liars);
      const all = [...rows.slice(liars), ...lies];
      setting[`${attack} ${100 * share} %`] = await lossesOf(task, all, truth);
    }
  }
  return setting;
}

function meanOf(updates: readonly Float32Array[]): Float64Array {
  const mean = new Float64Array(updates[0]?.length ?? 0);
  for (const update of updates) {
    for (const [i, one] of update.entries()) mean[i] = (mean[i] as number) + one / updates.length;
  }
  return mean;
}

/** @param truth mean of the honest updates, in their units. */
async function lossesOf(
  task: ReportTask,
  rows: readonly Int32Array[],
  truth: Float64Array,
): Promise<Losses> {
  const units = unitsOf(task);
  const losses: Losses = {};
  for (const [name, statistic] of Object.entries(statistics(task))) {
    const found = (await statistic(rows, units)).map((one) => one / units);
    const error = Math.hypot(...found.map((one, i) => one - (truth[i] as number))) / CLIP;
    const product = found.reduce((sum, one, i) => sum + one * (truth[i] as number), 0);
    losses[name] = { error, cosine: product / (Math.hypot(...found) * Math.hypot(...truth)) };
  }
  return losses;
}

/** Means over the trials. */
async function settingOf(task: ReportTask, n: number, trials: number): Promise<Setting> {
  const setting: Setting = {};
  for (let trial = 0; trial < trials; trial++) {
    for (const [attack, losses] of Object.entries(await trialOf(task, n, trial))) {
      for (const [name, { error, cosine }] of Object.entries(losses)) {
        setting[attack] ??= {};
        const before = setting[attack][name] ?? { error: 0, cosine: 0 };
        setting[attack][name] = {
          error: before.error + error / trials,
          cosine: before.cosine + cosine / trials,
        };
      }
    }
  }
  return setting;
}

/** About as much work for every shape. */
const trialsOf = (d: number, n: number): number => (d > 100 ? 1 : 4) * (n > 500 ? 1 : 3);

/** How many of the reports beyond the bound were taken: none is. */
function takenBeyond(task: ReportTask): number {
  const reports = new Reports(task, 'beyond');
  try {
    checkPayload(reports.beyond(REPORT_HEADER_BYTES), task as Task, reports.bound);
    return 1;
  } catch {
    return 0;
  }
}

/** Error of each statistic without liars, and with a fifth of them in the attack that is worst for it. */
function summaryOf(setting: Readonly<Record<string, Losses>>): Record<string, number> {
  const summary: Record<string, number> = {};
  for (const [name, { error }] of Object.entries(setting.honest ?? {})) {
    const attacked = ATTACKS.map((attack) => setting[`${attack} 20 %`]?.[name]?.error ?? 0);
    summary[`${name}HonestError`] = error;
    summary[`${name}AttackedError`] = Math.max(...attacked);
  }
  return summary;
}

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const shapes = quick
    ? [[WIDE_FEATURES.length, 30]]
    : [WIDE_FEATURES.length, 1000].flatMap((d) => [200, 1000].map((n) => [d, n]));
  const settings: Record<string, BenchResults> = {};
  const summary: Record<string, number> = {};
  let taken = 0;
  for (const noise of ['bare', 'gaussian', 'demo'] as const) {
    for (const [d = 0, n = 0] of shapes) {
      const task = taskOf(noise, d, n);
      if (noise !== 'demo') taken += takenBeyond(task);
      const setting = await settingOf(task, n, quick ? 1 : trialsOf(d, n));
      settings[`${noise} d=${d} n=${n}`] = setting;
      // Of the ranker, with the most reports.
      if (noise === 'demo' && d === WIDE_FEATURES.length)
        Object.assign(summary, summaryOf(setting));
    }
  }
  return { ...summary, takenBeyondBound: taken, hostile: HOSTILE, clipL2: CLIP, settings };
}
