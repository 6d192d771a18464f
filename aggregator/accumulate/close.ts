/**
 * The close record fixes who is in a batch. Little endian.
 *
 *   0  32  SHA-256 over the report ids in ascending order
 *  32  4   count, uint32
 *  36  4   reserved, 0
 *  40  8   closedAtMs, float64
 */
import { createHash } from 'node:crypto';
import { toHex } from '../../shared/bytes/hex.ts';

export interface CloseRecord {
  /** Hex. */
  readonly batch: string;
  readonly count: number;
  readonly closedAtMs: number;
}

/** Digest of the ids, each 16 bytes as a latin1 string, whatever their order. */
export function batchDigest(ids: Iterable<string>): Uint8Array {
  const hash = createHash('sha256');
  for (const id of [...ids].sort()) hash.update(id, 'latin1');
  return hash.digest();
}

export function encodeClose(digest: Uint8Array, count: number, closedAtMs: number): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes.set(digest, 0);
  const view = new DataView(bytes.buffer);
  view.setUint32(32, count, true);
  view.setFloat64(40, closedAtMs, true);
  return bytes;
}

/** @throws RangeError on another length. */
export function decodeClose(bytes: Uint8Array): CloseRecord {
  if (bytes.length !== 48) throw new RangeError('a close record has 48 bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    batch: toHex(bytes.subarray(0, 32)),
    count: view.getUint32(32, true),
    closedAtMs: view.getFloat64(40, true),
  };
}
