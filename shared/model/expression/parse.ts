/**
 * Rules over a profile, as text. A recursive-descent parser of this file's own: nothing of a rule
 * is ever run as code, and its length, depth and size are bounded.
 *
 *   rule       = all { "or" all }
 *   all        = one { "and" one }
 *   one        = "not" one | "(" rule ")" | comparison
 *   comparison = sum ( ">=" | ">" | "<=" | "<" | "==" | "!=" ) sum
 *   sum        = product { ( "+" | "-" ) product }
 *   product    = value { ( "*" | "/" ) value }        × and ÷ are * and /, − is -
 *   value      = number | text | "true" | "false" | field | "-" value | "(" sum ")"
 *              | "min" "(" sum { "," sum } ")" | "max" "(" … ")" | "abs" "(" sum ")"
 *              | "interest" "(" kind "," text ")" | "trait" "(" text ")"
 *
 * `interest("category", "tents")` is a share of interest, 0 where there is none; kinds are
 * "category", "brand" and "price-band". `trait("plan")` is what the shop said of its shopper.
 * Texts are compared by == and != alone. Fields: see fields.ts.
 */
import {
  FIELDS,
  type FieldName,
  INTEREST_KINDS,
  type InterestKind,
  isSensitive,
} from './fields.ts';
import { ExpressionError, type Token, tokens } from './token.ts';

export type Comparator = '>=' | '>' | '<=' | '<' | '==' | '!=';

/** What gives a number, a text or a truth value. */
export type Operand =
  | { readonly node: 'literal'; readonly value: number | string | boolean }
  | { readonly node: 'field'; readonly field: FieldName }
  | { readonly node: 'interest'; readonly kind: InterestKind; readonly name: string }
  | { readonly node: 'trait'; readonly name: string }
  | {
      readonly node: 'operation';
      readonly name: '+' | '-' | '*' | '/' | 'negate' | 'min' | 'max' | 'abs';
      readonly of: readonly Operand[];
    };

export interface Comparison {
  readonly node: 'comparison';
  readonly op: Comparator;
  readonly left: Operand;
  readonly right: Operand;
  /** As the rule writes it. */
  readonly text: string;
}

export type Expression =
  | Comparison
  | { readonly node: 'and' | 'or'; readonly of: readonly Expression[] }
  | { readonly node: 'not'; readonly of: Expression };

/** Brackets, signs and "not" inside each other. */
const MAX_DEPTH = 24;
/** Values and comparisons. */
const MAX_NODES = 120;

/** @throws ExpressionError for a text that is no rule, or asks for what no rule may. */
export function parseExpression(source: string): Expression {
  if (typeof source !== 'string') throw new ExpressionError('bad-syntax', 0, 'a rule is a text');
  return new Parser(source).rule();
}

type Kind = 'number' | 'text' | 'truth' | 'any';
interface Typed {
  readonly operand: Operand;
  readonly kind: Kind;
  readonly at: number;
}

