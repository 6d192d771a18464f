/** Goods and their pairs on the item graph, against answers by hand and their laws. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { graphPairs, itemCounts } from '../../sdk/measure/items.ts';
import { measure } from '../../sdk/measure/measure.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { popularPairEntries, popularPairs } from '../../shared/model/parts-popular.ts';
import { entryCount, entryNames, type Statistic } from '../../shared/model/statistic.ts';
import { event, JUNK_EVENTS, smallCatalogue } from './features-goods.ts';

/** a → a, b; b → b, c; c → c, nothing. */
const GRAPH = { ids: ['a', 'b', 'c'], degree: 2, graph: Uint32Array.of(0, 1, 1, 2, 2, 3) };
const PAIRS = { name: 'graph-pairs', edges: 6, gaps: 3 } as const;

const norm = (values: Iterable<number>): number =>
  Math.sqrt([...values].reduce((sum, one) => sum + one * one, 0));

describe('itemCounts', () => {
  const of = (sequence: readonly number[], decay?: number): Float32Array =>
    itemCounts({ name: 'items', items: 5, ...(decay && { decay }) }, sequence, 5);

  it('K16 is 1/√m for each of the m different items', () => {
    expect([...of([3, 1, 3, 3, 0, 4])]).toEqual([0.5, 0.5, 0, 0.5, 0.5]);
    expect([...of([2])]).toEqual([0, 0, 1, 0, 0]);
    expect([...of([])]).toEqual([0, 0, 0, 0, 0]);
  });

  it('K16 weighs an item by the places from the end to its newest occurrence', () => {
    const raw = [0.5, 1, 0, 0.25];
    const seen = of([3, 0, 1, 3, 0, 1], 0.5);
    for (const [j, one] of raw.entries()) expect(seen[j]).toBeCloseTo(one / norm(raw), 6);
    expect(of([3, 1, 3, 3, 0, 4], 1)).toEqual(of([3, 1, 3, 3, 0, 4]));
  });

  it('K4 has norm 1, whatever the sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1 }),
        fc.constantFrom(1, 0.7, 1e-6),
        (sequence, decay) => {
          expect(norm(of(sequence, decay))).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  it('refuses another catalogue and items that it lacks, by name', () => {
    expect(() => itemCounts({ name: 'items', items: 4 }, [], 5)).toThrow(/items/);
    for (const item of [5, -1, 0.5, Number.NaN]) expect(() => of([item])).toThrow(/sequence/);
  });
});

describe('graphPairs', () => {
  const of = (sequence: readonly number[]): number[] => [...graphPairs(PAIRS, sequence, GRAPH)];

  it('K17 adds 1/g forward and half of it backward, on edges alone, and scales to norm 1', () => {
    // Gap 1: a → b 1, b → c 1, and nothing else is an edge; gap 2: half of 1/2 to a → b, from b and
    // a behind it; gap 3: a → a 1/3, which is one item and counts once.
    const raw = [1 / 3, 1.25, 0, 1, 0, 0];
    const length = norm(raw);
    for (const [e, weight] of of([0, 1, 2, 0]).entries()) {
      expect(weight).toBeCloseTo((raw[e] as number) / length, 6);
    }
    // The other way round: b → a is no edge, but half of it stands for a → b.
    const back = of([1, 0]);
    expect(back).toEqual([0, 1, 0, 0, 0, 0]);
    // A gap of 4 is too far.
    expect(graphPairs({ ...PAIRS, gaps: 4 }, [0, 2, 2, 2, 1], GRAPH)[1]).toBeGreaterThan(0);
    expect(of([0, 2, 2, 2, 1])[1]).toBe(0);
  });

  it('gives zeros where nothing is on the graph', () => {
    for (const sequence of [[], [1], [0, 2]]) expect(of(sequence)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('K4 is at least 0 and has norm 1 or 0, whatever the sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 })), (sequence) => {
        const weights = of(sequence);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
        const length = norm(weights);
        if (length !== 0) expect(length).toBeCloseTo(1, 6);
      }),
    );
  });

  it('refuses another catalogue, by name', () => {
    expect(() => graphPairs({ ...PAIRS, edges: 5 }, [], GRAPH)).toThrow(/edges/);
  });
});

describe('popularPairs', () => {
  /** Of items 0, 2 and 5: entries 0·2, 0·5, 2·5. */
  const of = (sequence: readonly number[], decay?: number): number[] => {
    const statistic = { name: 'popular-pairs', among: [0, 2, 5], gaps: 2 } as const;
    return [...popularPairs({ ...statistic, ...(decay && { decay }) }, sequence)];
  };

  it('K17 adds 1/√g, either way round, and scales to norm 1', () => {
    const raw = [1 + Math.SQRT1_2, 1, 0];
    for (const [e, weight] of of([2, 1, 0, 2, 4, 4, 5, 0]).entries()) {
      expect(weight).toBeCloseTo((raw[e] as number) / norm(raw), 6);
    }
    expect(of([2, 0, 1, 2, 2])).toEqual(of([2, 0, 1, 2, 2], 1));
    for (const sequence of [[], [0], [0, 0], [1, 3, 4], [0, 1, 1, 2]]) {
      expect(of(sequence)).toEqual([0, 0, 0]);
    }
  });

  it('K17 weighs a pair by the places from the end to the later one', () => {
    // 0·2 four places from the end and, over a gap of two, at the end; 0·5 one place from it.
    const raw = [0.0625 + Math.SQRT1_2, 0.5, 1];
    for (const [e, weight] of of([2, 0, 1, 0, 5, 2], 0.5).entries()) {
      expect(weight).toBeCloseTo((raw[e] as number) / norm(raw), 6);
    }
  });

  it('K4 has norm 1 or 0, whatever the sequence and however old its pairs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 })),
        fc.constantFrom(1, 0.85, 1e-6),
        (sequence, decay) => {
          const length = norm(of(sequence, decay));
          if (length !== 0) expect(length).toBeCloseTo(1, 6);
        },
      ),
    );
    const old = [0, 2, ...new Array<number>(2000).fill(1)];
    expect(of(old, 0.5)).toEqual([1, 0, 0]);
  });

  it('K17 lists no pair so old that its weight is nothing', () => {
    const statistic = { name: 'popular-pairs', among: [0, 2, 5], gaps: 2 } as const;
    const far = [0, 5, ...new Array<number>(80).fill(1), 0, 2];
    expect([...popularPairEntries({ ...statistic, decay: 1e-6 }, far)]).toEqual([[0, 1]]);
    expect([...popularPairEntries(statistic, far).keys()]).toEqual([0, 1]);
  });
});

