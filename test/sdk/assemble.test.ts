/** Which parts a browser uses, and why not the others: SPEC.md of shared/protocol, K18 to K20. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type KnownTask, RankerAssembly } from '../../sdk/features/assemble.ts';
import { RankerScorer } from '../../sdk/features/ranker.ts';
import { startWeights } from '../../sdk/features/wide.ts';
import {
  type Architecture,
  parameterCount,
  type TowerArchitecture,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { graphRows } from '../../shared/model/pair-rows.ts';
import { pairMatrix, type RankerRecord } from '../../shared/model/parts.ts';
import type { ModelRecord, Task } from '../../shared/protocol/task.ts';
import { smallCatalogue } from './features-goods.ts';

const POP = { task: 'goods', weight: 2, floor: 1.5, scale: 3 };
const PAIR = { task: 'pairs', weight: 0.5, threshold: 3, decay: 0.6, reach: 3 };
const REPORTS = 200;
const PLAIN: RankerRecord = { wide: 'wide', pop: POP, pair: PAIR, deep: null, private: null };
const gated = (sigmas: number): RankerRecord => ({
  ...PLAIN,
  pop: { ...POP, gate: { task: 'parts', sigmas } },
});

let goods: Catalogue;
let tower: TowerArchitecture;
beforeAll(async () => {
  goods = await smallCatalogue();
  tower = { name: 'tower', kind: 'mean', content: goods.k, width: 3, historyLength: 4 };
});

function known(
  name: string,
  architecture: Architecture,
  weights: ArrayLike<number> | null,
  task: Partial<Task> = {},
): [string, KnownTask] {
  const d = parameterCount(architecture);
  const record = { type: 'model', reports: REPORTS } as ModelRecord;
  return [
    name,
    {
      hash: name,
      task: {
        ...{ name, architecture, d, tier: 'split', clipL2: 1, scaleBits: 16 },
        mechanism: { name: 'discrete-gaussian', sigma: 1 },
        ...{ minReports: 100, catalogue: goods.hash },
        recipe: { server: { name: 'release' } },
        ...task,
      } as Task,
      model: weights && {
        ...{ taskName: name, taskHash: name, modelVersion: 3, modelHash: `${name} 3` },
        ...{ weights: Float32Array.from(weights), record, storedAtMs: 0 },
      },
    },
  ];
}

/** σ of a sum: √(2 + 200/50) = 2.45. */
const SIGMA = Math.sqrt(6);

function site(change: Record<string, [string, KnownTask] | null> = {}): Map<string, KnownTask> {
  const n = goods.ids.length;
  const edges = n * goods.degree;
  const all = {
    wide: known('wide', { name: 'wide', historyLength: 7 }, startWeights()),
    goods: known(
      'goods',
      { name: 'counts', statistic: { name: 'items', items: n } },
      Float32Array.from({ length: n }, (_, j) => j / REPORTS),
    ),
    pairs: known(
      'pairs',
      { name: 'counts', statistic: { name: 'graph-pairs', edges, gaps: 3 } },
      Float32Array.from({ length: edges }, (_, e) => e / REPORTS),
    ),
    ...change,
  };
  return new Map(Object.values(all).filter((one) => one !== null));
}

const evaluation = (ndcg: number, pop = POP): [string, KnownTask] =>
  known(
    'parts',
    {
      ...{ name: 'metrics', of: 'parts', task: 'wide', historyLength: 7 },
      parts: { pop, pair: null, deep: null },
    },
    [0.9, 0.1, 0.2, ndcg],
  );

const assemble = (record: RankerRecord | undefined, tasks: Map<string, KnownTask>) =>
  new RankerAssembly().of(record, tasks, goods);

describe('a site without a record', () => {
  it('K18 ranks by the first wide task alone', () => {
    const { ranker, model, parts } = assemble(undefined, site());
    expect(ranker).toMatchObject({ historyLength: 7, pop: null, pair: null, deep: null });
    expect(ranker.wide).toEqual(startWeights());
    expect(model?.modelVersion).toBe(3);
    expect(parts).toEqual([]);
  });

  it('ranks by the start weights where there is no wide model, or one that is none', () => {
    for (const wide of [
      null,
      known('wide', { name: 'wide', historyLength: 7 }, null),
      known('wide', { name: 'wide', historyLength: 7 }, [1, 2]),
      known('wide', { name: 'wide', historyLength: 7 }, new Float32Array(11).fill(Number.NaN)),
    ]) {
      const { ranker, model } = assemble(undefined, site({ wide }));
      expect(ranker.wide).toEqual(startWeights());
      expect(model).toBeNull();
    }
    expect(assemble(PLAIN, new Map()).ranker.wide).toEqual(startWeights());
  });
});

