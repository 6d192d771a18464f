/** Today's service with rounds in partitions and its folder in the log: the same bytes as alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Disk, writeWhole } from '../../aggregator/accumulate/disk.ts';
import { EngineDisk } from '../../aggregator/cluster/engine-disk.ts';
import { ViewWriter } from '../../aggregator/cluster/view.ts';
import { LocalCluster } from '../cluster/local.ts';
import { MemoryLog } from '../cluster/memory-log.ts';
import {
  boot,
  draft,
  headOf,
  ManualTime,
  openRound,
  post,
  type Running,
  report,
  site,
} from './fixture.ts';
import { keyRing } from './helper-parts.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SplitWorld } from './split-world.ts';

const fail = (error: Error): void => {
  throw error;
};

async function clustered(log = new MemoryLog()): Promise<LocalCluster> {
  const cluster = new LocalCluster({ log, partitions: 3 });
  cluster.add('a');
  cluster.add('b');
  await cluster.settle();
  return cluster;
}

async function settle(
  cluster: LocalCluster,
  { service }: Running,
  time: ManualTime,
): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    await cluster.beats();
    time.set(time.now);
    await service.settled();
  }
}

async function sendTo(
  { app }: Running,
  taskHash: string,
  ids: readonly number[],
): Promise<number[]> {
  const roundHash = await openRound(app, taskHash);
  const statuses: number[] = [];
  for (const id of ids) {
    const answer = await post(app, report({ taskHash, roundHash, id, coordinates: [id, 1, 2] }));
    statuses.push(answer.status);
  }
  return statuses;
}

const logOf = async (disk: Disk): Promise<string> =>
  Buffer.from(await disk.read('log.jsonl')).toString();

describe('a service whose rounds lie in partitions', () => {
  it('C4 writes the same log, byte for byte, as one that has them in its folder', async () => {
    const logs: string[] = [];
    for (const inPartitions of [false, true]) {
      const disk = new SimulatedDisk();
      const time = new ManualTime();
      const { taskHashes } = await site(disk, [draft('intent', 3)]);
      const hash = taskHashes.intent as string;
      const cluster = await clustered();
      const view = await ViewWriter.open(cluster.log, fail);
      const openBatch = cluster.openBatch(view);
      const running = await boot(disk, time, {}, undefined, inPartitions ? { openBatch } : {});
      await cluster.settle();
      expect(await sendTo(running, hash, [1, 2, 3, 4, 5])).toEqual([201, 201, 201, 201, 201]);
      await settle(cluster, running, time);
      expect(await sendTo(running, hash, [6, 7])).toEqual([201, 201]);
      time.set(time.now + 60_000);
      await settle(cluster, running, time);
      expect(running.service.status().rounds).toEqual({ open: 1, published: 1, abandoned: 1 });
      logs.push(await logOf(disk));
      await running.service.stop();
    }
    expect(logs[1]).toBe(logs[0]);
  });

  it('C4 opens the same vector in the split tier, rejected seeds and all', async () => {
    const keys = await keyRing();
    const logs: string[] = [];
    for (const inPartitions of [false, true]) {
      const world = await SplitWorld.prepared({}, keys);
      const cluster = await clustered();
      const view = await ViewWriter.open(cluster.log, fail);
      if (inPartitions) world.more = { openBatch: cluster.openBatch(view) };
      await world.startHelper();
      await world.start();
      await cluster.settle();
      expect(await world.send([1, 2, 3, 4, 5], [2])).toEqual([201, 201, 201, 201, 201]);
      await cluster.beats(2);
      await world.settle();
      expect((await headOf(world.up.app, world.taskHash)).model?.record.reports).toBe(4);
      logs.push(await logOf(world.disk));
      await world.up.service.stop();
    }
    expect(logs[1]).toBe(logs[0]);
  });

  it('C4 goes on under another coordinator, and the one before it is fenced', async () => {
    const cluster = await clustered();
    const { log } = cluster;
    const time = new ManualTime();
    const lost: Error[] = [];
    const terms: Running[] = [];
    const disks: EngineDisk[] = [];
    let hash = '';
    for (const epoch of [1, 2]) {
      const disk = await EngineDisk.open(log, epoch, (error) => lost.push(error));
      if (epoch === 1) hash = (await site(disk, [draft('intent', 3)])).taskHashes.intent as string;
      const view = await ViewWriter.open(log, (error) => lost.push(error));
      const openBatch = cluster.openBatch(view);
      disks.push(disk);
      terms.push(await boot(disk, time, {}, undefined, { openBatch }));
      if (epoch === 1) {
        await cluster.settle();
        await sendTo(terms[0] as Running, hash, [1, 2]);
      }
    }
    const [first, second] = terms as [Running, Running];
    await expect((disks[0] as EngineDisk).open('more')).rejects.toMatchObject({ code: 'failed' });
    expect(lost).toMatchObject([{ code: 'fenced' }]);
    expect(await sendTo(second, hash, [2, 3, 4, 5])).toEqual([201, 201, 201, 201]);
    await settle(cluster, second, time);
    const { model } = await headOf(second.app, hash);
    expect(model?.record.reports).toBe(5);
    // Whatever the first one still does, the log is that of the second.
    await first.service.settled();
    const third = await EngineDisk.open(log, 3, fail);
    expect(await logOf(third)).toBe(await logOf(disks[1] as EngineDisk));
    expect((await logOf(third)).match(/"entry":\{"model"/g)).toHaveLength(1);
  });
});

describe('a folder in the log', () => {
  const path = fc.constantFrom('a', 'b', 'x/a', 'x/b');
  const change = fc.oneof(
    fc.tuple(fc.constant('append' as const), path, fc.nat(300)),
    fc.tuple(fc.constant('truncate' as const), path, fc.nat(300)),
    fc.tuple(fc.constant('whole' as const), path, fc.nat(300)),
    fc.tuple(fc.constant('remove' as const), path, fc.constant(0)),
  );

  async function apply(
    disk: Disk,
    [what, at, size]: readonly [string, string, number],
  ): Promise<void> {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) % 256);
    if (what === 'remove') return disk.remove(at);
    if (what === 'whole') return writeWhole(disk, at, bytes);
    const file = await disk.open(at);
    if (what === 'append') await file.append([bytes.subarray(0, 10), bytes.subarray(10)]);
    else await file.truncate(Math.min(size, file.length));
    await file.sync();
    await file.close();
  }

  it('reads like any disk, now and by whoever opens it next', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
        const log = new MemoryLog();
        const plain = new SimulatedDisk();
        await plain.makeFolder('x');
        const disk = await EngineDisk.open(log, 1, fail, 4);
        for (const one of changes) {
          await apply(plain, one);
          await apply(disk, one);
        }
        for (const view of [disk, await EngineDisk.open(log, 2, fail)]) {
          for (const folder of ['', 'x'])
            expect(await view.list(folder)).toEqual(await plain.list(folder));
          for (const name of ['a', 'b', 'x/a', 'x/b']) {
            const size = await plain.size(name);
            expect(await view.size(name)).toBe(size);
            if (size === null) continue;
            expect(Buffer.from(await view.read(name))).toEqual(Buffer.from(await plain.read(name)));
            const part = [Math.floor(size / 3), Math.ceil(size / 2)] as const;
            const expected = Buffer.from(await plain.read(name, ...part));
            expect(Buffer.from(await view.read(name, ...part))).toEqual(expected);
          }
        }
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it('starts from its last snapshot, and does without one that was not taken', async () => {
    const log = new MemoryLog();
    const disk = await EngineDisk.open(log, 1, fail, 5);
    for (let i = 0; i < 4; i++) await writeWhole(disk, 'a', Uint8Array.of(i));
    log.fault = (operation) => (operation === 'save' ? 'after' : null);
    for (let i = 4; i < 8; i++) await writeWhole(disk, 'a', Uint8Array.of(i));
    log.fault = () => null;
    for (let i = 8; i < 12; i++) await writeWhole(disk, 'a', Uint8Array.of(i));
    const from: number[] = [];
    const read = log.read.bind(log);
    log.read = (name, after) => {
      from.push(after);
      return read(name, after);
    };
    const next = await EngineDisk.open(log, 2, fail);
    expect(from[0]).toBeGreaterThan(30);
    expect([...(await next.read('a'))]).toEqual([11]);
  });

  it('takes no change any more once one is in doubt', async () => {
    const log = new MemoryLog();
    const lost: Error[] = [];
    const disk = await EngineDisk.open(log, 1, (error) => lost.push(error));
    await writeWhole(disk, 'a', Uint8Array.of(1));
    log.fault = (operation) => (operation === 'append' ? 'after' : null);
    await expect(writeWhole(disk, 'a', Uint8Array.of(2))).rejects.toMatchObject({ code: 'failed' });
    log.fault = () => null;
    await expect(writeWhole(disk, 'a', Uint8Array.of(3))).rejects.toMatchObject({ code: 'failed' });
    expect(lost).toHaveLength(1);
    expect([...(await disk.read('a'))]).toEqual([1]);
  });
});