describe('from a history', () => {
  let goods: Catalogue;
  beforeAll(async () => {
    goods = await smallCatalogue();
  });
  const counted = (statistic: Statistic, events: Parameters<typeof measure>[1]): Float32Array =>
    measure({ name: 'counts', statistic }, events, goods);

  it('K16 K17 counts the goods that the catalogue has', () => {
    const n = goods.ids.length;
    const events = [
      event('view_item', ['pot-clay']),
      event('view_item', ['left-the-catalogue']),
      event('view_item_list', ['lamp-oak']),
      event('add_to_cart', ['cup-clay']),
      event('purchase', ['pot-clay', 'cup-clay']),
    ];
    const seen = counted({ name: 'items', items: n }, events);
    expect([...seen.keys()].filter((j) => seen[j] !== 0).map((j) => goods.ids[j])).toEqual([
      'pot-clay',
      'cup-clay',
    ]);
    expect(seen[0]).toBeCloseTo(Math.SQRT1_2, 6);
    const edges = n * goods.degree;
    const pairs = counted({ name: 'graph-pairs', edges, gaps: 3 }, events);
    expect(norm(pairs)).toBeCloseTo(1, 6);
    expect(pairs[0]).toBeGreaterThan(0);
    const [clay, cup] = [goods.ids.indexOf('pot-clay'), goods.ids.indexOf('cup-clay')];
    const among = [...new Set([clay, cup, 9])].sort((a, b) => a - b);
    const few = counted({ name: 'popular-pairs', among, gaps: 2 }, events);
    expect([...few]).toEqual([1, 0, 0]);
  });

  it('bears junk and an empty history', () => {
    const n = goods.ids.length;
    for (const events of [[], JUNK_EVENTS]) {
      for (const statistic of [
        { name: 'items', items: n },
        { name: 'graph-pairs', edges: n * goods.degree, gaps: 3 },
        { name: 'popular-pairs', among: [0, 3, 5], gaps: 3 },
      ] as const) {
        expect(counted(statistic, events).every(Number.isFinite)).toBe(true);
      }
    }
  });
});

describe('entries', () => {
  it.each<[Statistic, number]>([
    [{ name: 'items', items: 7 }, 7],
    [{ name: 'graph-pairs', edges: 12, gaps: 3 }, 12],
    [{ name: 'popular-pairs', among: [1, 2, 5, 9], gaps: 3 }, 6],
    [{ name: 'pairs', of: 'item', bins: 9 }, 9],
    [{ name: 'campaign', campaign: 'x', arms: ['a', 'b'], windowMs: 1 }, 4],
  ])('K2 %j are %i', (statistic, d) => {
    expect(entryCount(statistic)).toBe(d);
    expect(entryNames(statistic)).toHaveLength(d);
  });
});
