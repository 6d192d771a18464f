import { describe, expect, it } from 'vitest';
import { SeededRandom } from './random.ts';

describe('seeded randomness of the simulated world', () => {
  it('is the same for the same seed and another for another', () => {
    const draw = (seed: string): number[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
    expect(draw('shopper/1')).not.toEqual(draw('shopper/2'));
  });

  it('has uniform tenths within five standard deviations', () => {
    const random = new SeededRandom('tenths');
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const tenth = random.below(10);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 95);
  });

  it('draws by weight, never an index of weight 0', () => {
    const random = new SeededRandom('weights');
    const drawn = new Set(Array.from({ length: 500 }, () => random.weighted([0, 1, 0, 3])));
    expect([...drawn].sort()).toEqual([1, 3]);
    expect(() => random.weighted([0, 0])).toThrow(RangeError);
  });

  it('shuffles without losing anything', () => {
    const list = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = new SeededRandom('s').shuffled(list);
    expect(shuffled).not.toEqual(list);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
  });
});
