/**
 * One partition of an open round, held by this accumulator: the batch of `accumulate/` on a
 * partition of the log, within the round's quota.
 */
import { Refusal } from '../../shared/protocol/refusals.ts';
import { reportLength } from '../../shared/protocol/report.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { idOf, OpenBatch } from '../accumulate/batch.ts';
import type { Summer } from '../accumulate/running-sum.ts';
import { hashBody, type SpentId } from '../accumulate/spent.ts';
import { NAMES, partitionIdentity } from './names.ts';
import { partitionDisk } from './partition-disk.ts';
import { Quota } from './quota.ts';
import type { UpdateLog } from './update-log.ts';
import type { PartitionResult } from './wire.ts';

export interface HeldOptions {
  readonly log: UpdateLog;
  readonly task: Task;
  readonly roundHash: string;
  readonly partition: number;
  readonly partitions: number;
  readonly summer: Summer;
  /** Largest group of one append, bytes. */
  readonly flushBytes: number;
}

export class HeldPartition {
  readonly roundHash: string;
  readonly partition: number;
  readonly #batch: OpenBatch;
  readonly #quota: Quota;
  /** Places of the quota that are taken, by reports in the log and on their way to it. */
  #taken: number;
  #waiting = 0;
  #full = false;
  #closing: Promise<unknown> | null = null;

  private constructor({ roundHash, partition }: HeldOptions, batch: OpenBatch, quota: Quota) {
    this.roundHash = roundHash;
    this.partition = partition;
    this.#batch = batch;
    this.#quota = quota;
    this.#taken = batch.count;
  }

  /**
   * Replays the partition and writes an empty frame behind it: from then on whoever held it before
   * is fenced. The coordinator begins partitions; one that is not there has not begun or has ended.
   * @returns null then.
   * @throws CorruptJournal; DiskError and EngineError, when it may be tried again.
   */
  static async open(options: HeldOptions): Promise<HeldPartition | null> {
    const { log, task, roundHash, partition, partitions, summer, flushBytes } = options;
    const path = NAMES.partition(roundHash, partition);
    if ((await log.last(path)) === 0) return null;
    const { d, maxReports, tier } = task;
    const batch = await OpenBatch.open({
      disk: partitionDisk(log),
      path,
      identity: partitionIdentity(roundHash, partition),
      d,
      maxReports,
      summer: tier === 'split' ? null : summer,
      reportBytes: reportLength(task),
      flushBytes,
    });
    await batch.probe();
    if (batch.lastError !== null) throw batch.lastError;
    const quota = new Quota({ log, roundHash, partition, partitions, maxReports });
    return new HeldPartition(options, batch, quota);
  }

  get count(): number {
    return this.#batch.count;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Whether the log did not take its last frame: then it must be opened again. */
  get broken(): boolean {
    return this.#batch.lastError !== null;
  }

  has(id: string): boolean {
    return this.#batch.has(id);
  }

  /**
   * Takes a report that its task allows. Resolves when it is durable.
   * @param elsewhere tells whether an open round of another task holds an id.
   * @throws Refusal report-conflict, round-full, round-closed or not-ready; DiskError, EngineError
   */
  async take(
    body: Uint8Array,
    elsewhere: (id: string) => boolean,
  ): Promise<'accepted' | 'duplicate'> {
    const id = idOf(body);
    for (;;) {
      const known = this.#batch.find(id, body);
      if (known !== null) {
        if ((await known) === 'same') return 'duplicate';
        throw new Refusal('report-conflict');
      }
      if (this.#batch.closed !== null) throw new Refusal('round-closed');
      if (elsewhere(id)) throw new Refusal('report-conflict');
      if (this.#taken < this.#quota.granted) break;
      if (!(await this.#grow()) && this.#taken >= this.#quota.granted) {
        this.#full = true;
        throw new Refusal('round-full');
      }
    }
    this.#taken += 1;
    try {
      await this.#batch.add(id, body);
    } catch (error) {
      this.#taken -= 1;
      throw error;
    }
    return 'accepted';
  }

  /** Fixes who is in this partition, whoever asks and how often; then sees to the sum. */
  async close(closedAtMs: number): Promise<void> {
    this.#closing ??= this.#batch
      .close(() => closedAtMs)
      .finally(() => {
        this.#closing = null;
      });
    await this.#closing;
  }

  /** Ids, body hashes and sum; the same whoever holds it. @throws RangeError before `close` */
  async result(): Promise<PartitionResult> {
    const batch = this.#batch;
    if (batch.closed === null) throw new RangeError('the partition must be closed');
    // An engine that failed when the partition was read has left a part of the sum.
    await this.close(batch.closed.closedAtMs);
    const spent: SpentId[] = [];
    await batch.walk((bodies) => {
      for (const body of bodies) spent.push({ id: idOf(body), bodyHash: hashBody(body) });
    });
    return { spent, sum: batch.sum };
  }

  stop(): Promise<void> {
    return this.#batch.stop();
  }

  async #grow(): Promise<boolean> {
    this.#waiting += 1;
    try {
      return await this.#quota.grow(() => this.#waiting);
    } finally {
      this.#waiting -= 1;
    }
  }
}
