/**
 * The coordinator's data folder in the log: every change of a file is a frame, and a start reads
 * those behind the last snapshot. A coordinator that was overtaken fails at its next change, whatever file it is about,
 * and so does one whose engine did not answer: then it must start again.
 *
 * A frame is a line of JSON, a line feed and the bytes that are appended, if any. What a file holds
 * is read from its frames; the newest are kept in memory. From time to time a snapshot of where
 * everything lies shortens the next start; one of any age is right.
 */
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { type AppendFile, type Disk, DiskError, folderOf } from '../accumulate/disk.ts';
import { NAMES } from './names.ts';
import { EngineError, MAX_VALUE_BYTES, type UpdateLog } from './update-log.ts';

type Change =
  | { readonly op: 'term'; readonly epoch: number }
  | { readonly op: 'make' | 'append' | 'remove'; readonly path: string }
  | { readonly op: 'truncate'; readonly path: string; readonly length: number }
  | { readonly op: 'rename'; readonly path: string; readonly to: string };

/** Bytes of a frame that belong to a file. */
interface Extent {
  readonly offset: number;
  /** Of the first byte, in the frame. */
  readonly skip: number;
  readonly length: number;
}

interface Inode {
  extents: Extent[];
  length: number;
}

interface Snapshot {
  readonly last: number;
  /** Path, and offset, skip and length of each extent. */
  readonly files: readonly (readonly [string, readonly (readonly [number, number, number])[]])[];
}

const NEWLINE = 0x0a;
/** An append that is longer becomes several frames. */
const MAX_APPEND = 4 << 20;
const CACHE_BYTES = 64 << 20;
/** Changes between two snapshots. */
const SNAPSHOT_EVERY = 2000;

/** Newest frames, oldest use first out. */
class FrameCache {
  readonly #kept = new Map<number, Uint8Array>();
  #bytes = 0;

  get(offset: number): Uint8Array | undefined {
    return this.#kept.get(offset);
  }

