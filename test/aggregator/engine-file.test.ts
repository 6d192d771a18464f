/** The file engine: the contract, and what only a folder can suffer. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { openFileEngine } from '../../aggregator/engine/file.ts';
import { putNumbered } from '../../aggregator/engine/folder.ts';
import { updateLogContract } from '../contract/update-log.ts';
import { collect } from '../contract/update-log-world.ts';
import { frameBytes } from '../contract/update-log-writer.ts';

const TMPFS = 0x01021994;
const SHARED_MEMORY = '/dev/shm';

describe('file engine', () => {
  updateLogContract(
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'vitrine-engine-'));
      return {
        address: `file:${folder}/log`,
        restart: null,
        stop: () => rm(folder, { recursive: true, force: true }),
      };
    },
    { restarts: false },
  );
});

describe('file engine, its folder', () => {
  let root: string;
  let log: UpdateLog;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vitrine-engine-'));
    log = await openFileEngine(root, ['file-unsynced']);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const frameFile = (name: string, number: number): string =>
    join(root, name, '+log', String(number).padStart(16, '0'));

  it('tells a frame that was changed, cut or lost', async () => {
    for (let after = 0; after < 4; after++) await log.append('changed', after, frameBytes(1, 100));
    const file = await readFile(frameFile('changed', 2));
    for (const damaged of [
      file.with(50, (file[50] as number) ^ 1),
      file.subarray(0, -1),
      file.subarray(0, 5),
      new Uint8Array(0),
    ]) {
      await writeFile(frameFile('changed', 2), damaged);
      const read = collect(log, 'changed', 0);
      await expect(read).rejects.toMatchObject({ code: 'damaged' });
    }
    await rm(frameFile('changed', 2));
    await expect(collect(log, 'changed', 0)).rejects.toMatchObject({ code: 'damaged' });
    expect(await collect(log, 'changed', 2)).toHaveLength(2);
  });

  it('a save whose number was cleared away is fenced, and leaves the newer value', async () => {
    let revision = 0;
    for (let i = 0; i < 3; i++) revision = await log.save('value', revision, frameBytes(i, 10));
    const folder = join(root, 'value', '+value');
    expect(await readdir(folder)).toEqual([String(revision).padStart(16, '0')]);
    // What a writer that believed in revision 1 does after it was frozen between look and link.
    expect(await putNumbered(folder, 2, frameBytes(9, 10))).toBe(true);
    expect(await log.load('value')).toEqual({ revision, bytes: frameBytes(2, 10) });
    revision = await log.save('value', revision, frameBytes(4, 10));
    expect(await readdir(folder)).toEqual([String(revision).padStart(16, '0')]);
  });

  it('a number that was cleared away is not taken by a save that began before', async () => {
    let revision = await log.save('slow', 0, frameBytes(0, 10));
    const folder = join(root, 'slow', '+value');
    const taken = await putNumbered(folder, 2, frameBytes(9, 10), async () => {
      // Frozen here, after its look: others save past it.
      for (let i = 1; i < 3; i++) revision = await log.save('slow', revision, frameBytes(i, 10));
      return true;
    });
    expect([taken, revision]).toEqual([false, 3]);
    expect(await readdir(folder)).toEqual(['3'.padStart(16, '0')]);
  });

  it('a save that another one follows at once has counted, and says so', async () => {
    const other = await openFileEngine(root, ['file-unsynced']);
    for (let revision = 0; revision < 100; revision += 2) {
      const following = async (): Promise<number> => {
        while (!existsSync(join(root, 'fast', '+value', String(revision + 1).padStart(16, '0')))) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        return other.save('fast', revision + 1, frameBytes(1, 10));
      };
      const saved = await Promise.all([log.save('fast', revision, frameBytes(0, 10)), following()]);
      expect(saved).toEqual([revision + 1, revision + 2]);
    }
  });

  it('what dead writers left is never read, and goes with the next save or drop', async () => {
    await log.append('torn', 0, frameBytes(1, 10));
    await log.save('torn', 0, frameBytes(1, 10));
    await writeFile(`${frameFile('torn', 2)}.0123456789abcdef`, 'half');
    const value = join(root, 'torn', '+value');
    await writeFile(join(value, `${'2'.padStart(16, '0')}.0123456789abcdef`), 'half');
    expect(await log.last('torn')).toBe(1);
    expect(await log.append('torn', 1, frameBytes(2, 10))).toBe(2);
    expect((await log.load('torn')).revision).toBe(1);
    await log.save('torn', 1, frameBytes(2, 10));
    expect(await readdir(value)).toEqual(['2'.padStart(16, '0')]);
    await mkdir(join(root, '+dropped-0123', 'x', '+log'), { recursive: true });
    await writeFile(join(root, '+dropped-0123', 'x', '+log', '1'.padStart(16, '0')), 'frame');
    expect((await log.list('')).filter((name) => /dropped|x/.test(name))).toEqual([]);
    await log.drop('torn');
    expect(existsSync(join(root, 'torn'))).toBe(false);
    await openFileEngine(root, ['file-unsynced']);
    expect((await readdir(root)).filter((name) => name.startsWith('+'))).toEqual([]);
  });

  it('names what the file system refuses', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openFileEngine(join(root, 'file'))).rejects.toMatchObject({ code: 'unavailable' });
    const call = log.append('file/below', 0, frameBytes(1, 10));
    await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    await expect(call).rejects.toThrow(/ENOTDIR/);
  });

  const memory = existsSync(SHARED_MEMORY);
  it.skipIf(!memory)(
    `refuses a folder in memory unless accepted${memory ? '' : ` (skipped: no ${SHARED_MEMORY})`}`,
    async () => {
      expect((await statfs(SHARED_MEMORY)).type).toBe(TMPFS);
      const folder = await mkdtemp(join(SHARED_MEMORY, 'vitrine-'));
      try {
        const refused = openFileEngine(folder);
        await expect(refused).rejects.toMatchObject({ code: 'unsafe-engine' });
        await expect(refused).rejects.toThrow(/--accept-risk file-unsynced/);
        const accepted = await openFileEngine(folder, ['file-unsynced']);
        expect(accepted.promise).toMatch(/accepted/);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
