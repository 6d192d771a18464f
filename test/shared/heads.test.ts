/** Heads and trunks as records: K10, K22 and K24, and their start weights. */
import { describe, expect, it } from 'vitest';
import {
  type Architecture,
  headsOf,
  parameterCount,
  type TrunkArchitecture,
} from '../../shared/model/architecture.ts';
import { CHURN } from '../../shared/model/heads/churn.ts';
import { CUSTOMER } from '../../shared/model/heads/customer.ts';
import { columnsOf, INTENT_INPUTS } from '../../shared/model/heads/inputs.ts';
import { INTENT, INTENT_MLP } from '../../shared/model/heads/intent.ts';
import { outputsOf } from '../../shared/model/heads/label.ts';
import { NEXT_CATEGORY } from '../../shared/model/heads/next-category.ts';
import { PRICE_SENSITIVITY } from '../../shared/model/heads/price-sensitivity.ts';
import { type HeadRecord, headEvaluation, headTask } from '../../shared/model/heads/record.ts';
import { headStart } from '../../shared/model/heads/start.ts';
import { VALUE } from '../../shared/model/heads/value.ts';
import {
  entryCount,
  entryNames,
  type InputLabelStatistic,
  largestStatisticNorm,
} from '../../shared/model/statistic.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { newWorld } from '../sdk/round-world.ts';

const { task } = await newWorld();
const RECORDS: readonly HeadRecord[] = [
  ...[INTENT, INTENT_MLP, CHURN, VALUE, PRICE_SENSITIVITY, NEXT_CATEGORY, CUSTOMER],
];
const source = (): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(1));

function trained(architecture: object, change: Partial<Task> = {}): unknown {
  const d = parameterCount(architecture as Architecture);
  return { ...task, architecture, d, ...change };
}

describe('the head records that are shipped', () => {
  it.each(RECORDS.map((one) => [one.name, one] as const))('%s is a task', (_, record) => {
    const { architecture, recipe, clipL2, initialWeights, name } = headTask(record, source());
    const made = decodeTask(trained(architecture, { name, recipe, clipL2 })) as Task;
    expect(made.d).toBe(initialWeights.length);
    expect(record.metrics.length).toBeGreaterThan(0);
    const evaluation = headEvaluation(record);
    if (evaluation === null) return;
    const { d } = { d: parameterCount(evaluation.architecture) };
    const judged = { ...task, ...evaluation, d, initialWeights: undefined };
    delete judged.initialWeights;
    expect(decodeTask(judged)).toMatchObject({ kind: 'evaluate' });
  });

  it('K22 the intent head is the logistic regression that it was', () => {
    expect(INTENT.architecture.inputs).toBe(INTENT_INPUTS);
    const { initialWeights } = headTask(INTENT, source());
    expect(initialWeights).toEqual(Float32Array.from([...new Array<number>(27).fill(0), -1.7]));
  });

  it('a trunk has the heads of its parts, whose names and labels are theirs', () => {
    const heads = headsOf(CUSTOMER.architecture);
    expect(heads.map(({ head }) => head)).toEqual(['churn', 'value', 'price-sensitivity']);
    expect(heads[0]?.label).toEqual(headsOf(CHURN.architecture)[0]?.label);
    expect(headEvaluation(CUSTOMER)).toBeNull();
    const { architecture } = headEvaluation(NEXT_CATEGORY) ?? {};
    expect(architecture).toMatchObject({ of: 'head', head: NEXT_CATEGORY.architecture });
  });
});

const HEAD = { ...INTENT.architecture, inputs: ['recency', 'category#4'] };

describe('K22 records of heads', () => {
  it('d follows from inputs, hidden units and labels', () => {
    const trunk: TrunkArchitecture = {
      name: 'trunk',
      inputs: ['recency', 'category#4'],
      hidden: 3,
      heads: [
        { head: 'a', label: { name: 'no-purchase', days: 30 } },
        { head: 'b', label: { name: 'next-category', categories: ['x', 'y', 'z'] } },
      ],
    };
    const sizes = [HEAD, { ...HEAD, hidden: 3 }, trunk].map((one) =>
      parameterCount(one as Architecture),
    );
    expect(sizes).toEqual([6, 6 * 3 + 4, 6 * 3 + 4 * (1 + 3)]);
    expect(outputsOf({ name: 'next-category', categories: 9 })).toBe(9);
    expect(decodeTask(trained(trunk))).toBeTruthy();
  });

  const label = (one: object): object => ({ ...HEAD, label: one });
  it.each([
    ['an unknown input', { ...HEAD, inputs: ['recency', 'income'] }, /unknown input "income"/],
    ['no input', { ...HEAD, inputs: [] }, /inputs/],
    ['an input twice', { ...HEAD, inputs: ['recency', 'recency'] }, /inputs/],
    ['too many columns', { ...HEAD, inputs: ['category#60000', 'brand#60000'] }, /65536 columns/],
    ['a layer without end', { ...HEAD, hidden: 257 }, /hidden/],
    ['a head without a name', { ...HEAD, head: '' }, /head: expected a name/],
    ['a head that shouts', { ...HEAD, head: 'Intent' }, /head: expected a name/],
    ['a field too many', { ...HEAD, users: 1 }, /no such field/],
    ['an unknown label', label({ name: 'income' }), /label/],
    ['a label without its window', label({ name: 'no-purchase' }), /days/],
    ['a window of three years', label({ name: 'no-purchase', days: 1000 }), /days/],
    ['a share above 1', label({ name: 'discount-share-at-least', days: 9, share: 2 }), /share/],
    ['one category', label({ name: 'next-category', categories: ['a'] }), /two names/],
    [
      'a trunk with one head',
      {
        ...CUSTOMER.architecture,
        heads: headsOf(CHURN.architecture).map(({ head, label }) => ({ head, label })),
      },
      /two heads/,
    ],
    ['a trunk without a layer', { ...CUSTOMER.architecture, hidden: 0 }, /hidden/],
  ])('refuses %s', (_, architecture, words) => {
    expect(() => decodeTask({ ...task, architecture, d: 6 })).toThrow(words);
  });

  it('K10 an evaluation is of a head with at most 54 outcomes', () => {
    const many = (categories: number) => {
      const label = { name: 'next-category', categories };
      return { ...NEXT_CATEGORY.architecture, label };
    };
    const architecture = { name: 'metrics', of: 'head', task: 'x', head: many(55) };
    const recipe = { server: { name: 'release' } };
    const record = { ...task, kind: 'evaluate', architecture, d: 3, clipL2: 2, recipe };
    expect(() => decodeTask(record)).toThrow(/54 outcomes/);
    for (const head of [CHURN.architecture, NEXT_CATEGORY.architecture, many(54)]) {
      expect(decodeTask({ ...record, architecture: { ...architecture, head } })).toBeTruthy();
    }
  });
});

