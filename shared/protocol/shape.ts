/** Strict decoding of JSON records: exact fields, exact kinds, no left-overs. */

export type Check = (value: unknown, path: string) => void;

/** A record that does not have the declared shape; `path` names the field. */
export class ShapeError extends TypeError {
  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`);
    this.name = 'ShapeError';
  }
}

export const text =
  (maxLength = 200): Check =>
  (value, path) => {
    if (typeof value !== 'string' || value.length > maxLength) {
      throw new ShapeError(path, `a string of at most ${maxLength} characters`);
    }
  };

export const hash: Check = (value, path) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new ShapeError(path, '64 lower-case hex digits');
  }
};

/** 32 bytes in their one spelling: the last digit's two left-over bits are 0 (RFC 4648 §3.5). */
export const publicKey: Check = (value, path) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(value)) {
    throw new ShapeError(path, 'a public key in base64url');
  }
};

/** A whole number that may be above 2^53, as digits. */
export const decimal: Check = (value, path) => {
  if (typeof value !== 'string' || !/^(0|[1-9][0-9]{0,39})$/.test(value)) {
    throw new ShapeError(path, 'a whole number in decimal digits');
  }
};

export const integer =
  (min: number, max: number): Check =>
  (value, path) => {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw new ShapeError(path, `an integer from ${min} to ${max}`);
    }
  };

export const number =
  (min: number, max: number): Check =>
  (value, path) => {
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw new ShapeError(path, `a number from ${min} to ${max}`);
    }
  };

export const literal =
  (...allowed: readonly (string | number)[]): Check =>
  (value, path) => {
    if (!allowed.includes(value as string | number)) {
      throw new ShapeError(path, allowed.map((one) => JSON.stringify(one)).join(' or '));
    }
  };

export const nullable =
  (check: Check): Check =>
  (value, path) => {
    if (value !== null) check(value, path);
  };

export const either =
  (...checks: readonly Check[]): Check =>
  (value, path) => {
    const reasons: string[] = [];
    for (const check of checks) {
      try {
        check(value, path);
        return;
      } catch (error) {
        reasons.push((error as Error).message);
      }
    }
    throw new ShapeError(path, `one of: ${reasons.join('; ')}`);
  };

export const list =
  (check: Check, maxLength: number): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > maxLength) {
      throw new ShapeError(path, `a list of at most ${maxLength}`);
    }
    for (const [i, one] of value.entries()) check(one, `${path}[${i}]`);
  };

export const pair =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length !== 2) throw new ShapeError(path, 'two values');
    for (const [i, one] of value.entries()) check(one, `${path}[${i}]`);
  };

/** @param optional fields that may be absent. */
export const object =
  (
    fields: Readonly<Record<string, Check>>,
    optional: Readonly<Record<string, Check>> = {},
  ): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(path, 'an object');
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key) && !Object.hasOwn(optional, key)) {
        throw new ShapeError(`${path}.${key}`, 'no such field');
      }
    }
    for (const [key, check] of Object.entries(fields)) {
      if (!Object.hasOwn(value, key)) throw new ShapeError(`${path}.${key}`, 'a value');
      check((value as Record<string, unknown>)[key], `${path}.${key}`);
    }
    for (const [key, check] of Object.entries(optional)) {
      if (!Object.hasOwn(value, key)) continue;
      check((value as Record<string, unknown>)[key], `${path}.${key}`);
    }
  };

/** true or false */
export const flag: Check = (value, path) => {
  if (typeof value !== 'boolean') throw new ShapeError(path, 'true or false');
};
