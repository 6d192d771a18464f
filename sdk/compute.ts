/** Steps 3 and 5 of a client round: what a task of each kind makes of this browser's history. */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { fitsCatalogue, type MetricsArchitecture } from '../shared/model/architecture.ts';
import type { Catalogue } from '../shared/model/catalogue.ts';
import { partNames } from '../shared/model/parts.ts';
import { isTraining } from '../shared/model/recipe.ts';
import type { Task } from '../shared/protocol/task.ts';
import type { RandomSource } from '../shared/random/source.ts';
import type { ShopEvent } from './capture/event.ts';
import type { StoredModel } from './database/database.ts';
import { type KnownTask, publishedCounts } from './features/assemble.ts';
import { examplesFor } from './features/build.ts';
import { learnable } from './features/clean.ts';
import type { Examples } from './features/examples.ts';
import { type DrawItem, popularItems } from './features/negatives.ts';
import type { WideScorer } from './features/wide.ts';
import { TrainingError } from './learn/backend.ts';
import type { Learner, TrainInput, TrainResult } from './learn/learner.ts';
import { evaluate, measure } from './measure/measure.ts';
import { ReceiveError } from './receive/error.ts';
import type { Head } from './receive/head.ts';
import type { Receiver } from './receive/receiver.ts';

export interface Known {
  readonly task: Task;
  /** The task's own newest model. */
  readonly base: StoredModel;
  /** The version that the round of an `evaluate` task is about; null for the other kinds. */
  readonly evaluated: StoredModel | null;
  /** Versions of other tasks on which this one stands, by name: see `receiveParts`. */
  readonly parts: ReadonlyMap<string, KnownTask>;
  /** Draws negatives by the published popularity; null: all items alike. */
  readonly draw: DrawItem | null;
  /** Weights of the wide score under a tower; null: the start weights. */
  readonly wideWeights: Float32Array | null;
  readonly catalogue: Catalogue;
  /** As they were stored, oldest first; they are cleaned here, before anything is made of them. */
  readonly events: readonly ShopEvent[];
  readonly nowMs: number;
  /** Columns that several shoppers share; the catalogue's own when undefined. */
  readonly scorer: WideScorer | undefined;
}

/**
 * The version that the open round of an `evaluate` task names (K11), of the task that it evaluates;
 * null for the other kinds.
 *
 * @throws ReceiveError no-task where the site does not list that task, bad-record where it is not
 * one whose model could be evaluated so.
 */
export async function receiveEvaluated(
  receiver: Receiver,
  { architecture }: Task,
  head: Head,
): Promise<StoredModel | null> {
  if (architecture.name !== 'metrics') return null;
  const site = (await receiver.storedSite()) ?? (await receiver.site());
  const listed = site.tasks.find(({ name }) => name === architecture.task);
  if (listed === undefined) {
    throw new ReceiveError('no-task', `no task ${architecture.task} to evaluate`);
  }
  const task = await receiver.task(listed.hash, 'rank');
  if (!canEvaluate(architecture, task)) {
    throw new ReceiveError('bad-record', `task ${task.name} has no ${architecture.of} to evaluate`);
  }
  return receiver.subject(task, listed.hash, head);
}

/**
 * What a task stands on beside the version that it evaluates: to compare parts of the ranker, what
 * their tasks have published, to train a tower, the wide ranker under it, and for negatives by
 * popularity, that of the ranker (K27). A task that the site does not list is left out; one whose
 * version is not in the log is refused (L9).
 */
