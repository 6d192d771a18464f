/**
 * The batch of a round whose reports lie in partitions, as the coordinator's rounds see it. Its own
 * journal holds what is decided once: close record, noise seed, the helper's answer.
 *
 * Closing: every partition gets its close frame from its holder; then ids and sums are what any
 * holder reads back from the log; then the close record over all of them is journalled. A crash in
 * between repeats the same.
 */
import { assertInteger } from '../../shared/assert/assert.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import type { Task } from '../../shared/protocol/task.ts';
import type { BatchOptions } from '../accumulate/batch.ts';
import { batchRoot, type CloseRecord, decodeClose, encodeClose } from '../accumulate/close.ts';
import type { Batch } from '../accumulate/contract.ts';
import { DiskError } from '../accumulate/disk.ts';
import type { Entry } from '../accumulate/frame.ts';
import { CorruptJournal, Journal } from '../accumulate/journal.ts';
import type { PlacedEntry } from '../accumulate/scan.ts';
import type { SpentId } from '../accumulate/spent.ts';
import { NAMES, partitionIdentity } from './names.ts';
import { partitionDisk } from './partition-disk.ts';
import type { UpdateLog } from './update-log.ts';
import { ClusterError, type OpenedRound, type ViewWriter } from './view.ts';
import type { CloseRequest, PartitionCount, PartitionRef, PartitionResult } from './wire.ts';

/** The accumulators, whoever holds which partition. */
export interface Holders {
  /** Null when nobody who holds it answers now. */
  close(of: CloseRequest): Promise<true | null>;
  result(of: PartitionRef): Promise<PartitionResult | null>;
  /** Null when no round of the cluster takes this report. @throws Refusal */
  submit(body: Uint8Array): Promise<'accepted' | 'duplicate' | null>;
  /** Calls `told` with what the accumulators count, from time to time; returns how to stop it. */
  watch(told: (counts: readonly PartitionCount[]) => void): () => void;
}

export interface RemoteOptions extends Pick<BatchOptions, 'disk' | 'path' | 'identity'> {
  readonly log: UpdateLog;
  readonly holders: Holders;
  readonly view: ViewWriter;
  readonly partitions: number;
  readonly task: Task;
  readonly round: OpenedRound;
}

interface Collected {
  readonly spent: readonly SpentId[];
  readonly sum: Float64Array;
}

export class RemoteBatch implements Batch {
  readonly #options: RemoteOptions;
  readonly #counts: number[];
  #full = false;
  #journal: Journal | null = null;
  #closed: CloseRecord | null = null;
  #noiseSeed: Uint8Array | null = null;
  #prepared: Uint8Array | null = null;
  #collected: Collected | null = null;
  #changed: () => void = () => undefined;
  #unwatch: () => void = () => undefined;

  private constructor(options: RemoteOptions) {
    assertInteger('partitions', options.partitions, 1);
    this.#options = options;
    this.#counts = Array.from({ length: options.partitions }, () => 0);
  }

  /**
   * Tells the cluster of the round and begins its partitions, or goes on where a coordinator
   * stopped. @throws CorruptJournal, DiskError, EngineError; ClusterError cluster-no-holder
   */
  static async open(options: RemoteOptions): Promise<RemoteBatch> {
    const batch = new RemoteBatch(options);
    const { disk, path, identity, view, task, round, holders } = options;
    batch.#journal = await Journal.open(disk, path, identity, (one) => batch.#replay(one));
    if (batch.#closed !== null) {
      batch.#collected = await batch.#collect();
      batch.#check(batch.#closed);
      return batch;
    }
    await view.add(task, round);
    await batch.#eachPartition((partition) => batch.#begin(partition));
    batch.#unwatch = holders.watch((counts) => batch.#told(counts));
    return batch;
  }

  get path(): string {
    return this.#options.path;
  }

  /** At least so many are in; exact once it is closed. */
  get count(): number {
    return this.#closed?.count ?? this.#counts.reduce((sum, one) => sum + one, 0);
  }

