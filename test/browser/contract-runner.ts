/** As much of a test runner as the contract suites need in a page. */

type Body = () => Promise<void> | void;

export interface Outcome {
  readonly name: string;
  /** '' when it passed. */
  readonly failure: string;
}

const tests: { name: string; body: Body }[] = [];
const path: string[] = [];

interface Describe {
  (name: string, body: () => void): void;
  runIf(condition: boolean): (name: string, body: () => void) => void;
}

export const describe: Describe = Object.assign(
  (name: string, body: () => void): void => {
    path.push(name);
    body();
    path.pop();
  },
  {
    runIf:
      (condition: boolean) =>
      (name: string, body: () => void): void => {
        if (condition) describe(name, body);
      },
  },
);

/** @public Imported under the name of vitest. */
export function it(name: string, body: Body): void {
  tests.push({ name: [...path, name].join(' > '), body });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** `partly`: keys that are not expected may be there. Undefined values count as absent. */
function same(found: unknown, wanted: unknown, partly: boolean): boolean {
  if (!isObject(found) || !isObject(wanted)) return Object.is(found, wanted);
  if (Array.isArray(wanted) || ArrayBuffer.isView(wanted)) {
    const [a, b] = [found, wanted] as unknown as ArrayLike<unknown>[];
    if (found.constructor !== wanted.constructor || a?.length !== b?.length) return false;
    return Array.from(b as ArrayLike<unknown>).every((one, i) => same(a?.[i], one, partly));
  }
  if (wanted instanceof Set) {
    return found instanceof Set && same([...found].sort(), [...wanted].sort(), partly);
  }
  const keys = new Set([...Object.keys(wanted), ...(partly ? [] : Object.keys(found))]);
  return [...keys].every((key) => same(found[key], wanted[key], partly));
}

interface Matchers {
  toBe(wanted: unknown): void;
  toEqual(wanted: unknown): void;
  toMatchObject(wanted: unknown): void;
  toHaveLength(length: number): void;
  toBeGreaterThan(least: number): void;
  toBeNull(): void;
  toBeUndefined(): void;
  toMatch(pattern: RegExp): void;
}

function matchers(found: unknown): Matchers {
  const assert = (good: boolean, what: string, wanted: unknown): void => {
    if (good) return;
    throw new Error(`${JSON.stringify(found)} should ${what} ${JSON.stringify(wanted)}`);
  };
  return {
    toBe: (wanted) => assert(Object.is(found, wanted), 'be', wanted),
    toEqual: (wanted) => assert(same(found, wanted, false), 'equal', wanted),
    toMatchObject: (wanted) => assert(same(found, wanted, true), 'match', wanted),
    toHaveLength: (n) => assert((found as ArrayLike<unknown>).length === n, 'have length', n),
    toBeGreaterThan: (least) => assert((found as number) > least, 'be above', least),
    toBeNull: () => assert(found === null, 'be', null),
    toBeUndefined: () => assert(found === undefined, 'be', 'undefined'),
    toMatch: (pattern) => assert(pattern.test(String(found)), 'match', String(pattern)),
  };
}

interface Expectation extends Matchers {
  readonly rejects: { toMatchObject(wanted: unknown): Promise<void> };
}

/** @public Imported under the name of vitest. */
export function expect(found: unknown): Expectation {
  return {
    ...matchers(found),
    rejects: {
      async toMatchObject(wanted) {
        const error: unknown = await Promise.resolve(found).then(
          () => new Error('it did not reject'),
          (reason: unknown) => reason,
        );
        matchers(error).toMatchObject(wanted);
      },
    },
  };
}

/** Runs one test after the other. */
export async function runAll(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, body } of tests.splice(0)) {
    try {
      await body();
      outcomes.push({ name, failure: '' });
    } catch (error) {
      outcomes.push({ name, failure: String(error) });
    }
  }
  return outcomes;
}
