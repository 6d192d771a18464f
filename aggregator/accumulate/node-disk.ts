/** `Disk` on a real folder: writev and fdatasync of Node's file handles. */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AppendFile, type Disk, DiskError, type DiskErrorCode } from './disk.ts';

const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'missing',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EACCES: 'read-only',
  EPERM: 'read-only',
};

async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new DiskError(CODES[code] ?? 'failed', `${path} (${code})`, { cause: error });
  }
}

class NodeAppendFile implements AppendFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #length: number;

  constructor(path: string, handle: FileHandle, length: number) {
    this.#path = path;
    this.#handle = handle;
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  append(parts: readonly Uint8Array[]): Promise<void> {
    return named(this.#path, async () => {
      let rest = parts;
      while (rest.length > 0) {
        const { bytesWritten } = await this.#handle.writev(rest);
        this.#length += bytesWritten;
        rest = after(rest, bytesWritten);
      }
    });
  }

  sync(): Promise<void> {
    return named(this.#path, () => this.#handle.datasync());
  }

  truncate(length: number): Promise<void> {
    return named(this.#path, async () => {
      await this.#handle.truncate(length);
      this.#length = length;
    });
  }

  close(): Promise<void> {
    return named(this.#path, () => this.#handle.close());
  }
}

/** What is left of `parts` after a write of `written` bytes, which may be short. */
function after(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written;
  for (const [i, part] of parts.entries()) {
    if (skip < part.length) return [part.subarray(skip), ...parts.slice(i + 1)];
    skip -= part.length;
  }
  return [];
}

/** @param root data folder; it is made where it is missing. */
export function nodeDisk(root: string): Disk {
  const at = (path: string): string => join(root, path);

  async function syncFolder(folder: string): Promise<void> {
    await named(folder === '' ? root : folder, async () => {
      const handle = await open(at(folder), constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  return {
    syncFolder,
    list: async (folder) => {
      try {
        return (await named(folder, () => readdir(at(folder)))).sort();
      } catch (error) {
        if (error instanceof DiskError && error.code === 'missing') return [];
        throw error;
      }
    },
    size: async (path) => {
      try {
        return (await named(path, () => stat(at(path)))).size;
      } catch (error) {
        if (error instanceof DiskError && error.code === 'missing') return null;
        throw error;
      }
    },
    read: (path, offset = 0, length = Number.POSITIVE_INFINITY) =>
      named(path, async () => {
        const handle = await open(at(path), 'r');
        try {
          const { size } = await handle.stat();
          const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
          let filled = 0;
          while (filled < bytes.length) {
            const { bytesRead } = await handle.read(
              bytes,
              filled,
              bytes.length - filled,
              offset + filled,
            );
            if (bytesRead === 0) break;
            filled += bytesRead;
          }
          return bytes.subarray(0, filled);
        } finally {
          await handle.close();
        }
      }),
    open: (path) =>
      named(path, async () => {
        const handle = await open(at(path), 'a', 0o600);
        return new NodeAppendFile(path, handle, (await handle.stat()).size);
      }),
    makeFolder: async (folder) => {
      const first = await named(folder, () => mkdir(at(folder), { recursive: true }));
      if (first === undefined) return;
      let made = at(folder);
      // Every new name is durable only once the folder that holds it is.
      while (made !== dirname(first)) {
        made = dirname(made);
        const handle = await open(made, constants.O_RDONLY);
        await handle.sync();
        await handle.close();
      }
    },
    rename: (from, to) => named(to, () => rename(at(from), at(to))),
    remove: (path) => named(path, () => rm(at(path), { force: true })),
  };
}
