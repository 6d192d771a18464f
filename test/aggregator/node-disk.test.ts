/** Files of a real folder, past the page cache where the system can: the same bytes either way. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenBatch } from '../../aggregator/accumulate/batch.ts';
import { Journal } from '../../aggregator/accumulate/journal.ts';
import { nodeDisk } from '../../aggregator/accumulate/node-disk.ts';
import { typedBackend } from '../../aggregator/average/typed.ts';
import { testRandom } from './simulated-disk.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-disk-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const IDENTITY = new Uint8Array(32).fill(3);
const bytesOf = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe.each([
  ['large', true],
  ['small', false],
])('a %s file', (_, large) => {
  it('RD3 holds what was appended, in parts of any length, at any place', async () => {
    const disk = nodeDisk(folder);
    const random = testRandom(11);
    const file = await disk.open('f', large);
    const { block } = file;
    expect(large ? [1, 4096] : [1]).toContain(block);
    let expected = Buffer.alloc(0);
    for (let turn = 0; turn < 60; turn++) {
      const lengths = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        random() < 0.5 ? Math.floor(random() * 70) : Math.floor(random() * 30_000),
      );
      // Every second time to the end of a block, so that the next one may go past the cache.
      const total = lengths.reduce((sum, length) => sum + length, expected.length);
      if (turn % 2 === 0) lengths.push(-total & 4095);
      const parts = lengths.map((length, i) => bytesOf(length, turn * 4 + i + 1));
      await file.append(parts);
      expected = Buffer.concat([expected, ...parts]);
      expect(file.length).toBe(expected.length);
      await file.sync();
      if (random() < 0.2) {
        const kept = Math.floor(random() * expected.length);
        await file.truncate(kept);
        expected = expected.subarray(0, kept);
      }
    }
    // Nothing was written where the system refuses it.
    expect(file.block).toBe(block);
    await file.close();
    expect(Buffer.compare(await readFile(join(folder, 'f')), expected)).toBe(0);
    expect(Buffer.compare(await disk.read('f'), expected)).toBe(0);
    expect((await stat(join(folder, 'f'))).mode & 0o777).toBe(0o600);
    const again = await disk.open('f', large);
    expect(again.length).toBe(expected.length);
    await again.append([bytesOf(5, 9)]);
    await again.close();
    expect(await disk.size('f')).toBe(expected.length + 5);
  });

  it('RD10 a journal on it is read back by a file of the other kind', async () => {
    const disk = nodeDisk(folder);
    const found: number[] = [];
    const open = (kind: boolean): Promise<Journal> => {
      found.length = 0;
      const visit = (entries: readonly { readonly bytes: Uint8Array }[]): void => {
        for (const { bytes } of entries) found.push(bytes[0] as number, bytes.length);
      };
      return Journal.open(disk, 'j', IDENTITY, visit, kind);
    };
    const expected: number[] = [];
    for (let turn = 1; turn <= 6; turn++) {
      const journal = await open(turn % 2 === 0 ? !large : large);
      expect(found).toEqual(expected);
      for (const length of [9000, 20, 40_088]) {
        const offsets = await journal.append([
          { kind: 1, bytes: bytesOf(length, turn) },
          { kind: 1, bytes: bytesOf(12, turn + 100) },
        ]);
        const read = await journal.read(offsets[0] as number, length);
        expect(Buffer.compare(read, bytesOf(length, turn))).toBe(0);
        expected.push(turn, length, turn + 100, 12);
      }
      await journal.close();
    }
    await (await open(large)).close();
    expect(found).toEqual(expected);
  });
});

describe('a batch of large reports', () => {
  it('RD4 RD6 on a real disk: repeated reports are found, and a restart has the same sum', async () => {
    const disk = nodeDisk(folder);
    const D = 5000;
    const options = { path: 'b', identity: IDENTITY, d: D, maxReports: 50 };
    const sizes = { reportBytes: 88 + 4 * D, flushBytes: 1 << 20 };
    const open = (): Promise<OpenBatch> =>
      OpenBatch.open({ disk, ...options, ...sizes, summer: typedBackend });
    const random = testRandom(3);
    const bodies = Array.from({ length: 30 }, (_, n) => {
      const body = Buffer.alloc(88 + 4 * D, 1);
      body.writeUInt32LE(n, 8);
      for (let i = 0; i < D; i++) body.writeInt32LE(Math.floor(random() * 2e9) - 1e9, 88 + 4 * i);
      return body;
    });
    const idOf = (body: Buffer): string => body.toString('latin1', 8, 24);
    const batch = await open();
    await Promise.all(bodies.slice(0, 20).map((body) => batch.add(idOf(body), body)));
    for (const body of bodies.slice(20)) await batch.add(idOf(body), body);
    for (const body of bodies.slice(0, 5)) {
      expect(await batch.find(idOf(body), body)).toBe('same');
      expect(await batch.find(idOf(body), Buffer.from(body).fill(0, 99, 101))).toBe('other');
    }
    const expected = Array.from({ length: D }, (_, i) =>
      bodies.reduce((sum, body) => sum + body.readInt32LE(88 + 4 * i), 0),
    );
    await batch.stop();
    expect([...batch.sum]).toEqual(expected);
    const again = await open();
    expect([...again.sum]).toEqual(expected);
    await again.close(() => 1);
    expect(again.closed?.count).toBe(30);
    await again.stop();
  });
});
