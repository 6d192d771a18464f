/** One row of a vectors file: what it states, what it asks for, and when an answer is right. */

/** A row as it stands in the file; what a family needs is read through `Params`. */
export interface Row {
  readonly id: string;
  /** The code that the stated value comes from. */
  readonly source?: string;
  readonly mechanism: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly delta: number | null;
  readonly epsilon: number | null;
  readonly output: string;
  readonly tolerance: number;
  readonly tolerance_kind: string;
  readonly rerun?: number;
}

/** The parameters of a row, without the answer; every reader throws with the name. */
export class Params {
  readonly #values: Readonly<Record<string, unknown>>;
  /** The code that the stated value comes from; it decides between published variants. */
  readonly source: string;

  constructor(values: Readonly<Record<string, unknown>>, source = '') {
    this.#values = values;
    this.source = source;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  raw(name: string): unknown {
    return this.#values[name];
  }

  number(name: string, fallback?: number): number {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'number') throw new TypeError(`parameter '${name}' must be a number`);
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'boolean')
      throw new TypeError(`parameter '${name}' must be true or false`);
    return value;
  }

  text(name: string, fallback?: string): string {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'string') throw new TypeError(`parameter '${name}' must be a string`);
    return value;
  }

  numbers(name: string): number[] {
    const value = this.#values[name];
    if (!Array.isArray(value) || value.some((one) => typeof one !== 'number')) {
      throw new TypeError(`parameter '${name}' must be an array of numbers`);
    }
    return value as number[];
  }

  /** The events of a composition, or the row itself as the only one. */
  events(): Params[] {
    const value = this.#values.events;
    if (value === undefined) return [this];
    if (!Array.isArray(value)) throw new TypeError("parameter 'events' must be an array");
    return value.map((one) => new Params(one as Record<string, unknown>, this.source));
  }

  with(name: string, value: unknown): Params {
    return new Params({ ...this.#values, [name]: value }, this.source);
  }
}

/** Figures that say the same as the answer, which a family must not see either. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  'ln(ratio)': ['ratio', 'ratio_lower_bound'],
  epsilon: ['ratio', 'ratio_lower_bound', 'lower', 'upper', 'upper_bound'],
};

/** Returns the row's parameters without the answer and its synonyms. */
export function paramsOf(row: Row): Params {
  const hidden = new Set([row.output, ...(SYNONYMS[row.output] ?? [])]);
  const shown = Object.entries(row.params).filter(([name]) => !hidden.has(name));
  return new Params(Object.fromEntries(shown), row.source);
}

/** Returns the stated answer. */
export function expectedOf(row: Row): number | readonly number[] {
  const named: Readonly<Record<string, unknown>> = {
    ...row.params,
    epsilon: row.epsilon,
    delta: row.delta,
    'ln(ratio)': row.epsilon,
  };
  const value = named[row.output];
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value as number[];
  throw new RangeError(`output '${row.output}' has no stated value`);
}

/** A verdict, with the error in units of what is allowed. */
export interface Verdict {
  readonly ok: boolean;
  readonly share: number;
}

/** Returns whether `computed` is inside the row's tolerance, of a kind that is known. */
export function judge(row: Row, computed: number | readonly number[]): Verdict {
  const expected = expectedOf(row);
  const [a, b] = [[expected].flat() as number[], [computed].flat() as number[]];
  if (a.length !== b.length) return { ok: false, share: Number.POSITIVE_INFINITY };
  const shares = a.map((value, i) => shareOf(row, value, b[i] as number));
  const share = Math.max(...shares);
  return { ok: shares.every((one) => one <= 1), share };
}

function shareOf(row: Row, expected: number, computed: number): number {
  const kind = row.tolerance_kind;
  const interval = /must lie in \[([^,\]]+),([^,\]]+)\]/.exec(kind);
  if (interval !== null) {
    const [low, high] = [endOf(row, interval[1] as string), endOf(row, interval[2] as string)];
    return Math.abs(computed - (low + high) / 2) / ((high - low) / 2);
  }
  const error = Math.abs(computed - expected);
  if (Number.isNaN(error)) return computed === expected ? 0 : Number.POSITIVE_INFINITY;
  if (error === 0) return 0;
  if (kind.startsWith('absolute')) return error / row.tolerance;
  if (kind.startsWith('relative')) return error / (row.tolerance * Math.abs(expected));
  throw new RangeError(`tolerance_kind '${kind}' is unknown`);
}

/** The value of `name`, `name + number` or `name - number`, or a number. */
function endOf(row: Row, text: string): number {
  const match = /^\s*([a-z_.]+)\s*(?:([+-])\s*([0-9.e+-]+))?\s*$/i.exec(text);
  if (match === null) return Number(text);
  const name = (match[1] as string).replace(/^params\./, '');
  const values: Readonly<Record<string, unknown>> = {
    ...row.params,
    epsilon: row.epsilon,
    delta: row.delta,
    rerun: row.rerun,
  };
  const value = values[name];
  if (typeof value !== 'number') throw new RangeError(`tolerance_kind names '${name}'`);
  const shift = match[3] === undefined ? 0 : Number(match[3]);
  return match[2] === '-' ? value - shift : value + shift;
}
