/**
 * What the helper must never forget: which ids are spent, what it answered for which round, which
 * noise is used, and what it cosigned last. An append-only journal (accumulate/journal.ts), each
 * frame synced before it counts, under a hash chain whose head is kept beside the keys.
 */
import { createHash } from 'node:crypto';
import { concatBytes } from '../../shared/bytes/concat.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import type { KeptCheckpoint } from '../../shared/protocol/tiles.ts';
import { type Disk, DiskError, writeWhole } from '../accumulate/disk.ts';
import { CorruptJournal, Journal } from '../accumulate/journal.ts';
import { decodeRecord, encodeRecord, type MemoryRecord, type OpenedRound } from './frames.ts';
import { type Mark, readMark, writeMark } from './mark.ts';

const JOURNAL_FILE = 'journal';
const SHARES = 'shares';

export type MemoryErrorCode = 'journal-missing' | 'journal-rolled-back';

/** The helper has forgotten what it answered, and must not answer again under these keys. */
export class MemoryError extends Error {
  readonly code: MemoryErrorCode;

  constructor(code: MemoryErrorCode, detail: string) {
    super(`${code}: ${detail}; rotate the keys before this helper answers again`);
    this.name = 'MemoryError';
    this.code = code;
  }
}

export interface MemoryDisks {
  /** Journal and noised shares. */
  readonly data: Disk;
  /** The mark; another folder, that is never restored from a backup. */
  readonly keys: Disk;
}

const placeOf = (task: string, round: number): string => `${task}/${round}`;
const sharePath = (hash: string): string => `${SHARES}/${hash}.bin`;

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash('sha256')
    .update(concatBytes(...parts))
    .digest();
}

/** One call that writes at a time. */
export class Memory {
  readonly #disks: MemoryDisks;
  readonly #identity: string;
  #journal: Journal | null = null;
  #marked: Mark;
  #frames = 0;
  #chain: string;
  #cosigned: KeptCheckpoint | null = null;
  /** 16 bytes each as a latin1 string. */
  readonly #spent = new Set<string>();
  readonly #opened = new Map<string, OpenedRound>();
  /** By sequence, from 1. */
  readonly #order: OpenedRound[] = [];
  readonly #noise = new Set<string>();

  private constructor(disks: MemoryDisks, mark: Mark) {
    this.#disks = disks;
    this.#identity = mark.journal;
    this.#chain = mark.journal;
    this.#marked = mark;
  }

