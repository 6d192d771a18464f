/**
 * The open batch of a round: journal first, then the sum. Reports that arrive while a flush is on
 * its way make the next one (group commit); each is acknowledged once the flush that holds it is
 * done and its bytes are summed. A sum on its way does not hold up the next flush.
 */
import { assertInteger } from '../../shared/assert/assert.ts';
import { equalBytes } from '../../shared/bytes/concat.ts';
import { MAX_LOCAL_REPORTS } from '../../shared/field/fixed.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import { REPORT_HEADER_BYTES, REPORT_ID_BYTES } from '../../shared/protocol/report.ts';
import { batchRoot, type CloseRecord, decodeClose, encodeClose } from './close.ts';
import { type Disk, DiskError } from './disk.ts';
import type { Entry } from './frame.ts';
import { CorruptJournal, Journal } from './journal.ts';
import { RunningSum, type Summer } from './running-sum.ts';
import type { PlacedEntry } from './scan.ts';
import { Waiting } from './waiting.ts';

export type { Summer } from './running-sum.ts';

export interface BatchOptions {
  readonly disk: Disk;
  readonly path: string;
  /** 32 bytes that name the round and that only the server knows: its journal's first entry. */
  readonly identity: Uint8Array;
  readonly d: number;
  readonly maxReports: number;
  /** Null where membership is only final after the helper's answer: nothing is summed on arrival. */
  readonly summer: Summer | null;
  /** Exact length of a report, bytes. */
  readonly reportBytes: number;
  /** Largest group of one flush, bytes. */
  readonly flushBytes: number;
  /** Told when the engine has failed: the sum is made again from the journal at the close. */
  readonly sumFailed?: (error: Error) => void;
}

/** Parts of a writev stay below IOV_MAX (1024): two an entry, and the frame's header and filler. */
const MAX_GROUP = 500;

/** From this length on, bytes, a report is worth a block of its own in the journal (`Disk.open`). */
const LARGE_REPORT = 8192;

export class OpenBatch {
  readonly #options: BatchOptions;
  readonly #sum: RunningSum;
  /** Journal offset of every report that is in; ids are 16 bytes as latin1 strings. */
  readonly #offsets = new Map<string, number>();
  readonly #pending = new Map<string, Waiting>();
  #journal: Journal | null = null;
  #queue: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #closing = false;
  #stopped = false;
  #closed: CloseRecord | null = null;
  #noiseSeed: Uint8Array | null = null;
  #prepared: Uint8Array | null = null;
  #lastError: Error | null = null;

  private constructor(options: BatchOptions) {
    assertInteger('maxReports', options.maxReports, 1, MAX_LOCAL_REPORTS);
    this.#options = options;
    const { summer, d, sumFailed } = options;
    this.#sum = new RunningSum(summer, d, REPORT_HEADER_BYTES, sumFailed);
  }