describe('start weights', () => {
  it('tell everybody the base rate, with a hidden layer too', () => {
    const weights = headStart(CUSTOMER.architecture, source());
    const columns = columnsOf(CUSTOMER.architecture.inputs);
    const first = (columns + 1) * CUSTOMER.architecture.hidden;
    expect([...weights.subarray(first)].filter((w) => w !== 0)).toEqual(
      [-2.2, -1.1].map(Math.fround),
    );
    const layer = weights.subarray(0, columns * CUSTOMER.architecture.hidden);
    const variance = layer.reduce((sum, w) => sum + w * w, 0) / layer.length;
    expect(variance * columns).toBeGreaterThan(0.8);
    expect(variance * columns).toBeLessThan(1.2);
    expect(weights.subarray(layer.length, first).every((w) => w === 0)).toBe(true);
    expect(headStart(CUSTOMER.architecture, source())).toEqual(weights);
    expect(headTask({ ...INTENT, start: -3 }, source()).initialWeights[27]).toBe(-3);
  });
});

const STATISTIC: InputLabelStatistic = {
  name: 'input-label',
  label: { name: 'no-purchase', days: 30 },
  inputs: [
    { input: 'recency', edges: [0.3, 0.6] },
    { input: 'spend', edges: [0.2, 0.5] },
    { input: 'orders', edges: [0.1, 0.4] },
  ],
  ways: 1,
};

describe('K24 joint counts of inputs and a label', () => {
  const measured = (statistic: object): unknown => ({
    ...task,
    kind: 'measure',
    architecture: { name: 'counts', statistic },
    d: entryCount(statistic as InputLabelStatistic),
    recipe: { server: { name: 'release' } },
    clipL2: 1,
  });

  it('d is bins times two of each table, and every entry has its name', () => {
    expect(entryCount(STATISTIC)).toBe(3 * 3 * 2);
    expect(entryCount({ ...STATISTIC, ways: 2 })).toBe(3 * 9 * 2);
    const uneven = STATISTIC.inputs.map((one, i) => ({ ...one, edges: one.edges.slice(i % 2) }));
    for (const ways of [1, 2] as const) {
      const one = { ...STATISTIC, inputs: uneven, ways };
      expect(entryNames(one)).toHaveLength(entryCount(one));
    }
    expect(largestStatisticNorm(STATISTIC)).toBe(1);
    const names = entryNames({ ...STATISTIC, ways: 2 }).map(({ of }) => of);
    expect(names.slice(0, 3)).toEqual([
      'recency 0, spend 0, 0',
      'recency 0, spend 0, 1',
      'recency 0, spend 1, 0',
    ]);
    expect(new Set(names).size).toBe(54);
    for (const ways of [1, 2]) expect(decodeTask(measured({ ...STATISTIC, ways }))).toBeTruthy();
  });

  const inputs = (...all: object[]): object => ({ ...STATISTIC, inputs: all });
  it.each([
    ['edges that fall', inputs({ input: 'recency', edges: [0.6, 0.3] }), /rising/],
    ['an edge at the end', inputs({ input: 'recency', edges: [0, 1] }), /edges/],
    ['no edge', inputs({ input: 'recency', edges: [] }), /edges/],
    [
      'other numbers of edges',
      inputs({ input: 'recency', edges: [0.5] }, { input: 'spend', edges: [0.2, 0.5] }),
      /as many/,
    ],
    ['an input of many columns', inputs({ input: 'recency:4', edges: [0.5] }), /one column/],
    ['an input around 0', inputs({ input: '~recency', edges: [0.5] }), /from 0 to 1/],
    ['an unknown input', inputs({ input: 'income', edges: [0.5] }), /unknown input/],
    [
      'an input twice',
      { ...STATISTIC, inputs: [STATISTIC.inputs[0], STATISTIC.inputs[0]] },
      /once/,
    ],
    ['pairs of one input', { ...STATISTIC, inputs: [STATISTIC.inputs[0]], ways: 2 }, /at least 2/],
    [
      'a label of many outcomes',
      { ...STATISTIC, label: { name: 'next-category', categories: 4 } },
      /two outcomes/,
    ],
    ['three ways', { ...STATISTIC, ways: 3 }, /ways/],
  ])('refuses %s', (_, statistic, words) => {
    const good = measured(STATISTIC) as Task;
    const record = { ...good, architecture: { name: 'counts', statistic } };
    expect(() => decodeTask(record)).toThrow(words);
  });
});
