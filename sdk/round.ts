/** One client round as numbered steps: what the engine runs, and a simulated shopper in Node. */
import { fromHex, toHex } from '../shared/bytes/hex.ts';
import type { Catalogue } from '../shared/model/catalogue.ts';
import { decodeCatalogue } from '../shared/model/codec.ts';
import { REPORT_ID_BYTES } from '../shared/protocol/report.ts';
import type { RoundRecord, Task } from '../shared/protocol/task.ts';
import type { RandomSource } from '../shared/random/source.ts';
import type { Clock } from './capture/clock.ts';
import { assertCatalogue, compute, prepare, receiveEvaluated, receiveParts } from './compute.ts';
import { type Database, DatabaseError } from './database/database.ts';
import type { WideScorer } from './features/wide.ts';
import type { Learner } from './learn/learner.ts';
import { drawNoise } from './noise/draw.ts';
import { privatize } from './noise/privatize.ts';
import { pack } from './pack/pack.ts';
import { eligible, type Skip } from './post/eligible.ts';
import { enqueue } from './post/enqueue.ts';
import type { RoundOutcome, SkipReason } from './post/outcome.ts';
import { ReceiveError } from './receive/error.ts';
import type { Head } from './receive/head.ts';
import type { Receiver } from './receive/receiver.ts';

export interface RoundProgress {
  readonly task: string;
  readonly stage:
    | 'receive'
    | 'features'
    | 'noise'
    | 'train'
    | 'measure'
    | 'evaluate'
    | 'pack'
    | 'charge';
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

export interface RoundDeps {
  readonly db: Database;
  readonly receiver: Receiver;
  readonly learner: Learner;
  readonly source: RandomSource;
  readonly clock: Clock;
  /** Milliseconds from any origin, as `performance.now()`. */
  readonly timer: Clock;
  /** Global Privacy Control. */
  readonly gpc: () => boolean;
  /** The decoded catalogue; `catalogueLoader` unless several shoppers share one. */
  readonly catalogue: (hash: string, receiver: Receiver) => Promise<Catalogue>;
  /** Feature columns that several shoppers share; by default the catalogue's own. */
  readonly scorer?: (catalogue: Catalogue) => WideScorer;
}

type Progress = (progress: RoundProgress) => void;

/**
 * Runs one round of a task. Never throws: whatever ends it before the charge is a named reason,
 * and then nothing was charged and nothing is sent.
 *
 * @param taskHash address of a task that the site's record lists
 * @param signal aborts between steps, and training within one of its steps
 */
export async function runRound(
  deps: RoundDeps,
  taskHash: string,
  onProgress: Progress,
  signal: AbortSignal,
): Promise<RoundOutcome> {
  const { db, receiver, learner, source, clock } = deps;
  const steps = new Steps(deps.timer, taskHash, onProgress, signal);
  try {
    // 0 receive the task and its open round
    const { task, head } = await steps.run('receive', () => receive(receiver, taskHash));
    steps.name = task.name;
    // 1 take part only if consent, the quiet period, the ledger and the coin say so
    const { round, roundHash } = await steps.run('eligible', () =>
      admit(deps, task, taskHash, head),
    );
    // 2 receive the base model, the catalogue and, to evaluate one, another task's model
    const base = await steps.run('receive', () => receiver.current(task, taskHash, head));
    const catalogue = await steps.run('receive', () => deps.catalogue(task.catalogue, receiver));
    const evaluated = await steps.run('receive', () => receiveEvaluated(receiver, task, head));
    // 3 history becomes numbers; an empty history gives no examples and goes on
    const standsOn = await steps.run('receive', () => receiveParts(receiver, task, catalogue));
    assertCatalogue(task, catalogue);
    const events = await steps.run('features', () => db.readEvents());
    const scorer = deps.scorer?.(catalogue);
    const nowMs = clock.now();
    const known = { task, base, evaluated, ...standsOn, catalogue, events, scorer, nowMs };
    const examples = await steps.run('features', () => prepare(known, source));
    // 4 draw the noise, before anything is known of the update
    const noise = await steps.run('noise', () => drawNoise(task, source));
    // 5 train, measure or evaluate; what fails on this history gives zeros, as an empty one does
    const { delta, losses } = await steps.run(task.kind, () =>
      compute(learner, known, examples, { signal, onProgress: steps.training }),
    );
    // 6 clip, round, add the noise
    const value = await steps.run('privatize', () => privatize(delta, task, noise, source));
    // 7 pack the finished bytes
    const id = new Uint8Array(REPORT_ID_BYTES);
    source.fill(id);
    const reportId = toHex(id);
    const header = { id, taskHash: fromHex(taskHash), roundHash: fromHex(roundHash) };
    const body = await steps.run('pack', () =>
      pack(value, header, { helper: task.helper, source }),
    );
    // 8 charge and enqueue in one transaction; the upload waits for its random time
    const madeMs = clock.now();
    if (madeMs >= round.deadlineMs)
      throw new Skipped({ reason: 'round-closed', detail: 'too slow' });
    const result = await steps.run('charge', () =>
      enqueue({ db, task, taskHash, round, roundHash, nowMs: madeMs, reportId, body, source }),
    );
    if (!result.ok) throw new Skipped({ reason: result.reason, detail: 'at the charge' });
    const { sendAtMs, entry } = result;
    const { bytes, epsilon } = entry;
    const { timings } = steps;
    return { state: 'enqueued', reportId, sendAtMs, bytes, epsilon, losses, timings };
  } catch (error) {
    return { state: 'skipped', ...skipOf(error, signal) };
  }
}

/** Decodes a catalogue once and keeps the latest: an engine's rounds share it. */
export function catalogueLoader(): RoundDeps['catalogue'] {
  let latest: Catalogue | null = null;
  return async (hash, receiver) => {
    if (latest?.hash === hash) return latest;
    const bytes = await receiver.catalogue(hash);
    try {
      latest = decodeCatalogue(bytes, hash);
    } catch (error) {
      throw new ReceiveError('bad-record', (error as Error).message, error);
    }
    return latest;
  };
}

async function receive(
  receiver: Receiver,
  taskHash: string,
): Promise<{ readonly task: Task; readonly head: Head }> {
  const site = (await receiver.storedSite()) ?? (await receiver.site());
  if (!site.tasks.some(({ hash }) => hash === taskHash)) {
    throw new ReceiveError('no-task', 'the site does not list this task');
  }
  const task = await receiver.task(taskHash, 'report');
  const head = await receiver.head(task, taskHash);
  await receiver.assertLogged(task, head);
  return { task, head };
}

async function admit(
  { db, clock, gpc, source }: RoundDeps,
  task: Task,
  taskHash: string,
  { round, roundHash }: Head,
): Promise<{ readonly round: RoundRecord; readonly roundHash: string }> {
  const nowMs = clock.now();
  const skip = await eligible({ db, task, taskHash, round, roundHash, nowMs, gpc: gpc(), source });
  if (skip !== null) throw new Skipped(skip);
  if (round === null || roundHash === null) throw new Skipped({ reason: 'no-round', detail: '' });
  return { round, roundHash };
}

class Skipped extends Error {
  readonly skip: Skip;

