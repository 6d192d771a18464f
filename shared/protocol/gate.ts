/**
 * The validation gate (SPEC.md, K12 to K14): the quality of a version from the sums that an
 * evaluation published, and whether it is served.
 */
import { metricEntries } from '../model/architecture.ts';
import { evenGuess } from '../model/heads/label.ts';
import type { PartName } from '../model/parts.ts';
import { LOG_LOSS_CAP } from '../model/statistic.ts';
import { predictedTaskError } from '../privacy/guard.ts';
import type { Quality, Task } from './task.ts';

/** Evaluations of one candidate at most; after as many without a figure it is refused. */
export const GATE_TRIES = 3;

/**
 * The lower sum of the ratio is at least as many deviations of its noise above zero. Below, the
 * delta method says nothing of the ratio (Fieller 1954).
 */
const LEAST_DEVIATIONS = 5;

/** An evaluation of the candidate that has ended; `quality` null where it came to no figure. */
export interface Attempt {
  readonly round: number;
  readonly endedAtMs: number;
  readonly quality: Quality | null;
}

export interface Decision {
  readonly admitted: boolean;
  readonly evaluateRound: number | null;
  readonly quality: Quality | null;
  readonly decidedAtMs: number;
}

/**
 * The margin of what was evaluated over an untrained model, from one evaluation: NDCG@10 less that
 * of the start weights in the same histories (ranking), or the log loss below that of an even
 * guess, ln of the outcomes, in nats (a head). Its deviation is that of the noise by the delta method, for
 * independent noise of the same variance τ² in every entry: τ·√(2 + r²)/c of r = (a − b)/c, and
 * τ·√(1 + r²)/c of r = a/c.
 *
 * @param task of kind `evaluate`
 * @param means what was published, d entries
 * @param reports how many were averaged
 * @returns null where too few browsers had something to evaluate for the noise.
 * @throws RangeError for a task of another kind or another number of entries.
 */
export function qualityOf(task: Task, means: ArrayLike<number>, reports: number): Quality | null {
  const { architecture, d } = task;
  if (architecture.name !== 'metrics' || means.length !== d) {
    throw new RangeError('task must be an evaluation, with as many means as it has entries');
  }
  const noise = predictedTaskError(task, reports) / Math.sqrt(d);
  const [browsers = 0, second = 0, third = 0, fourth = 0] = Array.from(means);
  if (!(browsers >= LEAST_DEVIATIONS * noise && browsers > 0)) return null;
  if (architecture.of === 'ranking') return marginOf(third - fourth, browsers, noise);
  if (architecture.of === 'parts') return marginOf(third - second, browsers, noise);
  const loss = second / browsers;
  const untrained = evenGuess(architecture.head.label);
  const deviation = (LOG_LOSS_CAP * noise * Math.sqrt(1 + loss * loss)) / browsers;
  return { margin: untrained - LOG_LOSS_CAP * loss, deviation };
}

/**
 * What a part adds to the ranker (K20): NDCG@10 with it less that without, of the same histories.
 *
 * @param task an evaluation of parts
 * @returns null where it does not hold this part, or too few browsers for the noise.
 */
export function partQuality(
  task: Task,
  name: PartName,
  means: ArrayLike<number>,
  reports: number,
): Quality | null {
  const { architecture, d } = task;
  if (architecture.name !== 'metrics' || means.length !== d) return null;
  const entries = metricEntries(architecture);
  const entry = (of: string): number => means[entries.indexOf(of)] ?? Number.NaN;
  const noise = predictedTaskError(task, reports) / Math.sqrt(d);
  const browsers = entry('browsers');
  const gain = entry(`ndcg10-${name}`) - entry('ndcg10-wide');
  if (!(browsers >= LEAST_DEVIATIONS * noise && browsers > 0 && Number.isFinite(gain))) return null;
  return marginOf(gain, browsers, noise);
}

function marginOf(difference: number, browsers: number, noise: number): Quality {
  const margin = difference / browsers;
  return { margin, deviation: (noise * Math.sqrt(2 + margin * margin)) / browsers };
}

/** Whether a candidate falls behind the reference by at most `sigmas` deviations of both's noise. */
export function keepsUp(candidate: Quality, reference: Quality, sigmas: number): boolean {
  const deviation = Math.sqrt(candidate.deviation ** 2 + reference.deviation ** 2);
  return candidate.margin >= reference.margin - sigmas * deviation;
}

/**
 * The verdict on a candidate, a function of the log and the published bytes alone; null while it
 * waits for a (further) evaluation.
 *
 * @param attempts evaluations of this candidate, in order
 * @param overAtMs when the evaluating task ended, if no more of its rounds open; else null
 */
export function decide(
  sigmas: number,
  reference: Quality,
  attempts: readonly Attempt[],
  overAtMs: number | null,
): Decision | null {
  for (const { round, endedAtMs, quality } of attempts.slice(0, GATE_TRIES)) {
    if (quality === null) continue;
    const admitted = keepsUp(quality, reference, sigmas);
    return { admitted, evaluateRound: round, quality, decidedAtMs: endedAtMs };
  }
  const none = { admitted: false, evaluateRound: null, quality: null };
  const last = attempts[GATE_TRIES - 1];
  if (last !== undefined) return { ...none, decidedAtMs: last.endedAtMs };
  return overAtMs === null ? null : { ...none, decidedAtMs: overAtMs };
}
