/**
 * Checks of arguments at the border of every room.
 *
 * Each throws a `TypeError` for the wrong kind and a `RangeError` for the wrong value, with the
 * argument's name in the message. Values themselves are never quoted: they may be a shopper's.
 */

function assertNumber(name: string, x: unknown): asserts x is number {
  if (typeof x !== 'number') throw new TypeError(`${name} must be a number`);
}

/** Throws unless `x` is a number other than NaN and ±infinity. */
export function assertFinite(name: string, x: unknown): asserts x is number {
  assertNumber(name, x);
  if (!Number.isFinite(x)) throw new RangeError(`${name} must be finite`);
}

/** Throws unless `x` is a safe integer with `min` ≤ `x` ≤ `max`. */
export function assertInteger(
  name: string,
  x: unknown,
  min: number = Number.MIN_SAFE_INTEGER,
  max: number = Number.MAX_SAFE_INTEGER,
): asserts x is number {
  assertNumber(name, x);
  if (!Number.isSafeInteger(x)) throw new RangeError(`${name} must be a safe integer`);
  if (x < min || x > max) throw new RangeError(`${name} must lie in [${min}, ${max}]`);
}

/** Throws unless `x` is a finite number above zero. */
export function assertPositive(name: string, x: unknown): asserts x is number {
  assertFinite(name, x);
  if (x <= 0) throw new RangeError(`${name} must be above 0`);
}

/** Throws unless `value` is a `Uint8Array`, of exactly `length` bytes where one is given. */
export function assertBytes(
  name: string,
  value: unknown,
  length?: number,
): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (length !== undefined && value.length !== length) {
    throw new RangeError(`${name} must hold ${length} bytes, not ${value.length}`);
  }
}

/** Throws unless `value` is a string of at most `maxLength` UTF-16 code units. */
export function assertString(
  name: string,
  value: unknown,
  maxLength?: number,
): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
  if (maxLength !== undefined && value.length > maxLength) {
    throw new RangeError(`${name} must be at most ${maxLength} characters`);
  }
}
