/**
 * The engine that needs nothing installed: a folder on a local disk, shared by the processes of one
 * machine. A name is a folder; `+log` in it holds a file for each frame, `+value` the value, both
 * numbered. A number is taken by `link`, so that a writer which was frozen, and finds its number
 * taken when it wakes up, is fenced by the file system and not by a clock.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, statfs, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type Accepted,
  assertBytes,
  assertName,
  assertPosition,
  assertPrefix,
  EngineError,
  Fenced,
  type Frame,
  MAX_FRAME_BYTES,
  MAX_VALUE_BYTES,
  type UpdateLog,
  type Value,
} from '../cluster/update-log.ts';
import {
  exists,
  getNumbered,
  highestIn,
  makeFolder,
  named,
  numberedIn,
  numberedPath,
  putNumbered,
  syncFolder,
  unlessMissing,
} from './folder.ts';

const LOG = '+log';
const VALUE = '+value';
const DROPPED = '+dropped-';

/** Linux's statfs types of file systems that keep nothing, or whose `link` crosses a network. */
const UNSYNCED: Readonly<Record<number, string>> = {
  16914836: 'tmpfs, which a restart of the machine empties',
  2240043254: 'ramfs, which a restart of the machine empties',
  26985: 'NFS, where a repeated answer can tell a writer that it lost when it won',
  4283649346: 'SMB, where links may be missing',
  4266872130: 'SMB, where links may be missing',
};

/** @returns what an acknowledgement means on this file system. */
async function promiseOf(root: string, accept: readonly Accepted[]): Promise<string> {
  const kind = UNSYNCED[(await statfs(root)).type];
  if (kind === undefined) {
    return 'an acknowledged report is written and synced (fdatasync) on one disk of this machine';
  }
  if (accept.includes('file-unsynced')) {
    return `an acknowledged report is written to ${kind}, and that was accepted`;
  }
  throw new EngineError(
    'unsafe-engine',
    `${root} is on ${kind}; choose a local disk, or accept it with --accept-risk file-unsynced`,
  );
}

class FileEngine implements UpdateLog {
  readonly engine = 'file';
  readonly promise: string;
  readonly #root: string;
  /** Last offsets seen, to look on from there. */
  readonly #seen = new Map<string, number>();
  #closed = false;

  constructor(root: string, promise: string) {
    this.#root = root;
    this.promise = promise;
  }

