/** The ranker's record: its shape, what it must fit, and what admits a part. */
import { describe, expect, it } from 'vitest';
import {
  type Architecture,
  fitsCatalogue,
  metricEntries,
  type PartsMetrics,
  parameterCount,
} from '../../shared/model/architecture.ts';
import type { RankerRecord } from '../../shared/model/parts.ts';
import { partQuality, qualityOf } from '../../shared/protocol/gate.ts';
import { architecture } from '../../shared/protocol/kinds.ts';
import { assertRanker, misfit, RANKER } from '../../shared/protocol/ranker.ts';
import { decodeSite, decodeTask } from '../../shared/protocol/records.ts';
import { ShapeError } from '../../shared/protocol/shape.ts';
import type { Task } from '../../shared/protocol/task.ts';

const POP = { task: 'goods', weight: 0.15, floor: 1.5, scale: 3 };
const PAIR = { task: 'pairs', weight: 0.5, threshold: 3, decay: 0.6, reach: 3 };
const gate = { task: 'parts', sigmas: 2 };
const FULL: RankerRecord = {
  wide: 'wide',
  pop: { ...POP, gate },
  pair: { ...PAIR, gate },
  deep: { task: 'tower' },
  private: { rate: 0.3, steps: 3, pull: 0.1 },
};
const PARTS: PartsMetrics = {
  ...{ name: 'metrics', of: 'parts', task: 'wide', historyLength: 10 },
  parts: { pop: POP, pair: PAIR, deep: null },
};
const TASKS: Record<string, Architecture> = {
  wide: { name: 'wide', historyLength: 10 },
  goods: { name: 'counts', statistic: { name: 'items', items: 6 } },
  pairs: { name: 'counts', statistic: { name: 'graph-pairs', edges: 12, gaps: 3 } },
  tower: { name: 'tower', kind: 'gru', content: 8, width: 4, historyLength: 10 },
  parts: PARTS,
};
const taskOf =
  (change: Record<string, Architecture | undefined> = {}) =>
  (name: string): { architecture: Architecture } | undefined => {
    const architecture = { ...TASKS, ...change }[name];
    return architecture && { architecture };
  };

const SITE = {
  ...{ version: 1, type: 'site', site: 'shop', serial: 1, tasks: [], segments: [], revoked: [] },
  budget: { epsilon: 1, delta: 1e-6, order: 8 },
};