  /**
   * Whether the round has no room left: all of it is used, or enough of it for a version and
   * what is left waits in partitions to which no report comes.
   */
  get full(): boolean {
    const { maxReports, minReports } = this.#options.task;
    return this.count >= maxReports || (this.#full && this.count >= minReports);
  }

  get ids(): Iterable<string> {
    return this.#gathered().spent.map(({ id }) => id);
  }

  get closed(): CloseRecord | null {
    return this.#closed;
  }

  get noiseSeed(): Uint8Array | null {
    return this.#noiseSeed;
  }

  get prepared(): Uint8Array | null {
    return this.#prepared;
  }

  get sum(): Float64Array {
    return this.#gathered().sum;
  }

  get lastError(): Error | null {
    return null;
  }

  /** Whether one of its own tasks holds an id is known to the holder, which asks itself. */
  has(): boolean {
    return false;
  }

  find(): null {
    return null;
  }

  async add(_id: string, body: Uint8Array): Promise<void> {
    if ((await this.#options.holders.submit(body)) === null) throw new Refusal('not-ready');
  }

  async probe(): Promise<void> {}

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  /** @throws ClusterError cluster-no-holder while a partition has nobody who answers; DiskError */
  async close(nowMs: () => number, noiseSeed: Uint8Array | null = null): Promise<CloseRecord> {
    if (this.#closed !== null) return this.#closed;
    const { roundHash } = this.#options.round;
    const closedAtMs = nowMs();
    await this.#eachPartition(async (partition) => {
      const done = await this.#options.holders.close({ roundHash, partition, closedAtMs });
      if (done === null) throw noHolder(partition);
    });
    this.#unwatch();
    this.#collected = await this.#collect();
    const { spent } = this.#collected;
    const root = batchRoot(spent.map(({ id }) => id));
    const bytes = encodeClose(root, spent.length, closedAtMs);
    const entries: Entry[] = [{ kind: 2, bytes }];
    if (noiseSeed !== null) entries.push({ kind: 3, bytes: noiseSeed });
    await this.#own().append(entries);
    this.#noiseSeed = noiseSeed;
    this.#closed = decodeClose(bytes);
    return this.#closed;
  }

  async setPrepared(bytes: Uint8Array): Promise<void> {
    if (this.#closed === null || this.#prepared !== null) {
      throw new RangeError('an answer is kept once, after the close record');
    }
    await this.#own().append([{ kind: 4, bytes }]);
    this.#prepared = bytes;
  }

  async spent(): Promise<readonly SpentId[]> {
    return this.#gathered().spent;
  }

  /** Reads the bodies from the log, partition after partition. */
  async walk(visit: (bodies: readonly Uint8Array[]) => void | Promise<void>): Promise<void> {
    const { log, partitions, round } = this.#options;
    for (let partition = 0; partition < partitions; partition++) {
      const path = NAMES.partition(round.roundHash, partition);
      const identity = partitionIdentity(round.roundHash, partition);
      if ((await log.last(path)) === 0) throw new DiskError('missing', path);
      await Journal.open(partitionDisk(log), path, identity, async (entries) => {
        const bodies = entries.filter(({ kind }) => kind === 1).map(({ bytes }) => bytes);
        if (bodies.length > 0) await visit(bodies);
      });
    }
  }

  async discard(): Promise<void> {
    await endRound(this.#options.log, this.#options.view, this.#options.round.roundHash);
  }

  async stop(): Promise<void> {
    this.#unwatch();
    await this.#own().close();
  }

  #own(): Journal {
    if (this.#journal === null) throw new Error('the journal is not open');
    return this.#journal;
  }

  #gathered(): Collected {
    if (this.#collected === null) throw new RangeError('the batch must be closed');
    return this.#collected;
  }

  async #eachPartition(work: (partition: number) => Promise<void>): Promise<void> {
    await Promise.all(this.#counts.map((_, partition) => work(partition)));
  }

  /** Accumulators work on partitions that are there, and make none. */
  async #begin(partition: number): Promise<void> {
    const { log, round } = this.#options;
    const path = NAMES.partition(round.roundHash, partition);
    if ((await log.last(path)) > 0) return;
    const identity = partitionIdentity(round.roundHash, partition);
    await Journal.open(partitionDisk(log), path, identity, () => undefined);
  }

  #told(counts: readonly PartitionCount[]): void {
    for (const { roundHash, partition, count, full } of counts) {
      if (roundHash !== this.#options.round.roundHash) continue;
      this.#counts[partition] = Math.max(this.#counts[partition] ?? 0, count);
      this.#full ||= full;
    }
    this.#changed();
  }

  /** Adds the partitions in their order. */
  async #collect(): Promise<Collected> {
    const { holders, task, round } = this.#options;
    const spent: SpentId[] = [];
    const sum = new Float64Array(task.tier === 'split' ? 0 : task.d);
    const results = await Promise.all(
      this.#counts.map((_, partition) => holders.result({ roundHash: round.roundHash, partition })),
    );
    for (const [partition, result] of results.entries()) {
      if (result === null) throw noHolder(partition);
      if (result.sum.length !== sum.length) throw new RangeError('a sum has another length');
      for (const one of result.spent) spent.push(one);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (result.sum[i] as number);
    }
    return { spent, sum };
  }

  #replay(entries: readonly PlacedEntry[]): void {
    for (const { kind, bytes } of entries) {
      if (kind === 2) this.#closed ??= decodeClose(bytes);
      if (kind === 3) this.#noiseSeed ??= Uint8Array.from(bytes);
      if (kind === 4) this.#prepared ??= Uint8Array.from(bytes);
    }
  }

  #check({ batch, count }: CloseRecord): void {
    const { spent } = this.#gathered();
    const root = batchRoot(spent.map(({ id }) => id));
    if (count !== spent.length || !Buffer.from(root).equals(fromHex(batch))) {
      throw new CorruptJournal(this.path, 'its reports are not those of its close record');
    }
  }
}

function noHolder(partition: number): ClusterError {
  return new ClusterError('cluster-no-holder', `nobody who holds partition ${partition} answers`);
}

/** Deletes the reports of a round that has ended, and then what the cluster knows of it. */
export async function endRound(
  log: Pick<UpdateLog, 'drop'>,
  view: ViewWriter,
  roundHash: string,
): Promise<void> {
  await log.drop(NAMES.round(roundHash));
  await view.remove(roundHash);
}
