/** What lies behind the last good frame of a journal: nothing, what was torn off, or damage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../aggregator/accumulate/crc.ts';
import type { Disk } from '../../aggregator/accumulate/disk.ts';
import { filled, frameParts } from '../../aggregator/accumulate/frame.ts';
import { Journal } from '../../aggregator/accumulate/journal.ts';
import { SimulatedDisk, testRandom } from './simulated-disk.ts';

const IDENTITY = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);
const SEED = crc32(IDENTITY);
const BLOCK = 64;

const one = (bytes: Uint8Array) => ({ kind: 1, bytes }) as const;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function opened(disk: Disk): Promise<{ journal: Journal; found: string[] }> {
  const found: string[] = [];
  const visit = (entries: readonly { readonly bytes: Uint8Array }[]): void => {
    for (const { bytes } of entries) found.push(hexOf(bytes));
  };
  return { journal: await Journal.open(disk, 'j', IDENTITY, visit, true), found };
}

/** Contents of a journal of the given groups. */
async function journalOf(groups: readonly (readonly Uint8Array[])[]): Promise<Uint8Array> {
  const disk = new SimulatedDisk();
  const { journal } = await opened(disk);
  for (const group of groups) await journal.append(group.map(one));
  return disk.files().get('j') as Uint8Array;
}

async function diskWith(...parts: readonly Uint8Array[]): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await (await disk.open('j')).append(parts);
  return disk;
}

/** A header as `text`, without what only the server knows, of a payload up to the end. */
function forged(text: string, length: number): Uint8Array {
  const header = Buffer.alloc(16);
  header.write(text, 0, 'latin1');
  header.writeUInt32LE(1000, 4);
  header.writeUInt32LE(length, 8);
  header.writeUInt32LE(crc32(header.subarray(4, 12)), 12);
  return header;
}

describe('blocks', () => {
  it('RD10 frames of a large file end at a block, and give back what was written', async () => {
    const groups = fc.array(fc.array(fc.uint8Array({ maxLength: 90 }), { minLength: 1 }), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(groups, async (written) => {
        const disk = new SimulatedDisk(BLOCK);
        const { journal } = await opened(disk);
        for (const group of written) {
          const offsets = await journal.append(group.map(one));
          const { length } = disk.files().get('j') as Uint8Array;
          expect(length % BLOCK).toBe(0);
          expect(offsets).toHaveLength(group.length);
          for (const [i, bytes] of group.entries()) {
            expect(await journal.read(offsets[i] as number, bytes.length)).toEqual(bytes);
          }
        }
        const again = await opened(disk);
        expect(again.found).toEqual(written.flat().map(hexOf));
        const replayed: string[] = [];
        await again.journal.replay((entries) => {
          for (const { kind, bytes } of entries) if (kind === 1) replayed.push(hexOf(bytes));
        });
        expect(replayed).toEqual(again.found);
      }),
      { numRuns: 60 },
    );
  });

  it('RD10 goes on in blocks behind a tail that was cut in the middle of one', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const disk = new SimulatedDisk(BLOCK);
      const { journal } = await opened(disk);
      await journal.append([one(Uint8Array.of(1))]);
      disk.crashAt = disk.points + 3;
      await expect(journal.append([one(new Uint8Array(200).fill(2))])).rejects.toThrow();
      const next = disk.recovered(testRandom(seed), 'power');
      const { journal: after, found } = await opened(next);
      await after.append([one(Uint8Array.of(3))]);
      expect((next.files().get('j') as Uint8Array).length % BLOCK).toBe(0);
      expect((await opened(next)).found).toEqual([...found, '03']);
      expect(found[0]).toBe('01');
    }
  });

  it('RD10 a first frame that was torn off is made again', async () => {
    for (let seed = 0; seed < 80; seed++) {
      const disk = new SimulatedDisk(BLOCK);
      disk.crashAt = 1 + (seed % 8);
      const first = await opened(disk).catch(() => null);
      const next = disk.recovered(testRandom(seed), 'power');
      const { journal, found } = await opened(next);
      expect(found).toEqual([]);
      await journal.append([one(Uint8Array.of(1))]);
      expect((await opened(next)).found).toEqual(['01']);
      if (first !== null) expect(disk.crashed).toBe(false);
    }
  });

  it('fills up to a block, and past it where no filler fits', () => {
    for (let bytes = 0; bytes < 2 * BLOCK; bytes += 4) {
      for (const start of [0, 4, BLOCK - 4, BLOCK, 56]) {
        const whole = filled([one(new Uint8Array(bytes))], start, BLOCK);
        const length = frameParts(1, whole, SEED).reduce((sum, part) => sum + part.length, 0);
        expect((start + length) % BLOCK).toBe(0);
        expect(length - 24 - bytes).toBeLessThan(BLOCK + 8);
      }
    }
    const entries = [one(new Uint8Array(8))];
    expect(filled(entries, 3, 1)).toBe(entries);
  });
});

