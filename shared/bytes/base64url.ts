/** Base 64 for URLs without padding (RFC 4648 §5), one text per byte string. */
import { assertBytes, assertString } from '../assert/assert.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Returns the unpadded text of `bytes`. */
export function toBase64url(bytes: Uint8Array): string {
  assertBytes('bytes', bytes);
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET.charAt((held >>> bits) & 63);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (6 - bits)) & 63);
}

/**
 * Reads unpadded base 64 for URLs.
 *
 * @throws RangeError for padding, white space, `+` and `/`, an impossible length, and left-over
 * bits that are not zero (RFC 4648 §3.5), so that a byte string has one spelling.
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  assertString('text', text);
  if (text.length % 4 === 1) throw new RangeError('text has an impossible length for base64url');
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = ALPHABET.indexOf(text.charAt(i));
    if (digit < 0) throw new RangeError('text must be base64url without padding');
    held = (held << 6) | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >>> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0) throw new RangeError('text has left-over bits');
  return bytes;
}
