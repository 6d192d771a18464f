/**
 * A frame in parts, since a message of JetStream is smaller than a frame. Each part names its place,
 * and is published only right behind the part before it, so that the parts of two writers cannot
 * mix. A frame counts when its last part is there; a series that breaks off is skipped.
 */
import { EngineError, type Frame } from '../cluster/update-log.ts';

/** Header of a part: index, count, offset of the frame before, sequence of the first part. */
export const PART_HEADER = 'Vitrine-Part';

export interface Part {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Offset of the last whole frame before this one, 0 for none. */
  readonly after: number;
  /** Sequence of part 0; 0 in part 0 itself, which cannot know it. */
  readonly first: number;
}

export function partHeader({ index, count, after, first }: Part): string {
  return `${index} ${count} ${after} ${first}`;
}

/** @throws EngineError `damaged` for a header that none of ours is. */
export function readPartHeader(text: string): Part {
  const numbers = text.split(' ').map(Number);
  const [index = -1, count = 0, after = -1, first = -1] = numbers;
  const sound =
    numbers.length === 4 && numbers.every((one) => Number.isSafeInteger(one) && one >= 0);
  if (!sound || index >= count) {
    throw new EngineError('damaged', `a message without the place of its part: ${text}`);
  }
  return { index, count, after, first };
}

/** Bytes in parts of at most `limit`; no bytes are one empty part. */
export function split(bytes: Uint8Array, limit: number): readonly Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / limit));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * limit, (i + 1) * limit));
}

/** Puts parts together that come in the order of their sequences. */
export class Assembler {
  #first = 0;
  #parts: Uint8Array[] = [];

  /** @returns the frame that this part completes, or null. */
  push(sequence: number, { index, count, first }: Part, bytes: Uint8Array): Frame | null {
    if (index === 0) {
      this.#first = sequence;
      this.#parts = [];
    } else if (index !== this.#parts.length || first !== this.#first) {
      this.#parts = [];
      return null;
    }
    this.#parts.push(bytes);
    if (this.#parts.length < count) return null;
    const frame = { offset: sequence, bytes: joined(this.#parts) };
    this.#parts = [];
    return frame;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