  constructor(skip: Skip) {
    super(skip.reason);
    this.skip = skip;
  }
}

function skipOf(error: unknown, signal: AbortSignal): { reason: SkipReason; detail: string } {
  if (signal.aborted) return { reason: 'aborted', detail: '' };
  if (error instanceof Skipped) return error.skip;
  if (error instanceof ReceiveError) return { reason: error.code, detail: error.detail };
  if (error instanceof DatabaseError) return { reason: 'storage', detail: error.message };
  const detail = error instanceof Error ? error.message : 'failed';
  return { reason: 'training-failed', detail };
}

type StepName =
  | 'receive'
  | 'eligible'
  | 'features'
  | 'noise'
  | 'train'
  | 'measure'
  | 'evaluate'
  | 'privatize'
  | 'pack'
  | 'charge';

const STAGES: Record<StepName, RoundProgress['stage']> = {
  receive: 'receive',
  eligible: 'receive',
  features: 'features',
  noise: 'noise',
  train: 'train',
  measure: 'measure',
  evaluate: 'evaluate',
  privatize: 'pack',
  pack: 'pack',
  charge: 'charge',
};

/** Times each step, tells of it, and ends between steps when asked. */
class Steps {
  name: string;
  readonly timings: Partial<Record<StepName, number>> & Record<string, number> = {};
  readonly #timer: Clock;
  readonly #onProgress: Progress;
  readonly #signal: AbortSignal;

  constructor(timer: Clock, name: string, onProgress: Progress, signal: AbortSignal) {
    this.name = name;
    this.#timer = timer;
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  readonly training = ({
    step,
    steps,
    loss,
  }: {
    step: number;
    steps: number;
    loss: number;
  }): void => this.#tell({ task: this.name, stage: 'train', step, steps, loss });

  async run<T>(step: StepName, body: () => T | Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    this.#tell({ task: this.name, stage: STAGES[step], step: 0, steps: 1, loss: null });
    const start = this.#timer.now();
    const result = await body();
    this.timings[step] = (this.timings[step] ?? 0) + this.#timer.now() - start;
    return result;
  }

  /** A listener that fails, in another thread perhaps, does not end the round. */
  #tell(progress: RoundProgress): void {
    Promise.resolve()
      .then(() => this.#onProgress(progress))
      .catch(() => undefined);
  }
}
