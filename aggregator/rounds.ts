/**
 * Rounds of one task: open → closing → published | abandoned, then the next at once.
 *
 * A round closes at maxReports or at its deadline and waits for nobody. Everything that a signed
 * record says was journalled before it was signed: the close record holds count and time, the next
 * round opens at the time at which the last one closed. So a restart makes the bytes that an
 * uninterrupted run makes from the same close record (SPEC.md, RD rules).
 */
import { recordHash } from '../shared/protocol/records.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { ModelRecord, Signed, Task, TaskHead } from '../shared/protocol/task.ts';
import { checkCoordinates, coordinateBound } from './accept/validate.ts';
import { DiskError } from './accumulate/disk.ts';
import { CorruptJournal } from './accumulate/journal.ts';
import { EndedRounds, type Place } from './ended.ts';
import type { LogEntry } from './log/record-log.ts';
import {
  type Keyed,
  keyOfHex,
  OpenRound,
  RETRY_MS,
  type RoundsDeps,
  roundKeyOf,
} from './open-round.ts';
import { concludeRound } from './outcome.ts';
import { type Announced, announceRound } from './publish/announce.ts';

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
  /** Numbers of all rounds by hash, 32 bytes as a latin1 string. */
  readonly #numbers = new Map<string, number>();
  readonly #ended: EndedRounds;
  #announced: Keyed | null = null;
  #open: OpenRound | null = null;
  #model: Signed<ModelRecord> | null = null;
  #lastRound = 0;
  #lastClosedAtMs: number | null = null;
  #published = 0;
  #abandoned = 0;
  #failure: Error | null = null;
  #stopped = false;
  #work: Promise<void> = Promise.resolve();
  #cancel: () => void = () => undefined;
  /** A round that has ended, until its journal is gone. */
  #leftOver: OpenRound | null = null;

  constructor(deps: RoundsDeps, task: Task, taskHash: string) {
    this.#deps = deps;
    this.task = task;
    this.taskHash = taskHash;
    this.#bound = coordinateBound(task);
    this.#ended = new EndedRounds(deps.disk, deps.log, this.#folder());
  }

  get head(): TaskHead {
    const open = this.#open === null || this.#open.closing ? null : this.#open.announced.signed;
    return { round: open, model: this.#model };
  }

  get modelVersion(): number {
    return this.#model?.record.modelVersion ?? 0;
  }

  get counts(): {
    readonly published: number;
    readonly abandoned: number;
    readonly reports: number;
  } {
    const reports = this.#open?.batch.count ?? 0;
    return { published: this.#published, abandoned: this.#abandoned, reports };
  }

  /** Why this task cannot write, or null. */
  get failure(): Error | null {
    return this.#failure ?? this.#open?.batch.lastError ?? null;
  }

  /** Takes one entry of the log at start, in order. */
  async restore(entry: LogEntry, place: Place): Promise<void> {
    if (entry.type === 'round') {
      const hash = await recordHash(entry.round.record);
      this.#announce({ signed: entry.round, hash }, place);
    } else if (entry.type === 'model') {
      this.#conclude(entry.model.record.closedAtMs, place, entry.model);
    } else if (entry.type === 'abandoned') {
      this.#conclude(entry.closedAtMs, place, null);
    }
  }

  /** Goes on where the log and the journal say that it stopped. @throws CorruptJournal */
  async start(): Promise<void> {
    const folder = this.#folder();
    await this.#deps.disk.makeFolder(folder);
    for (const name of await this.#deps.disk.list(folder)) {
      const running = this.#announced !== null && name === this.#journalName();
      const kept = name.endsWith('.ids') || running;
      if (!kept) await this.#deps.disk.remove(`${folder}/${name}`);
    }
    await this.#advance();
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
    const round = this.#numbers.get(key);
    if (round === undefined) throw new Refusal('unknown-round');
    checkCoordinates(body, this.task.d, this.#bound);
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
    if (this.#announced?.key === key) throw new Refusal('not-ready');
    const known = await this.#ended.find(round, body);
    if (known === 'same') return { outcome: 'duplicate', round };
    throw new Refusal(known === 'other' ? 'report-conflict' : 'round-closed');
  }

  /** Tells whether the open batch holds this id. */
  holds(id: string): boolean {
    return this.#open?.batch.has(id) ?? false;
  }

  /** Signed records of a round that has ended, or null. */
  finished(round: number): Promise<TaskHead | null> {
    return this.#ended.records(round);
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

  async #advance(): Promise<void> {
    try {
      while (!this.#stopped) {
        await this.#discardJournal();
        if (this.#open === null) {
          const announced = this.#announced ?? (await this.#announceNext());
          this.#failure = null;
          if (announced === null) return;
          const path = `${this.#folder()}/${this.#journalName()}`;
          this.#open = await OpenRound.open(this.#deps, this.task, announced, path);
        }
        this.#failure = null;
        if (!this.#open.isDue) {
          this.#arm(this.#open);
          return;
        }
        await this.#finish(this.#open);
      }
    } catch (error) {
      this.#failure = error as Error;
      const { logger, scheduler } = this.#deps;
      logger('error', 'round-stuck', { task: this.task.name, reason: (error as Error).message });
      if (!this.#stopped) this.#cancel = scheduler.after(RETRY_MS, () => this.#advanceSoon());
    }
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
    const { clock, signer, log, logger } = this.#deps;
    const openedAtMs = this.#lastClosedAtMs ?? clock.nowMs();
    if (openedAtMs >= this.task.expiresAtMs) return null;
    const announced = await announceRound(signer, this.task, {
      task: this.taskHash,
      round: this.#lastRound + 1,
      baseModel: this.#model?.record.model ?? this.task.initialModel,
      openedAtMs,
    });
    const place = await log.append({ type: 'round', round: announced.signed });
    logger('info', 'round-open', { task: this.task.name, round: announced.signed.record.round });
    return this.#announce(announced, place);
  }

  #announce(announced: Announced, place: Place): Keyed {
    const { round } = announced.signed.record;
    const keyed = { ...announced, key: keyOfHex(announced.hash) };
    this.#announced = keyed;
    this.#numbers.set(keyed.key, round);
    this.#ended.opened(round, place);
    this.#lastRound = round;
    return keyed;
  }

  async #finish(open: OpenRound): Promise<void> {
    const { clock, logger } = this.#deps;
    const { task } = this;
    const { batch } = open;
    const { hash: roundHash, signed } = open.announced;
    const round = signed.record;
    open.startClosing();
    const close = await batch.close(() => Math.max(clock.nowMs(), round.openedAtMs));
    const baseVersion = this.modelVersion;
    const spentPath = this.#ended.spentPath(round.round);
    const ending = { task, round, roundHash, baseVersion, batch, close, spentPath };
    const { model, place } = await concludeRound(this.#deps, ending);
    this.#conclude(close.closedAtMs, place, model);
    this.#open = null;
    this.#leftOver = open;
    logger('info', model === null ? 'round-abandoned' : 'round-published', {
      task: task.name,
      round: round.round,
      reports: close.count,
      version: this.modelVersion,
    });
    await this.#discardJournal();
  }

  /** Deletes the reports of the round that has ended. */
  async #discardJournal(): Promise<void> {
    const { disk } = this.#deps;
    const ended = this.#leftOver;
    if (ended === null) return;
    await ended.stop();
    await disk.remove(ended.batch.path);
    await disk.syncFolder(this.#folder());
    this.#leftOver = null;
  }

  #conclude(closedAtMs: number, outcome: Place, model: Signed<ModelRecord> | null): void {
    this.#ended.ended(this.#lastRound, outcome);
    this.#announced = null;
    this.#lastClosedAtMs = closedAtMs;
    if (model === null) this.#abandoned += 1;
    else {
      this.#published += 1;
      this.#model = model;
    }
  }

  #folder(): string {
    return `rounds/${this.taskHash}`;
  }

  #journalName(): string {
    return `${this.#lastRound}.journal`;
  }
}
