/** The composed ranker: the sum of its parts, explained exactly, and never NaN. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { hashedNgrams } from '../../aggregator/catalogue/embedder.ts';
import { PersonalOffset } from '../../sdk/features/personal.ts';
import { type Ranker, RankerScorer, wideRanker } from '../../sdk/features/ranker.ts';
import { towerScores } from '../../sdk/features/tower.ts';
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import { parameterCount, type TowerArchitecture } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { graphRows, pairScores } from '../../shared/model/pair-rows.ts';
import { SeededRandom } from '../simulate/random.ts';
import { smallCatalogue } from './features-goods.ts';

const TOWER: TowerArchitecture = {
  ...{ name: 'tower', kind: 'gru', content: 8, width: 4, historyLength: 5 },
};
const PRIVATE = { rate: 0.3, steps: 3, pull: 0.1 };

let goods: Catalogue;
let full: Ranker;
let scorer: RankerScorer;
beforeAll(async () => {
  goods = await smallCatalogue();
  scorer = new RankerScorer(goods);
  const random = new SeededRandom('ranker');
  const draw = (length: number, scale: number): Float32Array =>
    Float32Array.from({ length }, () => scale * (random.uniform() - 0.5));
  const n = goods.ids.length;
  const matrix = draw(n * goods.degree, 8).map((value) => Math.max(0, value));
  const shared: Ranker = {
    ...wideRanker(draw(11, 4), 4),
    pop: draw(n, 1).map(Math.abs),
    pair: { rows: graphRows(matrix, goods), weight: 0.5, decay: 0.6, reach: 3 },
    deep: { architecture: TOWER, weights: draw(parameterCount(TOWER), 2) },
  };
  const personal = PersonalOffset.fit(scorer, shared, [0, 1, 2, 5, 1, 3], PRIVATE);
  expect(personal).not.toBeNull();
  full = { ...shared, personal };
});

const HISTORIES = [[], [3], [1, 2], [0, 1, 2, 3, 4, 5, 6, 1, 7], [5, 5, 5]];
const at = (values: ArrayLike<number>, i: number): number => values[i] as number;
const NAMES = ['pop', 'pair', 'deep', 'private'] as const;

describe('scores', () => {
  it('K18 are the wide score and the parts, each times its weight', () => {
    const wide = new WideScorer(goods);
    for (const history of HISTORIES) {
      const scores = scorer.scores(history, full);
      const pair = full.pair as NonNullable<Ranker['pair']>;
      const deep = full.deep as NonNullable<Ranker['deep']>;
      const terms = [
        wide.scores(history, full.wide, full.historyLength),
        full.pop as Float32Array,
        pairScores(pair.rows, history, pair).map((one) => pair.weight * one),
        towerScores(deep.architecture, deep.weights, history, goods),
        ...(history.length > 0 ? [full.personal?.scores(goods) as Float32Array] : []),
      ];
      for (let j = 0; j < goods.ids.length; j++) {
        const sum = terms.reduce((all, term) => all + (term[j] as number), 0);
        expect(scores[j]).toBeCloseTo(sum, 4);
      }
    }
  });

  it('of the wide part alone are those of the wide ranker', () => {
    const wide = new WideScorer(goods);
    for (const history of HISTORIES) {
      const expected = wide.scores(history, startWeights(), 10);
      expect(scorer.scores(history, wideRanker())).toEqual(expected);
    }
  });

  it('of a few candidates are those of all', () => {
    for (const history of HISTORIES) {
      const all = scorer.scores(history, full);
      const items = [4, 0, 11];
      for (const [row, score] of scorer.candidates(history, items, full).entries()) {
        expect(score).toBeCloseTo(all[items[row] as number] as number, 4);
      }
    }
  });

  it('with an empty history are popularity, and zeros without it', () => {
    expect(scorer.scores([], full)).toEqual(full.pop);
    const bare = scorer.scores([], { ...full, pop: null });
    expect(bare).toEqual(new Float32Array(goods.ids.length));
  });

  it('refuse tables of another catalogue and items that it lacks, by name', () => {
    const pair = full.pair as NonNullable<Ranker['pair']>;
    const wrong = (change: Partial<Ranker>): (() => unknown) => {
      return () => scorer.scores([1], { ...full, ...change });
    };
    expect(wrong({ pop: new Float32Array(3) })).toThrow(/pop/);
    const rows = graphRows([1], { ids: ['x'], graph: Uint32Array.of(0), degree: 1 });
    expect(wrong({ pair: { ...pair, rows } })).toThrow(/pair/);
    expect(wrong({ wide: [1] })).toThrow(/weights/);
    expect(() => scorer.scores([99], full)).toThrow(/history/);
  });

  it('are finite for any history of the catalogue', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 11 })), (history) => {
        expect(scorer.scores(history, full).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('serve goods that no count knows by their content', () => {
    const n = goods.ids.length;
    const cold = goods.ids.indexOf('pot-iron');
    const pop = Float32Array.from({ length: n }, (_, j) => (j === cold ? 0 : 0.2));
    const none = graphRows(new Float32Array(n * goods.degree), goods);
    const ranker: Ranker = {
      ...wideRanker(),
      ...{ pop, pair: { rows: none, weight: 3, decay: 0.6, reach: 3 } },
    };
    const scores = scorer.scores([goods.ids.indexOf('pot-clay')], ranker);
    const order = [...scores.keys()].sort((a, b) => at(scores, b) - at(scores, a));
    expect(order.slice(0, 4)).toContain(cold);
  });

  it('rank in a catalogue of one item', async () => {
    const item = { id: 'only', title: 'Only one', description: '', brand: '', category: '' };
    const items = [{ ...item, priceCents: -1 }];
    const { catalogue } = await buildCatalogue(items, { embedder: hashedNgrams(), maxK: 8 });
    const one = new RankerScorer(catalogue);
    const ranker: Ranker = {
      ...wideRanker(),
      pop: Float32Array.of(0.5),
      pair: {
        ...{ weight: 1, decay: 0.6, reach: 3 },
        rows: graphRows(new Float32Array(catalogue.degree), catalogue),
      },
    };
    for (const history of [[], [0], [0, 0, 0]]) {
      const scores = one.scores(history, ranker);
      expect(scores).toHaveLength(1);
      expect(scores.every(Number.isFinite)).toBe(true);
      expect(PersonalOffset.fit(one, ranker, history, PRIVATE)).toBeNull();
      expect(one.explain(history, [0], ranker)).toHaveLength(1);
    }
  });
});

describe('explanations', () => {
  it('add up to the score, the largest first', () => {
    for (const history of HISTORIES) {
      const scores = scorer.scores(history, full);
      const items = goods.ids.map((_, j) => j);
      for (const [item, why] of scorer.explain(history, items, full).entries()) {
        const sum = why.reduce((all, { amount }) => all + amount, 0);
        expect(sum).toBeCloseTo(scores[item] as number, 4);
        const sizes = why.map(({ amount }) => Math.abs(amount));
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
        expect(sizes.every((size) => size > 0)).toBe(true);
      }
    }
  });

  it('name each part by its amount', () => {
    const [why] = scorer.explain([1, 2], [3], full);
    for (const name of NAMES) {
      const amount = scorer.part(name, [1, 2], full)?.[3] ?? 0;
      const told = why?.find(({ feature }) => feature === name)?.amount ?? 0;
      expect(told).toBeCloseTo(amount, 6);
    }
  });

  it('name history items alone, and those that made the amount', () => {
    const history = [0, 4, 2, 7];
    const items = goods.ids.map((_, j) => j);
    for (const [item, why] of scorer.explain(history, items, full).entries()) {
      for (const { feature, items: behind } of why) {
        expect(behind.every((one) => history.includes(one))).toBe(true);
        if (feature.endsWith('-last')) expect(behind).toEqual([7]);
        if (feature === 'pair') {
          // Without them nothing of it is left.
          const rest = history.slice(-3).map((one) => (behind.includes(one) ? -1 : one));
          const alone = rest.filter((one) => one !== -1);
          expect(scorer.part('pair', alone, full)?.[item] ?? 0).toBe(0);
        }
        if (feature === 'vector-max') {
          const wide = new WideScorer(goods);
          const only = wide.features(behind, [item], 10)[2];
          expect(only).toBeCloseTo(wide.features(history, [item], 4)[2] as number, 6);
        }
      }
    }
  });

  it('name the items without which the tower says less', () => {
    const history = [0, 4, 2, 7];
    const deep = full.deep as NonNullable<Ranker['deep']>;
    const said = (seen: readonly number[]): Float32Array =>
      towerScores(deep.architecture, deep.weights, seen, goods);
    const items = goods.ids.map((_, j) => j);
    let named = 0;
    for (const [item, why] of scorer.explain(history, items, full).entries()) {
      const part = why.find(({ feature }) => feature === 'deep');
      const amount = Math.abs(said(history)[item] as number);
      const sign = Math.sign(said(history)[item] as number);
      const losses = (part?.items ?? []).map((one) => {
        named++;
        const rest = said(history.filter((other) => other !== one))[item] as number;
        return amount - sign * rest;
      });
      expect(losses.every((loss) => loss > 0)).toBe(true);
      expect(losses).toEqual([...losses].sort((a, b) => b - a));
    }
    expect(named).toBeGreaterThan(5);
  });
});
