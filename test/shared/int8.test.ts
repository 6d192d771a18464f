import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCatalogue } from '../../aggregator/catalogue/build.ts';
import { givenVectors } from '../../aggregator/catalogue/embedder.ts';
import { towerScores } from '../../sdk/features/tower.ts';
import { startWeights, WideScorer } from '../../sdk/features/wide.ts';
import {
  type Architecture,
  parameterCount,
  type TowerArchitecture,
} from '../../shared/model/architecture.ts';
import {
  decodeInt8,
  encodeInt8,
  int8Size,
  quantise,
  weightParts,
} from '../../shared/model/int8.ts';
import { hitRate, ndcg, rankOf } from '../../shared/model/metrics/ranking.ts';
import {
  hasIndustrial,
  readItems,
  readRows,
  readVectors,
} from '../sdk/features-industrial-data.ts';
import { SeededRandom } from '../simulate/random.ts';

const tower = (kind: TowerArchitecture['kind']): TowerArchitecture => ({
  name: 'tower',
  kind,
  content: 12,
  width: 5,
  historyLength: 7,
});

describe('an int8 model', () => {
  const weights = fc.array(fc.float({ min: -1e4, max: 1e4, noNaN: true }), { maxLength: 60 });

  it('has a byte for each weight, off by at most half the scale of its part', () => {
    fc.assert(
      fc.property(weights, fc.nat(60), (values, cut) => {
        const first = Math.min(cut, values.length);
        const parts = [first, values.length - first];
        const bytes = encodeInt8(values, parts);
        expect(bytes).toHaveLength(int8Size(values.length, 2));
        const read = decodeInt8(bytes, values.length);
        for (const [i, value] of values.entries()) {
          const part = i < first ? values.slice(0, first) : values.slice(first);
          const scale = Math.max(...part.map(Math.abs)) / 127;
          expect(Math.abs((read[i] as number) - value)).toBeLessThanOrEqual(
            scale * 0.500_01 + 1e-38,
          );
        }
      }),
    );
  });

  it('keeps zeros, signs and the largest weight of each part', () => {
    const read = quantise([0, -2, 1, 0.001, 100, 0, 0], [3, 2, 2]);
    expect(read[0]).toBe(0);
    expect(read[1]).toBeCloseTo(-2, 5);
    expect(read[2]).toBeCloseTo((64 / 127) * 2, 5);
    expect(read[3]).toBe(0);
    expect(read[4]).toBeCloseTo(100, 4);
    expect([...read.slice(5)]).toEqual([0, 0]);
  });

  it('has the parts of each architecture, which add up to its weights', () => {
    const label = { name: 'purchase-in-session' } as const;
    const inputs = ['searches', 'weekend'];
    const all: readonly Architecture[] = [
      { name: 'wide', historyLength: 10 },
      ...(['attention', 'gru', 'lstm', 'cnn', 'mean'] as const).map(tower),
      { name: 'head', head: 'intent', label, inputs, hidden: 0 },
      { name: 'head', head: 'intent', label, inputs, hidden: 4 },
      {
        name: 'trunk',
        inputs,
        hidden: 3,
        heads: [
          { head: 'a', label },
          { head: 'b', label },
        ],
      },
    ];
    for (const architecture of all) {
      const parts = weightParts(architecture);
      expect(parts.reduce((sum, length) => sum + length, 0)).toBe(parameterCount(architecture));
    }
    expect(weightParts(all.at(-1) as Architecture)).toEqual([9, 4, 4]);
  });

  it('is refused where it is none', () => {
    const bytes = encodeInt8([1, 2, 3], [1, 2]);
    expect(() => encodeInt8([1, 2], [1])).toThrow(/parts/);
    expect(() => encodeInt8([Number.NaN], [1])).toThrow(/finite/);
    expect(() => decodeInt8(bytes, 2)).toThrow(RangeError);
    expect(() => decodeInt8(bytes.slice(0, -1), 3)).toThrow(RangeError);
    expect(() => decodeInt8(new Uint8Array(3), 0)).toThrow(RangeError);
    for (const [at, value] of [
      [0, 0],
      [8, 2],
      [8, 0],
      [15, 0x7f],
    ] as const) {
      const wrong = bytes.slice();
      wrong[at] = value;
      if (at === 15) wrong[14] = 0xc0;
      expect(() => decodeInt8(wrong, 3)).toThrow(RangeError);
    }
  });
});

const skipped = hasIndustrial ? '' : ' (skipped: no ../shared/data/amazon-industrial)';

describe.skipIf(!hasIndustrial)(`accuracy lost on amazon-industrial${skipped}`, () => {
  it('is at most half a point for the wide ranker, and for a tower', {
    timeout: 120_000,
  }, async () => {
    const embedder = givenVectors(readVectors(512));
    const { catalogue } = await buildCatalogue(readItems(), { embedder });
    const rows = readRows('valid').slice(0, 250);
    const random = new SeededRandom('int8');
    const quality = (scores: (history: readonly number[]) => ArrayLike<number>) => {
      const ranks = rows.map(({ history, target }) => rankOf(scores(history), target));
      const mean = (of: (rank: (typeof ranks)[number]) => number): number =>
        (100 * ranks.reduce((sum, rank) => sum + of(rank), 0)) / ranks.length;
      return { hr10: mean((rank) => hitRate(rank, 10)), ndcg10: mean((rank) => ndcg(rank, 10)) };
    };
    const compare = (
      architecture: Architecture,
      weights: Float32Array,
      scores: (weights: Float32Array, history: readonly number[]) => ArrayLike<number>,
    ): void => {
      const rounded = quantise(weights, weightParts(architecture));
      expect(rounded).not.toEqual(weights);
      const exact = quality((history) => scores(weights, history));
      const lost = quality((history) => scores(rounded, history));
      expect(exact.hr10).toBeGreaterThan(8);
      expect(Math.abs(exact.hr10 - lost.hr10)).toBeLessThan(0.51);
      expect(Math.abs(exact.ndcg10 - lost.ndcg10)).toBeLessThan(0.51);
    };

    const scorer = new WideScorer(catalogue, 200e6);
    const trained = startWeights().map((weight) => weight + 0.3 * random.normal());
    compare({ name: 'wide', historyLength: 10 }, trained, (w, h) => scorer.scores(h, w, 10));

    // Near the mean of the content vectors, which ranks well, and far from round numbers.
    const width = catalogue.k;
    const deep: TowerArchitecture = {
      name: 'tower',
      kind: 'mean',
      content: width,
      width,
      historyLength: 10,
    };
    const weights = Float32Array.from({ length: parameterCount(deep) }, (_, i) => {
      const at = i % (width * width);
      return (Math.floor(at / width) === at % width ? 1 : 0) + 0.02 * random.normal();
    });
    compare(deep, weights, (w, h) => towerScores(deep, w, h, catalogue));
  });
});
