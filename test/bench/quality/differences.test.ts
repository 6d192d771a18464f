import { expect, it } from 'vitest';
import { claimed, differences } from './differences.ts';
import { runRanking } from './ranking.ts';
import { syntheticFolder } from './synthetic.ts';

const at = (greater: number) => ({
  full: { greater, tied: 1 },
  sampled: { greater: 0, tied: 1 },
});
const lists = (places: readonly number[]) => places.map(at);

it('compares means over the seeds, list by list', () => {
  const worse = Array.from({ length: 40 }, () => 30);
  // Of the better row one seed hits every second list and the other all of them.
  const half = worse.map((place, i) => (i % 2 === 0 ? 0 : place));
  const names = ['a', 'b', 'b'];
  const ranks = [lists(worse), lists(half), lists(worse.map(() => 0))];
  const [found] = differences(names, ranks, [['b', 'a']]);
  expect(found).toMatchObject({ name: 'b', than: 'a', lists: 40, hr10: 75, ndcg10: 75 });
  expect(found?.hr10Low).toBeLessThan(75);
  expect(found?.hr10Low).toBeGreaterThan(60);
  expect(found?.hr10High).toBeGreaterThan(75);
  expect(found?.hr10High).toBeLessThan(90);
  expect(differences(names, ranks, [['b', 'a']])).toEqual([found]);
  expect(() => differences(names, ranks, [['b', 'c']])).toThrow(RangeError);
});

it('has no interval but zero between a row and itself', () => {
  const [found] = differences(['a'], [lists([0, 3, 30])], [['a', 'a']]);
  expect(found).toMatchObject({ ndcg10: 0, ndcg10Low: 0, ndcg10High: 0 });
});

it('claims each part over the row without it, once for all seeds', () => {
  const names = ['x', 'federated under DP: wide', 'federated under DP: wide + pop'];
  const alone = 'federated under DP (popularity 1, pairs 2): wide + pop';
  const parts = [...names, ...names, 'federated under DP: wide + pop + pair (graph)', alone];
  expect(claimed(parts, 'x', ['y'])).toEqual([
    ['x', 'y'],
    ['federated under DP: wide + pop', 'federated under DP: wide'],
    ['federated under DP: wide + pop + pair (graph)', 'federated under DP: wide + pop'],
  ]);
});

it('is in the results, the private part and int8 among them', async () => {
  const made = syntheticFolder('text-items');
  try {
    const results = await runRanking(made.folder, { quick: true, curves: false, seeds: 1 });
    const { differences: found, beside } = results as unknown as {
      differences: readonly { than: string; ndcg10Low: number; ndcg10High: number }[];
      beside: {
        lists: number;
        privateMoves: number;
        differences: readonly { name: string; ndcg10: number }[];
      };
    };
    expect(found.map(({ than }) => than)).toContain('untrained ranker');
    for (const { ndcg10Low, ndcg10High } of found) {
      expect(ndcg10Low).toBeLessThanOrEqual(ndcg10High);
    }
    const [own, int8, float32] = beside.differences;
    expect(own?.name).toContain('private');
    expect(beside.privateMoves).toBeGreaterThan(0);
    // Rounding moves far less than half of the lists.
    expect(Math.abs(int8?.ndcg10 ?? 99)).toBeLessThan(10);
    expect(Math.abs(float32?.ndcg10 ?? 99)).toBeLessThan(10);
  } finally {
    made.remove();
  }
}, 120_000);
