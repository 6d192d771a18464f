/**
 * Checkpoints of the log: C2SP signed-note, tlog-checkpoint (origin, size, root) and
 * tlog-cosignature (`cosignature/v1`), each v1.0.0 of c2sp.org, with Ed25519 alone.
 */
import { assertBytes, assertInteger, assertString } from '../assert/assert.ts';
import { fromBase64url, toBase64url } from '../bytes/base64url.ts';
import { concatBytes } from '../bytes/concat.ts';
import { sha256 } from '../bytes/hash.ts';
import { toHex } from '../bytes/hex.ts';
import { utf8 } from '../bytes/utf8.ts';
import { type Signer, verifyBytes } from './signature.ts';

export type LogErrorCode =
  | 'bad-checkpoint'
  | 'bad-tile'
  | 'log-fork'
  | 'not-cosigned'
  | 'not-in-log';

/** Why the log is not believed. 'log-fork': what was seen before is no part of what is served. */
export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, detail: string) {
    super(`${code}: ${detail}`);
    this.name = 'LogError';
    this.code = code;
  }
}

export interface Checkpoint {
  readonly origin: string;
  /** Leaves of the tree. */
  readonly size: number;
  /** Merkle tree hash (RFC 6962), 32 bytes. */
  readonly root: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** Four bytes, hex. */
  readonly keyId: string;
  /** Everything behind the key id. */
  readonly bytes: Uint8Array;
}

export interface Note {
  /** What is signed, with its last line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Signature types of signed-note. */
const ED25519 = 0x01;
const COSIGNATURE = 0x04;

/** signed-note asks verifiers to take 16 at least. */
const MAX_SIGNATURES = 16;
export const MAX_NOTE_BYTES = 16_384;

/** Name of a site's log and of its key: no space and no plus, as signed-note asks of key names. */
export function logOrigin(site: string): string {
  assertString('site', site, 100);
  return `vitrine/${encodeURIComponent(site)}`;
}

/** Name under which the helper cosigns. */
export function witnessName(site: string): string {
  return `${logOrigin(site)}/helper`;
}

function toBase64(bytes: Uint8Array): string {
  const text = toBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** @throws RangeError for anything but padded base 64 (RFC 4648 §4) in its one spelling. */
function fromBase64(text: string): Uint8Array {
  const bytes = fromBase64url(
    text
      .replace(/={1,2}$/, '')
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  );
  if (toBase64(bytes) !== text) throw new RangeError('text must be base64 with its padding');
  return bytes;
}

/** First four bytes of SHA-256(name, line feed, type, key). */
async function keyIdOf(name: string, type: number, publicKey: string): Promise<Uint8Array> {
  const key = concatBytes(utf8(`${name}\n`), Uint8Array.of(type), fromBase64url(publicKey));
  return (await sha256(key)).subarray(0, 4);
}

async function signatureLine(
  name: string,
  type: number,
  publicKey: string,
  signature: Uint8Array,
): Promise<string> {
  const id = await keyIdOf(name, type, publicKey);
  return `— ${name} ${toBase64(concatBytes(id, signature))}\n`;
}

/** @throws LogError bad-checkpoint for what is no signed note. */
export function parseNote(note: string): Note {
  const bad = (detail: string): LogError => new LogError('bad-checkpoint', detail);
  const end = note.lastIndexOf('\n\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: signed-note forbids them.
  if (note.length > MAX_NOTE_BYTES || end < 0 || /[\0-\t\v-\x1f]/.test(note)) {
    throw bad('not a signed note');
  }
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length < 1 || lines.length > MAX_SIGNATURES)
    throw bad('signature lines');
  const signatures = lines.map((whole) => {
    const [, name, line] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(whole) ?? [];
    if (name === undefined || line === undefined) throw bad('a signature line');
    let bytes: Uint8Array;
    try {
      bytes = fromBase64(line);
    } catch {
      throw bad('a signature is not base64');
    }
    if (bytes.length < 5) throw bad('a signature is too short');
    return { name, keyId: toHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** Signs any text that ends with a line feed. */
export async function signNote(text: string, name: string, signer: Signer): Promise<string> {
  if (!text.endsWith('\n')) throw new RangeError('text must end with a line feed');
  const signature = signer.sign(utf8(text));
  return `${text}\n${await signatureLine(name, ED25519, signer.publicKey, signature)}`;
}

/** Whether the key signed the note under this name; false as well when a signature is wrong. */
export async function isSignedBy(note: Note, name: string, publicKey: string): Promise<boolean> {
  const keyId = toHex(await keyIdOf(name, ED25519, publicKey));
  const mine = note.signatures.filter((one) => one.name === name && one.keyId === keyId);
  return allOf(mine, ({ bytes }) => verifyBytes(utf8(note.text), toBase64url(bytes), publicKey));
}

/** The bytes that a cosigner signs: `cosignature/v1`, the time, the checkpoint's text. */
function cosignedBytes(text: string, seconds: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${seconds}\n${text}`);
}

/**
 * The line with which a witness cosigns a checkpoint.
 * @param seconds POSIX time of the cosignature.
 */
export async function cosignatureLine(
  note: Note,
  name: string,
  signer: Signer,
  seconds: number,
): Promise<string> {
  assertInteger('seconds', seconds, 0);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(seconds));
  const signature = concatBytes(time, signer.sign(cosignedBytes(note.text, seconds)));
  return signatureLine(name, COSIGNATURE, signer.publicKey, signature);
}

/** Whether the key cosigned the note under this name, at whatever time. */
export async function isCosignedBy(note: Note, name: string, publicKey: string): Promise<boolean> {
  const keyId = toHex(await keyIdOf(name, COSIGNATURE, publicKey));
  const mine = note.signatures.filter((one) => one.name === name && one.keyId === keyId);
  return allOf(mine, async ({ bytes }) => {
    if (bytes.length !== 72) return false;
    const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
    if (time > Number.MAX_SAFE_INTEGER) return false;
    const signed = cosignedBytes(note.text, Number(time));
    return verifyBytes(signed, toBase64url(bytes.subarray(8)), publicKey);
  });
}

/** At least one, and every one, passes. */
async function allOf<T>(all: readonly T[], passes: (one: T) => Promise<boolean>): Promise<boolean> {
  for (const one of all) if (!(await passes(one))) return false;
  return all.length > 0;
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  assertInteger('size', size, 0);
  assertBytes('root', root, 32);
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** The checkpoint as the log signs it, under its origin's name. Holds no time. */
export function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<string> {
  return signNote(checkpointText(checkpoint), checkpoint.origin, signer);
}

/** Reads the text of a checkpoint; extension lines are refused. @throws LogError bad-checkpoint */
export function parseCheckpoint(text: string): Checkpoint {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text);
  const [, origin, size, root] = match ?? [];
  if (origin === undefined || root === undefined || !Number.isSafeInteger(Number(size))) {
    throw new LogError('bad-checkpoint', 'not a checkpoint');
  }
  try {
    return { origin, size: Number(size), root: fromBase64(root) };
  } catch {
    throw new LogError('bad-checkpoint', 'the root is not base64');
  }
}
