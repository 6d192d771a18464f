/** Names: what is listed, dropped and refused. */
import { describe, expect, it } from 'vitest';
import { Fenced, MAX_FRAME_BYTES, MAX_VALUE_BYTES } from '../../aggregator/cluster/update-log.ts';
import { collect, type LogWorld } from './update-log-world.ts';
import { frameBytes } from './update-log-writer.ts';

export function nameContract(world: () => LogWorld): void {
  describe('names', () => {
    it('are listed by whole parts, and dropped with all below', async () => {
      const { log, other, name } = world();
      const root = name();
      const made = [root, `${root}/a`, `${root}/a/b`, `${root}/a-b`, `${root}/ab`, `${root}/a_b`];
      for (const [i, one] of made.entries()) {
        if (i % 2 === 0) await log.append(one, 0, frameBytes(i, 10));
        if (i % 3 !== 2) await log.save(`${one}/value`, 0, frameBytes(i, 10));
      }
      const all = made.flatMap((one, i) => [
        ...(i % 2 === 0 ? [one] : []),
        ...(i % 3 === 2 ? [] : [`${one}/value`]),
      ]);
      expect(await other.list(root)).toEqual([...all].sort());
      expect(await other.list('')).toEqual(expect.arrayContaining(all));
      const below = all.filter((one) => one.startsWith(`${root}/a/`));
      expect(await other.list(`${root}/a`)).toEqual(below.sort());
      expect(below.length).toBeGreaterThan(1);
      await log.drop(`${root}/a`);
      expect(await other.list(root)).toEqual(all.filter((one) => !below.includes(one)).sort());
      expect(await collect(other, `${root}/a/b`, 0)).toEqual([]);
      expect(await other.last(`${root}/a/b`)).toBe(0);
      expect(await other.load(`${root}/a/value`)).toEqual({ revision: 0, bytes: null });
      await other.drop(root);
      await other.drop(root);
      expect(await log.list(root)).toEqual([]);
      expect(await log.last(root)).toBe(0);
    });

    it('that were dropped fence whoever wrote to them', async () => {
      const { log, other, name } = world();
      const one = name();
      const offset = await log.append(one, 0, frameBytes(0, 10));
      const revision = await log.save(one, 0, frameBytes(0, 10));
      await other.drop(one);
      await expect(log.append(one, offset, frameBytes(1, 10))).rejects.toThrow(Fenced);
      await expect(log.save(one, revision, frameBytes(1, 10))).rejects.toThrow(Fenced);
      expect(await other.list(one)).toEqual([]);
    });

    it('and numbers and bytes are checked', async () => {
      const { log, name } = world();
      const wrong = [
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        'a.b',
        'a b',
        'A',
        '*',
        '..',
        'é',
        'a'.repeat(201),
      ];
      for (const one of wrong) {
        await expect(log.append(one, 0, new Uint8Array(1))).rejects.toThrow(TypeError);
        await expect(collect(log, one, 0)).rejects.toThrow(TypeError);
        await expect(log.last(one)).rejects.toThrow(TypeError);
        await expect(log.load(one)).rejects.toThrow(TypeError);
        await expect(log.save(one, 0, new Uint8Array(1))).rejects.toThrow(TypeError);
        await expect(log.drop(one)).rejects.toThrow(TypeError);
        if (one !== '') await expect(log.list(one)).rejects.toThrow(TypeError);
      }
      const one = name();
      for (const position of [-1, 0.5, Number.NaN, 2 ** 53]) {
        await expect(log.append(one, position, new Uint8Array(1))).rejects.toThrow(RangeError);
        await expect(log.save(one, position, new Uint8Array(1))).rejects.toThrow(RangeError);
        await expect(collect(log, one, position)).rejects.toThrow(RangeError);
      }
      const long = new Uint8Array(MAX_FRAME_BYTES + 1);
      await expect(log.append(one, 0, long)).rejects.toThrow(RangeError);
      const longer = new Uint8Array(MAX_VALUE_BYTES + 1);
      await expect(log.save(one, 0, longer)).rejects.toThrow(RangeError);
      const text = 'text' as unknown as Uint8Array;
      await expect(log.append(one, 0, text)).rejects.toThrow(TypeError);
      expect(await log.list(one)).toEqual([]);
    });
  });
}
