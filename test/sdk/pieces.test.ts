import { describe, expect, it } from 'vitest';
import { joined, piecesOf } from '../../sdk/pieces.ts';

describe('a long answer in pieces', () => {
  it.each([0, 1, 250, 251, 10_000])('is the same again, with %i events', async (count) => {
    const events = Array.from({ length: count }, (_, key) => ({
      key,
      items: [{ id: `i-${key}` }],
    }));
    const all = { events, coins: { a: true }, consent: null, models: [[1, 2], [3]] };
    const pieces = piecesOf(all);
    expect(await joined(async (i) => pieces[i] ?? null)).toEqual(all);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(20_000);
  });

  it('is empty without an engine', async () => {
    expect(await joined(async () => null)).toEqual({});
  });
});
