/**
 * The helper's keys: made, rotated and used to sign tasks by hand, never silently. A folder of keys
 * has one sub-folder per generation, 1, 2, …; the last that holds a mark is in use.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assertInteger, assertString } from '../shared/assert/assert.ts';
import { toBase64url } from '../shared/bytes/base64url.ts';
import { canonicalBytes } from '../shared/bytes/canonical.ts';
import { toHex } from '../shared/bytes/hex.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import { assertNoWrap } from '../shared/field/fixed.ts';
import { epsilonOf, sigmaOf } from '../shared/privacy/mechanism.ts';
import type { HelperStatus } from '../shared/protocol/opening.ts';
import { decodeSignedRotation, decodeTask } from '../shared/protocol/records.ts';
import { type Signer, signRecord } from '../shared/protocol/signature.ts';
import type { SignedRotation, Task } from '../shared/protocol/task.ts';
import { generateSealingKeys, type SealingKeys } from '../shared/sharing/seal.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import { generateKey, loadKey, saveKey, signerOf } from './keys.ts';
import { lockFolder } from './lock.ts';
import { newMark, writeMark } from './opening/mark.ts';

const IDENTITY_FILE = 'identity.key';
const SEALING_FILE = 'sealing.key';
const ROTATION_FILE = 'rotation.json';
const MARK_FILE = 'mark.json';
const DAY_MS = 24 * 3600 * 1000;

/** How long a sealing key lives unless asked otherwise. */
export const SEALING_DAYS = 90;

export interface HelperKeyRing {
  /** Number of the generation in use, from 1. */
  readonly generation: number;
  /** Its folder. */
  readonly folder: string;
  readonly signer: Signer;
  readonly sealing: SealingKeys;
  readonly status: HelperStatus;
}

/** The keys are not there, or are there already; `message` says what to do. */
export class KeyError extends Error {
  readonly code: 'no-keys' | 'keys-exist' | 'bad-keys';

  constructor(code: KeyError['code'], message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'KeyError';
    this.code = code;
  }
}

interface SealingFile extends SealingKeys {
  readonly expiresAtMs: number;
}

/** Those that were made to the end, the newest first. */
async function generationsOf(keysDir: string): Promise<number[]> {
  const disk = nodeDisk(keysDir);
  const names = (await disk.list('')).filter((name) => /^[1-9]\d{0,8}$/.test(name));
  const made: number[] = [];
  for (const number of names.map(Number)) {
    if ((await disk.size(`${number}/${MARK_FILE}`)) !== null) made.push(number);
  }
  return made.sort((a, b) => b - a);
}

async function generationOf(keysDir: string): Promise<number> {
  return (await generationsOf(keysDir))[0] ?? 0;
}

async function saveSecret(path: string, value: unknown): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(canonicalBytes(value));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a generation; it is in use once its mark, the last file, is there. */
async function makeGeneration(
  keysDir: string,
  generation: number,
  days: number,
  nowMs: number,
  rotation: (next: Signer) => SignedRotation | null,
): Promise<HelperKeyRing> {
  assertInteger('days', days, 1, 366);
  const folder = join(keysDir, String(generation));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const left = await nodeDisk(folder).list('');
  // Of an earlier try that a crash ended; nothing was signed or sealed with them.
  for (const name of left) await nodeDisk(folder).remove(name);
  const identity = generateKey();
  await saveKey(join(folder, IDENTITY_FILE), identity);
  const keys = await generateSealingKeys();
  await saveSecret(join(folder, SEALING_FILE), { ...keys, expiresAtMs: nowMs + days * DAY_MS });
  const signed = rotation(signerOf(identity));
  if (signed !== null) await saveSecret(join(folder, ROTATION_FILE), signed);
  await nodeDisk(dirname(folder)).syncFolder('');
  await writeMark(nodeDisk(folder), newMark(toHex(randomBytes(32))));
  return loadKeyRing(keysDir);
}

/**
 * Makes the first keys of a helper.
 * @param days until the sealing key expires.
 * @throws KeyError keys-exist
 */
export async function initKeys(
  keysDir: string,
  days: number = SEALING_DAYS,
  nowMs: number = Date.now(),
): Promise<HelperKeyRing> {
  if ((await generationOf(keysDir)) !== 0) {
    throw new KeyError('keys-exist', `${keysDir} holds keys; use rotate to replace them`);
  }
  return makeGeneration(keysDir, 1, days, nowMs, () => null);
}

