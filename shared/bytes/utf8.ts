/** UTF-8 (Encoding Standard), refusing what has no one spelling. */
import { assertBytes, assertString } from '../assert/assert.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Tells whether a string is well-formed UTF-16, that is, holds no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * Returns the UTF-8 bytes of `text`.
 *
 * @throws RangeError for a lone surrogate, which `TextEncoder` would silently replace.
 */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  assertString('text', text);
  if (!isWellFormed(text)) throw new RangeError('text holds a lone surrogate');
  return new TextEncoder().encode(text);
}

/**
 * Reads UTF-8; a byte order mark is kept as a character.
 *
 * @throws RangeError for bytes that are not UTF-8.
 */
export function fromUtf8(bytes: Uint8Array): string {
  assertBytes('bytes', bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RangeError('bytes must be UTF-8', { cause });
  }
}
