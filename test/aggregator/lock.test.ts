/** One process at a time on a data folder. */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveKey } from '../../aggregator/keys.ts';
import { FolderInUse, lockFolder } from '../../aggregator/lock.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { draft, SERVER_KEY, site } from './fixture.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A process that takes the lock in the same way and is killed while it holds it. */
async function killedHolder(path: string): Promise<void> {
  const script = join(folder, 'holder.mjs');
  await writeFile(
    script,
    `import { createServer } from 'node:net';
     createServer().listen(${JSON.stringify(path)}, () => process.send('held'));`,
  );
  const child = fork(script);
  await new Promise((resolve) => child.once('message', resolve));
  expect(existsSync(path)).toBe(true);
  await expect(lockFolder(folder)).rejects.toThrow(FolderInUse);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
}

describe('lock of a data folder', () => {
  it('RD12 is held by one at a time and can be taken again', async () => {
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(/folder-in-use: .*--data/);
    await release();
    await (await lockFolder(folder))();
  });

  it('RD12 of a process that was killed blocks nobody', async () => {
    const path = join(folder, 'aggregator.lock');
    await killedHolder(path);
    expect(existsSync(path)).toBe(true);
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(FolderInUse);
    await release();
  });

  it('RD12 goes to one of many that start at once over a stale one', async () => {
    await killedHolder(join(folder, 'aggregator.lock'));
    const tries = await Promise.allSettled([lockFolder(folder), lockFolder(folder)]);
    const taken = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(taken).toHaveLength(1);
    await expect(lockFolder(folder)).rejects.toThrow(FolderInUse);
    for (const release of taken) await release();
  });

  it('RD12 holds for a folder whose path is longer than the address of a socket', async () => {
    const long = join(folder, 'a'.repeat(120));
    await mkdir(long);
    const release = await lockFolder(long);
    await expect(lockFolder(long)).rejects.toThrow(FolderInUse);
    await release();
  });

  it('RD12 keeps a second aggregator on another port away from the journals', async () => {
    await saveKey(join(folder, KEY_FILE), SERVER_KEY);
    await site(folder, [draft('intent', 3)]);
    const first = await startAggregator({ dataDir: folder, logger: silentLogger });
    try {
      const second = startAggregator({ dataDir: folder, logger: silentLogger });
      await expect(second).rejects.toThrow(FolderInUse);
    } finally {
      await first.close();
    }
    await (await startAggregator({ dataDir: folder, logger: silentLogger })).close();
  });
});