describe('the record', () => {
  it('K18 is optional in a site’s record, and strict', () => {
    expect(decodeSite(SITE).ranker).toBeUndefined();
    expect(decodeSite({ ...SITE, ranker: FULL }).ranker).toEqual(FULL);
    const scaled = { ...FULL, pair: { ...FULL.pair, scale: 1.5 } };
    expect(decodeSite({ ...SITE, ranker: scaled }).ranker).toEqual(scaled);
    const wrong: unknown[] = [
      null,
      { ...FULL, more: 1 },
      { ...FULL, deep: undefined },
      { ...FULL, pop: { ...POP, weight: Number.NaN } },
      { ...FULL, pop: { ...POP, weight: -1 } },
      { ...FULL, pop: { ...POP, scale: 0 } },
      { ...FULL, pair: { ...PAIR, reach: 0 } },
      { ...FULL, pair: { ...PAIR, decay: 1.5 } },
      { ...FULL, pair: { ...PAIR, scale: 0 } },
      { ...FULL, pop: { ...POP, gate: 'parts' } },
      { ...FULL, private: { rate: 1, steps: 1000, pull: 0 } },
    ];
    for (const ranker of wrong) {
      expect(() => decodeSite({ ...SITE, ranker }), JSON.stringify(ranker)).toThrow(ShapeError);
    }
  });

  it('K18 K20 fits the tasks of its site, or says which part does not', () => {
    expect(() => assertRanker(FULL, taskOf())).not.toThrow();
    const none = { ...FULL, pop: null, pair: null, deep: null };
    expect(() => assertRanker(none, taskOf({ goods: undefined }))).not.toThrow();
    const cases: [Record<string, Architecture | undefined>, RegExp][] = [
      [{ wide: undefined }, /ranker\.wide/],
      [{ wide: TASKS.goods }, /ranker\.wide/],
      [{ goods: undefined }, /pop\.task/],
      [{ goods: TASKS.pairs }, /pop\.task/],
      [{ pairs: TASKS.goods }, /pair\.task/],
      [{ tower: TASKS.wide }, /deep\.task/],
      [{ parts: undefined }, /pop\.gate/],
      [{ parts: TASKS.goods }, /pop\.gate/],
      [{ parts: { ...PARTS, task: 'other' } }, /pop\.gate/],
      [{ parts: { ...PARTS, parts: { ...PARTS.parts, pop: null } } }, /pop\.gate/],
      [{ parts: { ...PARTS, parts: { ...PARTS.parts, pair: { ...PAIR, decay: 0.5 } } } }, /pair/],
    ];
    for (const [change, reason] of cases) {
      expect(() => assertRanker(FULL, taskOf(change))).toThrow(reason);
    }
    expect(misfit(FULL, 'pop', taskOf({ goods: undefined }))).toBe('no-task');
    expect(misfit(FULL, 'pop', taskOf({ goods: TASKS.wide }))).toBe('wrong-task');
    expect(misfit(FULL, 'pair', taskOf({ parts: undefined }))).toBe('wrong-gate');
    expect(misfit(FULL, 'deep', taskOf({ parts: undefined }))).toBeNull();
    expect(() => RANKER(FULL, 'ranker')).not.toThrow();
  });

  it('K20 stand on the popularity of the ranker, which then has no gate, or on none', () => {
    const { gate: _, ...pop } = FULL.pop as NonNullable<typeof FULL.pop>;
    const always = { ...FULL, pop };
    const with_ = (base: object) =>
      taskOf({ parts: { ...PARTS, base, parts: { ...PARTS.parts, pop: null } } as never });
    expect(misfit(always, 'pair', with_(pop))).toBeNull();
    expect(misfit(FULL, 'pair', with_(pop))).toBe('wrong-gate');
    expect(misfit({ ...FULL, pop: null }, 'pair', with_(pop))).toBe('wrong-gate');
    expect(misfit(always, 'pair', with_({ ...pop, weight: 2 * pop.weight }))).toBe('wrong-gate');
  });

  it('K19 hold a base or popularity among the parts, not both', () => {
    const base = { ...POP };
    expect(() => architecture({ ...PARTS, base }, 'architecture')).toThrow(/base/);
    const pair = { ...PARTS, base, parts: { ...PARTS.parts, pop: null } };
    expect(() => architecture(pair, 'architecture')).not.toThrow();
    const loud = { ...pair, base: { ...base, loud: 1 } };
    expect(() => architecture(loud, 'architecture')).toThrow();
  });
});

/** An evaluation of parts with noise of deviation τ = 0.01·C in each entry of the mean. */
function evaluation(more: Partial<Task> = {}): Task {
  return {
    ...{ kind: 'evaluate', tier: 'test', architecture: PARTS, d: 5, clipL2: Math.sqrt(5) },
    ...{ mechanism: { name: 'none' }, scaleBits: 16, minReports: 100 },
    ...more,
  } as Task;
}

