/**
 * One process at a time on a data folder. The lock is a socket in the folder on which its holder
 * listens. The kernel closes it with the process, so what a killed one left behind refuses to be
 * connected to and is taken over; process ids, which are given again, play no part.
 */
import { createHash, randomBytes } from 'node:crypto';
import { link, realpath, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskError } from './accumulate/disk.ts';

const LOCK_FILE = 'aggregator.lock';
/** sun_path of macOS has 104 bytes, that of Linux 108. */
const MAX_PATH_BYTES = 100;
const TRIES = 10;

/** Another process works on this data folder. */
export class FolderInUse extends Error {
  readonly code = 'folder-in-use';

  constructor(folder: string) {
    super(`folder-in-use: another aggregator works on ${folder}; stop it or choose another --data`);
    this.name = 'FolderInUse';
  }
}

/**
 * Sockets of a folder: inside it, and by its name for a path that is too long and for file systems
 * without sockets; on Windows a pipe.
 */
async function socketsOf(folder: string): Promise<readonly string[]> {
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32);
  if (process.platform === 'win32') return [`\\\\.\\pipe\\vitrine-${name}`];
  const inside = join(folder, LOCK_FILE);
  const beside = join(tmpdir(), `vitrine-${name}.lock`);
  return Buffer.byteLength(inside) <= MAX_PATH_BYTES ? [inside, beside] : [beside];
}

/** Resolves with null when the address is taken. */
function listenOn(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Tells whether somebody listens; a holder that is stopped or busy still does. */
function held(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
    socket.once('connect', () => socket.destroy());
  });
}

/**
 * Moves away a lock that nobody holds. One that another process has taken in the meantime is put
 * back. @returns whether it was free.
 */
async function clear(path: string): Promise<boolean> {
  if (await held(path)) return false;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  const live = await held(aside);
  if (live) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return !live;
}

/** @returns what lets go of the address, or null when somebody holds it. */
async function take(path: string): Promise<(() => Promise<void>) | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const server = await listenOn(path);
    if (server !== null) return () => new Promise((resolve) => server.close(() => resolve()));
    if (!(await clear(path))) return null;
  }
  return null;
}

/**
 * Takes a folder for this process; returns what lets go of it.
 * @throws FolderInUse; DiskError when no socket can be made.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  let cause: unknown = null;
  for (const path of await socketsOf(folder)) {
    try {
      const release = await take(path);
      if (release === null) throw new FolderInUse(folder);
      return release;
    } catch (error) {
      if (error instanceof FolderInUse) throw error;
      cause = error;
    }
  }
  throw new DiskError('failed', `${folder} cannot be locked`, { cause });
}