/** @throws KeyError no-keys, bad-keys */
export async function loadKeyRing(keysDir: string): Promise<HelperKeyRing> {
  const generation = await generationOf(keysDir);
  if (generation === 0) {
    throw new KeyError('no-keys', `${keysDir} holds no keys; make them with init`);
  }
  const folder = join(keysDir, String(generation));
  try {
    const signer = signerOf(await loadKey(join(folder, IDENTITY_FILE)));
    const text = await readFile(join(folder, SEALING_FILE), 'utf8');
    const { publicKey, privateKey, expiresAtMs } = JSON.parse(text) as Partial<SealingFile>;
    assertString('publicKey', publicKey, 43);
    assertString('privateKey', privateKey, 43);
    assertInteger('expiresAtMs', expiresAtMs, 0);
    const status = {
      identityKey: signer.publicKey,
      sealingKey: publicKey,
      sealingKeyExpiresAtMs: expiresAtMs,
    };
    return { generation, folder, signer, sealing: { publicKey, privateKey }, status };
  } catch (cause) {
    throw new KeyError('bad-keys', `${folder}: ${(cause as Error).message}`, { cause });
  }
}

export interface RotateOptions {
  /** Until the new sealing key expires. */
  readonly days?: number;
  /** File of the old identity key, where its folder is lost; that in use when left out. */
  readonly from?: string;
  readonly nowMs?: number;
}

/**
 * Replaces identity, sealing key and journal; what the old ones answered is not answered again.
 * @returns the record that both identities signed, for the log.
 * @throws KeyError no-keys, bad-keys, keys-exist for an identity that was rotated before;
 * FolderInUse while a helper works with the keys
 */
export async function rotateKeys(
  keysDir: string,
  site: string,
  options: RotateOptions = {},
): Promise<SignedRotation> {
  assertString('site', site, 100);
  const { from } = options;
  if (from === undefined) await loadKeyRing(keysDir);
  await mkdir(keysDir, { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(keysDir);
  try {
    // Again under the lock: another rotation may have come between.
    const old = from === undefined ? (await loadKeyRing(keysDir)).signer : await oldIdentity(from);
    await assertNotRotated(keysDir, old.publicKey);
    return await rotated(keysDir, site, old, options);
  } finally {
    await unlock();
  }
}

/** An identity with two successors has none that a browser believes (SPEC.md, T3). */
async function assertNotRotated(keysDir: string, identityKey: string): Promise<void> {
  const disk = nodeDisk(keysDir);
  for (const generation of await generationsOf(keysDir)) {
    const path = `${generation}/${ROTATION_FILE}`;
    if ((await disk.size(path)) === null) continue;
    const { record } = decodeSignedRotation(JSON.parse(fromUtf8(await disk.read(path))));
    if (record.from === identityKey) {
      throw new KeyError('keys-exist', `this identity was rotated: see ${join(keysDir, path)}`);
    }
  }
}

async function oldIdentity(path: string): Promise<Signer> {
  try {
    return signerOf(await loadKey(path));
  } catch (cause) {
    throw new KeyError('bad-keys', `${path}: ${(cause as Error).message}`, { cause });
  }
}

async function rotated(
  keysDir: string,
  site: string,
  signer: Signer,
  { days = SEALING_DAYS, nowMs = Date.now() }: RotateOptions,
): Promise<SignedRotation> {
  const generation = await generationOf(keysDir);
  let made: SignedRotation | undefined;
  await makeGeneration(keysDir, generation + 1, days, nowMs, (next) => {
    const { record, signature } = signRecord(
      {
        version: 1,
        type: 'rotation',
        site,
        from: signer.publicKey,
        to: next.publicKey,
        rotatedAtMs: nowMs,
      },
      signer,
    );
    made = { record, signature, successorSignature: signRecord(record, next).signature };
    return made;
  });
  if (made === undefined) throw new KeyError('bad-keys', 'no rotation was made');
  return made;
}

/**
 * The helper's signature under a task that is worth it, base64url.
 * @throws ShapeError, or RangeError that names what this helper does not sign.
 */
export function signTask(value: unknown, { signer, status }: HelperKeyRing): string {
  const task: Task = decodeTask(value);
  if (task.tier !== 'split' || task.mechanism.name !== 'discrete-gaussian') {
    throw new RangeError('task must be of the split tier with discrete Gaussian noise');
  }
  if (toBase64url(canonicalBytes(task.helper)) !== toBase64url(canonicalBytes(status))) {
    throw new RangeError('task.helper must be the keys of this helper');
  }
  if (task.epsilon === 'none' || task.epsilon < epsilonOf(task.mechanism, task.delta, 1)) {
    throw new RangeError('task.epsilon is less than its mechanism keeps');
  }
  if (task.maxReports > 2 * task.minReports) {
    throw new RangeError('task.maxReports must be at most twice minReports');
  }
  const { tier, maxReports, minReports, d } = task;
  const sigma = sigmaOf(task.mechanism);
  assertNoWrap({ tier, maxReports, minReports, B: 2 ** task.scaleBits, d, sigma });
  return signRecord(task, signer).signature;
}
