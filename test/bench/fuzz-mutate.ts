/** Byte-mutating corpus: specimens that are valid, and what becomes of them. */

export type Random = () => number;

const below = (random: Random, n: number): number => Math.floor(random() * n);

/** Bytes that break parsers more often than others. */
const TELLING = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x2f, 0x3a, 0x7b, 0x7d, 0x7f, 0x80, 0xff];

function changed(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (copy.length === 0) return copy;
  const at = below(random, copy.length);
  const kind = below(random, 3);
  if (kind === 0) copy[at] = (copy[at] as number) ^ (1 << below(random, 8));
  else if (kind === 1) copy[at] = TELLING[below(random, TELLING.length)] as number;
  else copy.fill(below(random, 256), at, at + below(random, 16));
  return copy;
}

const cut = (bytes: Uint8Array, random: Random): Uint8Array =>
  bytes.slice(0, below(random, bytes.length + 1));

function spliced(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const head = bytes.subarray(0, below(random, bytes.length + 1));
  return Uint8Array.from([...head, ...other.subarray(below(random, other.length + 1))]);
}

function repeated(bytes: Uint8Array, random: Random): Uint8Array {
  const at = below(random, bytes.length + 1);
  const part = bytes.subarray(at, at + below(random, 64));
  return Uint8Array.from([...bytes.subarray(0, at), ...part, ...part, ...bytes.subarray(at)]);
}

/** One to four mutations of one specimen, now and then with a part of another. */
export function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const one = (): Uint8Array => corpus[below(random, corpus.length)] as Uint8Array;
  let bytes = one();
  for (let left = 1 + below(random, 4); left > 0; left--) {
    const kind = below(random, 10);
    if (kind < 6) bytes = changed(bytes, random);
    else if (kind < 7) bytes = cut(bytes, random);
    else if (kind < 9) bytes = repeated(bytes, random);
    else bytes = spliced(bytes, one(), random);
  }
  return bytes;
}

/** Values that stand where another was: of every JSON type, and at its ends. */
const VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 0.5, 2 ** 53, 1e308, '', 'a', '\u0000', [], {}, [[]], '__proto__'],
  ...['0'.repeat(64), 'A'.repeat(43), { record: null, signature: '' }],
];

/** A copy with one place changed, taken away, or added to. */
export function mutateJson(value: unknown, random: Random): unknown {
  if (random() < 0.15 || value === null || typeof value !== 'object') {
    return VALUES[below(random, VALUES.length)];
  }
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = below(random, copy.length + 1);
    if (random() < 0.2) copy.splice(at, 1);
    else copy[at] = mutateJson(copy[at], random);
    return copy;
  }
  const keys = Object.keys(value);
  const key = keys[below(random, keys.length)] ?? 'more';
  const copy: Record<string, unknown> = { ...value };
  const kind = random();
  if (kind < 0.1) delete copy[key];
  else if (kind < 0.2) copy[`${key}2`] = copy[key];
  else copy[key] = mutateJson(copy[key], random);
  return copy;
}