  /**
   * Reads the journal back, or makes it at the first start under new keys.
   * @throws MemoryError, CorruptJournal, DiskError; ShapeError for a damaged mark.
   */
  static async open(disks: MemoryDisks): Promise<Memory> {
    const mark = await readMark(disks.keys);
    const memory = new Memory(disks, mark);
    await disks.data.makeFolder('');
    await disks.data.makeFolder(SHARES);
    if (mark.state === 'stopped') {
      throw new MemoryError('journal-rolled-back', 'the log held answers that it has not');
    }
    if (mark.state === 'begun' && (await disks.data.size(JOURNAL_FILE)) === null) {
      throw new MemoryError('journal-missing', 'there is no journal, and there was one');
    }
    memory.#journal = await Journal.open(
      disks.data,
      JOURNAL_FILE,
      fromHex(mark.journal),
      (entries) => {
        for (const { bytes } of entries) memory.#replay(bytes, mark);
      },
    );
    if (memory.#frames < mark.frames) {
      throw new MemoryError(
        'journal-rolled-back',
        `${memory.#frames} records where answers rest on ${mark.frames}`,
      );
    }
    await memory.#assertShares();
    if (mark.state === 'none') await memory.mark();
    return memory;
  }

  /** Batches opened so far under these keys. */
  get sequence(): number {
    return this.#order.length;
  }

  get cosigned(): KeptCheckpoint | null {
    return this.#cosigned;
  }

  /** Set once a sync has failed; only a restart helps. */
  get failed(): Error | null {
    return this.#journal?.failed ?? null;
  }

  isSpent(id: Uint8Array): boolean {
    return this.#spent.has(idText(id));
  }

  opened(task: string, round: number): OpenedRound | null {
    return this.#opened.get(placeOf(task, round)) ?? null;
  }

  /** The batch that was opened as the `sequence`th, from 1. */
  openedAs(sequence: number): OpenedRound | null {
    return this.#order[sequence - 1] ?? null;
  }

  /** The bytes of a noised share that was recorded. @throws CorruptJournal, DiskError */
  async share(hash: string): Promise<Uint8Array> {
    const bytes = await this.#disks.data.read(sharePath(hash));
    if (toHex(sha256(bytes)) !== hash) {
      throw new CorruptJournal(sharePath(hash), 'it is not the share that was recorded');
    }
    return bytes;
  }

  /**
   * Marks a noise seed as used, before it is.
   * @throws RangeError when it was used before; DiskError
   */
  async useNoise(seed: Uint8Array): Promise<void> {
    const noise = toHex(sha256(seed));
    if (this.#noise.has(noise)) throw new RangeError('seed was used before');
    await this.#append({ kind: 'noise', noise });
  }

  /** Writes share, ids and record; nothing of them may have left before. @throws DiskError */
  async recordOpened(opened: OpenedRound, ids: Uint8Array, share: Uint8Array): Promise<void> {
    await writeWhole(this.#disks.data, sharePath(opened.opening.record.share), share);
    await this.#append({ kind: 'opened', opened, ids });
  }

  async recordCosigned(cosigned: KeptCheckpoint): Promise<void> {
    await this.#append({ kind: 'cosigned', cosigned });
  }

  /** Raises the mark to all that is recorded; an answer leaves after this only. @throws DiskError */
  async mark(): Promise<void> {
    if (this.#marked.state === 'begun' && this.#marked.frames === this.#frames) return;
    await this.#write('begun');
  }

  /** Keeps this helper from starting again under these keys. @throws DiskError */
  stop(): Promise<void> {
    return this.#write('stopped');
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  async #write(state: Mark['state']): Promise<void> {
    const mark: Mark = {
      journal: this.#identity,
      state,
      frames: this.#frames,
      chain: this.#chain,
    };
    await writeMark(this.#disks.keys, mark);
    this.#marked = mark;
  }

  async #append(record: MemoryRecord): Promise<void> {
    if (this.#journal === null) throw new DiskError('failed', 'the journal is not open');
    const bytes = encodeRecord(record);
    await this.#journal.append([{ kind: 1, bytes }]);
    this.#take(record, bytes);
  }

  #replay(bytes: Uint8Array, mark: Mark): void {
    let record: MemoryRecord;
    try {
      record = decodeRecord(bytes);
    } catch (error) {
      throw new CorruptJournal(JOURNAL_FILE, (error as Error).message);
    }
    this.#take(record, bytes);
    if (this.#frames === mark.frames && this.#chain !== mark.chain) {
      throw new MemoryError('journal-rolled-back', 'other records than those that were answered');
    }
  }

  #take(record: MemoryRecord, bytes: Uint8Array): void {
    this.#frames += 1;
    this.#chain = toHex(sha256(fromHex(this.#chain), bytes));
    if (record.kind === 'noise') this.#noise.add(record.noise);
    else if (record.kind === 'cosigned') this.#cosigned = record.cosigned;
    else {
      const { task, sequence } = record.opened.opening.record;
      this.#order.push(record.opened);
      if (sequence !== this.sequence) throw new CorruptJournal(JOURNAL_FILE, 'a batch is missing');
      this.#opened.set(placeOf(task, record.opened.round), record.opened);
      for (let at = 0; at < record.ids.length; at += 16) {
        this.#spent.add(idText(record.ids.subarray(at, at + 16)));
      }
    }
  }

  /** Every recorded share is there; one without a record was never answered, and is removed. */
  async #assertShares(): Promise<void> {
    const { data } = this.#disks;
    const found = new Set(await data.list(SHARES));
    for (const { opening } of this.#opened.values()) {
      const name = `${opening.record.share}.bin`;
      if (!found.delete(name)) throw new CorruptJournal(`${SHARES}/${name}`, 'it is missing');
    }
    for (const name of found) await data.remove(`${SHARES}/${name}`);
  }
}

function idText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1');
}
