/**
 * Append-only log of what was signed: JSON lines, each with the SHA-256 of the line before it, so
 * that a line cannot be changed or dropped without changing all that follow (SPEC.md, R rules).
 * An entry counts once its line is synced; a torn last line is cut at the next start.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import type { ModelRecord, RoundRecord, Signed } from '../../shared/protocol/task.ts';
import { type AppendFile, type Disk, DiskError, folderOf } from '../accumulate/disk.ts';

export type LogEntry =
  | { readonly type: 'task'; readonly task: string }
  | { readonly type: 'round'; readonly round: Signed<RoundRecord> }
  | { readonly type: 'model'; readonly model: Signed<ModelRecord> }
  | {
      readonly type: 'abandoned';
      readonly task: string;
      readonly round: number;
      readonly reports: number;
      readonly closedAtMs: number;
    };

/** A log whose chain does not hold. */
export class CorruptLog extends Error {
  readonly code = 'corrupt-log';

  constructor(path: string, line: number) {
    super(`corrupt-log: ${path}: line ${line} does not follow from the one before it`);
    this.name = 'CorruptLog';
  }
}

const GENESIS = '0'.repeat(64);
const NEWLINE = 0x0a;

interface Line {
  readonly entry: LogEntry;
  readonly index: number;
  readonly previous: string;
}

function hashLine(line: Uint8Array): string {
  return createHash('sha256').update(line).digest('hex');
}

export class RecordLog {
  readonly path: string;
  readonly #disk: Disk;
  readonly #file: AppendFile;
  #previous = GENESIS;
  #lines = 0;
  #work: Promise<unknown> = Promise.resolve();
  #failed: Error | null = null;

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
    visit: (entry: LogEntry, offset: number, length: number) => void,
  ): Promise<RecordLog> {
    const file = await disk.open(path);
    const log = new RecordLog(disk, path, file);
    const bytes = file.length === 0 ? new Uint8Array() : await disk.read(path);
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, at)) {
      const line = bytes.subarray(at, end);
      const parsed = parse(line);
      if (parsed === null && end === bytes.length - 1) break;
      if (parsed?.index !== log.#lines || parsed.previous !== log.#previous) {
        throw new CorruptLog(path, log.#lines);
      }
      visit(parsed.entry, at, line.length);
      log.#previous = hashLine(line);
      log.#lines += 1;
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

  /** Appends one entry and syncs it; returns its place for `read`. @throws DiskError */
  append(entry: LogEntry): Promise<{ readonly offset: number; readonly length: number }> {
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

  async close(): Promise<void> {
    await this.#work;
    await this.#file.close();
  }

  async #append(entry: LogEntry): Promise<{ offset: number; length: number }> {
    if (this.#failed !== null) throw this.#failed;
    const offset = this.#file.length;
    const line = utf8(canonicalJson({ entry, index: this.#lines, previous: this.#previous }));
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
    this.#previous = hashLine(line);
    this.#lines += 1;
    return { offset, length: line.length };
  }
}

function parse(line: Uint8Array): Line | null {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as Line;
  } catch {
    return null;
  }
}
