/**
 * The close record fixes who is in a batch. Little endian.
 *
 *   0  32  Merkle root (RFC 6962) over the report ids in ascending order
 *  32  4   count, uint32
 *  36  4   reserved, 0
 *  40  8   closedAtMs, float64
 */
import { createHash } from 'node:crypto';
import { toHex } from '../../shared/bytes/hex.ts';
import { merkleRoot } from '../../shared/protocol/merkle.ts';

export interface CloseRecord {
  /** Hex. */
  readonly batch: string;
  readonly count: number;
  readonly closedAtMs: number;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** Report ids one after the other in ascending order; each is 16 bytes as a latin1 string. */
export function sortedIds(ids: Iterable<string>): Uint8Array[] {
  return [...ids].sort().map((id) => Buffer.from(id, 'latin1'));
}

/** Merkle root over the ids, each 16 bytes as a latin1 string, whatever their order. */
export function batchRoot(ids: Iterable<string>): Uint8Array {
  return merkleRoot(sortedIds(ids), sha256);
}

export function encodeClose(root: Uint8Array, count: number, closedAtMs: number): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes.set(root, 0);
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