  async append(partition: string, after: number, bytes: Uint8Array): Promise<number> {
    assertName(partition, 'partition');
    assertPosition(after, 'after');
    assertBytes(bytes, MAX_FRAME_BYTES);
    const folder = this.#folder(partition, LOG);
    return named(partition, async () => {
      if (after === 0) await makeFolder(this.#root, folder);
      const follows = after === 0 || (await exists(numberedPath(folder, after)));
      const free = follows && !(await exists(numberedPath(folder, after + 1)));
      if (!free || !(await putNumbered(folder, after + 1, bytes))) {
        throw new Fenced(`${partition} has moved on from ${after}`);
      }
      this.#seen.set(partition, after + 1);
      return after + 1;
    });
  }

  async *read(partition: string, after: number): AsyncIterable<Frame> {
    assertPosition(after, 'after');
    const end = await this.last(partition);
    const folder = this.#folder(partition, LOG);
    for (let offset = after + 1; offset <= end; offset++) {
      const bytes = await named(partition, () => getNumbered(folder, offset));
      if (bytes !== null) yield { offset, bytes };
      else if (await named(partition, () => exists(folder))) {
        throw new EngineError('damaged', `${partition} has lost its frame ${offset}`);
      } else return;
    }
  }

  async last(partition: string): Promise<number> {
    assertName(partition, 'partition');
    const folder = this.#folder(partition, LOG);
    return named(partition, async () => {
      let last = this.#seen.get(partition) ?? 0;
      if (last === 0 || !(await exists(numberedPath(folder, last)))) last = await highestIn(folder);
      while (await exists(numberedPath(folder, last + 1))) last += 1;
      // A frame of another process may be seen before its name is durable.
      await syncFolder(folder);
      this.#seen.set(partition, last);
      return last;
    });
  }

  async load(key: string): Promise<Value> {
    assertName(key, 'key');
    const folder = this.#folder(key, VALUE);
    return named(key, async () => {
      for (;;) {
        const revision = await highestIn(folder);
        if (revision === 0) return { revision: 0, bytes: null };
        const bytes = await getNumbered(folder, revision);
        await syncFolder(folder);
        if (bytes !== null) return { revision, bytes };
      }
    });
  }

  async save(key: string, expected: number, bytes: Uint8Array): Promise<number> {
    assertName(key, 'key');
    assertPosition(expected, 'expected');
    assertBytes(bytes, MAX_VALUE_BYTES);
    const folder = this.#folder(key, VALUE);
    const revision = expected + 1;
    const fenced = new Fenced(`${key} is no longer at revision ${expected}`);
    return named(key, async () => {
      if (expected === 0) await makeFolder(this.#root, folder);
      const current = async (): Promise<boolean> => (await highestIn(folder)) === expected;
      if (!(await current())) throw fenced;
      // Asked again with the file in place: whoever clears a number away takes such files first, so
      // that none gets a number that had been taken before. (Linux reads so small a folder in one step.)
      if (!(await putNumbered(folder, revision, bytes, current))) throw fenced;
      const all = await numberedIn(folder);
      const begun = all.filter(({ number, whole }) => !whole && number <= revision);
      const before = all.filter(({ number, whole }) => whole && number < revision);
      for (const { path } of begun) await unlessMissing(unlink(path), undefined);
      for (const { path } of before) await unlessMissing(unlink(path), undefined);
      return revision;
    });
  }

  async drop(name: string): Promise<void> {
    assertName(name, 'name');
    const folder = this.#folder(name);
    const aside = this.#folder(`${DROPPED}${randomBytes(8).toString('hex')}`);
    await named(name, async () => {
      await unlessMissing(rename(folder, aside), undefined);
      await syncFolder(dirname(folder));
      await rm(aside, { recursive: true, force: true, maxRetries: 3 });
    });
    for (const seen of this.#seen.keys()) {
      if (seen === name || seen.startsWith(`${name}/`)) this.#seen.delete(seen);
    }
  }

  async list(prefix: string): Promise<readonly string[]> {
    assertPrefix(prefix);
    this.#folder('');
    const found: string[] = [];
    await named(prefix, () => this.#walk(prefix, found));
    return found.sort();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #walk(name: string, found: string[]): Promise<void> {
    const folder = join(this.#root, name);
    const log = await exists(numberedPath(join(folder, LOG), 1));
    if (log || (await highestIn(join(folder, VALUE))) > 0) found.push(name);
    for (const entry of await unlessMissing(readdir(folder, { withFileTypes: true }), [])) {
      if (!entry.isDirectory() || entry.name.startsWith('+')) continue;
      await this.#walk(name === '' ? entry.name : `${name}/${entry.name}`, found);
    }
  }

  #folder(...parts: readonly string[]): string {
    if (this.#closed) throw new EngineError('unavailable', 'the log is closed');
    return join(this.#root, ...parts);
  }
}

/**
 * Opens the log in `folder`, which is made where it is missing. Several processes of this machine may
 * have it open.
 * @throws EngineError `unsafe-engine` on a file system that keeps nothing, unless accepted.
 */
export async function openFileEngine(
  folder: string,
  accept: readonly Accepted[] = [],
): Promise<UpdateLog> {
  const root = resolve(folder);
  return named(root, async () => {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(root));
    const promise = await promiseOf(root, accept);
    for (const name of await readdir(root)) {
      if (!name.startsWith(DROPPED)) continue;
      await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 });
    }
    return new FileEngine(root, promise);
  });
}
