import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type Facts } from '../../shared/model/expression/evaluate.ts';
import { FIELDS, isSensitive } from '../../shared/model/expression/fields.ts';
import { parseExpression } from '../../shared/model/expression/parse.ts';
import { ExpressionError } from '../../shared/model/expression/token.ts';
import { DEFAULT_SEGMENTS } from '../../shared/protocol/segments.ts';

const VALUES: Readonly<Record<string, number | string | boolean>> = {
  orders: 3,
  views: 10,
  spend: 250,
  'basket-value': 0,
  'top-brand': 'Forge',
  'interest(category, tents)': 0.3,
  'trait(plan)': 'pro',
  'trait(points)': 40,
  'trait(member)': true,
};
const facts: Facts = {
  field: (name) => (VALUES[name] as number | string | undefined) ?? null,
  interest: (kind, name) => (VALUES[`interest(${kind}, ${name})`] as number | undefined) ?? 0,
  trait: (name) => VALUES[`trait(${name})`] ?? null,
};
const answer = (rule: string) => evaluate(parseExpression(rule), facts);
const problem = (rule: string): string => {
  try {
    parseExpression(rule);
    return 'none';
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return `${error.code} ${error.at}`;
  }
};

describe('R11 the language of segment rules', () => {
  it.each([
    ['orders >= 2 and spend > 200 and not (days-since-purchase > 60)', null],
    ['orders >= 2 and spend > 200', true],
    ['orders > 3 or views > 10 or spend == 250', true],
    ['orders >= 2 and not views >= 10', false],
    ['not not orders == 3', true],
    ['orders == 3 or orders == 1 and orders == 2', true],
    ['(orders == 3 or orders == 1) and orders == 2', false],
    ['orders + views * 2 == 23', true],
    ['(orders + views) * 2 == 26', true],
    ['views - orders - 1 == 6', true],
    ['views ÷ 4 × 2 − 1 == 4', true],
    ['-orders < -2', true],
    ['max(orders, views, 7) == 10 and min(orders, 1) == 1 and abs(0 - orders) == 3', true],
    ['((orders) > 2)', true],
    ['interest("category", "tents") > 0.2', true],
    ['interest("brand", "tents") > 0.2', false],
    ['trait("plan") == "pro" and trait("plan") != "free"', true],
    ['trait("points") * 2 >= 80 and trait("member") == true', true],
    ['top-brand == "Forge"', true],
    ['top-brand != "Forge"', false],
    ['intent >= 0.4', null],
    ['intent >= 0.4 or orders == 3', true],
    ['intent >= 0.4 and orders == 9', false],
    ['spend / basket-value > 1', null],
    ['trait("plan") > 3', null],
    ['trait("plan") + 1 > 3', null],
    ['trait("gone") == "pro"', null],
  ])('%s is %s', (rule, holds) => {
    expect(answer(rule).holds).toBe(holds);
  });

  it('says how near it is, as documented', () => {
    expect(answer('orders >= 4').score).toBe(0.75);
    expect(answer('views <= 8').score).toBe(0.8);
    expect(answer('orders > 3').score).toBe(0.99);
    expect(answer('orders < -1').score).toBe(0);
    expect(answer('orders >= 4 and views >= 5').score).toBe(0.875);
    expect(answer('orders >= 4 or views >= 40').score).toBe(0.75);
    expect(answer('not (orders < 4 or views < 5)').score).toBe(0.875);
    expect(answer('intent > 0.5 and views >= 5')).toMatchObject({ holds: null, score: 0.5 });
    expect(answer('not intent > 0.5')).toMatchObject({ holds: null, score: 0 });
    expect(answer('top-brand == "Grain"').score).toBe(0);
  });

  it('says why: each comparison with what was found', () => {
    const { why } = answer('not (orders + 1 >= 5) and trait("plan") > 3 and intent > 0.5');
    expect(why).toEqual([
      {
        ...{ test: 'orders + 1 >= 5', op: '>=', actual: 4, value: 5, holds: false, problem: null },
        fields: [{ field: 'orders', value: 3 }],
      },
      {
        ...{ test: 'trait("plan") > 3', op: '>', actual: 'pro', value: 3 },
        ...{ holds: null, problem: 'wrong-kind', fields: [{ field: 'trait(plan)', value: 'pro' }] },
      },
      {
        ...{ test: 'intent > 0.5', op: '>', actual: null, value: 0.5, holds: null },
        ...{ problem: 'no-value', fields: [{ field: 'intent', value: null }] },
      },
    ]);
  });

  it.each([
    ['', 'bad-syntax 0'],
    ['orders', 'bad-syntax 6'],
    ['orders > 1 views > 2', 'bad-syntax 11'],
    ['orders > 1)', 'bad-syntax 10'],
    ['(orders > 1', 'bad-syntax 11'],
    ['(orders + 1', 'bad-syntax 0'],
    ['1 < orders < 3', 'bad-syntax 11'],
    ['orders > "1', 'bad-text 9'],
    ['orders > 1; alert(1)', 'bad-character 10'],
    ['orders["x"] > 1', 'bad-character 6'],
    ['orders > 1e9', 'bad-character 9'],
    ['orders = 1', 'bad-character 7'],
    ['orders >= and', 'unknown-field 10'],
    ['orders-views > 1', 'unknown-field 0'],
    ['constructor == 1', 'unknown-field 0'],
    ['interest("colour", "red") > 0', 'unknown-field 0'],
    ['eval("1") == 1', 'unknown-function 0'],
    ['trait(plan) == "pro"', 'bad-syntax 6'],
    ['top-brand > "A"', 'wrong-kind 10'],
    ['top-brand == 1', 'wrong-kind 10'],
    ['orders == "3"', 'wrong-kind 7'],
    ['"a" + 1 == 2', 'wrong-kind 0'],
    ['orders > true', 'wrong-kind 7'],
    ['age > 30', 'sensitive-field 0'],
    ['trait("birthYear") > 1990', 'sensitive-field 6'],
    ['trait("user_gender") == "f"', 'sensitive-field 6'],
    ['trait("AGEGroup") == "b"', 'sensitive-field 6'],
    ['trait("g.e.n.d.e.r") == "f"', 'sensitive-field 6'],
    ['trait("gen-der") == "f"', 'sensitive-field 6'],
    ['trait("ge\u200bnder") == "f"', 'sensitive-field 6'],
    ['trait("gënder") == "f"', 'sensitive-field 6'],
    ['trait("ｇｅｎｄｅｒ") == "f"', 'sensitive-field 6'],
    ['trait("性.别") == "f"', 'sensitive-field 6'],
    ['trait("岁数") > 40', 'sensitive-field 6'],
    ['interest("category", "Religious books") > 0.5', 'sensitive-field 21'],
    ['top-category == "孕妇健康"', 'sensitive-field 16'],
    [`orders > ${'('.repeat(25)}1${')'.repeat(25)}`, 'too-deep 34'],
    [`${'not '.repeat(25)}orders > 1`, 'too-deep 100'],
    [`orders > ${Array(100).fill('1').join('+')}`, 'too-large'],
    [`orders > 1${' '.repeat(500)}`, 'too-long 500'],
  ])('refuses %s: %s', (rule, reason) => {
    expect(problem(rule)).toMatch(new RegExp(`^${reason}`));
  });

  it('takes every documented field', () => {
    for (const [name, kind] of Object.entries(FIELDS)) {
      expect(problem(`${name} == ${kind === 'number' ? '1' : '"x"'}`)).toBe('none');
      expect(isSensitive(name)).toBe(false);
    }
    for (const { when } of DEFAULT_SEGMENTS) expect(problem(when)).toBe('none');
  });

  it.each([
    'ages',
    'userAge',
    'SEX',
    'mental-health',
    'Glaube religion',
    'ｇｅｎｄｅｒ',
    '宗教书籍',
  ])('knows %s for sensitive', (name) => expect(isSensitive(name)).toBe(true));

  it.each(['average', 'pages', 'image', 'storage', 'plan', 'trace', 'brace', 'Essex', '茶壶'])(
    'does not take %s for sensitive',
    (name) => expect(isSensitive(name)).toBe(false),
  );

  it('names the fault of any text, and never throws when asked', () => {
    const words = ['orders', '(', ')', 'not', 'and', 'or', '>=', '-', '*', '1', '"x"', 'min', ','];
    const text = fc
      .array(fc.constantFrom(...words, 'trait', 'interest', 'true', 'top-brand'), { maxLength: 40 })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ maxLength: 600 })), (source) => {
        const found = problem(source);
        if (found !== 'none') return;
        const { holds, score, why } = answer(source);
        expect(holds === true).toBe(score === 1);
        expect(score >= 0 && score <= 1).toBe(true);
        expect(why.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000, seed: 5 },
    );
  });

  it('follows De Morgan in value and in score', () => {
    const comparison = fc
      .tuple(
        fc.constantFrom('orders', 'views', 'intent', 'spend'),
        fc.constantFrom('>=', '>', '<=', '<', '==', '!='),
        fc.nat(20),
      )
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(comparison, comparison, (a, b) => {
        const one = answer(`not (${a} and ${b})`);
        const other = answer(`not (${a}) or not (${b})`);
        expect([one.holds, one.score]).toEqual([other.holds, other.score]);
      }),
    );
  });
});
