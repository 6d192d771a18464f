/**
 * Rounds of one task: open → closing → published | abandoned, then the next at once.
 *
 * A round closes at maxReports or at its deadline and waits for nobody but, in the split tier, for
 * the helper that opens it, one window at most. Everything that a signed record says was journalled
 * before it was signed: the close record holds count and time, the next round opens at the time at
 * which the last one closed, or what it waited for came. So a restart makes the bytes that an
 * uninterrupted run makes from the same close record (SPEC.md, RD rules).
 */
import type { LogEntry } from '../shared/protocol/log.ts';
import type { HelperState } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { Task, TaskHead } from '../shared/protocol/task.ts';
import { checkPayload, coordinateBound } from './accept/validate.ts';
import { DiskError } from './accumulate/disk.ts';
import { RoundCourse } from './course.ts';
import { type Related, Relations } from './gate.ts';
import type { RoundCounts, RoundHistory } from './history.ts';
import type { LogPlace } from './log/record-log.ts';
import { type RoundsDeps, roundKeyOf } from './open-round.ts';
import { OperatorError, restorable } from './operator.ts';

/** What became of a report, and the number of the round that it names. */
export interface Taken {
  readonly outcome: 'accepted' | 'duplicate';
  readonly round: number;
}

export class TaskRounds implements Related {
  readonly task: Task;
  readonly taskHash: string;
  readonly history: RoundHistory;
  readonly #deps: RoundsDeps;
  readonly #bound: number;
  readonly #course: RoundCourse;

  /** @throws RangeError for a task of the split tier without `deps.helper`. */
  constructor(deps: RoundsDeps, task: Task, taskHash: string) {
    this.#deps = deps;
    this.task = task;
    this.taskHash = taskHash;
    this.#bound = coordinateBound(task);
    this.#course = new RoundCourse(deps, task, taskHash);
    this.history = this.#course.history;
  }

  get head(): TaskHead {
    const { open, subject } = this.#course;
    return this.history.headOf(open !== null && !open.closing, subject);
  }

  /** Of the version that is served. */
  get modelVersion(): number {
    return this.history.versions.served?.record.modelVersion ?? 0;
  }

  /** Number of the version that waits for the gate's verdict, or null. */
  get candidate(): number | null {
    return this.history.versions.candidate?.record.modelVersion ?? null;
  }

  /** Whether the operator lets no further round open. */
  get paused(): boolean {
    return this.#course.operator.paused;
  }