  /** @throws CorruptJournal, DiskError */
  static async open(options: BatchOptions): Promise<OpenBatch> {
    const batch = new OpenBatch(options);
    const { disk, path, identity, reportBytes } = options;
    const visit = (entries: readonly PlacedEntry[]) => batch.#replay(entries);
    const large = reportBytes >= LARGE_REPORT;
    batch.#journal = await Journal.open(disk, path, identity, visit, large);
    if (batch.#closed !== null) batch.#check(batch.#closed);
    return batch;
  }

  /** Reports that are on disk. */
  get count(): number {
    return this.#offsets.size;
  }

  /** Report ids in the order of their arrival, 16 bytes each as a latin1 string. */
  get ids(): Iterable<string> {
    return this.#offsets.keys();
  }

  get path(): string {
    return this.#options.path;
  }

  has(id: string): boolean {
    return this.#offsets.has(id) || this.#pending.has(id);
  }

  /** Set once membership is fixed, before a restart as well. */
  get closed(): CloseRecord | null {
    return this.#closed;
  }

  /** Seed of the server's noise, journalled with the close record; null outside the split tier. */
  get noiseSeed(): Uint8Array | null {
    return this.#noiseSeed;
  }

  /** What `setPrepared` was given, before a restart as well; else null. */
  get prepared(): Uint8Array | null {
    return this.#prepared;
  }

  /** Exact sum over the batch; meaningful once it is closed, and empty without a summer. */
  get sum(): Float64Array {
    return this.#sum.values;
  }

  /** Why the journal could not be written lately, or null. */
  get lastError(): Error | null {
    return this.#lastError;
  }

  /**
   * Takes a validated report with a new id, see `find`; its place is taken at once. Resolves when
   * it is on disk and nobody reads `body` any more, which must not change until then.
   * @throws Refusal report-conflict, round-full, round-closed or not-ready.
   */
  add(id: string, body: Uint8Array): Promise<void> {
    if (this.has(id)) throw new Refusal('report-conflict');
    // A round that goes on elsewhere is not closed: its reports are to come again.
    if (this.#stopped && this.#closed === null) throw new Refusal('not-ready');
    if (this.#closing) throw new Refusal('round-closed');
    if (this.count + this.#pending.size >= this.#options.maxReports) {
      throw new Refusal('round-full');
    }
    const waiting = new Waiting(id, body);
    this.#queue.push(waiting);
    this.#pending.set(id, waiting);
    this.#flush();
    return waiting.done;
  }

  /** What this batch knows of an id, once the flush that holds it is done; null for nothing. */
  find(id: string, body: Uint8Array): Promise<'same' | 'other'> | null {
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      const known = equalBytes(pending.body, body) ? 'same' : 'other';
      return pending.done.then(() => known);
    }
    const offset = this.#offsets.get(id);
    return offset === undefined ? null : this.#compare(offset, body);
  }

  /** Tries whether the journal can be written again, with an empty frame. */
  async probe(): Promise<void> {
    if (this.#closing || this.#flushing !== null) return;
    this.#startFlush();
    await this.#flushing;
  }

  /**
   * Fixes membership: no report is taken any more, those on their way are flushed first. Then sees
   * to the sum; where that fails it may be called again, and membership stays.
   * @param noiseSeed kept in the same frame as the close record.
   * @throws DiskError, CorruptJournal, Error of the engine.
   */
  async close(nowMs: () => number, noiseSeed: Uint8Array | null = null): Promise<CloseRecord> {
    const closed = this.#closed ?? (await this.#fix(nowMs, noiseSeed));
    await this.#sum.makeAgain((visit) => this.walk(visit));
    return closed;
  }

  async #fix(nowMs: () => number, noiseSeed: Uint8Array | null): Promise<CloseRecord> {
    this.#closing = true;
    while (this.#flushing !== null) await this.#flushing;
    const bytes = encodeClose(batchRoot(this.#offsets.keys()), this.count, nowMs());
    const entries: Entry[] = [{ kind: 2, bytes }];
    if (noiseSeed !== null) entries.push({ kind: 3, bytes: noiseSeed });
    await this.#open().append(entries);
    this.#noiseSeed = noiseSeed;
    this.#closed = decodeClose(bytes);
    return this.#closed;
  }

  /** Keeps the helper's answer, once and for ever, before anything is made of it. */
  async setPrepared(bytes: Uint8Array): Promise<void> {
    if (this.#closed === null || this.#prepared !== null) {
      throw new RangeError('an answer is kept once, after the close record');
    }
    await this.#open().append([{ kind: 4, bytes }]);
    this.#prepared = bytes;
  }

  /** Reads the reports of a closed batch back from the journal, a group at a time, in its order. */
  async walk(visit: (bodies: readonly Uint8Array[]) => void | Promise<void>): Promise<void> {
    await this.#open().replay(async (entries) => {
      const bodies = entries.filter(({ kind }) => kind === 1).map(({ bytes }) => bytes);
      if (bodies.length > 0) await visit(bodies);
    });
  }

  /** Waits for the flush on its way and lets go of the file. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#closing = true;
    while (this.#flushing !== null) await this.#flushing;
    await this.#sum.settled();
    await this.#open().close();
  }

  async #compare(offset: number, body: Uint8Array): Promise<'same' | 'other'> {
    const journalled = await this.#open().read(offset, body.length);
    return equalBytes(journalled, body) ? 'same' : 'other';
  }

  #open(): Journal {
    if (this.#journal === null) throw new Error('the journal is not open');
    return this.#journal;
  }

  #flush(): void {
    if (this.#flushing === null && this.#queue.length > 0) this.#startFlush();
  }

  #startFlush(): void {
    this.#flushing = this.#flushGroup().finally(() => {
      this.#flushing = null;
      this.#flush();
    });
  }

  async #flushGroup(): Promise<void> {
    // Whatever the event loop holds by now goes into the same flush, and is summed in one pass.
    await new Promise((resolve) => setImmediate(resolve));
    const { flushBytes, reportBytes } = this.#options;
    const fit = Math.max(1, Math.floor(flushBytes / reportBytes));
    const group = this.#queue.splice(0, Math.min(MAX_GROUP, fit));
    const bodies = group.map(({ body }) => body);
    let offsets: readonly number[];
    try {
      offsets = await this.#open().append(bodies.map((bytes) => ({ kind: 1, bytes })));
    } catch (error) {
      this.#lastError = error as Error;
      const why = error instanceof DiskError ? `the data folder is ${error.code}` : '';
      for (const waiting of group) {
        this.#pending.delete(waiting.id);
        waiting.reject(new Refusal('not-ready', why));
      }
      return;
    }
    this.#lastError = null;
    for (let i = 0; i < group.length; i++) {
      const { id } = group[i] as Waiting;
      this.#offsets.set(id, offsets[i] as number);
      this.#pending.delete(id);
    }
    const acknowledge = (): void => {
      for (const waiting of group) waiting.resolve();
    };
    const sum = this.#sum.add(bodies);
    if (sum === undefined) acknowledge();
    else void sum.then(acknowledge);
  }

  async #replay(entries: readonly PlacedEntry[]): Promise<void> {
    const bodies: Uint8Array[] = [];
    for (const { kind, bytes, offset } of entries) {
      if (kind === 2) this.#closed ??= decodeClose(bytes);
      if (kind === 3) this.#noiseSeed ??= Uint8Array.from(bytes);
      if (kind === 4) this.#prepared ??= Uint8Array.from(bytes);
      if (kind !== 1 || this.#closed !== null) continue;
      const id = idOf(bytes);
      if (this.#offsets.has(id)) {
        throw new CorruptJournal(this.#options.path, 'it holds a report twice');
      }
      this.#offsets.set(id, offset);
      bodies.push(bytes);
    }
    this.#closing = this.#closed !== null;
    if (bodies.length > 0) await this.#sum.add(bodies);
  }

  #check({ batch, count }: CloseRecord): void {
    const root = Buffer.from(batchRoot(this.#offsets.keys())).toString('hex');
    if (root !== batch || count !== this.count) {
      throw new CorruptJournal(this.#options.path, 'its reports are not those of its close record');
    }
  }
}

/** Report id of a body, 16 bytes as a latin1 string. */
export function idOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset + 8, REPORT_ID_BYTES).toString('latin1');
}