describe('what a part adds', () => {
  it('K2 K19 has an entry for each part', () => {
    expect(metricEntries(PARTS)).toEqual([
      ...['browsers', 'ndcg10-start', 'ndcg10-wide', 'ndcg10-pop', 'ndcg10-pair'],
    ]);
    expect(parameterCount(PARTS)).toBe(5);
  });

  it('K20 is the ratio of published sums, with its deviation', () => {
    const means = [0.8, 0.2, 0.24, 0.32, 0.2];
    const task = evaluation();
    expect(partQuality(task, 'pop', means, 100)?.margin).toBeCloseTo(0.1, 9);
    expect(partQuality(task, 'pair', means, 100)?.margin).toBeCloseTo(-0.05, 9);
    expect(partQuality(task, 'deep', means, 100)).toBeNull();
    expect(qualityOf(task, means, 100)?.margin).toBeCloseTo(0.05, 9);
    const split = evaluation({
      tier: 'split',
      mechanism: { name: 'discrete-gaussian', sigma: 1 },
    });
    // τ = σ·C·√(2 + 100/50)/100 = 2·√5/100, but for rounding.
    const deviation = (0.02 * Math.sqrt(5) * Math.sqrt(2 + 0.01)) / 0.8;
    expect(partQuality(split, 'pop', means, 100)?.deviation).toBeCloseTo(deviation, 4);
  });

  it('K20 comes to no figure where the noise is as large as the browsers', () => {
    const split = evaluation({
      tier: 'split',
      mechanism: { name: 'discrete-gaussian', sigma: 5 },
    });
    expect(partQuality(split, 'pop', [0.8, 0.2, 0.24, 0.32, 0.2], 100)).toBeNull();
    expect(partQuality(evaluation(), 'pop', [0, 0, 0, 0, 0], 100)).toBeNull();
    expect(partQuality(evaluation(), 'pop', [0.8, 0.2, 0.2, Number.NaN, 0], 100)).toBeNull();
    expect(partQuality(evaluation(), 'pop', [0.8, 0.2], 100)).toBeNull();
  });
});

describe('tasks of a catalogue', () => {
  it('K17 fit the catalogue whose items and edges they count', () => {
    const goods = { ids: ['a', 'b', 'c', 'd', 'e', 'f'], degree: 2 };
    expect(fitsCatalogue(TASKS.goods as Architecture, goods)).toBe(true);
    expect(fitsCatalogue(TASKS.pairs as Architecture, goods)).toBe(true);
    expect(fitsCatalogue(TASKS.goods as Architecture, { ...goods, ids: ['a'] })).toBe(false);
    expect(fitsCatalogue(TASKS.pairs as Architecture, { ...goods, degree: 3 })).toBe(false);
    expect(fitsCatalogue(TASKS.wide as Architecture, { ids: [], degree: 0 })).toBe(true);
  });

  it('K1 K3 decode as tasks of their kind', () => {
    const hash = '0'.repeat(64);
    const key = `${'A'.repeat(42)}A`;
    const task = (architecture: Architecture, kind: string, clipL2 = 4): unknown => ({
      ...{ version: 1, type: 'task', site: 'shop', name: 'x', kind, tier: 'test', architecture },
      ...{ d: parameterCount(architecture), clipL2, scaleBits: 16, mechanism: { name: 'none' } },
      ...{ epsilon: 'none', delta: 1e-6, participations: 1, separationMs: 0, quietMs: 0, coin: 1 },
      ...{ minReports: 1, maxReports: 2, windowMs: 1000, expiresAtMs: 1, catalogue: hash },
      ...{ initialModel: hash, aggregatorKey: key, helper: null, label: '' },
      recipe: { server: { name: 'release' } },
    });
    for (const name of ['goods', 'pairs']) {
      expect(() => decodeTask(task(TASKS[name] as Architecture, 'measure'))).not.toThrow();
      expect(() => decodeTask(task(TASKS[name] as Architecture, 'measure', 0.9))).toThrow(/clip/);
    }
    expect(() => decodeTask(task(PARTS, 'evaluate'))).not.toThrow();
    expect(() => decodeTask(task(PARTS, 'evaluate', 2.2))).toThrow(/clip/);
    expect(() => decodeTask(task(PARTS, 'measure'))).toThrow(ShapeError);
    const empty = { ...PARTS, parts: { pop: null, pair: null, deep: null } };
    expect(() => decodeTask(task(empty, 'evaluate'))).toThrow(ShapeError);
    const fractional = { ...PARTS, parts: { ...PARTS.parts, pop: { ...POP, gate } } };
    expect(() => decodeTask(task(fractional as PartsMetrics, 'evaluate'))).toThrow(ShapeError);
  });
});
