import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StoredModel } from '../../sdk/database/database.ts';
import { evaluate } from '../../sdk/measure/measure.ts';
import { type Published, published } from '../../sdk/measure/published.ts';
import { rankQuality } from '../../sdk/measure/quality.ts';
import { normBound } from '../../shared/field/fixed.ts';
import type {
  Architecture,
  HeadArchitecture,
  MetricsArchitecture,
} from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { INTENT_INPUTS } from '../../shared/model/heads/inputs.ts';
import { INTENT as INTENT_HEAD } from '../../shared/model/heads/intent.ts';
import { privUnitVariance } from '../../shared/privacy/seeded.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { rowQuality } from '../simulate/metrics.ts';
import { event, NOON_MS, smallCatalogue } from './features-goods.ts';

const HOUR = 3_600_000;
const HEAD = INTENT_HEAD.architecture as HeadArchitecture;
let goods: Catalogue;
beforeAll(async () => {
  goods = await smallCatalogue();
});

describe('metrics', () => {
  const RANKING: MetricsArchitecture = {
    name: 'metrics',
    of: 'ranking',
    task: 'wide',
    historyLength: 10,
  };
  const INTENT: MetricsArchitecture = {
    name: 'metrics',
    of: 'head',
    task: 'intent',
    head: HEAD,
  };
  const nowMs = NOON_MS + 24 * HOUR;

  it('K9 the last good, held out, and ranked by its score alone', () => {
    const weights = new Float32Array(11);
    // Feature 10 of the wide ranker, "same brand as the last": only Grain's goods score.
    weights[9] = 1;
    const events = ['pot-clay', 'board-oak', 'lamp-oak'].map((id) => event('view_item', [id]));
    const input = { events, catalogue: goods, weights, nowMs };
    const [browsers, hit, gain, start] = evaluate(RANKING, input);
    // Three of Grain's four other goods tie, as board-oak itself is not ranked.
    const expected = (1 + 1 / Math.log2(3) + 1 / Math.log2(4)) / 3;
    expect([browsers, hit]).toEqual([1, 1]);
    expect(gain).toBeCloseTo(expected, 6);
    expect(start).toBeGreaterThan(0);
    weights[9] = -1;
    const [, miss, none] = evaluate(RANKING, { ...input, weights });
    expect(miss).toBeLessThan(1);
    expect(none).toBeLessThan(expected);
  });

  it('K9 agrees with the rank quality that the simulation measures by', () => {
    const score = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(score, { minLength: 2, maxLength: 40 }), fc.nat(), (scores, at) => {
        const target = at % scores.length;
        const excluded = (target + 1) % scores.length;
        const { hit, gain } = rankQuality(scores, target, excluded);
        const oracle = rowQuality(scores, target, [excluded]);
        expect(hit).toBeCloseTo(oracle.hit, 12);
        expect(gain).toBeCloseTo(oracle.gain, 12);
      }),
      { seed: 7 },
    );
  });

  it('K10 log loss of the newest completed visit, capped, and whether it was foreseen', () => {
    const weights = new Float32Array(INTENT_INPUTS.length + 1);
    const visit = [
      event('view_item', ['pot-clay'], { session: 1 }),
      event('add_to_cart', ['pot-clay'], { session: 1 }),
      event('purchase', ['pot-clay'], { session: 1 }),
    ];
    const at = (bias: number, events = visit): number[] => {
      weights[INTENT_INPUTS.length] = bias;
      return [...evaluate(INTENT, { events, catalogue: goods, weights, nowMs })];
    };
    const [browsers, loss, right] = at(2);
    expect([browsers, right]).toEqual([1, 1]);
    expect(loss).toBeCloseTo(Math.log1p(Math.exp(-2)) / 4, 6);
    expect(at(-2)[1]).toBeCloseTo(Math.log1p(Math.exp(2)) / 4, 6);
    expect(at(-100)).toEqual([1, 1, 0]);
    expect(at(400)).toEqual([1, 0, 1]);
    expect(at(-3e38)).toEqual([1, 1, 0]);
    const looked = [event('view_item', ['pot-clay'], { session: 1 })];
    expect(at(100, looked)).toEqual([1, 1, 0]);
    // A visit that still runs is not judged.
    const running = { events: looked, catalogue: goods, weights, nowMs: NOON_MS + 60_000 };
    expect([...evaluate(INTENT, running)]).toEqual([0, 0, 0]);
  });

  it('K10 log loss of the next category among three, and whether the likeliest came', () => {
    const [own, other] = [goods.categories[0] as string, goods.categories[1] as string];
    const id = (category: string): string =>
      goods.ids[goods.category.indexOf(goods.categories.indexOf(category))] as string;
    const label = { name: 'next-category', categories: [other, own, 'none'] } as const;
    const head: HeadArchitecture = {
      ...{ name: 'head', head: 'next', label, inputs: ['recency'], hidden: 0 },
    };
    const events = [other, own].map((category) => event('view_item', [id(category)]));
    const architecture = { name: 'metrics', of: 'head', task: 'next', head } as const;
    // The weights of the input, then the biases of the three.
    const at = (...biases: number[]): number[] => {
      const weights = Float32Array.of(0, 0, 0, ...biases);
      return [...evaluate(architecture, { events, catalogue: goods, weights, nowMs })];
    };
    const loss = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(-1)) - 2;
    const [browsers, share, right] = at(1, 2, -1);
    expect([browsers, right]).toEqual([1, 1]);
    expect(share).toBeCloseTo(loss / 4, 6);
    expect(at(2, 1, -1)[1]).toBeCloseTo((loss + 1) / 4, 6);
    expect(at(2, 1, -1)[2]).toBe(0);
    expect(at(0, 0, 0)[1]).toBeCloseTo(Math.log(3) / 4, 6);
    expect(at(3e38, -3e38, 0)).toEqual([1, 1, 0]);
    expect(at(-3e38, 3e38, 0)).toEqual([1, 0, 1]);
  });

  it('K3 an empty history gives zeros of the length d', () => {
    const weights = new Float32Array(29);
    const input = { events: [], catalogue: goods, nowMs };
    expect([...evaluate(RANKING, { ...input, weights: weights.subarray(0, 11) })]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([...evaluate(INTENT, { ...input, weights })]).toEqual([0, 0, 0]);
  });
});

