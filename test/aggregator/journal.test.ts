import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, tableCrc32 } from '../../aggregator/accumulate/crc.ts';
import { type Disk, DiskError } from '../../aggregator/accumulate/disk.ts';
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

  it('a journal that cannot be begun holds no file open, however often it is tried', async () => {
    const disk = new SimulatedDisk();
    let open = 0;
    const counting: Disk = Object.assign(Object.create(disk) as Disk, {
      list: disk.list.bind(disk),
      size: disk.size.bind(disk),
      read: disk.read.bind(disk),
      syncFolder: disk.syncFolder.bind(disk),
      open: async (...call: Parameters<Disk['open']>) => {
        const file = await disk.open(...call);
        open += 1;
        const close = file.close.bind(file);
        file.close = async () => {
          open -= 1;
          await close();
        };
        return file;
      },
    });
    for (const step of ['append', 'sync', 'sync-folder']) {
      disk.fault = (operation, path) => (operation === step ? new DiskError('full', path) : null);
      await expect(Journal.open(counting, 'j', IDENTITY, () => undefined)).rejects.toMatchObject({
        code: 'full',
      });
      expect([step, open]).toEqual([step, 0]);
    }
    disk.fault = () => null;
    const journal = await Journal.open(counting, 'j', IDENTITY, () => undefined);
    expect(open).toBe(1);
    await journal.close();
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

  it('RD10 a damaged first frame with more behind it is an error, whatever that is', async () => {
    const disk = new SimulatedDisk();
    const journal = await Journal.open(disk, 'j', IDENTITY, () => undefined);
    await journal.append([{ kind: 1, bytes: new Uint8Array(40) }]);
    const bytes = disk.files().get('j') as Uint8Array;
    bytes[0] = 0;
    bytes[bytes.length - 1] = 1;
    await expect(reread(disk)).rejects.toThrow(/corrupt-journal: .*first frame/);
  });

  it('RD10 a journal of another round is refused', async () => {
    const disk = new SimulatedDisk();
    await (await Journal.open(disk, 'j', IDENTITY, () => undefined)).close();
    const other = Journal.open(disk, 'j', new Uint8Array(32), () => undefined);
    await expect(other).rejects.toThrow(/another round/);
  });
});

describe('spent ids', () => {
  it('RD9 finds every id with its body and no other, in lists of any length', async () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 16, maxLength: 16, unit: 'binary-ascii' }), {
      maxLength: 400,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(ids, async (all) => {
        const [out, ...kept] = all;
        const body = (id: string) => Buffer.from(`body of ${id}`, 'latin1');
        const file = encodeSpent(kept.map((id) => ({ id, bodyHash: hashBody(body(id)) })));
        const read = async (at: number, length: number) => file.subarray(at, at + length);
        for (const id of kept.slice(0, 20)) {
          expect(await findSpent(read, id, body(id))).toBe('same');
          expect(await findSpent(read, id, Buffer.from('else'))).toBe('other');
        }
        if (out !== undefined) expect(await findSpent(read, out, body(out))).toBe('unknown');
      }),
      { numRuns: 40 },
    );
  });

  it('RD9 a list that is cut, or no list, is an error', async () => {
    const file = encodeSpent([{ id: 'a'.repeat(16), bodyHash: new Uint8Array(32) }]);
    const of = (bytes: Uint8Array) => async (at: number, length: number) =>
      bytes.subarray(at, at + length);
    for (const bytes of [file.subarray(0, 30), file.subarray(0, 4), new Uint8Array(60)]) {
      await expect(findSpent(of(bytes), 'a'.repeat(16), file)).rejects.toThrow(RangeError);
    }
  });
});
