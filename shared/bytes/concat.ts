/** Joining and comparing byte strings. */
import { assertBytes } from '../assert/assert.ts';

/** Returns a new array that holds the parts one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const [i, part] of parts.entries()) {
    assertBytes(`parts[${i}]`, part);
    length += part.length;
  }
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Tells whether two byte strings are the same.
 *
 * Looks at every byte when the lengths agree; constant time is not promised by a JavaScript
 * engine and not relied upon.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  assertBytes('a', a);
  assertBytes('b', b);
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