describe('tail', () => {
  it('RD10 zeros behind the last frame are no damage, however many', async () => {
    const good = await journalOf([[Uint8Array.of(1)], [Uint8Array.of(2)]]);
    for (const zeros of [1, 15, 16, 4096, 5 << 20]) {
      const disk = await diskWith(good, new Uint8Array(zeros));
      expect((await opened(disk)).found).toEqual(['01', '02']);
      expect(disk.files().get('j')).toEqual(good);
    }
  });

  it('RD10 what a report can hold is cut with the frame that was torn off', async () => {
    const headers = ['VTJ2', 'VTJ3'].map((text) => forged(text, 0));
    const bytes = Buffer.concat([new Uint8Array(8), ...headers, new Uint8Array(76)]);
    const good = await journalOf([[Uint8Array.of(1)]]);
    const whole = await journalOf([[Uint8Array.of(1)], [bytes]]);
    for (const cut of [1, 40, 75]) {
      const disk = await diskWith(whole.subarray(0, whole.length - cut));
      expect((await opened(disk)).found).toEqual(['01']);
      expect(disk.files().get('j')).toEqual(good);
    }
  });

  it('RD10 a tail full of forged headers is read a few times, not once for each of them', async () => {
    const tail = Buffer.alloc(1 << 20);
    for (let at = 0; at < tail.length; at += 16) {
      tail.set(forged('VTJ3', Math.max(0, tail.length - at - 64)), at);
    }
    const whole = await journalOf([[Uint8Array.of(1)], [tail]]);
    const disk = await diskWith(whole.subarray(0, whole.length - 4));
    let read = 0;
    const counted: Disk = {
      ...boundMethods(disk),
      read: async (path, offset, length) => {
        const bytes = await disk.read(path, offset, length);
        read += bytes.length;
        return bytes;
      },
    };
    expect((await opened(counted)).found).toEqual(['01']);
    expect(read).toBeLessThan(4 * whole.length);
  });

  it('RD10 a good frame behind a damaged one is found wherever it begins', async () => {
    const WINDOW = 4 << 20;
    for (const shift of [-24, -20, -16, -12, -8, -4, 0, 4]) {
      const start = (await journalOf([[Uint8Array.of(1)]])).length;
      // The later frame's header begins this far behind where the search begins.
      const filler = new Uint8Array(WINDOW + shift + 4 - 24).fill(5);
      const whole = await journalOf([[Uint8Array.of(1)], [filler], [Uint8Array.of(3)]]);
      whole[start + 30] = 6;
      await expect(opened(await diskWith(whole)), `${shift}`).rejects.toThrow(
        /corrupt-journal: .*frame 2 is damaged/,
      );
    }
  });

  it('RD10 a damaged frame before the last one is an error, at every byte of its header', async () => {
    const start = (await journalOf([[Uint8Array.of(1)]])).length;
    const good = await journalOf([[Uint8Array.of(1)], [Uint8Array.of(2)], [Uint8Array.of(3)]]);
    for (let at = 0; at < 28; at++) {
      const bytes = Uint8Array.from(good);
      bytes[start + at] = (bytes[start + at] as number) ^ 0x11;
      await expect(opened(await diskWith(bytes)), `${at}`).rejects.toThrow(/corrupt-journal/);
    }
  });
});

function boundMethods(disk: SimulatedDisk): Disk {
  return {
    list: (folder) => disk.list(folder),
    size: (path) => disk.size(path),
    read: (path, offset, length) => disk.read(path, offset, length),
    open: (path, large) => disk.open(path, large),
    makeFolder: (folder) => disk.makeFolder(folder),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (folder) => disk.syncFolder(folder),
  };
}
