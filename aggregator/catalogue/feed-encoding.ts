/**
 * Bytes to text: what the byte order mark says, else the XML declaration, else what the bytes can
 * be. A file without any of it is UTF-8 where it is UTF-8 throughout; else GB18030 where its high
 * bytes stand in pairs, as those of Chinese text do; else Windows-1252.
 */

export type Chunks = () => AsyncIterable<Uint8Array>;

/** Much of the file is looked at: a first accent may come late. */
const LOOK_BYTES = 1 << 28;

/** @throws RangeError for a label that no decoder knows. */
export async function encodingOf(chunks: Chunks, given: string | null = null): Promise<string> {
  if (given !== null) return new TextDecoder(given).encoding;
  let seen = 0;
  let isUtf8 = true;
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const pairs = { high: 0, paired: 0, open: false };
  for await (const chunk of chunks()) {
    if (seen === 0) {
      const said = declared(chunk);
      if (said !== null) return said;
    }
    seen += chunk.length;
    if (isUtf8) {
      try {
        utf8.decode(chunk, { stream: true });
      } catch {
        isUtf8 = false;
      }
    }
    countPairs(chunk, pairs);
    if (seen > LOOK_BYTES) break;
  }
  // A file that ends in the middle of a character is damaged UTF-8, not something else.
  if (isUtf8) return 'utf-8';
  return pairs.paired > pairs.high / 2 ? 'gb18030' : 'windows-1252';
}

/** By its first bytes, or null. */
function declared(bytes: Uint8Array): string | null {
  const [a = -1, b = -1, c = -1, d = -1] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  // Markup, JSON and column names begin with two ASCII characters.
  if (a > 0 && b === 0 && c > 0 && d === 0) return 'utf-16le';
  if (a === 0 && b > 0 && c === 0 && d > 0) return 'utf-16be';
  const front = String.fromCharCode(...bytes.subarray(0, 200));
  const label = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w:.-]+)["']/.exec(front)?.[1];
  if (label === undefined) return null;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/** High bytes, and those of them that stand in pairs of GB 2312 (both from A1 to FE). */
function countPairs(
  bytes: Uint8Array,
  pairs: { high: number; paired: number; open: boolean },
): void {
  for (const byte of bytes) {
    if (byte < 0x80) {
      pairs.open = false;
      continue;
    }
    pairs.high++;
    if (pairs.open && byte >= 0xa1) pairs.paired += 2;
    pairs.open = !pairs.open && byte >= 0xa1;
  }
}

/** The text in pieces; what is no character of the encoding is U+FFFD. */
export async function* textOf(chunks: Chunks, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks()) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield text;
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}
