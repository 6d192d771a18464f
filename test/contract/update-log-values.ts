/** Values: compare-and-set, whole or not at all. */
import { describe, expect, it } from 'vitest';
import { Fenced, type UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { LONG, type LogWorld, race, same } from './update-log-world.ts';
import { frameBytes, numberOf } from './update-log-writer.ts';

export function valueContract(world: () => LogWorld): void {
  describe('values', () => {
    it('are replaced as a whole by whoever knows the revision', async () => {
      const { log, other, name } = world();
      const key = name();
      expect(await log.load(key)).toEqual({ revision: 0, bytes: null });
      const first = await log.save(key, 0, frameBytes(1, LONG));
      const firstValue = await other.load(key);
      expect(firstValue.revision).toBe(first);
      expect(same(firstValue.bytes, frameBytes(1, LONG))).toBe(true);
      const second = await other.save(key, first, new Uint8Array(0));
      expect(second).toBeGreaterThan(first);
      expect(await log.load(key)).toEqual({ revision: second, bytes: new Uint8Array(0) });
      for (const expected of [0, first, second + 1]) {
        for (const writer of [log, other]) {
          await expect(writer.save(key, expected, frameBytes(9, 10))).rejects.toThrow(Fenced);
        }
      }
      const third = await log.save(key, second, frameBytes(3, LONG));
      const thirdValue = await other.load(key);
      expect(thirdValue.revision).toBe(third);
      expect(same(thirdValue.bytes, frameBytes(3, LONG))).toBe(true);
    });

    it.each([12, LONG])(
      'of %i bytes by several writers at once: exactly one wins',
      async (length) => {
        const { log, open, name } = world();
        const key = name();
        const writers = await Promise.all(Array.from({ length: 5 }, open));
        let expected = 0;
        for (let round = 0; round < 3; round++) {
          const start = expected;
          const { won } = await race(
            writers.map((writer, i) => writer.save(key, start, frameBytes(i, length))),
          );
          expect(won).toHaveLength(1);
          expected = won[0] as number;
          const { revision, bytes } = await log.load(key);
          expect(revision).toBe(expected);
          const owner = numberOf(bytes as Uint8Array);
          expect(same(bytes, frameBytes(owner, length))).toBe(true);
        }
      },
      60_000,
    );

    it('count exactly when several clients raise one number', async () => {
      const { log, open, name } = world();
      const key = name();
      const counters = await Promise.all(Array.from({ length: 4 }, open));
      const raise = async (counter: UpdateLog): Promise<number> => {
        let raised = 0;
        for (let tries = 0; tries < 12; tries++) {
          const { revision, bytes } = await counter.load(key);
          const next = (bytes === null ? 0 : numberOf(bytes)) + 1;
          try {
            await counter.save(key, revision, frameBytes(next, 8));
            raised += 1;
          } catch (error) {
            expect(error).toBeInstanceOf(Fenced);
          }
        }
        return raised;
      };
      const raised = await Promise.all(counters.map(raise));
      const total = raised.reduce((sum, one) => sum + one, 0);
      expect(total).toBeGreaterThanOrEqual(12);
      expect(numberOf((await log.load(key)).bytes as Uint8Array)).toBe(total);
    }, 60_000);

    it('are read whole while they are replaced', async () => {
      const { log, other, name } = world();
      const key = name();
      let revision = await log.save(key, 0, frameBytes(0, LONG));
      let done = false;
      const read = async (): Promise<number> => {
        let seen = 0;
        while (!done) {
          const value = await other.load(key);
          expect(value.revision).toBeGreaterThanOrEqual(seen);
          seen = value.revision;
          const bytes = value.bytes as Uint8Array;
          expect(same(bytes, frameBytes(numberOf(bytes), LONG))).toBe(true);
        }
        return seen;
      };
      const reading = read();
      for (let i = 1; i < 12; i++) revision = await log.save(key, revision, frameBytes(i, LONG));
      done = true;
      expect(await reading).toBeLessThanOrEqual(revision);
      expect((await other.load(key)).revision).toBe(revision);
    }, 60_000);
  });
}
