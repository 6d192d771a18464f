/** The round of a task that is open: its record, its batch, and which reports it takes. */
import { Refusal } from '../shared/protocol/refusals.ts';
import { reportLength } from '../shared/protocol/report.ts';
import type { Task } from '../shared/protocol/task.ts';
import type { RandomSource } from '../shared/random/source.ts';
import type { MagnitudeBits } from './accept/validate.ts';
import { type BatchOptions, idOf, OpenBatch, type Summer } from './accumulate/batch.ts';
import type { Batch } from './accumulate/contract.ts';
import { folderOf } from './accumulate/disk.ts';
import type { HelperClient } from './helper-client.ts';
import type { Logger } from './logger.ts';
import type { OutcomeDeps } from './outcome.ts';
import { type Announced, journalIdentity } from './publish/announce.ts';
import type { Clock, Scheduler } from './time.ts';

export interface RoundsDeps extends OutcomeDeps {
  readonly summer: Summer;
  /** Of the bound check; a loop in TypeScript when left out. */
  readonly magnitudeBits?: MagnitudeBits;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly flushBytes: number;
  /** Needed by tasks of the split tier. */
  readonly helper?: HelperClient;
  /** Of this server's noise seeds; the system's generator when left out. */
  readonly source?: RandomSource;
  /** Where the reports of a round are; in the data folder when left out. */
  readonly openBatch?: (options: BatchOptions, task: Task, announced: Announced) => Promise<Batch>;
}

export interface Keyed extends Announced {
  /** Hash as a latin1 string, cheaper to take from a body than hex. */
  readonly key: string;
}

/** A disk that was full is tried again after this time. */
export const RETRY_MS = 1000;

const ROUND_HASH_AT = 56;

/** Round hash of a body as a latin1 string. */
export function roundKeyOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset + ROUND_HASH_AT, 32).toString('latin1');
}

/** Hash in hex as such a string. */
export const keyOfHex = (hash: string): string => Buffer.from(hash, 'hex').toString('latin1');

export class OpenRound {
  readonly announced: Keyed;
  readonly batch: Batch;
  readonly #task: Task;
  readonly #deps: RoundsDeps;
  #closing: boolean;
  #stopped = false;
  #cancelProbe: (() => void) | null = null;

  private constructor(deps: RoundsDeps, task: Task, announced: Keyed, batch: Batch) {
    this.#deps = deps;
    this.#task = task;
    this.announced = announced;
    this.batch = batch;
    this.#closing = batch.closed !== null;
  }

  /** Opens the journal at `path` and replays it. @throws CorruptJournal, DiskError */
  static async open(
    deps: RoundsDeps,
    task: Task,
    announced: Keyed,
    path: string,
  ): Promise<OpenRound> {
    const { disk, signer, summer, flushBytes } = deps;
    const { d, maxReports } = task;
    const identity = journalIdentity(signer, announced.hash);
    const limits = { d, maxReports, flushBytes, reportBytes: reportLength(task) };
    const onArrival = task.tier === 'split' ? null : summer;
    const sumFailed = ({ message }: Error): void =>
      deps.logger('error', 'sum-failed', { task: task.name, reason: message });
    const options = { disk, path, identity, summer: onArrival, sumFailed, ...limits };
    const batch = await (deps.openBatch?.(options, task, announced) ?? OpenBatch.open(options));
    return new OpenRound(deps, task, announced, batch);
  }

  get closing(): boolean {
    return this.#closing;
  }

  get isDue(): boolean {
    return (
      this.#closing ||
      this.batch.closed !== null ||
      (this.batch.full ?? this.batch.count >= this.#task.maxReports) ||
      this.#deps.clock.nowMs() >= this.announced.signed.record.deadlineMs
    );
  }

  /** From now on no new report is taken. */
  startClosing(): void {
    this.#closing = true;
  }

  /**
   * Takes a report that its task allows. Resolves when it is on disk.
   * @param elsewhere tells whether an open round of another task holds an id.
   * @throws Refusal report-conflict, round-full, round-closed or not-ready; DiskError
   */
  async take(
    body: Uint8Array,
    elsewhere: (id: string) => boolean,
  ): Promise<'accepted' | 'duplicate'> {
    const id = idOf(body);
    const known = this.batch.find(id, body);
    if (known !== null) {
      if ((await known) === 'same') return 'duplicate';
      throw new Refusal('report-conflict');
    }
    if (this.#closing) throw new Refusal('round-closed');
    if (elsewhere(id)) throw new Refusal('report-conflict');
    try {
      await this.batch.add(id, body);
    } catch (error) {
      if (this.batch.lastError !== null) this.#probeSoon();
      throw error;
    }
    return 'accepted';
  }

  /** Flushes what is on its way and lets go of the file. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelProbe?.();
    await this.batch.stop();
  }

  /** Deletes the reports of a round that has ended. */
  async discard(): Promise<void> {
    const { disk } = this.#deps;
    await this.stop();
    await this.batch.discard?.();
    await disk.remove(this.batch.path);
    await disk.syncFolder(folderOf(this.batch.path));
  }

  /** While readiness fails nobody may send the report that would show that there is room again. */
  #probeSoon(): void {
    if (this.#cancelProbe !== null || this.#stopped) return;
    this.#cancelProbe = this.#deps.scheduler.after(RETRY_MS, () => {
      this.#cancelProbe = null;
      void this.batch.probe().then(() => {
        if (this.batch.lastError !== null) this.#probeSoon();
      });
    });
  }
}
