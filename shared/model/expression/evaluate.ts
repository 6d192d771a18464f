/**
 * A rule's answer over one profile, in Kleene's three-valued logic (S. C. Kleene, Introduction to
 * Metamathematics, 1952, §64): a comparison with a missing value is neither true nor false, and
 * `not` of it is not either. Only true makes a member.
 *
 * Score, 0 to 1, says how near the rule is to holding; it is 1 exactly when the rule holds:
 *   comparison that holds   1
 *   numbers that do not     1 − |a − b| / max(|a|, |b|), at least 0 and at most 0.99:
 *                           `orders >= 4` with 3 orders is 0.75
 *   texts and truth values  0
 *   a missing value         0
 *   and                     the mean of its parts
 *   or                      the largest of its parts
 *   not                     that of the opposite: not (a > b) is a <= b, not (x and y) is
 *                           not x or not y
 */
import type { FieldName, InterestKind } from './fields.ts';
import type { Comparator, Comparison, Expression, Operand } from './parse.ts';

export type Value = number | string | boolean;

/** What a rule may ask; null is a value that there is not. */
export interface Facts {
  field(name: FieldName): number | string | null;
  interest(kind: InterestKind, name: string): number | null;
  trait(name: string): Value | null;
}

/** Why a comparison is neither true nor false. */
export type TestProblem = 'no-value' | 'wrong-kind';

/** One comparison of a rule with what was found. */
export interface Test {
  /** As the rule writes it. */
  readonly test: string;
  readonly op: Comparator;
  /** Value of its left side, and of its right. */
  readonly actual: Value | null;
  readonly value: Value | null;
  /** Fields, interests and traits of both sides, with their values. */
  readonly fields: readonly { readonly field: string; readonly value: Value | null }[];
  readonly holds: boolean | null;
  readonly problem: TestProblem | null;
}

export interface Answer {
  readonly holds: boolean | null;
  readonly score: number;
  readonly why: readonly Test[];
}

/** Never throws for an expression of `parseExpression`. */
export function evaluate(expression: Expression, facts: Facts): Answer {
  const why: Test[] = [];
  const { holds, score } = judge(expression, facts, true, why);
  return { holds, score, why };
}

interface Judgement {
  readonly holds: boolean | null;
  readonly score: number;
}

const OPPOSITE: Readonly<Record<Comparator, Comparator>> = {
  '>=': '<',
  '>': '<=',
  '<=': '>',
  '<': '>=',
  '==': '!=',
  '!=': '==',
};
/** Of what does not hold by however little: the score 1 is for what holds. */
const NEARLY = 0.99;

/** @param straight false below an odd number of `not`. */
function judge(expression: Expression, facts: Facts, straight: boolean, why: Test[]): Judgement {
  if (expression.node === 'not') return judge(expression.of, facts, !straight, why);
  if (expression.node === 'comparison') {
    const test = compared(expression, facts);
    why.push(test);
    if (test.holds === null) return { holds: null, score: 0 };
    const holds = test.holds === straight;
    const op = straight ? test.op : OPPOSITE[test.op];
    return { holds, score: holds ? 1 : nearness(test.actual, test.value, op) };
  }
  const parts = expression.of.map((one) => judge(one, facts, straight, why));
  const scores = parts.map(({ score }) => score);
  // De Morgan: below a `not`, `and` is `or` of the opposites.
  const all = (expression.node === 'and') === straight;
  const decided = parts.some(({ holds }) => holds === !all);
  const open = parts.some(({ holds }) => holds === null);
  const sum = scores.reduce((total, score) => total + score, 0);
  return {
    holds: decided ? !all : open ? null : all,
    score: all ? sum / scores.length : Math.max(...scores),
  };
}

function compared({ op, left, right, text }: Comparison, facts: Facts): Test {
  const fields: { field: string; value: Value | null }[] = [];
  const actual = resolve(left, facts, fields);
  const value = resolve(right, facts, fields);
  const test = { test: text, op, actual, value, fields };
  if (actual === null || value === null) {
    const there = fields.every((one) => one.value !== null);
    const wrong = there && fields.some((one) => typeof one.value !== 'number');
    return { ...test, holds: null, problem: wrong ? 'wrong-kind' : 'no-value' };
  }
  const ordered = op !== '==' && op !== '!=';
  if (typeof actual !== typeof value || (ordered && typeof actual !== 'number')) {
    return { ...test, holds: null, problem: 'wrong-kind' };
  }
  return { ...test, holds: holdsFor(actual, op, value), problem: null };
}

function holdsFor(actual: Value, op: Comparator, value: Value): boolean {
  switch (op) {
    case '>=':
      return actual >= value;
    case '>':
      return actual > value;
    case '<=':
      return actual <= value;
    case '<':
      return actual < value;
    case '==':
      return actual === value;
    default:
      return actual !== value;
  }
}

function nearness(actual: Value | null, value: Value | null, op: Comparator): number {
  if (typeof actual !== 'number' || typeof value !== 'number' || op === '!=') return 0;
  const largest = Math.max(Math.abs(actual), Math.abs(value));
  const gap = largest === 0 ? 0 : Math.abs(actual - value) / largest;
  return Math.min(NEARLY, Math.max(0, 1 - gap));
}

/** Null for a missing value, and for a number that is none: 1/0, a text in a sum. */
function resolve(
  operand: Operand,
  facts: Facts,
  fields: { field: string; value: Value | null }[],
): Value | null {
  const known = (field: string, found: Value | null | undefined): Value | null => {
    const value = typeof found === 'number' && !Number.isFinite(found) ? null : (found ?? null);
    fields.push({ field, value });
    return value;
  };
  switch (operand.node) {
    case 'literal':
      return operand.value;
    case 'field':
      return known(operand.field, facts.field(operand.field));
    case 'interest': {
      const { kind, name } = operand;
      return known(`interest(${kind}, ${name})`, facts.interest(kind, name));
    }
    case 'trait':
      return known(`trait(${operand.name})`, facts.trait(operand.name));
    default: {
      const values = operand.of.map((one) => resolve(one, facts, fields));
      if (values.some((value) => typeof value !== 'number')) return null;
      const result = calculate(operand.name, values as number[]);
      return Number.isFinite(result) ? result : null;
    }
  }
}

function calculate(
  name: Extract<Operand, { node: 'operation' }>['name'],
  values: readonly number[],
): number {
  const [a = 0, b = 0] = values;
  switch (name) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case 'negate':
      return -a;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    default:
      return Math.abs(a);
  }
}