export async function receiveParts(
  receiver: Receiver,
  { architecture, recipe }: Task,
  catalogue: Catalogue,
): Promise<Pick<Known, 'parts' | 'draw' | 'wideWeights'>> {
  const found = new Map<string, KnownTask>();
  const isTower = architecture.name === 'tower';
  const isComparison = architecture.name === 'metrics' && architecture.of === 'parts';
  const { parts: evaluated, base } = isComparison ? architecture : { parts: null };
  const share = (isTraining(recipe) && recipe.popularNegatives) || 0;
  if (!isTower && share === 0 && evaluated === null) {
    return { parts: found, draw: null, wideWeights: null };
  }
  const site = (await receiver.storedSite()) ?? (await receiver.site());
  const pop = (share > 0 && site.ranker?.pop) || null;
  const wide = isTower ? site.ranker?.wide : undefined;
  const names = evaluated
    ? [base?.task, ...partNames(evaluated).map((part) => evaluated[part]?.task)]
    : [wide, pop?.task];
  for (const { name, hash } of site.tasks) {
    if (!names.includes(name) || found.has(name)) continue;
    const task = await receiver.task(hash, 'rank');
    const head = await receiver.head(task, hash);
    await receiver.assertLogged(task, head);
    found.set(name, { hash, task, model: await receiver.current(task, hash, head) });
  }
  const counts = pop && publishedCounts(pop, (name) => found.get(name), catalogue);
  const below = found.get(wide ?? '');
  return {
    parts: found,
    draw: counts && popularItems(counts, share),
    wideWeights: (below?.task.architecture.name === 'wide' && below.model?.weights) || null,
  };
}

/** @throws ReceiveError bad-record for counts of another catalogue (K17), whatever the history. */
export function assertCatalogue({ architecture }: Task, catalogue: Catalogue): void {
  if (!fitsCatalogue(architecture, catalogue)) {
    throw new ReceiveError('bad-record', 'items or edges are not those of the catalogue');
  }
}

function canEvaluate(metrics: MetricsArchitecture, { architecture }: Task): boolean {
  if (metrics.of !== 'head') return architecture.name === 'wide';
  return canonicalJson(architecture) === canonicalJson(metrics.head);
}

/**
 * Training examples, or null for a task that does not train. A history that cannot be made into
 * examples, more of them than there is memory for, counts as an empty one (PR22).
 *
 * @throws RangeError for a task that no history fits.
 */
export function prepare(known: Known, source: RandomSource): Examples | null {
  const { task, events, catalogue, nowMs, scorer, draw, wideWeights } = known;
  const { architecture, recipe } = task;
  if (!isTraining(recipe)) return null;
  const examplesOf = (history: readonly ShopEvent[]): Examples =>
    examplesFor(architecture, history, catalogue, recipe, source, {
      nowMs,
      draw,
      ...(scorer && { scorer }),
      ...(wideWeights && { wideWeights }),
    });
  try {
    return examplesOf(learnable(events, nowMs));
  } catch {
    return examplesOf([]);
  }
}

/**
 * The d numbers of this browser, not yet clipped: a weight delta, counts or metric sums.
 *
 * Whether a report leaves must not depend on the history (PR21, PR22): a training that diverges or
 * does not fit into memory, which only one with a history does, and a statistic that fails on a
 * history give zeros.
 */
export async function compute(
  learner: Learner,
  known: Known,
  examples: Examples | null,
  running: Pick<TrainInput, 'signal' | 'onProgress'>,
): Promise<TrainResult> {
  const { task, base } = known;
  const { architecture, recipe } = task;
  if (examples === null || !isTraining(recipe)) return { delta: count(known), losses: [] };
  try {
    const { weights } = base;
    const result = await learner.train({ architecture, weights, examples, recipe, ...running });
    if (result.delta.every(Number.isFinite)) return result;
  } catch (error) {
    if (!(error instanceof TrainingError) || error.code === 'backend') throw error;
  }
  return { delta: new Float32Array(task.d), losses: [] };
}

function count(known: Known): Float32Array {
  const zeros = new Float32Array(known.task.d);
  try {
    const counts = counted({ ...known, events: learnable(known.events, known.nowMs) });
    return counts.length === zeros.length && counts.every(Number.isFinite) ? counts : zeros;
  } catch {
    return zeros;
  }
}

function counted(known: Known): Float32Array {
  const { task, events, catalogue, evaluated, nowMs, scorer, parts } = known;
  const { architecture } = task;
  if (architecture.name === 'counts') return measure(architecture, events, catalogue, nowMs);
  if (architecture.name !== 'metrics' || evaluated === null)
    throw new TypeError('nothing to count');
  const { weights } = evaluated;
  const input = { events, catalogue, weights, nowMs, parts, ...(scorer && { scorer }) };
  return evaluate(architecture, input);
}
