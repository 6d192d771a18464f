/**
 * The file system as the aggregator uses it. Paths are relative to the data folder, with `/`.
 *
 * Nothing is durable before `sync` (contents) and `syncFolder` (names) have resolved. The real one
 * is `node-disk.ts`; the tests bring one that crashes, loses and tears what was not synced.
 */

export type DiskErrorCode = 'missing' | 'full' | 'read-only' | 'failed';

/** A named failure of the data folder. `code` decides what an operator is told. */
export class DiskError extends Error {
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'DiskError';
    this.code = code;
  }
}

/** A file open for appending; one writer at a time. */
export interface AppendFile {
  /** Bytes written so far, synced or not. */
  readonly length: number;
  /** Appends cost least where they end at a multiple of this, bytes; 1 when left out. */
  readonly block?: number;
  /** Appends the parts in order. After an error the tail is undefined until `truncate`. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Makes everything appended so far durable (fdatasync). */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** Names in a folder, sorted; none when the folder is missing. */
  list(folder: string): Promise<readonly string[]>;
  /** Length of a file in bytes, or null when it is missing. */
  size(path: string): Promise<number | null>;
  /** Up to `length` bytes from `offset`; fewer at the end. @throws DiskError 'missing' */
  read(path: string, offset?: number, length?: number): Promise<Uint8Array>;
  /**
   * Opens for appending, making an empty file where there is none.
   * @param large whether what is appended at once will be, and not be read again soon.
   */
  open(path: string, large?: boolean): Promise<AppendFile>;
  /** Makes a folder and those above it, durably. */
  makeFolder(folder: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing one is fine. */
  remove(path: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
}

/** Folder part of a path; '' for a file in the data folder itself. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Replaces a file as a whole: after a crash there is the old one or the new one. */
export async function writeWhole(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await disk.open(temporary);
  try {
    if (file.length > 0) await file.truncate(0);
    await file.append([bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncFolder(folderOf(path));
}
