/**
 * Append-only log of what was signed (SPEC.md, L rules): JSON lines `{ entry, root }`, where `root`
 * is the Merkle root of the tree that ends with this entry, so that no line can be changed or
 * dropped unnoticed. The file is the only state; tiles and checkpoints follow from it. An entry
 * counts once its line is synced; a torn last line is cut at the next start.
 */
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { type LogEntry, leafBytes } from '../../shared/protocol/log.ts';
import {
  encodeBundle,
  MAX_ENTRY_BYTES,
  TILE_WIDTH,
  type TileName,
} from '../../shared/protocol/tiles.ts';
import { type AppendFile, type Disk, DiskError, folderOf } from '../accumulate/disk.ts';
import { LogTree } from './tree.ts';

/** A log whose tree does not hold. */
export class CorruptLog extends Error {
  readonly code = 'corrupt-log';

  constructor(path: string, line: number) {
    super(`corrupt-log: ${path}: line ${line} does not follow from those before it`);
    this.name = 'CorruptLog';
  }
}

const NEWLINE = 0x0a;
/** A line is PREFIX, the entry's canonical JSON, SUFFIX with 64 digits between its quotes. */
const PREFIX = '{"entry":';
const SUFFIX_BYTES = ',"root":""}'.length + 64;

/** Where an entry lies in the file, and its leaf number. */
export interface LogPlace {
  readonly offset: number;
  readonly length: number;
  readonly index: number;
}

/** Told of every entry once it is durable, before the next one is appended. */
export type Extended = (size: number, root: Uint8Array) => Promise<void>;

export class RecordLog {
  readonly path: string;
  readonly #disk: Disk;
  readonly #file: AppendFile;
  readonly #tree = new LogTree();
  /** Where each line begins. */
  readonly #offsets: number[] = [];
  /** End of the last line that counts. */
  #end = 0;
  #work: Promise<unknown> = Promise.resolve();
  #failed: Error | null = null;
  /** Set by whoever publishes checkpoints. */
  extended: Extended = () => Promise.resolve();

  private constructor(disk: Disk, path: string, file: AppendFile) {
    this.#disk = disk;
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens or makes the log and hands every entry with its place to `visit`.
   * @throws CorruptLog, DiskError
   */
  static async open(
    disk: Disk,
    path: string,
    visit: (entry: LogEntry, place: LogPlace) => void,
  ): Promise<RecordLog> {
    const file = await disk.open(path);
    try {
      return await RecordLog.#read(new RecordLog(disk, path, file), visit);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  static async #read(
    log: RecordLog,
    visit: (entry: LogEntry, place: LogPlace) => void,
  ): Promise<RecordLog> {
    const { path } = log;
    const [disk, file] = [log.#disk, log.#file];
    const bytes = file.length === 0 ? new Uint8Array() : await disk.read(path);
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, at)) {
      const line = bytes.subarray(at, end);
      const parsed = parse(line);
      if (parsed === null && end === bytes.length - 1) break;
      const place = { offset: at, length: line.length, index: log.size };
      if (parsed === null) throw new CorruptLog(path, place.index);
      log.#take(line.subarray(PREFIX.length, line.length - SUFFIX_BYTES), at, end + 1);
      if (parsed.root !== toHex(log.root)) throw new CorruptLog(path, place.index);
      visit(parsed.entry, place);
      at = end + 1;
    }
    if (at < bytes.length) await file.truncate(at);
    await file.sync();
    await disk.syncFolder(folderOf(path));
    return log;
  }

  /** Why the log cannot be written, or null. */
  get failed(): Error | null {
    return this.#failed;
  }

  /** Entries that count. */
  get size(): number {
    return this.#tree.size;
  }

  /** Merkle tree hash (RFC 6962) over them, 32 bytes. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  /** Appends one entry and syncs it. @throws DiskError; RangeError for an entry over 65,535 bytes. */
  append(entry: LogEntry): Promise<LogPlace> {
    const done = this.#work.then(() => this.#append(entry));
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** The entry that lies at a place which `open` or `append` gave. */
  async read(offset: number, length: number): Promise<LogEntry> {
    const parsed = parse(await this.#disk.read(this.path, offset, length));
    if (parsed === null) throw new CorruptLog(this.path, -1);
    return parsed.entry;
  }

  /** Bytes of a tile or entry bundle, or null where there is none of this width. */
  async tile({ level, index, width }: TileName): Promise<Uint8Array | null> {
    if (level !== 'entries') return this.#tree.tile(level, { index, width });
    const start = index * TILE_WIDTH;
    const from = this.#offsets[start];
    if (from === undefined || start + width > this.#offsets.length) return null;
    const to = this.#offsets[start + width] ?? this.#end;
    const bytes = await this.#disk.read(this.path, from, to - from);
    const entries = Array.from({ length: width }, (_, i) => {
      const begin = (this.#offsets[start + i] as number) - from + PREFIX.length;
      const end = (this.#offsets[start + i + 1] ?? this.#end) - from - 1 - SUFFIX_BYTES;
      return bytes.subarray(begin, end);
    });
    return encodeBundle(entries);
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#file.close();
  }

  async #append(entry: LogEntry): Promise<LogPlace> {
    if (this.#failed !== null) throw this.#failed;
    const leaf = leafBytes(entry);
    if (leaf.length > MAX_ENTRY_BYTES) {
      throw new RangeError(`an entry of the log has ${leaf.length} bytes, over ${MAX_ENTRY_BYTES}`);
    }
    const offset = this.#file.length;
    const root = toHex(this.#tree.rootWith(leaf));
    const line = utf8(canonicalJson({ entry, root }));
    try {
      await this.#file.append([line, Uint8Array.of(NEWLINE)]);
    } catch (error) {
      await this.#file.truncate(offset).catch((cause: unknown) => {
        this.#failed = new DiskError('failed', `${this.path} cannot be cut`, { cause });
      });
      throw error;
    }
    try {
      await this.#file.sync();
    } catch (error) {
      this.#failed = error as Error;
      throw error;
    }
    const place = { offset, length: line.length, index: this.size };
    this.#take(leaf, offset, offset + line.length + 1);
    await this.extended(this.size, this.root);
    return place;
  }

  #take(leaf: Uint8Array, offset: number, end: number): void {
    this.#tree.append(leaf);
    this.#offsets.push(offset);
    this.#end = end;
  }
}

interface Line {
  readonly entry: LogEntry;
  readonly root: string;
}

function parse(line: Uint8Array): Line | null {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as Line;
  } catch {
    return null;
  }
}