const COMPARATORS: readonly string[] = ['>=', '>', '<=', '<', '==', '!='];

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokens(source);
  }

  rule(): Expression {
    const all = this.#any();
    if (this.#token.kind !== 'end') this.#fail('bad-syntax', `"${this.#token.value}" is too much`);
    return all;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #fail(code: ExpressionError['code'], message: string, at: number = this.#token.at): never {
    throw new ExpressionError(code, at, message);
  }

  #take(kind: Token['kind'], ...values: readonly string[]): Token | null {
    const token = this.#token;
    if (token.kind !== kind || (values.length > 0 && !values.includes(token.value))) return null;
    this.#next++;
    return token;
  }

  #expect(sign: string): void {
    if (this.#take('sign', sign) === null) this.#fail('bad-syntax', `expected "${sign}"`);
  }

  #count(): void {
    if (++this.#nodes > MAX_NODES) this.#fail('too-large', `more than ${MAX_NODES} parts`);
  }

  #inside<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail('too-deep', `more than ${MAX_DEPTH} levels`);
    const result = read();
    this.#depth--;
    return result;
  }

  #any(): Expression {
    return this.#chain('or', () => this.#chain('and', () => this.#one()));
  }

  #chain(word: 'and' | 'or', read: () => Expression): Expression {
    const first = read();
    const of = [first];
    while (this.#take('name', word) !== null) of.push(read());
    return of.length === 1 ? first : { node: word, of };
  }

  #one(): Expression {
    if (this.#take('name', 'not') !== null) {
      return { node: 'not', of: this.#inside(() => this.#one()) };
    }
    return this.#opensRule() ? this.#bracketed() : this.#comparison();
  }

  /** Whether the bracket that comes holds a rule and not a value: a comparison stands in it. */
  #opensRule(): boolean {
    if (this.#token.kind !== 'sign' || this.#token.value !== '(') return false;
    let depth = 0;
    for (const { kind, value } of this.#tokens.slice(this.#next)) {
      if (kind === 'sign' && value === '(') depth++;
      if (kind === 'sign' && value === ')' && --depth === 0) return false;
      if (kind === 'sign' && COMPARATORS.includes(value)) return true;
    }
    return this.#fail('bad-syntax', 'the bracket is not closed');
  }

  #bracketed(): Expression {
    this.#expect('(');
    const inner = this.#inside(() => this.#any());
    this.#expect(')');
    return inner;
  }

  #comparison(): Expression {
    this.#count();
    const from = this.#token.at;
    const left = this.#sum();
    const sign = this.#take('sign', ...COMPARATORS);
    if (sign === null) return this.#fail('bad-syntax', `expected one of ${COMPARATORS.join(' ')}`);
    const right = this.#sum();
    const op = sign.value as Comparator;
    const known = [left.kind, right.kind].filter((kind) => kind !== 'any');
    if (known.length === 2 && known[0] !== known[1]) {
      this.#fail('wrong-kind', `a ${known[0]} cannot be compared with a ${known[1]}`, sign.at);
    }
    const ordered = op !== '==' && op !== '!=';
    if (ordered && known.some((kind) => kind !== 'number')) {
      this.#fail('wrong-kind', `${op} compares numbers`, sign.at);
    }
    const end = (this.#tokens[this.#next - 1] as Token).end;
    const text = this.#source.slice(from, end);
    return { node: 'comparison', op, left: left.operand, right: right.operand, text };
  }

  #sum(): Typed {
    return this.#operations(['+', '-'], () => this.#operations(['*', '/'], () => this.#value()));
  }

  #operations(signs: readonly ('+' | '-' | '*' | '/')[], read: () => Typed): Typed {
    let left = read();
    for (;;) {
      const sign = this.#take('sign', ...signs);
      if (sign === null) return left;
      left = this.#operation(sign.value as '+', [left, read()], left.at);
    }
  }

  #operation(
    name: Extract<Operand, { node: 'operation' }>['name'],
    of: readonly Typed[],
    at: number,
  ): Typed {
    for (const one of of) {
      if (one.kind === 'number' || one.kind === 'any') continue;
      this.#fail('wrong-kind', `${name} is for numbers`, one.at);
    }
    this.#count();
    const operand: Operand = { node: 'operation', name, of: of.map((one) => one.operand) };
    return { operand, kind: 'number', at };
  }

  #value(): Typed {
    this.#count();
    const token = this.#token;
    this.#next++;
    const { at, kind, value } = token;
    const literal = (read: number | string | boolean, of: Kind): Typed => {
      return { operand: { node: 'literal', value: read }, kind: of, at };
    };
    if (kind === 'number') return literal(Number(value), 'number');
    if (kind === 'text') return literal(this.#innocent(value, at), 'text');
    if (kind === 'name' && (value === 'true' || value === 'false')) {
      return literal(value === 'true', 'truth');
    }
    if (kind === 'name') return this.#named(token);
    if (kind === 'sign' && value === '-') {
      return this.#operation('negate', [this.#inside(() => this.#value())], at);
    }
    if (kind === 'sign' && value === '(') {
      const inner = this.#inside(() => this.#sum());
      this.#expect(')');
      return inner;
    }
    const what = kind === 'end' ? 'the rule ends too early' : `"${value}" is no value`;
    return this.#fail('bad-syntax', what, at);
  }

  #named({ value: name, at }: Token): Typed {
    if (this.#take('sign', '(') !== null) return this.#inside(() => this.#call(name, at));
    if (!Object.hasOwn(FIELDS, name)) {
      this.#innocent(name, at);
      this.#fail('unknown-field', `no field is called ${name}`, at);
    }
    const field = name as FieldName;
    return { operand: { node: 'field', field }, kind: FIELDS[field], at };
  }

  #call(name: string, at: number): Typed {
    if (name === 'interest') return this.#interest(at);
    if (name === 'trait') {
      const trait = this.#text();
      this.#expect(')');
      return { operand: { node: 'trait', name: trait }, kind: 'any', at };
    }
    if (name !== 'min' && name !== 'max' && name !== 'abs') {
      this.#fail('unknown-function', `no function is called ${name}`, at);
    }
    const of = [this.#sum()];
    while (name !== 'abs' && this.#take('sign', ',') !== null) of.push(this.#sum());
    this.#expect(')');
    return this.#operation(name, of, at);
  }

  #interest(at: number): Typed {
    const kind = this.#text();
    if (!(INTEREST_KINDS as readonly string[]).includes(kind)) {
      this.#fail('unknown-field', `interest knows ${INTEREST_KINDS.join(', ')}`, at);
    }
    this.#expect(',');
    const name = this.#text();
    this.#expect(')');
    return { operand: { node: 'interest', kind: kind as InterestKind, name }, kind: 'number', at };
  }

  #text(): string {
    const token = this.#take('text');
    if (token === null) return this.#fail('bad-syntax', 'expected a text in double quotes');
    return this.#innocent(token.value, token.at);
  }

  #innocent(name: string, at: number): string {
    if (isSensitive(name)) this.#fail('sensitive-field', `no rule may ask for ${name}`, at);
    return name;
  }
}
