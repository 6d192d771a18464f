/**
 * Seals the helper's seed of a report to the helper: HPKE (RFC 9180) in base mode, bound to task,
 * round, key, report and the leader's share. Rule W10 of shared/protocol/SPEC.md.
 */
import { assertBytes } from '../assert/assert.ts';
import { fromBase64url, toBase64url } from '../bytes/base64url.ts';
import { concatBytes } from '../bytes/concat.ts';
import { sha256 } from '../bytes/hash.ts';
import { toHex } from '../bytes/hex.ts';
import { utf8 } from '../bytes/utf8.ts';
import { SHARE_SEED_BYTES } from './share.ts';
import { type SealingSuite, sealingSuite } from './suite.ts';

/** What a seed is sealed for; under any other it does not open. */
export interface SealedFor {
  /** 32 bytes. */
  readonly taskHash: Uint8Array;
  /** 32 bytes. */
  readonly roundHash: Uint8Array;
  /** 16 bytes. */
  readonly reportId: Uint8Array;
}

/** An X25519 pair, base64url of 32 raw bytes each. */
export interface SealingKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface SeedOpener {
  readonly publicKey: string;
  /** The 32-byte seed, or null for what was not sealed to this key, for this, with this hash. */
  open(of: SealedFor, sealed: Uint8Array, leaderShareHash: Uint8Array): Promise<Uint8Array | null>;
}

const VERSION = 'vitrine/seal/v1';
const KEY_BYTES = 32;
/** Key 32, ciphertext 32 and tag 16 bytes. */
const SEALED_BYTES = 80;
const KEY_ID_DIGITS = 16;

/** Names a public key (base64url): the first 16 hex digits of the SHA-256 of its raw bytes. */
export async function keyId(publicKey: string): Promise<string> {
  return idOf(rawKey('publicKey', publicKey));
}

/**
 * Returns the 80 bytes that only the holder of the sealing key opens.
 *
 * @param sealingKey raw X25519 public key, 32 bytes
 * @param seed 32 bytes
 * @param leaderShareHash SHA-256 of the leader share's bytes, authenticated beside the seed
 * @throws TypeError or RangeError for a wrong argument; Error for a public key of small order.
 */
export async function sealSeed(
  sealingKey: Uint8Array,
  of: SealedFor,
  seed: Uint8Array,
  leaderShareHash: Uint8Array,
  engine: SealingSuite | Promise<SealingSuite> = sealingSuite(),
): Promise<Uint8Array<ArrayBuffer>> {
  assertBytes('sealingKey', sealingKey, KEY_BYTES);
  assertBytes('seed', seed, SHARE_SEED_BYTES);
  assertBytes('leaderShareHash', leaderShareHash, 32);
  const suite = await engine;
  const info = infoOf(await idOf(sealingKey), of);
  const key = await suite.DeserializePublicKey(sealingKey);
  const options = { info, aad: leaderShareHash };
  const { encapsulatedSecret, ciphertext } = await suite.Seal(key, seed, options);
  return concatBytes(encapsulatedSecret, ciphertext);
}

/**
 * Opens what was sealed to one key.
 *
 * @throws RangeError when the public key is not the private key's.
 */
export async function seedOpener(
  keys: SealingKeys,
  engine: SealingSuite | Promise<SealingSuite> = sealingSuite(),
): Promise<SeedOpener> {
  const suite = await engine;
  const publicBytes = rawKey('publicKey', keys.publicKey);
  const id = await idOf(publicBytes);
  const pair = {
    publicKey: await suite.DeserializePublicKey(publicBytes),
    privateKey: await suite.DeserializePrivateKey(rawKey('privateKey', keys.privateKey)),
  };
  const opener: SeedOpener = {
    publicKey: keys.publicKey,
    async open(of, sealed, leaderShareHash) {
      assertBytes('sealed', sealed);
      assertBytes('leaderShareHash', leaderShareHash, 32);
      if (sealed.length !== SEALED_BYTES) return null;
      const options = { info: infoOf(id, of), aad: leaderShareHash };
      const enc = sealed.slice(0, KEY_BYTES);
      try {
        return await suite.Open(pair, enc, sealed.slice(KEY_BYTES), options);
      } catch (error) {
        if (isRefusal(error)) return null;
        throw error;
      }
    },
  };
  await assertPair(publicBytes, opener, suite);
  return opener;
}

/** A new pair from WebCrypto's generator. */
export async function generateSealingKeys(
  engine: SealingSuite | Promise<SealingSuite> = sealingSuite(),
): Promise<SealingKeys> {
  const suite = await engine;
  const { publicKey, privateKey } = await suite.GenerateKeyPair(true);
  return {
    publicKey: toBase64url(await suite.SerializePublicKey(publicKey)),
    privateKey: toBase64url(await suite.SerializePrivateKey(privateKey)),
  };
}

/** Version, task hash, round hash, key id and report id, each after its length as uint16. */
function infoOf(id: string, { taskHash, roundHash, reportId }: SealedFor): Uint8Array {
  assertBytes('of.taskHash', taskHash, 32);
  assertBytes('of.roundHash', roundHash, 32);
  assertBytes('of.reportId', reportId, 16);
  return concatBytes(utf8(VERSION), ...[taskHash, roundHash, utf8(id), reportId].flatMap(prefixed));
}

/** Big endian, as RFC 9180 writes lengths. */
function prefixed(bytes: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(bytes.length >>> 8, bytes.length & 255), bytes];
}

async function idOf(publicKey: Uint8Array): Promise<string> {
  return toHex(await sha256(publicKey)).slice(0, KEY_ID_DIGITS);
}

function rawKey(name: string, text: string): Uint8Array {
  const bytes = fromBase64url(text);
  assertBytes(name, bytes, KEY_BYTES);
  return bytes;
}

/** HPKE's own failures: a key of small order, a tag that does not verify. */
function isRefusal(error: unknown): boolean {
  const { name } = error as { name?: unknown };
  return name === 'OpenError' || name === 'DecapError' || name === 'DeserializeError';
}

async function assertPair(
  publicKey: Uint8Array,
  opener: SeedOpener,
  engine: SealingSuite,
): Promise<void> {
  const hash = new Uint8Array(32);
  const of = { taskHash: hash, roundHash: hash, reportId: new Uint8Array(16) };
  const sealed = await sealSeed(publicKey, of, new Uint8Array(32), hash, engine);
  if ((await opener.open(of, sealed, hash)) === null) {
    throw new RangeError('publicKey must be that of privateKey');
  }
}
