/**
 * The journal of one open batch: an append-only file of frames. What `append` has resolved for is
 * on disk. A frame that a crash tore off at the end is cut at the next start; a damaged frame with
 * a good one behind it is damage to what was acknowledged, and is an error.
 */
import { equalBytes } from '../../shared/bytes/concat.ts';
import { crc32 } from './crc.ts';
import { type AppendFile, type Disk, DiskError, folderOf } from './disk.ts';
import {
  ENTRY_HEADER_BYTES,
  type Entry,
  entryLength,
  FRAME_HEADER_BYTES,
  filled,
  frameParts,
} from './frame.ts';
import { laterFrame, scan, type Visit } from './scan.ts';

/** A journal whose acknowledged part cannot be read back. */
export class CorruptJournal extends Error {
  readonly code = 'corrupt-journal';

  constructor(path: string, reason: string) {
    super(`corrupt-journal: ${path}: ${reason}`);
    this.name = 'CorruptJournal';
  }
}

export class Journal {
  readonly path: string;
  readonly #disk: Disk;
  readonly #file: AppendFile;
  readonly #seed: number;
  #frames: number;
  #failed: DiskError | null = null;

  private constructor(disk: Disk, path: string, file: AppendFile, seed: number, frames: number) {
    this.#disk = disk;
    this.path = path;
    this.#file = file;
    this.#seed = seed;
    this.#frames = frames;
  }

  /**
   * Opens or makes the journal of the batch that `identity` names, replays it and cuts a torn tail.
   * @param identity 32 bytes that nobody outside the server can compute.
   * @param large whether its frames will be, see `Disk.open`.
   * @throws CorruptJournal, DiskError
   */
  static async open(
    disk: Disk,
    path: string,
    identity: Uint8Array,
    visit: Visit,
    large = false,
  ): Promise<Journal> {
    const seed = crc32(identity);
    const good = await scan(disk, path, seed, async (entries) => {
      const [first, ...rest] = entries;
      if (first?.kind !== 0) return visit(entries);
      if (!equalBytes(first.bytes, identity)) {
        throw new CorruptJournal(path, 'it belongs to another round');
      }
      return visit(rest);
    });
    const size = (await disk.size(path)) ?? 0;
    // The first frame is on disk before another one is begun.
    const opening = FRAME_HEADER_BYTES + entryLength(identity.length);
    if (good.frames === 0 && size > opening) {
      throw new CorruptJournal(path, 'its first frame is damaged, or of another format');
    }
    if (size > good.length && (await laterFrame(disk, path, seed, good))) {
      throw new CorruptJournal(path, `frame ${good.frames} is damaged, later ones are not`);
    }
    const file = await disk.open(path, large);
    try {
      const journal = new Journal(disk, path, file, seed, good.frames);
      if (file.length > good.length) await file.truncate(good.length);
      // What was read back may sit in the page cache alone after a kill.
      if (file.length > 0) await file.sync();
      if (good.frames === 0) {
        await journal.append([{ kind: 0, bytes: identity }]);
      }
      await disk.syncFolder(folderOf(path));
      return journal;
    } catch (error) {
      // A full disk is tried again every second.
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  /** Set once a sync has failed: what the disk holds is unknown until the next start. */
  get failed(): DiskError | null {
    return this.#failed;
  }

  /**
   * Writes one frame and syncs it; returns the offset of each entry's bytes. One call at a time.
   * @throws DiskError; nothing of the frame counts then, unless a restart finds it whole.
   */
  async append(entries: readonly Entry[]): Promise<readonly number[]> {
    if (this.#failed !== null) throw this.#failed;
    const { length: start, block = 1 } = this.#file;
    // The first frame has one length only, so that a longer file is known to hold more.
    const whole = this.#frames === 0 ? entries : filled(entries, start, block);
    try {
      await this.#file.append(frameParts(this.#frames, whole, this.#seed));
    } catch (error) {
      await this.#cut(start);
      throw error;
    }
    try {
      await this.#file.sync();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#frames += 1;
    let at = start + FRAME_HEADER_BYTES;
    return entries.map(({ bytes }) => {
      const offset = at + ENTRY_HEADER_BYTES;
      at += entryLength(bytes.length);
      return offset;
    });
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#disk.read(this.path, offset, length);
  }

  /** Walks what was appended so far. */
  async replay(visit: Visit): Promise<void> {
    const { length } = await scan(this.#disk, this.path, this.#seed, visit);
    if (length !== this.#file.length) throw new CorruptJournal(this.path, 'it reads back shorter');
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #cut(length: number): Promise<void> {
    try {
      await this.#file.truncate(length);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): DiskError {
    this.#failed =
      error instanceof DiskError
        ? error
        : new DiskError('failed', `${this.path} cannot be written`, { cause: error });
    return this.#failed;
  }
}
