/**
 * Rounds of one task: open → closing → published | abandoned, then the next at once.
 *
 * A round closes at maxReports or at its deadline and waits for nobody but, in the split tier, for
 * the helper that opens it, one window at most. Everything that a signed record says was journalled
 * before it was signed: the close record holds count and time, the next round opens at the time at
 * which the last one closed. So a restart makes the bytes that an uninterrupted run makes from the
 * same close record (SPEC.md, RD rules).
 */
import type { LogEntry } from '../shared/protocol/log.ts';
import type { HelperState } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { Task, TaskHead } from '../shared/protocol/task.ts';
import { checkPayload, coordinateBound } from './accept/validate.ts';
import { DiskError } from './accumulate/disk.ts';
import { CorruptJournal } from './accumulate/journal.ts';
import { HelperError } from './helper-client.ts';
import { RoundHistory } from './history.ts';
import type { LogPlace } from './log/record-log.ts';
import { type Keyed, OpenRound, RETRY_MS, type RoundsDeps, roundKeyOf } from './open-round.ts';
import { concludeRound, type Outcome } from './outcome.ts';
import { announceRound } from './publish/announce.ts';
import { SplitSide } from './split.ts';

/** What became of a report, and the number of the round that it names. */
export interface Taken {
  readonly outcome: 'accepted' | 'duplicate';
  readonly round: number;
}

export class TaskRounds {
  readonly task: Task;
  readonly taskHash: string;
  readonly #deps: RoundsDeps;
  readonly #bound: number;
  readonly #history: RoundHistory;
  /** Null outside the split tier. */
  readonly #split: SplitSide | null;
  #open: OpenRound | null = null;
  #failure: Error | null = null;
  #stopped = false;
  #work: Promise<void> = Promise.resolve();
  #cancel: () => void = () => undefined;
  /** A round that has ended, until its journal is gone. */
  #leftOver: OpenRound | null = null;

  /** @throws RangeError for a task of the split tier without `deps.helper`. */
  constructor(deps: RoundsDeps, task: Task, taskHash: string) {
    this.#deps = deps;
    this.task = task;
    this.taskHash = taskHash;
    this.#bound = coordinateBound(task);
    this.#history = new RoundHistory(deps, task, taskHash);
    const { helper } = task;
    this.#split = helper && new SplitSide(deps, this.#history, task.name, helper);
  }

  get head(): TaskHead {
    const { announced, model } = this.#history;
    const open = this.#open === null || this.#open.closing ? null : announced;
    return {
      round: open?.signed ?? null,
      model: model?.signed ?? null,
      roundIndex: open?.index ?? null,
      modelIndex: model?.index ?? null,
    };
  }

  get modelVersion(): number {
    return this.#history.model?.signed.record.modelVersion ?? 0;
  }

  /** Rounds since the first one. */
  get counts(): { readonly published: number; readonly abandoned: number } {
    return this.#history.counts;
  }

  /** In the open round. */
  get reports(): number {
    return this.#open?.batch.count ?? 0;
  }

  /** Null outside the split tier. */
  get helper(): HelperState | null {
    return this.#split?.link.state ?? null;
  }

  /** Failures to get a batch opened, by code. */
  get helperFailures(): ReadonlyMap<string, number> {
    return this.#split?.link.failures ?? new Map();
  }

  /** Why this task cannot write, or whom it does not believe, or null. */
  get failure(): Error | null {
    return this.#failure ?? this.#open?.batch.lastError ?? null;
  }

  /** Takes one entry of the log at start, in order. */
  restore(entry: LogEntry, place: LogPlace): Promise<void> {
    return this.#history.take(entry, place);
  }

  /** Goes on where the log and the journal say that it stopped. @throws CorruptJournal */
  async start(): Promise<void> {
    await this.#history.tidy();
    // The helper reads the log from this server, which answers once it has started.
    await this.#advance(this.#split !== null);
    if (this.#failure instanceof CorruptJournal) {
      await this.stop();
      throw this.#failure;
    }
  }

