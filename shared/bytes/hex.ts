/** Lower-case hexadecimal (RFC 4648 §8 in lower case), one text per byte string. */
import { assertBytes, assertString } from '../assert/assert.ts';

const DIGITS = '0123456789abcdef';

/** Returns two lower-case digits per byte. */
export function toHex(bytes: Uint8Array): string {
  assertBytes('bytes', bytes);
  let text = '';
  for (const byte of bytes) text += DIGITS.charAt(byte >>> 4) + DIGITS.charAt(byte & 15);
  return text;
}

/**
 * Reads lower-case hexadecimal.
 *
 * @throws RangeError for an odd length and for anything but 0-9 and a-f, upper case included, so
 * that a byte string has one spelling.
 */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  assertString('text', text);
  if (text.length % 2 !== 0) throw new RangeError('text must have an even number of digits');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGITS.indexOf(text.charAt(2 * i));
    const low = DIGITS.indexOf(text.charAt(2 * i + 1));
    if (high < 0 || low < 0) throw new RangeError('text must be lower-case hexadecimal');
    bytes[i] = high * 16 + low;
  }
  return bytes;
}