  set(offset: number, bytes: Uint8Array): void {
    if (this.#kept.has(offset)) return;
    this.#kept.set(offset, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= CACHE_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}

export class EngineDisk implements Disk {
  readonly #log: UpdateLog;
  readonly #failed: (error: Error) => void;
  readonly #files = new Map<string, Inode>();
  readonly #cache = new FrameCache();
  readonly #every: number;
  #last = 0;
  #changes = 0;
  #revision = 0;
  #failure: Error | null = null;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(log: UpdateLog, failed: (error: Error) => void, every: number) {
    this.#log = log;
    this.#every = every;
    this.#failed = failed;
  }

  /**
   * @param epoch of the coordinator, written first: one that was overtaken is fenced from here on.
   * @param failed told once, when no change can be made any more.
   * @param every changes between two snapshots.
   * @throws EngineError
   */
  static async open(
    log: UpdateLog,
    epoch: number,
    failed: (error: Error) => void,
    every = SNAPSHOT_EVERY,
  ): Promise<EngineDisk> {
    const disk = new EngineDisk(log, failed, every);
    await disk.#restore();
    for await (const { offset, bytes } of log.read(NAMES.disk, disk.#last)) {
      disk.#take(offset, bytes);
    }
    await disk.#change({ op: 'term', epoch });
    return disk;
  }

  async list(folder: string): Promise<readonly string[]> {
    const below = [...this.#files.keys()].filter((path) => folderOf(path) === folder);
    return below.map((path) => path.slice(folder === '' ? 0 : folder.length + 1)).sort();
  }

  async size(path: string): Promise<number | null> {
    return this.#files.get(path)?.length ?? null;
  }

  async read(path: string, offset = 0, length = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const inode = this.#files.get(path);
    if (inode === undefined) throw new DiskError('missing', path);
    const end = Math.min(inode.length, offset + length);
    const bytes = new Uint8Array(Math.max(0, end - offset));
    let at = 0;
    for (const extent of [...inode.extents]) {
      const from = Math.max(offset, at);
      const to = Math.min(end, at + extent.length);
      if (to > from) {
        const frame = await this.#frame(extent.offset);
        const skip = extent.skip + from - at;
        bytes.set(frame.subarray(skip, skip + to - from), from - offset);
      }
      at += extent.length;
      if (at >= end) break;
    }
    return bytes;
  }

  async open(path: string): Promise<AppendFile> {
    if (!this.#files.has(path)) await this.#change({ op: 'make', path });
    const inode = this.#files.get(path) as Inode;
    return {
      get length() {
        return inode.length;
      },
      append: async (parts) => {
        const bytes = Buffer.concat(parts);
        for (let at = 0; at < bytes.length; at += MAX_APPEND) {
          await this.#change({ op: 'append', path }, bytes.subarray(at, at + MAX_APPEND));
        }
      },
      // An append is durable once it has resolved.
      sync: async () => this.#alive(),
      truncate: (length) => this.#change({ op: 'truncate', path, length }),
      close: async () => undefined,
    };
  }

  async makeFolder(): Promise<void> {}

  rename(path: string, to: string): Promise<void> {
    return this.#change({ op: 'rename', path, to });
  }

  async remove(path: string): Promise<void> {
    if (this.#files.has(path)) await this.#change({ op: 'remove', path });
  }

  async syncFolder(): Promise<void> {}

  #alive(): void {
    if (this.#failure === null) return;
    throw new DiskError('failed', this.#failure.message, { cause: this.#failure });
  }

  #change(change: Change, bytes: Uint8Array = new Uint8Array()): Promise<void> {
    const done = this.#work.then(async () => {
      this.#alive();
      const frame = Buffer.concat([utf8(`${JSON.stringify(change)}\n`), bytes]);
      try {
        this.#take(await this.#log.append(NAMES.disk, this.#last, frame), frame);
      } catch (error) {
        this.#failure = error as Error;
        this.#failed(this.#failure);
        this.#alive();
      }
      this.#changes += 1;
      if (this.#changes % this.#every === 0) await this.#snapshot();
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #restore(): Promise<void> {
    const { revision, bytes } = await this.#log.load(NAMES.disk);
    this.#revision = revision;
    if (bytes === null) return;
    const { last, files } = JSON.parse(fromUtf8(bytes)) as Snapshot;
    this.#last = last;
    for (const [path, list] of files) {
      const extents = list.map(([offset, skip, length]) => ({ offset, skip, length }));
      const length = extents.reduce((sum, one) => sum + one.length, 0);
      this.#files.set(path, { extents, length });
    }
  }

  /** One that was not taken, or that is too long by now, is no loss. */
  async #snapshot(): Promise<void> {
    const files = [...this.#files].map(
      ([path, { extents }]) =>
        [path, extents.map(({ offset, skip, length }) => [offset, skip, length] as const)] as const,
    );
    const snapshot: Snapshot = { last: this.#last, files };
    try {
      const bytes = utf8(JSON.stringify(snapshot));
      if (bytes.length > MAX_VALUE_BYTES) return;
      this.#revision = await this.#log.save(NAMES.disk, this.#revision, bytes);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      const found = await this.#log.load(NAMES.disk).catch(() => null);
      this.#revision = found?.revision ?? this.#revision;
    }
  }

  #take(offset: number, frame: Uint8Array): void {
    const end = frame.indexOf(NEWLINE);
    const change = JSON.parse(fromUtf8(frame.subarray(0, end))) as Change;
    this.#last = offset;
    this.#cache.set(offset, frame);
    switch (change.op) {
      case 'make':
        this.#files.set(change.path, { extents: [], length: 0 });
        break;
      case 'append': {
        const inode = this.#files.get(change.path);
        const length = frame.length - end - 1;
        inode?.extents.push({ offset, skip: end + 1, length });
        if (inode !== undefined) inode.length += length;
        break;
      }
      case 'truncate':
        this.#cut(change.path, change.length);
        break;
      case 'rename': {
        const inode = this.#files.get(change.path);
        this.#files.delete(change.path);
        if (inode !== undefined) this.#files.set(change.to, inode);
        break;
      }
      case 'remove':
        this.#files.delete(change.path);
        break;
      default:
    }
  }

  #cut(path: string, length: number): void {
    const inode = this.#files.get(path);
    if (inode === undefined) return;
    const kept: Extent[] = [];
    let at = 0;
    for (const extent of inode.extents) {
      const left = Math.min(extent.length, length - at);
      if (left > 0) kept.push({ ...extent, length: left });
      at += extent.length;
    }
    inode.extents = kept;
    inode.length = Math.min(inode.length, length);
  }

  async #frame(offset: number): Promise<Uint8Array> {
    const kept = this.#cache.get(offset);
    if (kept !== undefined) return kept;
    for await (const { offset: found, bytes } of this.#log.read(NAMES.disk, offset - 1)) {
      if (found !== offset) break;
      this.#cache.set(offset, bytes);
      return bytes;
    }
    throw new DiskError('missing', `frame ${offset} of ${NAMES.disk}`);
  }
}
