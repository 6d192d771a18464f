/** Ed25519 keys (RFC 8032) of sites and servers, on Node's crypto. */
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { constants, copyFile, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromBase64url, toBase64url } from '../shared/bytes/base64url.ts';
import type { Signer } from '../shared/protocol/signature.ts';

export interface KeyPair {
  /** 32 bytes, base64url. */
  readonly publicKey: string;
  /** PKCS #8 in DER, base64url. */
  readonly privateKey: string;
}

function publicOf(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType !== 'ed25519' || x === undefined) {
    throw new RangeError('key must be an Ed25519 key');
  }
  return x;
}

export function generateKey(): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return { publicKey: publicOf(privateKey), privateKey: toBase64url(der) };
}

/** @throws RangeError when the private key is not Ed25519 or not that of the public key. */
export function signerOf(key: KeyPair): Signer {
  const privateKey = createPrivateKey({
    key: Buffer.from(fromBase64url(key.privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  if (publicOf(privateKey) !== key.publicKey) {
    throw new RangeError('key: the private key is not that of the public key');
  }
  return {
    publicKey: key.publicKey,
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

/**
 * Writes a file whole or not at all, also when the process is killed.
 * @throws when the file exists (EEXIST).
 */
export async function writeNew(
  path: string,
  text: string | Uint8Array,
  mode: number,
): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(aside, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, a link never replaces what is there. Some file systems have none.
    await link(aside, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      await copyFile(aside, path, constants.COPYFILE_EXCL);
    });
  } finally {
    await rm(aside, { force: true });
  }
}

/** Writes a key that only its owner can read (mode 0600). @throws when the file exists. */
export async function saveKey(path: string, key: KeyPair): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeNew(path, `${JSON.stringify(key)}\n`, 0o600);
}

/** @throws TypeError when the file does not hold a key. */
export async function loadKey(path: string): Promise<KeyPair> {
  const { publicKey, privateKey } = JSON.parse(await readFile(path, 'utf8')) as Partial<KeyPair>;
  if (typeof publicKey !== 'string' || typeof privateKey !== 'string') {
    throw new TypeError('key file: publicKey and privateKey must be strings');
  }
  return { publicKey, privateKey };
}

/** The key of a file, made and saved where there is none. */
export async function loadOrCreateKey(path: string): Promise<KeyPair> {
  try {
    return await loadKey(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = generateKey();
  await saveKey(path, key);
  return key;
}