describe('parts that are on', () => {
  it('K16 K17 K18 stand on the published sums less their noise', () => {
    const { ranker, parts } = assemble(PLAIN, site());
    expect(parts.map(({ part, state, version }) => [part, state, version])).toEqual([
      ['pop', 'on', 3],
      ['pair', 'on', 3],
    ]);
    for (const [j, score] of (ranker.pop ?? []).entries()) {
      const above = Math.max(j - 1.5 * SIGMA, 0);
      expect(score).toBeCloseTo(2 * Math.log(1 + above / 3), 3);
    }
    const sums = Float32Array.from({ length: goods.graph.length }, (_, e) => e);
    const rows = graphRows(pairMatrix(sums, SIGMA, PAIR), goods);
    expect(ranker.pair?.rows.items).toEqual(rows.items);
    expect(ranker.pair?.rows.starts).toEqual(rows.starts);
    for (const [e, value] of (ranker.pair?.rows.values ?? []).entries()) {
      expect(value).toBeCloseTo(rows.values[e] as number, 3);
    }
    const popular = { name: 'popular-pairs', among: [1, 4, 7], gaps: 3 } as const;
    const few = known('pairs', { name: 'counts', statistic: popular }, [0.5, -0.2, 0.1]);
    const among = assemble(PLAIN, site({ pairs: few }));
    expect(among.parts[1]?.state).toBe('on');
    expect([...(among.ranker.pair?.rows.items ?? [])]).toEqual([4, 1, 7, 4]);
    expect(among.ranker.pair?.linear).toBe(true);
    expect(ranker.pair?.linear).toBe(false);
  });

  it('K17 a popular pair ranks, and is told of, by its estimate without a logarithm', () => {
    const popular = { name: 'popular-pairs', among: [1, 4, 7], gaps: 3 } as const;
    const few = known('pairs', { name: 'counts', statistic: popular }, [0.5, -0.2, 0.1]);
    const pair = { ...PAIR, scale: 3 };
    const { ranker } = assemble({ ...PLAIN, pop: null, pair }, site({ pairs: few }));
    const scorer = new RankerScorer(goods);
    const scores = scorer.part('pair', [7, 1], ranker) as Float32Array;
    // Sums of 100 and 20, so far above the noise that only σ²/s is taken off.
    const [often, seldom] = [100 - SIGMA ** 2 / 3, 20 - SIGMA ** 2 / 3];
    expect(scores[4]).toBeCloseTo(0.5 * (often + 0.6 * seldom), 2);
    expect(scores.filter((one) => one !== 0)).toHaveLength(1);
    const why = scorer.explain([7, 1], [4], ranker)[0]?.find(({ feature }) => feature === 'pair');
    expect(why?.amount).toBeCloseTo(scores[4] as number, 6);
    expect(why?.items).toEqual([1, 7]);
  });

  it('K5 K16 three rounds of which the mean is published leave a third of the variance', () => {
    const n = goods.ids.length;
    const recipe = { server: { name: 'release', over: 6 } } as const;
    const means = Float32Array.from({ length: n }, (_, j) => j / REPORTS);
    const over = known('goods', { name: 'counts', statistic: { name: 'items', items: n } }, means, {
      recipe,
    });
    const { ranker } = assemble(PLAIN, site({ goods: over }));
    for (const [j, score] of (ranker.pop ?? []).entries()) {
      const above = Math.max(j - (1.5 * SIGMA) / Math.sqrt(3), 0);
      expect(score).toBeCloseTo(2 * Math.log(1 + above / 3), 3);
    }
  });

  it('K18 a tower is taken from its published version alone', () => {
    const record = { ...PLAIN, pop: null, pair: null, deep: { task: 'tower' } };
    const weights = new Float32Array(parameterCount(tower)).fill(0.5);
    const one = known('tower', tower, weights);
    const on = assemble(record, site({ tower: one }));
    expect(on.parts).toMatchObject([{ part: 'deep', state: 'on' }]);
    expect(on.ranker.deep).toEqual({ architecture: tower, weights });
    const initial = { ...one[1], model: { ...(one[1].model as object), modelVersion: 0 } };
    const off = assemble(record, site({ tower: ['tower', initial as KnownTask] }));
    expect(off.parts).toMatchObject([{ state: 'no-version' }]);
    expect(off.ranker.deep).toBeNull();
    const other = known('tower', { ...tower, content: 5 }, new Float32Array(24));
    const foreign = assemble(record, site({ tower: other }));
    expect(foreign.parts).toMatchObject([{ state: 'wrong-catalogue' }]);
  });
});

