/** Reading a journal back: its good frames, and whether there is one behind a place that is none. */
import type { Disk } from './disk.ts';
import {
  type Entry,
  FRAME_HEADER_BYTES,
  frameHolds,
  magicOf,
  readEntries,
  readHeader,
} from './frame.ts';

export interface PlacedEntry extends Entry {
  /** Offset of `bytes` in the file. */
  readonly offset: number;
}

/** Entries of one frame, in order. */
export type Visit = (entries: readonly PlacedEntry[]) => void | Promise<void>;

export interface Scan {
  readonly frames: number;
  /** Length of the good part. */
  readonly length: number;
}

/** Read at once, bytes; a frame that is larger is read whole. */
const WINDOW = 4 << 20;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Walks the good frames of a file; the bytes that a visit sees are its own. */
export async function scan(disk: Disk, path: string, seed: number, visit: Visit): Promise<Scan> {
  const size = (await disk.size(path)) ?? 0;
  let frames = 0;
  let from = 0;
  let window: Uint8Array = new Uint8Array();
  const load = async (at: number, length: number): Promise<void> => {
    if (at + length <= from + window.length) return;
    window = await disk.read(path, at, Math.max(length, WINDOW));
    from = at;
  };
  let at = 0;
  while (size - at >= FRAME_HEADER_BYTES) {
    await load(at, FRAME_HEADER_BYTES);
    const header = readHeader(viewOf(window), at - from, magicOf(frames, seed));
    if (header === null || header.sequence !== frames) break;
    if (header.length > size - at - FRAME_HEADER_BYTES) break;
    const start = at + FRAME_HEADER_BYTES;
    await load(at, FRAME_HEADER_BYTES + header.length);
    const payload = window.subarray(start - from, start - from + header.length);
    if (!frameHolds(header, payload, seed)) break;
    await visit(readEntries(payload).map((one) => ({ ...one, offset: one.offset + start })));
    at = start + header.length;
    frames += 1;
  }
  return { frames, length: at };
}

/**
 * Looks for a good frame after the place where reading stopped. Only the server can make what
 * begins one, and frames do not overlap, so that no byte is read more than a few times.
 */
export async function laterFrame(
  disk: Disk,
  path: string,
  seed: number,
  good: Scan,
): Promise<boolean> {
  const magic = magicOf(good.frames + 1, seed);
  const size = (await disk.size(path)) ?? 0;
  for (let from = good.length + 4; from + FRAME_HEADER_BYTES <= size; from += WINDOW) {
    const view = viewOf(await disk.read(path, from, WINDOW + FRAME_HEADER_BYTES));
    for (let at = 0; at < WINDOW && at + FRAME_HEADER_BYTES <= view.byteLength; at += 4) {
      const header = readHeader(view, at, magic);
      if (header === null || header.sequence <= good.frames) continue;
      const start = from + at + FRAME_HEADER_BYTES;
      if (header.length > size - start) continue;
      if (frameHolds(header, await disk.read(path, start, header.length), seed)) return true;
    }
  }
  return false;
}
