/** Negatives by popularity: what is drawn how often, and what is refused. */
import { describe, expect, it } from 'vitest';
import { examplesFromSequence } from '../../sdk/features/build.ts';
import type { SequenceExamples } from '../../sdk/features/examples.ts';
import { popularItems, uniformItems } from '../../sdk/features/negatives.ts';
import type { TowerArchitecture } from '../../shared/model/architecture.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { syntheticCatalogue } from '../bench/synthetic.ts';

const source = (): ChaChaSource => new ChaChaSource(new Uint8Array(32).fill(5));
const DRAWS = 60_000;

function drawn(sums: readonly number[], share: number): number[] {
  const [draw, random] = [popularItems(sums, share), source()];
  const counts = sums.map(() => 0);
  for (let i = 0; i < DRAWS; i++) {
    const item = draw(random);
    counts[item] = (counts[item] as number) + 1;
  }
  return counts;
}

describe('negatives by popularity', () => {
  it.each([1, 0.75, 0.25])('K27 are in proportion to the counts for a share of %d', (share) => {
    const sums = [1, 0, 5, 0, 2, 8];
    const counts = drawn(sums, share);
    let chi = 0;
    for (const [item, sum] of sums.entries()) {
      const expected = DRAWS * (share * (sum / 16) + (1 - share) / sums.length);
      if (expected === 0) expect(counts[item]).toBe(0);
      else chi += ((counts[item] as number) - expected) ** 2 / expected;
    }
    // With 5 degrees of freedom 20.5 is passed once in 1,000 seeds; this one is fixed.
    expect(chi).toBeLessThan(20.5);
  });

  it('K27 are uniform where nothing is known to be popular', () => {
    const [none, all] = [popularItems([0, 0, 0, 0], 1), uniformItems(4)];
    const [one, other] = [source(), source()];
    for (let i = 0; i < 100; i++) expect(none(one)).toBe(all(other));
  });

  it('K27 are the candidates of an example beside its target', async () => {
    const { catalogue } = await syntheticCatalogue({ items: 6, k: 4 });
    const tower: TowerArchitecture = {
      ...{ name: 'tower', kind: 'mean', content: 4, width: 2, historyLength: 3 },
    };
    const recipe = { negatives: 40, maxExamples: 9 };
    const draw = popularItems([0, 0, 0, 9, 0, 0], 1);
    const args = [tower, [0, 5], catalogue, recipe, source(), { draw }] as const;
    const { candidatesVectors } = examplesFromSequence(...args) as SequenceExamples;
    const vector = (item: number) => catalogue.vectors.subarray(item * 4, item * 4 + 4);
    expect(candidatesVectors.subarray(0, 4)).toEqual(vector(5));
    for (let c = 1; c <= 40; c++) {
      expect(candidatesVectors.subarray(c * 4, c * 4 + 4)).toEqual(vector(3));
    }
  });
});
