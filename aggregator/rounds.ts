/**
 * Rounds of one task: open → closing → published | abandoned, then the next at once.
 *
 * A round closes at maxReports or at its deadline and waits for nobody. Everything that a signed
 * record says was journalled before it was signed: the close record holds count and time, the next
 * round opens at the time at which the last one closed. So a restart makes the bytes that an
 * uninterrupted run makes from the same close record (SPEC.md, RD rules).
 */
import { fromHex, toHex } from '../shared/bytes/hex.ts';
import { recordHash } from '../shared/protocol/records.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { ReportHeader } from '../shared/protocol/report.ts';
import type { Signer } from '../shared/protocol/signature.ts';
import type { ModelRecord, Signed, Task, TaskHead } from '../shared/protocol/task.ts';
import { checkCoordinates, coordinateBound } from './accept/validate.ts';
import { idOf, OpenBatch, type Summer } from './accumulate/batch.ts';
import { type Disk, DiskError, writeWhole } from './accumulate/disk.ts';
import { CorruptJournal } from './accumulate/journal.ts';
import { encodeSpent } from './accumulate/spent.ts';
import { EndedRounds, type Place } from './ended.ts';
import type { LogEntry, RecordLog } from './log/record-log.ts';
import type { Logger } from './logger.ts';
import { type Announced, announceRound } from './publish/announce.ts';
import { publishVersion } from './publish/publish.ts';
import type { Clock, Scheduler } from './time.ts';

export interface RoundsDeps {
  readonly disk: Disk;
  readonly log: RecordLog;
  readonly signer: Signer;
  readonly summer: Summer;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly flushBytes: number;
}

interface Open extends Announced {
  readonly batch: OpenBatch;
  state: 'open' | 'closing';
}

const RETRY_MS = 1000;
export class TaskRounds {
  readonly task: Task;
  readonly taskHash: string;
  readonly #deps: RoundsDeps;
  readonly #bound: number;
  readonly #numbers = new Map<string, number>();
  readonly #ended: EndedRounds;
  #announced: Announced | null = null;
  #open: Open | null = null;
  #model: Signed<ModelRecord> | null = null;
  #lastRound = 0;
  #lastClosedAtMs: number | null = null;
  #published = 0;
  #abandoned = 0;
  #failure: Error | null = null;
  #stopped = false;
  #work: Promise<void> = Promise.resolve();
  #cancel: () => void = () => undefined;

  constructor(deps: RoundsDeps, task: Task, taskHash: string) {
    this.#deps = deps;
    this.task = task;
    this.taskHash = taskHash;
    this.#bound = coordinateBound(task);
    this.#ended = new EndedRounds(deps.disk, deps.log, this.#folder());
  }

