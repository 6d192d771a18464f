/** The one HPKE suite of this protocol (RFC 9180), on WebCrypto's X25519 or on another. */
import {
  AEAD_AES_128_GCM,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type KEMFactory,
} from 'hpke';
import { fallbackKem } from './kem.ts';

/** DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */
export type SealingSuite = CipherSuite;

let chosen: Promise<SealingSuite> | undefined;

/** The suite that this engine runs fastest; asked once. */
export function sealingSuite(): Promise<SealingSuite> {
  chosen ??= hasX25519().then((native) => (native ? nativeSuite() : fallbackSuite()));
  return chosen;
}

export function nativeSuite(): SealingSuite {
  return suiteOf(KEM_DHKEM_X25519_HKDF_SHA256 as KEMFactory);
}

/** Everything but X25519 by WebCrypto. */
export function fallbackSuite(): SealingSuite {
  return suiteOf(fallbackKem as unknown as KEMFactory);
}

export function suiteOf(kem: KEMFactory): SealingSuite {
  return new CipherSuite(kem, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
}

async function hasX25519(): Promise<boolean> {
  try {
    await globalThis.crypto.subtle.generateKey('X25519', false, ['deriveBits']);
    return true;
  } catch {
    return false;
  }
}