describe('parts that are off', () => {
  it('K17 K18 are named with the reason, and the others stay', () => {
    const items = (n: number): Architecture => ({
      ...{ name: 'counts', statistic: { name: 'items', items: n } },
    });
    const zeros = new Float32Array(goods.ids.length);
    const cases: [string, [string, KnownTask] | null][] = [
      ['no-task', null],
      ['wrong-task', known('goods', { name: 'wide', historyLength: 7 }, startWeights())],
      ['wrong-catalogue', known('goods', items(5), new Float32Array(5))],
      ['wrong-catalogue', known('goods', items(12), zeros, { catalogue: 'another' })],
      ['no-version', known('goods', items(12), null)],
    ];
    for (const [state, one] of cases) {
      const { ranker, parts } = assemble(PLAIN, site({ goods: one }));
      expect(parts.map((part) => part.state)).toEqual([state, 'on']);
      expect(ranker.pop).toBeNull();
      expect(ranker.pair).not.toBeNull();
    }
    const restored = known('goods', items(12), zeros);
    const { model } = restored[1];
    const record = { ...(model as object), record: { type: 'restore' } };
    const again: [string, KnownTask] = ['goods', { ...restored[1], model: record as never }];
    expect(assemble(PLAIN, site({ goods: again })).parts[0]?.state).toBe('no-version');
  });

  it('K20 are kept off by their gate until published figures say that they help', () => {
    // τ of a mean entry is √6/200; the margin's deviation √2·τ/0.9, about 0.0193.
    const states = (sigmas: number, one: [string, KnownTask] | null) =>
      assemble(gated(sigmas), site({ parts: one })).parts[0];
    expect(states(2, evaluation(0.3))?.state).toBe('on');
    expect(states(2, evaluation(0.3))?.quality?.margin).toBeCloseTo(0.1 / 0.9, 6);
    expect(states(6, evaluation(0.3))?.state).toBe('no-help');
    expect(states(5, evaluation(0.3))?.state).toBe('on');
    expect(states(0, evaluation(0.19))?.state).toBe('no-help');
    expect(states(0, evaluation(0.2))?.state).toBe('no-help');
    expect(states(2, null)?.state).toBe('wrong-gate');
    expect(states(2, evaluation(0.3, { ...POP, weight: 3 }))?.state).toBe('wrong-gate');
    const [name, { hash, task }] = evaluation(0.3);
    expect(states(2, [name, { hash, task, model: null }])?.state).toBe('not-evaluated');
    const few = known('parts', task.architecture, [0.01, 0, 0, 0.01]);
    expect(states(2, few)?.state).toBe('not-evaluated');
    const foreign = { ...task, catalogue: 'another' };
    const { model } = evaluation(0.3)[1];
    expect(states(2, [name, { hash, task: foreign, model }])?.state).toBe('not-evaluated');
    const { ranker } = assemble(gated(6), site({ parts: evaluation(0.3) }));
    expect(ranker.pop).toBeNull();
    expect(ranker.pair).not.toBeNull();
  });
});

describe('an assembly', () => {
  it('is the same until something that it stands on is another', () => {
    const assembly = new RankerAssembly();
    const first = assembly.of(PLAIN, site(), goods);
    expect(assembly.of({ ...PLAIN }, site(), goods)).toBe(first);
    const [, newer] = known(
      'goods',
      { name: 'counts', statistic: { name: 'items', items: 12 } },
      new Float32Array(12),
    );
    const model = { ...(newer.model as NonNullable<typeof newer.model>), modelVersion: 4 };
    const next = assembly.of(PLAIN, site({ goods: ['goods', { ...newer, model }] }), goods);
    expect(next).not.toBe(first);
    expect(assembly.of(gated(1), site(), goods).parts[0]?.state).toBe('wrong-gate');
  });
});