  get isOver(): boolean {
    const { announced, nextOpensAtMs, opensUntilMs } = this.history;
    const opensAtMs = Math.max(nextOpensAtMs ?? 0, this.#course.operator.resumedAtMs);
    return announced === null && opensAtMs >= opensUntilMs;
  }

  /** Rounds since the first one. */
  get counts(): RoundCounts {
    return this.history.counts;
  }

  /** In the open round. */
  get reports(): number {
    return this.#course.open?.batch.count ?? 0;
  }

  /** Null outside the split tier. */
  get helper(): HelperState | null {
    return this.#course.split?.link.state ?? null;
  }

  /** Failures to get a batch opened, by code. */
  get helperFailures(): ReadonlyMap<string, number> {
    return this.#course.split?.link.failures ?? new Map();
  }

  /** Why this task cannot write, or whom it does not believe, or null. */
  get failure(): Error | null {
    return this.#course.failure;
  }

  /** Changes of state that are under way. */
  get work(): Promise<void> {
    return this.#course.work;
  }

  /** Takes one entry of the log at start, in order. */
  replay(entry: LogEntry, place: LogPlace): Promise<void> {
    return this.history.take(entry, place);
  }

  /**
   * Says, once and before the start, what other tasks there are.
   * @throws RangeError for an evaluation or a gate that names none which fits.
   */
  relate(all: readonly TaskRounds[]): void {
    this.#course.relate(Relations.of(this.#deps, this, all));
  }

  /** Goes on where the log and the journal say that it stopped. @throws CorruptJournal, CorruptWishes */
  start(): Promise<void> {
    return this.#course.start();
  }

  wake(): void {
    this.#course.wake();
  }

  /**
   * Takes a body that was decoded for this task. Resolves when it is on disk.
   * @param elsewhere tells whether an open round of another task holds an id.
   * @throws Refusal, DiskError
   */
  async submit(body: Uint8Array, elsewhere: (id: string) => boolean): Promise<Taken> {
    const key = roundKeyOf(body);
    const round = this.history.numberOf(key);
    if (round === undefined) throw new Refusal('unknown-round');
    checkPayload(body, this.task, this.#bound, this.#deps.magnitudeBits);
    const { open } = this.#course;
    if (open?.announced.key === key) {
      if (open.isDue) this.#course.closeSoon(open);
      try {
        const outcome = await open.take(body, elsewhere);
        if (open.isDue) this.#course.closeSoon(open);
        return { outcome, round };
      } catch (error) {
        // The journal went while it was read: the round has ended in the meantime.
        if (!(error instanceof DiskError && error.code === 'missing')) throw error;
      }
    }
    if (this.history.announced?.key === key) throw new Refusal('not-ready');
    const known = await this.history.ended.find(round, body);
    if (known === 'same') return { outcome: 'duplicate', round };
    throw new Refusal(known === 'other' ? 'report-conflict' : 'round-closed');
  }

  /** Tells whether the open batch holds this id. */
  holds(id: string): boolean {
    return this.#course.open?.batch.has(id) ?? false;
  }

  /** Signed records of a round that has ended, or null. */
  finished(round: number): Promise<TaskHead | null> {
    return this.history.ended.records(round);
  }

  /** File with the report ids of a published round, or null. */
  async idsPath(round: number): Promise<string | null> {
    const records = await this.finished(round);
    return records?.model == null ? null : this.history.ended.batchPath(round);
  }

  /**
   * No further round opens, until `resume`. The open one goes on.
   * @param close ends it now, as at its deadline.
   * @throws OperatorError already; DiskError
   */
  async pause(close = false): Promise<void> {
    const { operator } = this.#course;
    await this.#course.operate(async () => {
      const round = this.history.announced?.signed.record.round ?? null;
      await operator.pause(close ? round : null);
      if (close) this.#course.open?.startClosing();
    });
  }

  /** Rounds open again, the next one now. @throws OperatorError already; DiskError */
  async resume(): Promise<void> {
    const { operator } = this.#course;
    await this.#course.operate(() => operator.resume(this.#deps.clock.nowMs()));
  }

  /**
   * Ends the round that is open now without a version; resolves with its number.
   * @throws OperatorError nothing-open, as for one that ends before its turn comes; DiskError
   */
  async abandon(): Promise<number> {
    const round = this.history.announced?.signed.record.round ?? 0;
    await this.#course.operate(async () => {
      const { announced, opening } = this.history;
      if (announced?.signed.record.round !== round || opening !== null) {
        throw new OperatorError('nothing-open', 'no round that could be abandoned is open');
      }
      await this.#course.operator.abandon(round);
      this.#course.open?.startClosing();
    });
    return round;
  }

  /**
   * Serves the weights of an earlier version again, 0 being the initial model, under the next
   * number; resolves with it. The open round ends without a version, unless both servers have opened
   * it, and a candidate is dropped.
   * @throws OperatorError not-trained, unknown-version, not-admitted or already; DiskError
   */
  async restore(version: number): Promise<number> {
    const { kind, name } = this.task;
    if (kind !== 'train') throw new OperatorError('not-trained', `task '${name}' is a statistic`);
    await this.#course.operate(async () => {
      const of = restorable(this.history.versions, version);
      const round = this.history.announced?.signed.record.round ?? null;
      await this.#course.operator.restore(of, this.#deps.clock.nowMs(), round);
      this.#course.open?.startClosing();
    });
    return this.modelVersion;
  }

  /** Resolves when no change of state is under way. */
  settled(): Promise<void> {
    return this.#course.settled();
  }

  /** Flushes what is on its way and stops; the open round goes on at the next start. */
  stop(): Promise<void> {
    return this.#course.stop();
  }
}