describe('what was published', () => {
  const CAMPAIGN: Architecture = {
    name: 'counts',
    statistic: { name: 'campaign', campaign: 'spring', arms: ['a'], windowMs: HOUR },
  };
  const TASK = {
    recipe: { server: { name: 'release' } },
    name: 'campaign',
    kind: 'measure',
    architecture: CAMPAIGN,
    d: 2,
    clipL2: 2,
    scaleBits: 16,
    minReports: 100,
  } as const;
  const model = (reports: number, ...weights: number[]): StoredModel =>
    ({
      modelVersion: 3,
      weights: Float32Array.from(weights),
      record: { type: 'model', reports },
    }) as unknown as StoredModel;
  const read = (change: Partial<Task>, one: StoredModel | null): Published | null =>
    published({ ...TASK, ...change } as Task, one);

  it('K5 sums are means times n, and their deviation is that of the tier', () => {
    const mechanism = { name: 'discrete-gaussian', sigma: 0.8 } as const;
    const local = read({ tier: 'local', mechanism }, model(400, 0.25, -0.01));
    expect(local).toMatchObject({ task: 'campaign', about: 'spring', version: 3, reports: 400 });
    expect(local?.entries).toEqual([
      { name: 'exposed', of: 'a', sum: 100 },
      { name: 'converted', of: 'a', sum: Math.fround(-0.01) * 400 },
    ]);
    const stretch = normBound(2 ** 16, 2) / 2 ** 16;
    expect(local?.standardDeviation).toBeCloseTo(2 * 0.8 * 2 * stretch * Math.sqrt(400), 4);
    // The browsers' shares and one full noise of each server: DESIGN's √(2 + n/(½·n_min)).
    const split = read({ tier: 'split', mechanism }, model(150, 0.25, 0));
    expect(split?.standardDeviation).toBeCloseTo(0.8 * 2 * stretch * Math.sqrt(2 + 3), 4);
    const bare = read({ tier: 'test', mechanism: { name: 'none' } }, model(10, 1, 0));
    expect(bare?.standardDeviation).toBeLessThan(1e-4);
  });

  it('K5 over several rounds, the deviation is that of their mean', () => {
    const mechanism = { name: 'discrete-gaussian', sigma: 0.8 } as const;
    const recipe = { server: { name: 'release', over: 5 } } as const;
    const one = read({ tier: 'local', mechanism }, model(400, 0.25, 0));
    const three = read({ tier: 'local', mechanism, recipe }, model(400, 0.25, 0));
    const ratio = (three?.standardDeviation ?? 0) / (one?.standardDeviation ?? 1);
    expect(ratio).toBeCloseTo(1 / Math.sqrt(3), 12);
    expect(three?.entries).toEqual(one?.entries);
  });

  it('K5 PR42 says the deviation of PrivUnitG, and nothing before the first version', () => {
    const seeded = { name: 'privunit', acceptance: 60_000, threshold: 9, candidates: 99 } as const;
    const one = read({ tier: 'local', mechanism: seeded }, model(400, 0.25, 0));
    // n reports of variance C²·V over d entries: C·√(V·n/d) in a sum.
    const root = TASK.clipL2 * Math.sqrt((privUnitVariance(seeded, TASK.d) * 400) / TASK.d);
    expect(one?.standardDeviation).toBeCloseTo(root, 6);
    const mechanism = { name: 'none' } as const;
    expect(read({ tier: 'test', mechanism }, null)).toBeNull();
    const first = { ...model(1, 0, 0), record: null };
    expect(read({ tier: 'test', mechanism }, first)).toBeNull();
    const train = { kind: 'train', architecture: { name: 'wide', historyLength: 10 } } as const;
    expect(read({ tier: 'test', mechanism, ...train }, model(9, 1, 1))).toBeNull();
  });

  it('K9 K10 names the metrics and what was evaluated', () => {
    const architecture: Architecture = {
      name: 'metrics',
      of: 'head',
      task: 'head',
      head: HEAD,
    };
    const change = { kind: 'evaluate', architecture, d: 3, tier: 'test' } as const;
    const one = read({ ...change, mechanism: { name: 'none' } }, model(10, 1, 0.5, 0.25));
    expect(one).toMatchObject({ kind: 'evaluate', about: 'head' });
    expect(one?.entries).toEqual([
      { name: 'browsers', of: 'head', sum: 10 },
      { name: 'log-loss', of: 'head', sum: 5 },
      { name: 'accuracy', of: 'head', sum: 2.5 },
    ]);
  });
});
