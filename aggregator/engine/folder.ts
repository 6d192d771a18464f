/**
 * Folders and files as the file engine needs them: whole files that appear under a numbered name at
 * once, and only if nobody has taken it. `link` is the compare-and-set: it fails where the name
 * exists, whichever process made it, and what it names was written and synced before.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from '../accumulate/crc.ts';
import { EngineError } from '../cluster/update-log.ts';

/** "VTU1", then the CRC-32 of what follows, both little endian. */
const HEADER_BYTES = 8;
const MAGIC = 0x31555456;
/** Digits of a name; 2^53 − 1 has 16. */
const DIGITS = 16;

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}

/** Runs `work`; what the file system refuses becomes `unavailable` with its code. */
export async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('unavailable', `${path} (${codeOf(error)})`, { cause: error });
  }
}

/** `work`, or `otherwise` where a file or a folder on the way is missing. */
export async function unlessMissing<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return otherwise;
    throw error;
  }
}

export function exists(path: string): Promise<boolean> {
  return unlessMissing(
    access(path).then(() => true),
    false,
  );
}

/** Makes the names in a folder durable; a missing folder is fine. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await unlessMissing(open(folder, constants.O_RDONLY), null);
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder below `root`, durably. Folders that were there are synced too: another process may
 * have made them and died before it did.
 */
export async function makeFolder(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let made = folder; made !== root; ) {
    made = dirname(made);
    await syncFolder(made);
  }
}

export function numberedPath(folder: string, number: number): string {
  return join(folder, String(number).padStart(DIGITS, '0'));
}

interface Numbered {
  readonly path: string;
  readonly number: number;
  readonly whole: boolean;
}

/** Numbered files of a folder, and those that were being written for a number (`whole` false). */
export async function numberedIn(folder: string): Promise<readonly Numbered[]> {
  const names = await unlessMissing(readdir(folder), []);
  return names.map((name) => ({
    path: join(folder, name),
    number: Number(name.slice(0, DIGITS)),
    whole: name.length === DIGITS,
  }));
}

export async function highestIn(folder: string): Promise<number> {
  const all = await numberedIn(folder);
  return all.reduce((most, { number, whole }) => (whole ? Math.max(most, number) : most), 0);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, crc32(bytes), true);
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(header);
    await handle.writeFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/**
 * Puts `bytes` under a number, durably. @returns false when the number is taken, or when the folder
 * is gone; then nothing has happened.
 * @param still asked once the bytes are written under a name of their own, before they get the number.
 */
export async function putNumbered(
  folder: string,
  number: number,
  bytes: Uint8Array,
  still: () => Promise<boolean> = async () => true,
): Promise<boolean> {
  const path = numberedPath(folder, number);
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await writeSynced(temporary, bytes);
    if (!(await still())) return false;
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  await syncFolder(folder);
  return true;
}

/** Bytes under a number, or null where there are none. @throws EngineError `damaged` */
export async function getNumbered(folder: string, number: number): Promise<Uint8Array | null> {
  const path = numberedPath(folder, number);
  const file = await unlessMissing<Buffer | null>(readFile(path), null);
  if (file === null) return null;
  const start = Math.min(HEADER_BYTES, file.length);
  const bytes = new Uint8Array(file.buffer, file.byteOffset + start, file.length - start);
  const sound =
    file.length >= HEADER_BYTES &&
    file.readUInt32LE(0) === MAGIC &&
    file.readUInt32LE(4) === crc32(bytes);
  if (!sound) throw new EngineError('damaged', `${path} is not what was written`);
  return bytes;
}
