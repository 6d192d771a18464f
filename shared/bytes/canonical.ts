/**
 * Canonical JSON: RFC 8785 (JCS), the bytes that are hashed and signed.
 *
 * Only plain data has a canonical form: null, booleans, finite numbers, well-formed strings,
 * dense arrays and plain objects. Everything else is refused instead of dropped, as
 * `JSON.stringify` would.
 */
import { isWellFormed, utf8 } from './utf8.ts';

/** Deeper nesting is refused; it also ends a cycle. The records nest less than ten deep. */
const MAX_DEPTH = 64;

/**
 * Returns the canonical JSON text of `value`: keys sorted by UTF-16 code units, no white space,
 * numbers as ECMAScript prints them (−0 as 0).
 *
 * @throws TypeError for undefined, functions, symbols, bigints, class instances and array holes;
 * RangeError for NaN, infinity, lone surrogates and nesting over 64.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$', 0);
}

/** Returns the UTF-8 bytes of `canonicalJson(value)`. */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(canonicalJson(value));
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`${path} is nested deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${path} must be finite`);
    return String(value);
  }
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, i) => write(item, `${path}[${i}]`, depth + 1));
    return `[${items.join(',')}]`;
  }
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => {
        const name = writeString(key, `${path} key`);
        return `${name}:${write(value[key], `${path}.${key}`, depth + 1)}`;
      });
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`${path} must be plain JSON data`);
}

function writeString(text: string, path: string): string {
  if (!isWellFormed(text)) throw new RangeError(`${path} holds a lone surrogate`);
  return JSON.stringify(text);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm (an iframe, a test's sandbox) has another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
