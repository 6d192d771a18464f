import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, tableCrc32 } from '../../aggregator/accumulate/crc.ts';
import { Journal } from '../../aggregator/accumulate/journal.ts';
import { encodeSpent, findSpent, hashBody } from '../../aggregator/accumulate/spent.ts';
import { SimulatedDisk, testRandom } from './simulated-disk.ts';

const IDENTITY = new Uint8Array(32).fill(9);

async function reread(disk: SimulatedDisk): Promise<string[]> {
  const found: string[] = [];
  const journal = await Journal.open(disk, 'j', IDENTITY, (entries) => {
    for (const { kind, bytes } of entries)
      found.push(`${kind}:${Buffer.from(bytes).toString('hex')}`);
  });
  await journal.close();
  return found;
}

describe('journal', () => {
  it('CRC-32 by table and by zlib: the check value of the catalogue of CRCs, and each other', () => {
    expect(tableCrc32(Buffer.from('123456789'))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const whole = crc32(Buffer.concat([a, b]));
        expect(tableCrc32(b, tableCrc32(a))).toBe(whole);
        expect(crc32(b, crc32(a))).toBe(whole);
      }),
    );
  });

  it('RD10 reads back what it wrote, whatever the groups and lengths', async () => {
    const groups = fc.array(
      fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1, maxLength: 4 }),
      {
        maxLength: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(groups, async (written) => {
        const disk = new SimulatedDisk();
        const journal = await Journal.open(disk, 'j', IDENTITY, () => undefined);
        const expected: string[] = [];
        for (const group of written) {
          const offsets = await journal.append(group.map((bytes) => ({ kind: 1, bytes })));
          for (const [i, bytes] of group.entries()) {
            expected.push(`1:${Buffer.from(bytes).toString('hex')}`);
            expect(await journal.read(offsets[i] as number, bytes.length)).toEqual(bytes);
          }
        }
        expect(await reread(disk)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('RD10 cuts a torn tail at every length and keeps what was synced', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const disk = new SimulatedDisk();
      const journal = await Journal.open(disk, 'j', IDENTITY, () => undefined);
      await journal.append([{ kind: 1, bytes: Uint8Array.of(1) }]);
      disk.crashAt = disk.points + 3;
      const torn = journal.append([{ kind: 1, bytes: new Uint8Array(200).fill(2) }]);
      await expect(torn).rejects.toThrow();
      const found = await reread(disk.recovered(testRandom(seed), 'power'));
      expect(found[0]).toBe('1:01');
      expect([1, 2]).toContain(found.length);
    }
  });

  it('RD10 a journal of another round is refused', async () => {
    const disk = new SimulatedDisk();
    await (await Journal.open(disk, 'j', IDENTITY, () => undefined)).close();
    const other = Journal.open(disk, 'j', new Uint8Array(32), () => undefined);
    await expect(other).rejects.toThrow(/another round/);
  });
});

describe('spent ids', () => {
  it('RD9 finds every id with its body and no other', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 16, maxLength: 16, unit: 'binary-ascii' }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(ids, (all) => {
        const [out, ...kept] = all;
        const body = (id: string) => Buffer.from(`body of ${id}`, 'latin1');
        const file = encodeSpent(kept.map((id) => ({ id, bodyHash: hashBody(body(id)) })));
        for (const id of kept) {
          expect(findSpent(file, id, body(id))).toBe('same');
          expect(findSpent(file, id, Buffer.from('else'))).toBe('other');
        }
        if (out !== undefined) expect(findSpent(file, out, body(out))).toBe('unknown');
      }),
    );
  });
});
