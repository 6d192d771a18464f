/**
 * The journals of partitions as files, so that `accumulate/` works on them as it is: a path is a
 * name of the log, a file's bytes are its frames one after the other, and what `append` was given
 * becomes one frame at `sync`. A writer that was overtaken fails there.
 */
import { type AppendFile, type Disk, DiskError } from '../accumulate/disk.ts';
import { EngineError, type UpdateLog } from './update-log.ts';

interface Placed {
  /** Of the frame in the log. */
  readonly offset: number;
  /** Of its first byte in the file. */
  readonly start: number;
  readonly length: number;
}

/** Frames of a name, as far as they have been read or written here. */
interface Index {
  readonly frames: Placed[];
  length: number;
}

async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new DiskError('failed', `${path} (${cause.code})`, { cause });
  }
}

class PartitionFile implements AppendFile {
  readonly #log: UpdateLog;
  readonly #path: string;
  readonly #index: Index;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(log: UpdateLog, path: string, index: Index) {
    this.#log = log;
    this.#path = path;
    this.#index = index;
  }

  get length(): number {
    return this.#index.length + this.#waitingBytes;
  }

  async append(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
    }
  }

  async sync(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const bytes = Buffer.concat(this.#waiting, this.#waitingBytes);
    const after = this.#index.frames.at(-1)?.offset ?? 0;
    const offset = await named(this.#path, () => this.#log.append(this.#path, after, bytes));
    this.#index.frames.push({ offset, start: this.#index.length, length: bytes.length });
    this.#index.length += bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Takes back what was not synced; frames stay for ever. */
  async truncate(length: number): Promise<void> {
    if (length !== this.#index.length) throw new DiskError('failed', `${this.#path} cannot be cut`);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async close(): Promise<void> {}
}

/** First frame that reaches beyond a byte of the file. */
function frameAt(frames: readonly Placed[], at: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { start, length } = frames[middle] as Placed;
    if (start + length <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A view of partitions: what is in the log when a path is first asked for, and what is written here. */
export function partitionDisk(log: UpdateLog): Disk {
  const known = new Map<string, Index>();

  async function look(path: string): Promise<Index> {
    const index: Index = { frames: [], length: 0 };
    for await (const { offset, bytes } of log.read(path, 0)) {
      index.frames.push({ offset, start: index.length, length: bytes.length });
      index.length += bytes.length;
    }
    known.set(path, index);
    return index;
  }

  async function readFrom(path: string, from: number, length: number): Promise<Uint8Array> {
    const { frames, length: end } = known.get(path) ?? (await look(path));
    const to = Math.min(end, from + length);
    if (to <= from) return new Uint8Array();
    const bytes = Buffer.allocUnsafeSlow(to - from);
    let at = frameAt(frames, from);
    const first = frames[at] as Placed;
    for await (const frame of log.read(path, first.offset - 1)) {
      const placed = frames[at];
      if (placed?.offset !== frame.offset) break;
      const skip = Math.max(0, from - placed.start);
      bytes.set(
        frame.bytes.subarray(skip, Math.min(placed.length, to - placed.start)),
        placed.start + skip - from,
      );
      at += 1;
      if (placed.start + placed.length >= to) return bytes;
    }
    throw new DiskError('missing', `${path} was dropped`);
  }

  const notHere = (path: string): Promise<never> =>
    Promise.reject(new DiskError('failed', `${path}: a partition is only appended to`));

  return {
    list: notHere,
    makeFolder: notHere,
    rename: notHere,
    syncFolder: async () => undefined,
    size: (path) =>
      named(path, async () => {
        const { frames, length } = known.get(path) ?? (await look(path));
        return frames.length === 0 ? null : length;
      }),
    read: (path, offset = 0, length = Number.POSITIVE_INFINITY) =>
      named(path, () => readFrom(path, offset, length)),
    open: (path) =>
      named(path, async () => {
        const index = known.get(path) ?? (await look(path));
        return new PartitionFile(log, path, index);
      }),
    remove: (path) => named(path, () => log.drop(path)),
  };
}
