/**
 * Report ids of a finished batch with the SHA-256 of each body: what remains of the reports, so
 * that a late repetition gets its acknowledgement again. Little endian.
 *
 *   0  4     magic "VTI1"
 *   4  4     count, uint32
 *   8  48n   id (16), SHA-256 of the body (32), ascending by id
 */
import { createHash } from 'node:crypto';
import { equalBytes } from '../../shared/bytes/concat.ts';

const MAGIC = 0x31495456;
const ROW = 48;

export interface SpentId {
  /** 16 bytes as a latin1 string. */
  readonly id: string;
  readonly bodyHash: Uint8Array;
}

export function hashBody(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest();
}

export function encodeSpent(ids: readonly SpentId[]): Uint8Array {
  const rows = [...ids].sort((a, b) => (a.id < b.id ? -1 : 1));
  const bytes = Buffer.alloc(8 + ROW * rows.length);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(rows.length, 4);
  for (const [i, { id, bodyHash }] of rows.entries()) {
    bytes.write(id, 8 + ROW * i, 'latin1');
    bytes.set(bodyHash, 8 + ROW * i + 16);
  }
  return bytes;
}

/** What a finished batch knows of an id: nothing, the same body, or another body. */
export function findSpent(
  file: Uint8Array,
  id: string,
  body: Uint8Array,
): 'unknown' | 'same' | 'other' {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 8 || bytes.readUInt32LE(0) !== MAGIC)
    throw new RangeError('not a list of ids');
  let low = 0;
  let high = bytes.readUInt32LE(4);
  if (bytes.length !== 8 + ROW * high) throw new RangeError('a list of ids of another length');
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = 8 + ROW * middle;
    const found = bytes.toString('latin1', at, at + 16);
    if (found === id) {
      return equalBytes(bytes.subarray(at + 16, at + ROW), hashBody(body)) ? 'same' : 'other';
    }
    if (found < id) low = middle + 1;
    else high = middle;
  }
  return 'unknown';
}
