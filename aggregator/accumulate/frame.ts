/**
 * Frames of the journal (SPEC.md, RD rules). Little endian. One frame is one group commit.
 *
 *   0  4   magic "VTJ3", xor the seed behind frame 0
 *   4  4   sequence number of the frame in its file, from 0
 *   8  4   payload length
 *  12  4   CRC-32 of bytes 4 to 12 and the payload, continued from a seed behind frame 0
 *  16  …   entries: kind u32, length u32, bytes padded with zeros to a multiple of 4
 *
 * The seed is the CRC-32 of the journal's identity, which only the server knows: otherwise bytes of
 * a report could pass for a frame, and a torn tail that holds them for damage; and a tail full of
 * headers, each of a long payload, would take as long to search as it has bytes, squared.
 */
import { crc32 } from './crc.ts';

export const FRAME_HEADER_BYTES = 16;
export const ENTRY_HEADER_BYTES = 8;

const MAGIC = 0x334a5456;

/**
 * 0 opens the file, 1 is a report, 2 closes the batch. In the split tier 3, in the frame of 2, is
 * the seed of the server's noise, and 4 is what the helper answered to prepare. 5 is zeros up to
 * the end of a block of the disk.
 */
type EntryKind = 0 | 1 | 2 | 3 | 4 | 5;

const FILLER = 5;

export interface Entry {
  readonly kind: EntryKind;
  readonly bytes: Uint8Array;
}

const PADDING = [0, 3, 2, 1].map((length) => new Uint8Array(length));

/** Bytes that an entry takes inside a frame. */
export function entryLength(bytes: number): number {
  return ENTRY_HEADER_BYTES + bytes + (-bytes & 3);
}

/** What a frame behind frame 0 begins with. */
export const magicOf = (sequence: number, seed: number): number =>
  sequence === 0 ? MAGIC : (MAGIC ^ seed) >>> 0;

/** `entries` with zeros behind them, so that a frame that begins at `start` ends at a multiple of `block`. */
export function filled(entries: readonly Entry[], start: number, block: number): readonly Entry[] {
  let end = start + FRAME_HEADER_BYTES;
  for (const { bytes } of entries) end += entryLength(bytes.length);
  let rest = Math.ceil(end / block) * block - end;
  if (rest === 0) return entries;
  while (rest < ENTRY_HEADER_BYTES) rest += block;
  return [...entries, { kind: FILLER, bytes: new Uint8Array(rest - ENTRY_HEADER_BYTES) }];
}

/** The parts of one frame, ready for writev; entry bytes are not copied. */
export function frameParts(
  sequence: number,
  entries: readonly Entry[],
  seed: number,
): Uint8Array[] {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  const parts: Uint8Array[] = [header];
  const heads = new Uint8Array(ENTRY_HEADER_BYTES * entries.length);
  const headsView = new DataView(heads.buffer);
  let length = 0;
  let at = 0;
  for (const { kind, bytes } of entries) {
    headsView.setUint32(at, kind, true);
    headsView.setUint32(at + 4, bytes.length, true);
    parts.push(heads.subarray(at, at + ENTRY_HEADER_BYTES), bytes);
    at += ENTRY_HEADER_BYTES;
    if ((bytes.length & 3) !== 0) parts.push(PADDING[bytes.length & 3] as Uint8Array);
    length += entryLength(bytes.length);
  }
  const view = new DataView(header.buffer);
  view.setUint32(0, magicOf(sequence, seed), true);
  view.setUint32(4, sequence, true);
  view.setUint32(8, length, true);
  let crc = crc32(header.subarray(4, 12), sequence === 0 ? 0 : seed);
  for (let i = 1; i < parts.length; i++) crc = crc32(parts[i] as Uint8Array, crc);
  view.setUint32(12, crc, true);
  return parts;
}

export interface FrameHeader {
  readonly sequence: number;
  readonly length: number;
  readonly crc: number;
}

/** Header at `offset`, or null where nothing begins with `magic`. */
export function readHeader(view: DataView, offset: number, magic: number): FrameHeader | null {
  if (view.byteLength - offset < FRAME_HEADER_BYTES) return null;
  if (view.getUint32(offset, true) !== magic) return null;
  return {
    sequence: view.getUint32(offset + 4, true),
    length: view.getUint32(offset + 8, true),
    crc: view.getUint32(offset + 12, true),
  };
}

/** Tells whether `payload` is the one that its header declares. */
export function frameHolds(header: FrameHeader, payload: Uint8Array, seed: number): boolean {
  if (payload.length !== header.length) return false;
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, header.sequence, true);
  view.setUint32(4, header.length, true);
  return crc32(payload, crc32(head, header.sequence === 0 ? 0 : seed)) === header.crc;
}

/** Entries of a payload whose CRC has been checked, less the filler; `offset` counts from its start. */
export function readEntries(payload: Uint8Array): (Entry & { readonly offset: number })[] {
  const entries: (Entry & { readonly offset: number })[] = [];
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let at = 0; at < payload.length; ) {
    const kind = view.getUint32(at, true) as EntryKind;
    const length = view.getUint32(at + 4, true);
    const offset = at + ENTRY_HEADER_BYTES;
    if (kind !== FILLER) {
      entries.push({ kind, offset, bytes: payload.subarray(offset, offset + length) });
    }
    at += entryLength(length);
  }
  return entries;
}
