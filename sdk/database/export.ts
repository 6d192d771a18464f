/** The shopper's copy of everything stored, as values that JSON can hold. */
import { toBase64url } from '../../shared/bytes/base64url.ts';
import { isKey } from './seal.ts';

/**
 * Typed arrays become base64url of their bytes (little endian on every platform of note), a key
 * becomes what may be said of it.
 */
export function plain(value: unknown): unknown {
  if (isKey(value)) return { ...value.algorithm, extractable: false };
  if (ArrayBuffer.isView(value)) {
    return toBase64url(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

/** Wraps the dump of all stores, each by name. */
export function exported(stores: Record<string, unknown>): Record<string, unknown> {
  return { format: 'vitrine-export', version: 1, ...(plain(stores) as Record<string, unknown>) };
}