  /**
   * Takes a body that was decoded for this task. Resolves when it is on disk.
   * @param elsewhere tells whether an open round of another task holds an id.
   * @throws Refusal, DiskError
   */
  async submit(body: Uint8Array, elsewhere: (id: string) => boolean): Promise<Taken> {
    const key = roundKeyOf(body);
    const round = this.#history.numberOf(key);
    if (round === undefined) throw new Refusal('unknown-round');
    checkPayload(body, this.task, this.#bound);
    const open = this.#open;
    if (open?.announced.key === key) {
      if (open.isDue) this.#closeSoon(open);
      try {
        const outcome = await open.take(body, elsewhere);
        if (open.isDue) this.#closeSoon(open);
        return { outcome, round };
      } catch (error) {
        // The journal went while it was read: the round has ended in the meantime.
        if (!(error instanceof DiskError && error.code === 'missing')) throw error;
      }
    }
    if (this.#history.announced?.key === key) throw new Refusal('not-ready');
    const known = await this.#history.ended.find(round, body);
    if (known === 'same') return { outcome: 'duplicate', round };
    throw new Refusal(known === 'other' ? 'report-conflict' : 'round-closed');
  }

  /** Tells whether the open batch holds this id. */
  holds(id: string): boolean {
    return this.#open?.batch.has(id) ?? false;
  }

  /** Signed records of a round that has ended, or null. */
  finished(round: number): Promise<TaskHead | null> {
    return this.#history.ended.records(round);
  }

  /** File with the report ids of a published round, or null. */
  async idsPath(round: number): Promise<string | null> {
    const records = await this.finished(round);
    return records?.model == null ? null : this.#history.ended.batchPath(round);
  }

  /** Resolves when no change of state is under way. */
  async settled(): Promise<void> {
    let work: Promise<void>;
    do {
      work = this.#work;
      await work;
    } while (work !== this.#work);
  }

  /** Flushes what is on its way and stops; the open round goes on at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#split?.stop();
    await this.settled();
    await this.#open?.stop();
    await this.#leftOver?.stop();
  }

  #closeSoon(open: OpenRound): void {
    if (open.closing || this.#stopped) return;
    open.startClosing();
    this.#cancel();
    this.#advanceSoon();
  }

  #advanceSoon(): void {
    this.#work = this.#work.then(() => this.#advance());
  }

  /** @param resuming only up to where the helper would be asked; the rest follows by itself. */
  async #advance(resuming = false): Promise<void> {
    try {
      while (!this.#stopped) {
        await this.#discardJournal();
        if (this.#open === null) {
          const announced = this.#history.announced ?? (await this.#announceNext());
          this.#failure = null;
          if (announced === null) return;
          const path = this.#history.journalPath;
          this.#open = await OpenRound.open(this.#deps, this.task, announced, path);
        }
        this.#failure = null;
        if (!this.#open.isDue) {
          this.#arm(this.#open);
          return;
        }
        if (resuming) {
          this.#advanceSoon();
          return;
        }
        await this.#finish(this.#open);
      }
    } catch (error) {
      this.#retry(error as Error);
    }
  }

  #retry(error: Error): void {
    const { logger, scheduler } = this.#deps;
    const { task } = this;
    const waits = error instanceof HelperError;
    this.#failure = waits && !error.distrusted ? null : error;
    if (!waits) logger('error', 'round-stuck', { task: task.name, reason: error.message });
    if (this.#stopped) return;
    const split = waits ? this.#split : null;
    const pauseMs = split?.pauseMs(task, this.#open?.batch.closed ?? null) ?? RETRY_MS;
    this.#cancel = scheduler.after(pauseMs, () => this.#advanceSoon());
  }

  #arm(open: OpenRound): void {
    const { clock, scheduler, logger } = this.#deps;
    const { openedAtMs, deadlineMs } = open.announced.signed.record;
    const now = clock.nowMs();
    if (now < openedAtMs) {
      logger('warn', 'clock-behind', { task: this.task.name, byMs: openedAtMs - now });
    }
    this.#cancel = scheduler.after(deadlineMs - now, () => {
      if (open.isDue) this.#closeSoon(open);
      else this.#arm(open);
    });
  }

  /** Null when the task has expired. */
  async #announceNext(): Promise<Keyed | null> {
    const { clock, signer, logger } = this.#deps;
    const { task } = this;
    const next = this.#history.next(clock.nowMs());
    if (next === null) return null;
    const { signed } = await announceRound(signer, task, next);
    await this.#record({ type: 'round', round: signed });
    logger('info', 'round-open', { task: task.name, round: next.round });
    return this.#history.announced;
  }

  async #record(entry: LogEntry): Promise<void> {
    await this.#history.take(entry, await this.#deps.log.append(entry));
  }

  async #finish(open: OpenRound): Promise<void> {
    const { clock, logger } = this.#deps;
    const { batch } = open;
    const round = open.announced.signed.record;
    open.startClosing();
    await batch.close(() => Math.max(clock.nowMs(), round.openedAtMs), this.#split?.newSeed());
    const { entry, reports } = await this.#outcomeOf(open);
    await this.#record(entry);
    this.#open = null;
    this.#leftOver = open;
    logger('info', entry.type === 'model' ? 'round-published' : 'round-abandoned', {
      task: this.task.name,
      round: round.round,
      reports,
      version: this.modelVersion,
    });
    await this.#discardJournal();
  }

  #outcomeOf({ announced, batch }: OpenRound): Promise<Outcome> {
    const round = announced.signed.record;
    const { ended } = this.#history;
    const ending = {
      task: this.task,
      round,
      roundHash: announced.hash,
      baseVersion: this.modelVersion,
      batch,
      spentPath: ended.spentPath(round.round),
      batchPath: ended.batchPath(round.round),
    };
    if (this.#split === null) return concludeRound(this.#deps, ending);
    return this.#split.conclude(ending, (entry) => this.#record(entry));
  }

  async #discardJournal(): Promise<void> {
    await this.#leftOver?.discard();
    this.#leftOver = null;
  }
}
