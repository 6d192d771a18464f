/** Words of a segment rule: numbers, texts, names, operators, each with its place. */

export type ExpressionProblem =
  | 'too-long'
  | 'too-deep'
  | 'too-large'
  | 'bad-character'
  | 'bad-text'
  | 'bad-syntax'
  | 'unknown-field'
  | 'unknown-function'
  | 'sensitive-field'
  | 'wrong-kind';

/** Why a rule is none; `at` is the place in its text, in UTF-16 code units from 0. */
export class ExpressionError extends TypeError {
  readonly code: ExpressionProblem;
  readonly at: number;

  constructor(code: ExpressionProblem, at: number, message: string) {
    super(`${code} at ${at}: ${message}`);
    this.name = 'ExpressionError';
    this.code = code;
    this.at = at;
  }
}

export interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end';
  /** As read: a sign in its one spelling, a text without its quotes. */
  readonly value: string;
  readonly at: number;
  readonly end: number;
}

/** UTF-16 code units of a rule. */
export const MAX_LENGTH = 500;

const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /\d{1,15}(\.\d{1,15})?(?![\w.])/y],
  ['text', /"(?:[^"\\\n\r]|\\["\\])*"/y],
  ['name', /[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*/y],
  ['sign', />=|<=|==|!=|[<>()+\-−*×/÷,]/y],
];
const SPELLINGS: Readonly<Record<string, string>> = { '−': '-', '×': '*', '÷': '/' };

/**
 * A hyphen inside a name belongs to it: `orders - views` needs its spaces.
 * @throws ExpressionError
 */
export function tokens(source: string): readonly Token[] {
  if (source.length > MAX_LENGTH) {
    throw new ExpressionError('too-long', MAX_LENGTH, `at most ${MAX_LENGTH} characters`);
  }
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    while (/[ \t\n\r]/.test(source.charAt(at))) at++;
    if (at === source.length) break;
    const token = read(source, at);
    found.push(token);
    at = token.end;
  }
  found.push({ kind: 'end', value: '', at, end: at });
  return found;
}

function read(source: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const [raw] = pattern.exec(source) ?? [];
    if (raw === undefined) continue;
    const value = kind === 'text' ? raw.slice(1, -1).replace(/\\(["\\])/g, '$1') : raw;
    const plain = kind === 'sign' ? (SPELLINGS[value] ?? value) : value;
    return { kind, value: plain, at, end: at + raw.length };
  }
  if (source[at] === '"') throw new ExpressionError('bad-text', at, 'the text does not end well');
  throw new ExpressionError(
    'bad-character',
    at,
    `${JSON.stringify(source[at])} is no part of a rule`,
  );
}
