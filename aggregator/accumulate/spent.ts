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

/** Bytes of a list from `offset`, `length` at most. */
export type ReadSpent = (offset: number, length: number) => Promise<Uint8Array>;

/** Rows read at once, 4 KB of them; above that, halving reads one row at a time. */
const BLOCK_ROWS = 85;

/**
 * What a finished batch knows of an id: nothing, the same body, or another body. Reads a few rows,
 * whatever the length of the list, so that late repetitions cost little memory.
 * @throws RangeError when it is not such a list.
 */
export async function findSpent(
  read: ReadSpent,
  id: string,
  body: Uint8Array,
): Promise<'unknown' | 'same' | 'other'> {
  const rows = async (first: number, count: number): Promise<Buffer> => {
    const bytes = await read(8 + ROW * first, ROW * count);
    if (bytes.length !== ROW * count) throw new RangeError('a list of ids ends early');
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const head = await read(0, 8);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length !== 8 || view.getUint32(0, true) !== MAGIC) {
    throw new RangeError('not a list of ids');
  }
  let low = 0;
  let high = view.getUint32(4, true);
  while (high - low > BLOCK_ROWS) {
    const middle = (low + high) >>> 1;
    const found = (await rows(middle, 1)).toString('latin1', 0, 16);
    if (found <= id) low = middle;
    else high = middle;
  }
  const block = await rows(low, high - low);
  for (let at = 0; at < block.length; at += ROW) {
    if (block.toString('latin1', at, at + 16) !== id) continue;
    return equalBytes(block.subarray(at + 16, at + ROW), hashBody(body)) ? 'same' : 'other';
  }
  return 'unknown';
}
