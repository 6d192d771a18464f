/** Frames: order, fencing, every byte. */
import { describe, expect, it } from 'vitest';
import { Fenced, type Frame } from '../../aggregator/cluster/update-log.ts';
import { collect, LONG, type LogWorld, race, same } from './update-log-world.ts';
import { frameBytes } from './update-log-writer.ts';

export function frameContract(world: () => LogWorld): void {
  describe('frames', () => {
    it('are read back in order by every client, from any offset', async () => {
      const { log, other, name } = world();
      const partition = name();
      expect(await log.last(partition)).toBe(0);
      expect(await collect(log, partition, 0)).toEqual([]);
      const frames: Frame[] = [];
      for (const length of [5, 0, 40_000, 1]) {
        const bytes = frameBytes(frames.length, 40_000).subarray(0, length);
        const offset = await log.append(partition, frames.at(-1)?.offset ?? 0, bytes);
        expect(offset).toBeGreaterThan(frames.at(-1)?.offset ?? 0);
        frames.push({ offset, bytes: new Uint8Array(bytes) });
        expect(await other.last(partition)).toBe(offset);
      }
      for (const [i, { offset }] of frames.entries()) {
        expect(await collect(other, partition, offset)).toEqual(frames.slice(i + 1));
      }
      expect(await collect(other, partition, 0)).toEqual(frames);
      expect(await collect(log, partition, 0)).toEqual(frames);
    });

    it('keep every byte, at the lengths where parts end', async () => {
      const { log, other, name } = world();
      const partition = name();
      const part = 1024 * 1024 - 1024;
      let offset = 0;
      const lengths = [256, part - 1, part, part + 1, 2 * part, LONG];
      for (const [i, length] of lengths.entries()) {
        offset = await log.append(partition, offset, frameBytes(i, length));
      }
      const frames = await collect(other, partition, 0);
      expect(frames.map(({ bytes }) => bytes.length)).toEqual(lengths);
      for (const [i, { bytes }] of frames.entries()) {
        expect(same(bytes, frameBytes(i, lengths[i] as number))).toBe(true);
      }
    });

    it('count only behind the last one', async () => {
      const { log, other, name } = world();
      const partition = name();
      const first = await log.append(partition, 0, frameBytes(0, 10));
      const second = await log.append(partition, first, frameBytes(1, 10));
      for (const after of [0, first, second + 1, second + 1000]) {
        for (const writer of [log, other]) {
          await expect(writer.append(partition, after, frameBytes(9, 10))).rejects.toThrow(Fenced);
        }
      }
      expect((await collect(log, partition, 0)).map(({ offset }) => offset)).toEqual([
        first,
        second,
      ]);
      // Whoever has read how far it is may go on from there.
      const third = await other.append(partition, second, frameBytes(2, 10));
      await expect(log.append(partition, second, frameBytes(9, 10))).rejects.toThrow(Fenced);
      expect(await log.append(partition, third, frameBytes(3, 10))).toBeGreaterThan(third);
    });

    it.each([12, LONG])(
      'of %i bytes by several writers at once: exactly one wins',
      async (length) => {
        const { log, other, open, name } = world();
        const partition = name();
        const writers = await Promise.all(Array.from({ length: 5 }, open));
        let after = 0;
        for (let round = 0; round < 3; round++) {
          const start = after;
          const { won, fenced } = await race(
            writers.map((writer, i) => writer.append(partition, start, frameBytes(i, length))),
          );
          expect(won).toHaveLength(1);
          expect(fenced).toBe(writers.length - 1);
          after = won[0] as number;
          expect((await collect(log, partition, start)).map(({ offset }) => offset)).toEqual(won);
          expect(await other.last(partition)).toBe(after);
        }
        expect(await collect(log, partition, 0)).toHaveLength(3);
      },
      60_000,
    );

    it('of one partition are not those of another', async () => {
      const { log, other, name } = world();
      const [one, two] = [name(), name()];
      const names = [one, two, `${one}/${'z'.repeat(180)}`];
      const appended = await Promise.all(
        names.map((partition, i) => log.append(partition, 0, frameBytes(i, 100))),
      );
      for (const [i, partition] of names.entries()) {
        expect(await collect(other, partition, 0)).toEqual([
          { offset: appended[i], bytes: frameBytes(i, 100) },
        ]);
      }
    });
  });
}
