/**
 * The course of one task's rounds: one loop, one change of state at a time. Rounds open, close and
 * get their outcome; between two rounds it is decided which version is served (SPEC.md, RD rules).
 */
import type { LogEntry } from '../shared/protocol/log.ts';
import { signRecord } from '../shared/protocol/signature.ts';
import type { Logged, ModelRecord, Task } from '../shared/protocol/task.ts';
import { CorruptJournal } from './accumulate/journal.ts';
import type { Relations } from './gate.ts';
import { HelperError } from './helper-client.ts';
import { RoundHistory } from './history.ts';
import { type Keyed, OpenRound, RETRY_MS, type RoundsDeps } from './open-round.ts';
import { Operator } from './operator.ts';
import { concludeRound, giveUpRound, type Outcome } from './outcome.ts';
import { announceRound } from './publish/announce.ts';
import { SplitSide } from './split.ts';

export class RoundCourse {
  readonly task: Task;
  readonly taskHash: string;
  readonly history: RoundHistory;
  readonly operator: Operator;
  /** Null outside the split tier. */
  readonly split: SplitSide | null;
  readonly #deps: RoundsDeps;
  #relations: Relations | null = null;
  #open: OpenRound | null = null;
  /** What the open round of an evaluation is about. */
  #subject: Logged<ModelRecord> | null = null;
  #failure: Error | null = null;
  #started = false;
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
    this.history = new RoundHistory(deps, task, taskHash);
    this.operator = new Operator(deps.disk, this.history.operatorPath);
    this.split = task.helper && new SplitSide(deps, this.history, task.name, task.helper);
  }

  get open(): OpenRound | null {
    return this.#open;
  }

  /** What the open round of an evaluation is about; null for an initial model. */
  get subject(): Logged<ModelRecord> | null {
    return this.#subject;
  }

  /** Why this task cannot write, or whom it does not believe, or null. */
  get failure(): Error | null {
    return this.#failure ?? this.#open?.batch.lastError ?? null;
  }

  /** The last change of state that is under way. */
  get work(): Promise<void> {
    return this.#work;
  }

  relate(relations: Relations): void {
    this.#relations = relations;
  }

  /** Goes on where the log and the journal say that it stopped. @throws CorruptJournal, CorruptWishes */
  async start(): Promise<void> {
    await this.history.tidy();
    await this.operator.load();
    this.#started = true;
    // The helper reads the log from this server, which answers once it has started. In the queue, as
    // a task that has started before may wake this one.
    const first = this.#work.then(() => this.#advance(this.split !== null));
    this.#work = first;
    await first;
    // What was asked of this task may be all that another one waited for.
    this.#relations?.changed();
    if (this.#failure instanceof CorruptJournal) {
      await this.stop();
      throw this.#failure;
    }
  }

  /** Goes on if no round is open: another task, or the operator, has let it. */
  wake(): void {
    if (this.#started && !this.#stopped && this.#open === null) this.#advanceSoon();
  }

  /** Does what the operator asks between two changes of state, and then what follows from it. */
  async operate(wish: () => Promise<void>): Promise<void> {
    const done = this.#work.then(wish);
    this.#work = done.catch(() => undefined);
    this.#advanceSoon();
    await done;
    await this.settled();
    this.#relations?.changed();
    if (this.#failure !== null) throw this.#failure;
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
    this.split?.stop();
    await this.settled();
    await this.#open?.stop();
    await this.#leftOver?.stop();
  }

  /** The open round is due. */
  closeSoon(open: OpenRound): void {
    if (open.closing || this.#stopped) return;
    open.startClosing();
    this.#cancel();
    this.#advanceSoon();
  }

  #advanceSoon(): void {
    this.#work = this.#work.then(() => {
      this.#cancel();
      return this.#advance();
    });
  }

  /** @param resuming only up to where the helper would be asked; the rest follows by itself. */
  async #advance(resuming = false): Promise<void> {
    try {
      while (!this.#stopped) {
        await this.#discardJournal();
        if (this.#open === null) {
          if (this.history.announced === null) await this.#decide();
          const announced = this.history.announced ?? (await this.#announceNext());
          this.#failure = null;
          if (announced === null) return;
          this.#open = await this.#resume(announced);
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
    const split = waits ? this.split : null;
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
      if (open.isDue) this.closeSoon(open);
      else this.#arm(open);
    });
  }

  /** What was decided of the versions since the last round, and is not in the log yet. */
  async #decide(): Promise<void> {
    const { signer, logger } = this.#deps;
    const { versions } = this.history;
    const task = this.task.name;
    const restore = this.operator.pending(versions);
    if (restore !== null) {
      // Read before the restore is in the log, since nothing that follows from that may fail.
      await this.history.recordOf(restore.of);
      const of = { version: 1, type: 'restore', task: this.taskHash, reason: 'operator' } as const;
      await this.#record({ type: 'restore', restore: signRecord({ ...of, ...restore }, signer) });
      logger('info', 'version-restored', { task, version: restore.modelVersion, of: restore.of });
    }
    await this.operator.restored();
    const verdict = (await this.#relations?.verdict()) ?? null;
    if (verdict === null) return;
    await this.#record({ type: 'verdict', verdict });
    const { admitted, modelVersion: version } = verdict.record;
    logger('info', admitted ? 'version-admitted' : 'version-refused', { task, version });
  }

  /** Null when the task has expired, and while it waits for the operator or another task. */
  async #announceNext(): Promise<Keyed | null> {
    const { clock, signer, logger } = this.#deps;
    const { task } = this;
    if (this.operator.paused || this.history.versions.candidate !== null) return null;
    const about = (await this.#relations?.subject()) ?? null;
    if (task.kind === 'evaluate' && about === null) return null;
    const notBeforeMs = Math.max(this.operator.resumedAtMs, about?.sinceMs ?? 0);
    const next = this.history.next(about?.sinceMs ?? clock.nowMs(), notBeforeMs);
    if (next === null) return null;
    const said = about === null ? next : { ...next, subject: about.subject };
    const { signed } = await announceRound(signer, task, said);
    await this.#record({ type: 'round', round: signed });
    logger('info', 'round-open', { task: task.name, round: next.round });
    return this.history.announced;
  }

  async #resume(announced: Keyed): Promise<OpenRound> {
    const { subject, round } = announced.signed.record;
    this.#subject = (await this.#relations?.recordOf(subject)) ?? null;
    const open = await OpenRound.open(this.#deps, this.task, announced, this.history.journalPath);
    if (this.operator.ends(round)) open.startClosing();
    open.batch.watch?.(() => {
      if (open.isDue) this.closeSoon(open);
    });
    return open;
  }

  async #record(entry: LogEntry): Promise<void> {
    await this.history.extend(entry, await this.#deps.log.append(entry));
    this.#relations?.changed();
  }

  async #finish(open: OpenRound): Promise<void> {
    const { clock, logger } = this.#deps;
    const { batch } = open;
    const round = open.announced.signed.record;
    open.startClosing();
    await batch.close(() => Math.max(clock.nowMs(), round.openedAtMs), this.split?.newSeed());
    const { entry, reports } = await this.#outcomeOf(open);
    await this.#record(entry);
    this.#open = null;
    this.#leftOver = open;
    logger('info', entry.type === 'model' ? 'round-published' : 'round-abandoned', {
      task: this.task.name,
      round: round.round,
      reports,
      version: this.history.versions.next - 1,
    });
    await this.#discardJournal();
  }

  #outcomeOf({ announced, batch }: OpenRound): Promise<Outcome> {
    const round = announced.signed.record;
    const { ended, versions, opening } = this.history;
    const ending = {
      task: this.task,
      round,
      roundHash: announced.hash,
      baseVersion: versions.origin,
      modelVersion: versions.next,
      baseFromRound: versions.served?.record.type === 'model',
      batch,
      spentPath: ended.spentPath(round.round),
      batchPath: ended.batchPath(round.round),
    };
    if (opening === null && this.operator.abandons(round.round)) {
      return giveUpRound(this.#deps, ending);
    }
    if (this.split === null) return concludeRound(this.#deps, ending);
    return this.split.conclude(ending, (entry) => this.#record(entry));
  }

  async #discardJournal(): Promise<void> {
    await this.#leftOver?.discard();
    this.#leftOver = null;
  }
}
