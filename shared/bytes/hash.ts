/** SHA-256 (FIPS 180-4) by WebCrypto, in browsers (secure contexts), Workers and Node 20. */
import { assertBytes } from '../assert/assert.ts';
import { toHex } from './hex.ts';

/**
 * Returns the 32 bytes of SHA-256(`bytes`).
 *
 * @throws TypeError where the page is no secure context and has no `crypto.subtle`.
 */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  assertBytes('bytes', bytes);
  // WebCrypto refuses shared memory by itself; the cast says so to the type checker.
  const input = bytes as Uint8Array<ArrayBuffer>;
  return new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', input));
}

/** Returns SHA-256(`bytes`) as 64 lower-case hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(await sha256(bytes));
}
