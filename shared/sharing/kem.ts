/**
 * DHKEM(X25519, HKDF-SHA256), RFC 9180 §4.1, for engines whose WebCrypto has no X25519 (Chrome
 * before 133, Firefox before 130). Not constant time: its arithmetic is on BigInt.
 */
import { pow } from '@noble/curves/abstract/modular.js';
import { montgomery } from '@noble/curves/abstract/montgomery.js';
import {
  concat,
  encode,
  I2OSP,
  KDF_HKDF_SHA256,
  type KEM,
  type Key,
  type KeyPair,
  LabeledExpand,
  LabeledExtract,
} from 'hpke';

const ID = 0x0020;
const EMPTY = new Uint8Array();

const P = 2n ** 255n - 19n;

/** RFC 7748 §5, without the Edwards curve that `@noble/curves/ed25519.js` would add to a Worker. */
const x25519 = montgomery({
  P,
  type: 'x25519',
  powPminus2: (x) => pow(x, P - 2n, P),
  adjustScalarBytes(bytes: Uint8Array) {
    bytes[0] = (bytes[0] as number) & 248;
    bytes[31] = ((bytes[31] as number) & 127) | 64;
    return bytes;
  },
});

interface RawKey extends Key {
  readonly bytes: Uint8Array;
}

/** The KEM as package `hpke` takes it. */
export function fallbackKem(): KEM<RawKey> {
  const kdf = KDF_HKDF_SHA256();
  const suite = concat(encode('KEM'), I2OSP(ID, 2));

  /** RFC 9180 §4.1, ExtractAndExpand. */
  async function sharedSecret(dh: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
    const prk = await LabeledExtract(kdf, suite, EMPTY, encode('eae_prk'), dh);
    return LabeledExpand(kdf, suite, prk, encode('shared_secret'), context, 32);
  }

  return {
    id: ID,
    type: 'KEM',
    name: 'DHKEM(X25519, HKDF-SHA256)',
    Nsecret: 32,
    Nenc: 32,
    Npk: 32,
    Nsk: 32,
    async DeriveKeyPair(ikm, extractable) {
      const prk = await LabeledExtract(kdf, suite, EMPTY, encode('dkp_prk'), ikm);
      return pairOf(await LabeledExpand(kdf, suite, prk, encode('sk'), EMPTY, 32), extractable);
    },
    async GenerateKeyPair(extractable) {
      return pairOf(globalThis.crypto.getRandomValues(new Uint8Array(32)), extractable);
    },
    SerializePublicKey: async ({ bytes }) => bytes.slice(),
    DeserializePublicKey: async (bytes) => rawKey('public', bytes, true),
    SerializePrivateKey: async ({ bytes }) => bytes.slice(),
    DeserializePrivateKey: async (bytes, extractable) => rawKey('private', bytes, extractable),
    async Encap(recipient) {
      const { privateKey, publicKey } = await this.GenerateKeyPair(false);
      const dh = x25519.getSharedSecret(privateKey.bytes, recipient.bytes);
      const enc = publicKey.bytes.slice();
      return { shared_secret: await sharedSecret(dh, concat(enc, recipient.bytes)), enc };
    },
    async Decap(enc, { bytes }, known) {
      const dh = x25519.getSharedSecret(bytes, enc);
      const recipient = known?.bytes ?? x25519.getPublicKey(bytes);
      return sharedSecret(dh, concat(enc, recipient));
    },
  };
}

function rawKey(type: 'private' | 'public', bytes: Uint8Array, extractable: boolean): RawKey {
  return { algorithm: { name: 'X25519' }, type, extractable, bytes: bytes.slice() };
}

function pairOf(secret: Uint8Array, extractable: boolean): KeyPair<RawKey> {
  return {
    privateKey: rawKey('private', secret, extractable),
    publicKey: rawKey('public', x25519.getPublicKey(secret), true),
  };
}
