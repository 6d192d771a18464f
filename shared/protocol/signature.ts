/**
 * Ed25519 signatures (RFC 8032) over "vitrine/<type>/v1\n" followed by the canonical JSON of a
 * record. Verification uses WebCrypto; signing is given by whoever holds a key.
 */
import { fromBase64url, toBase64url } from '../bytes/base64url.ts';
import { canonicalBytes } from '../bytes/canonical.ts';
import { concatBytes } from '../bytes/concat.ts';
import { utf8 } from '../bytes/utf8.ts';
import type {
  ModelRecord,
  OpeningRecord,
  RestoreRecord,
  RotationRecord,
  RoundRecord,
  Signed,
  SiteRecord,
  Task,
  VerdictRecord,
} from './task.ts';

export type SignedRecord =
  | Task
  | SiteRecord
  | RoundRecord
  | ModelRecord
  | OpeningRecord
  | RestoreRecord
  | VerdictRecord
  | RotationRecord;

/** Signs bytes; deterministic, as Ed25519 is. */
export interface Signer {
  /** Ed25519 public key, base64url. */
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** The record is not signed by the key that was asked for. */
export class SignatureError extends Error {
  readonly code = 'bad-signature';

  constructor(type: string) {
    super(`bad-signature: the ${type} record is not signed by the pinned key`);
    this.name = 'SignatureError';
  }
}

/** This browser's WebCrypto has no Ed25519 (Chrome before 137, Firefox before 129, Safari before 17). */
export class NoCryptoError extends Error {
  readonly code = 'no-crypto';

  constructor() {
    super('no-crypto: WebCrypto here has no Ed25519');
    this.name = 'NoCryptoError';
  }
}

function signedBytes(record: SignedRecord): Uint8Array {
  return concatBytes(utf8(`vitrine/${record.type}/v${record.version}\n`), canonicalBytes(record));
}

export function signRecord<T extends SignedRecord>(record: T, signer: Signer): Signed<T> {
  return { record, signature: toBase64url(signer.sign(signedBytes(record))) };
}

/**
 * Tells whether `signature` is the Ed25519 signature of `publicKey` over `bytes`.
 * @param publicKey 32 bytes in base64url.
 * @param signature 64 bytes in base64url.
 * @throws NoCryptoError where nothing can be verified.
 */
export async function verifyBytes(
  bytes: Uint8Array,
  signature: string,
  publicKey: string,
): Promise<boolean> {
  const { subtle } = globalThis.crypto;
  try {
    const key = await subtle.importKey(
      'raw',
      fromBase64url(publicKey) as Uint8Array<ArrayBuffer>,
      'Ed25519',
      false,
      ['verify'],
    );
    return await subtle.verify(
      'Ed25519',
      key,
      fromBase64url(signature) as Uint8Array<ArrayBuffer>,
      bytes as Uint8Array<ArrayBuffer>,
    );
  } catch (error) {
    // Web Cryptography API §18.4.4: an algorithm that is not registered.
    if ((error as { name?: unknown }).name === 'NotSupportedError') throw new NoCryptoError();
    return false;
  }
}

/**
 * @param publicKey 32 bytes in base64url.
 * @throws SignatureError when the signature is not of this key over this record; NoCryptoError
 * where nothing can be verified.
 */
export async function verifyRecord(signed: Signed<SignedRecord>, publicKey: string): Promise<void> {
  const good = await verifyBytes(signedBytes(signed.record), signed.signature, publicKey);
  if (!good) throw new SignatureError(signed.record.type);
}
