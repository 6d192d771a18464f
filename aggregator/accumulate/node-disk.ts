/** `Disk` on a real folder: writev and fdatasync of Node's file handles. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Disk, DiskError } from './disk.ts';
import { NodeFile, named, Stagings } from './node-file.ts';

/** @param root data folder; it is made where it is missing. */
export function nodeDisk(root: string): Disk {
  const at = (path: string): string => join(root, path);
  const stagings = new Stagings();

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
    open: (path, large = false) => NodeFile.open(path, at(path), large, stagings),
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