  get head(): TaskHead {
    const round = this.#open?.state === 'open' ? this.#open.signed : null;
    return { round, model: this.#model };
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
   * Takes a report whose header was decoded for this task. Resolves when it is on disk.
   * @throws Refusal
   */
  async submit(header: ReportHeader, body: Uint8Array): Promise<'accepted' | 'duplicate'> {
    const hash = toHex(header.roundHash);
    const round = this.#numbers.get(hash);
    if (round === undefined) throw new Refusal('unknown-round');
    checkCoordinates(body, this.task.d, this.#bound);
    const open = this.#open;
    if (open?.hash === hash) {
      if (this.#due(open)) this.#closeSoon(open);
      try {
        return await this.#add(open, body);
      } catch (error) {
        // The journal went while it was read: the round has ended in the meantime.
        if (!(error instanceof DiskError && error.code === 'missing')) throw error;
      }
    }
    if (this.#announced?.hash === hash) throw new Refusal('not-ready');
    const known = await this.#ended.find(round, body);
    if (known === 'same') return 'duplicate';
    throw new Refusal(known === 'other' ? 'report-conflict' : 'round-closed');
  }

  numberOf(roundHash: Uint8Array): number {
    return this.#numbers.get(toHex(roundHash)) ?? 0;
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
    await this.#open?.batch.stop();
  }

  async #add(open: Open, body: Uint8Array): Promise<'accepted' | 'duplicate'> {
    const id = idOf(body);
    if (open.state === 'closing') {
      const known = await open.batch.find(id, body);
      if (known === 'same') return 'duplicate';
      throw new Refusal(known === 'other' ? 'report-conflict' : 'round-closed');
    }
    const outcome = await open.batch.add(id, body);
    if (this.#due(open)) this.#closeSoon(open);
    return outcome;
  }

  #due({ batch, signed }: Open): boolean {
    return (
      batch.closed !== null ||
      batch.count >= this.task.maxReports ||
      this.#deps.clock.nowMs() >= signed.record.deadlineMs
    );
  }

  #closeSoon(open: Open): void {
    if (open.state === 'closing' || this.#stopped) return;
    open.state = 'closing';
    this.#cancel();
    this.#advanceSoon();
  }

  #advanceSoon(): void {
    this.#work = this.#work.then(() => this.#advance());
  }

  async #advance(): Promise<void> {
    try {
      while (!this.#stopped) {
        if (this.#open === null) {
          if (this.#announced === null && !(await this.#announceNext())) return;
          this.#open = await this.#openBatch(this.#announced as unknown as Announced);
        }
        this.#failure = null;
        if (!this.#due(this.#open)) {
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

  #arm(open: Open): void {
    const { clock, scheduler } = this.#deps;
    this.#cancel = scheduler.after(open.signed.record.deadlineMs - clock.nowMs(), () => {
      if (this.#due(open)) this.#closeSoon(open);
      else this.#arm(open);
    });
  }

  async #announceNext(): Promise<boolean> {
    const { clock, signer, log, logger } = this.#deps;
    const openedAtMs = this.#lastClosedAtMs ?? clock.nowMs();
    if (openedAtMs >= this.task.expiresAtMs) return false;
    const announced = await announceRound(signer, this.task, {
      task: this.taskHash,
      round: this.#lastRound + 1,
      baseModel: this.#model?.record.model ?? this.task.initialModel,
      openedAtMs,
    });
    this.#announce(announced, await log.append({ type: 'round', round: announced.signed }));
    logger('info', 'round-open', { task: this.task.name, round: this.#lastRound });
    return true;
  }

  #announce(announced: Announced, place: Place): void {
    const { round } = announced.signed.record;
    this.#announced = announced;
    this.#numbers.set(announced.hash, round);
    this.#ended.opened(round, place);
    this.#lastRound = round;
  }

  async #openBatch(announced: Announced): Promise<Open> {
    const { disk, summer, flushBytes } = this.#deps;
    const { d, maxReports } = this.task;
    const path = `${this.#folder()}/${this.#journalName()}`;
    const identity = fromHex(announced.hash);
    const limits = { d, maxReports, flushBytes };
    const batch = await OpenBatch.open({ disk, path, identity, summer, ...limits });
    return { ...announced, batch, state: batch.closed === null ? 'open' : 'closing' };
  }

  async #finish(open: Open): Promise<void> {
    const { disk, log, signer, clock, logger } = this.#deps;
    const { task, taskHash } = this;
    const { record: round } = open.signed;
    open.state = 'closing';
    const close = await open.batch.close(() => Math.max(clock.nowMs(), round.openedAtMs));
    const spent = encodeSpent(await open.batch.spent());
    await writeWhole(disk, this.#ended.spentPath(round.round), spent);
    const { closedAtMs, count } = close;
    if (count >= task.minReports) {
      const model = await publishVersion(disk, signer, {
        task,
        round,
        roundHash: open.hash,
        baseVersion: this.modelVersion,
        close,
        sum: open.batch.sum,
      });
      this.#conclude(closedAtMs, await log.append({ type: 'model', model }), model);
    } else {
      const entry = { task: taskHash, round: round.round, reports: count, closedAtMs };
      this.#conclude(closedAtMs, await log.append({ type: 'abandoned', ...entry }), null);
    }
    this.#open = null;
    logger('info', count >= task.minReports ? 'round-published' : 'round-abandoned', {
      task: task.name,
      round: round.round,
      reports: count,
      version: this.modelVersion,
    });
    await open.batch.stop();
    const { path } = open.batch;
    await disk.remove(path);
    await disk.syncFolder(this.#folder());
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
