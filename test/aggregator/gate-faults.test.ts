/** Gates and rounds when a disk fails, a start is late, or the site changes in between. */
import { describe, expect, it } from 'vitest';
import { DiskError } from '../../aggregator/accumulate/disk.ts';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import { signerOf } from '../../aggregator/keys.ts';
import { loadSite, loadTasks, startTasks } from '../../aggregator/load.ts';
import { RecordLog } from '../../aggregator/log/record-log.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { settingsOf } from '../../aggregator/settings.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { entriesOf, entriesOfType, faultsOf } from './audited.ts';
import { draft, ManualTime, SERVER_KEY, START_MS, site } from './fixture.ts';
import { GateWorld, qualityDraft, rankerDraft } from './gate-world.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { world } from './world.ts';

const code = (name: string): object =>
  expect.objectContaining({ name: 'OperatorError', code: name });

/** From now on the log takes this many entries, and then no more. */
function logTakes(disk: SimulatedDisk, entries: number): void {
  let taken = 0;
  disk.fault = (operation, path) => {
    if (operation !== 'append' || path !== 'log.jsonl') return null;
    taken += 1;
    return taken > entries ? new DiskError('full', path) : null;
  };
}

async function restart(world: GateWorld): Promise<void> {
  await world.up.service.stop();
  world.disk.fault = () => null;
  await world.start();
}

const admitted = (disk: SimulatedDisk): boolean[] =>
  entriesOfType(disk, 'verdict').map(({ verdict }) => verdict.record.admitted);

describe('a candidate', () => {
  it('K14 is refused when its evaluation ended while the server was away, before its first round', async () => {
    const expiresAtMs = START_MS + 30_000;
    const world = await GateWorld.started([rankerDraft(), qualityDraft({ expiresAtMs })]);
    const { disk, ranker, quality, time } = world;
    logTakes(disk, 1);
    await world.train(1);
    expect((await world.head(ranker)).candidate?.record.modelVersion).toBe(1);
    expect((await world.head(quality)).round).toBeNull();
    time.now = START_MS + 400_000;
    await restart(world);
    expect((await world.head(ranker)).candidate).toBeNull();
    expect(admitted(disk)).toEqual([false]);
    const [verdict] = entriesOfType(disk, 'verdict');
    expect(verdict?.verdict.record.decidedAtMs).toBe(expiresAtMs);
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('K14 RD1 its first evaluation opens when it was made, whenever the server can log it', async () => {
    const world = await GateWorld.started();
    world.time.set(START_MS + 1000);
    logTakes(world.disk, 1);
    await world.train(1);
    world.time.now = START_MS + 9000;
    await restart(world);
    const { round } = await world.head(world.quality);
    expect(round?.record).toMatchObject({ round: 1, openedAtMs: START_MS + 1000 });
  });

  it('K14 RD23 is refused when its evaluation was resumed after its end, whichever task starts first', async () => {
    for (const reversed of [false, true]) {
      const drafts = [rankerDraft(), qualityDraft({ expiresAtMs: START_MS + 30_000 })];
      const world = await GateWorld.started(reversed ? drafts.reverse() : drafts);
      const { disk, ranker, quality, time } = world;
      await world.up.service.pause(quality);
      await world.train(1);
      time.now = START_MS + 40_000;
      logTakes(disk, 0);
      await world.up.service.resume(quality);
      await world.up.service.settled();
      expect((await world.head(ranker)).candidate).not.toBeNull();
      await restart(world);
      expect((await world.head(ranker)).candidate).toBeNull();
      expect(admitted(disk)).toEqual([false]);
      expect(await faultsOf(entriesOf(disk))).toEqual([]);
    }
  });

  it('K14 its failed evaluations count when the site had another ranker in between', async () => {
    const world = await GateWorld.started();
    const { disk, ranker, quality } = world;
    const five = (first: number): number[] => [0, 1, 2, 3, 4].map((i) => first + i);
    await world.train(1);
    await world.send(quality, five(11), [0, 0, 0, 0]);
    await world.up.service.stop();
    const drafts = [rankerDraft({ label: 'another one' }), qualityDraft()];
    const { taskHashes } = await site(disk, drafts, { serial: 2 });
    const other = taskHashes.wide ?? '';
    expect([other === ranker, taskHashes.quality]).toEqual([false, quality]);
    await world.start();
    await world.send(other, five(21), new Array<number>(WIDE_FEATURES.length).fill(1));
    // The round about the version of the first ranker, and one about that of the other.
    await world.up.service.abandon(quality);
    await world.evaluate(31, 0.5);
    expect(admitted(disk)).toEqual([true]);
    await world.up.service.stop();
    await site(disk, [rankerDraft(), qualityDraft()], { serial: 3 });
    await world.start();
    // The third: the last one, as the auditor counts.
    await world.send(quality, five(41), [0, 0, 0, 0]);
    expect((await world.head(ranker)).candidate).toBeNull();
    expect(admitted(disk)).toEqual([true, false]);
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });
});

describe('the start of several tasks', () => {
  it('K12 a gate that evaluates another task is refused by name', async () => {
    const { gate: _, ...ungated } = rankerDraft();
    const other = rankerDraft({ name: 'other' });
    await expect(GateWorld.started([ungated, other, qualityDraft()])).rejects.toMatchObject({
      code: 'bad-site',
      message: expect.stringMatching(/its gate 'quality' is no evaluation of it/),
    });
  });

  it('K2 two tasks of one name are refused, so that a gate is about one', async () => {
    const { gate: _, ...ungated } = rankerDraft({ label: 'the first one' });
    const second = rankerDraft({ label: 'the second one' });
    await expect(GateWorld.started([second, ungated, qualityDraft()])).rejects.toThrow(
      /site.tasks: expected one task of each name/,
    );
  });

  it('K11 L1 a task is in the log before a round about its version, in any order of the site', async () => {
    const { gate: _, ...ungated } = rankerDraft();
    const world = await GateWorld.started([qualityDraft(), ungated]);
    expect((await world.head(world.quality)).round?.record.subject?.task).toBe(world.ranker);
    expect(await faultsOf(entriesOf(world.disk))).toEqual([]);
  });

  it('RD1 a task that others wake while it starts opens one round', async () => {
    const disk = new SimulatedDisk();
    const time = new ManualTime();
    const { taskHashes } = await site(disk, [draft('intent', 3)]);
    const { signed } = await loadSite(disk);
    const log = await RecordLog.open(disk, 'log.jsonl', () => undefined);
    const { tasks } = await loadTasks(
      {
        ...{ disk, signer: signerOf(SERVER_KEY), clock: time, scheduler: time },
        ...{ logger: silentLogger, settings: settingsOf({}), average: await chooseBackend() },
      },
      log,
      signed,
    );
    const rounds = tasks.get(taskHashes.intent ?? '')?.rounds;
    disk.fault = () => {
      rounds?.wake();
      return null;
    };
    await startTasks(log, signed, tasks, []);
    await rounds?.settled();
    expect(entriesOfType(disk, 'round')).toHaveLength(1);
    await rounds?.stop();
    await log.close();
  });
});

describe('an entry that is in the log', () => {
  it('RD8 RD21 is not made again because a file that nothing follows from cannot be removed', async () => {
    const server = { name: 'fedavgm', learningRate: 1, decayRounds: 4, momentum: 0.5 } as const;
    const recipe = { steps: 1, learningRate: 0.1, negatives: 0, maxExamples: 9, server };
    const running = await world({ recipe });
    const { disk, service, time } = running;
    disk.fault = (operation, path) =>
      operation === 'remove' && path.endsWith('.state') ? new DiskError('failed', path) : null;
    for (const first of [1, 11, 21]) {
      for (let id = first; id < first + 5; id++) await running.send(id);
      await service.settled();
      time.set(time.now + 5000);
      await service.settled();
    }
    const made = entriesOfType(disk, 'model').map(({ model }) => model.record.round);
    expect(made).toEqual([1, 2, 3]);
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('K14 no verdict is signed by an evaluation whose file has changed', async () => {
    const world = await GateWorld.started();
    const { disk, ranker, time } = world;
    await world.train(1);
    const read = disk.read.bind(disk);
    disk.read = async (path, offset, length) => {
      const bytes = await read(path, offset, length);
      const evaluation = entriesOfType(disk, 'model')[1]?.model.record.model;
      if (path !== `models/${evaluation}.bin`) return bytes;
      // More of the entry NDCG@10.
      return bytes.map((byte, i) => (i === 19 ? byte ^ 1 : byte));
    };
    await world.evaluate(101, 0.2);
    expect(admitted(disk)).toEqual([]);
    expect(world.up.service.notReady).toBe('RangeError');
    disk.read = read;
    time.set(START_MS + 5000);
    await world.up.service.settled();
    expect(admitted(disk)).toEqual([false]);
    expect(world.up.service.notReady).toBeNull();
    expect((await world.head(ranker)).candidate).toBeNull();
  });

  it('R10 RD23 a restore is shown with what it restores, though the disk fails behind it', async () => {
    const running = await world();
    const { disk, service, taskHash } = running;
    for (const first of [1, 11]) {
      for (let id = first; id < first + 5; id++) await running.send(id);
      await service.settled();
    }
    const read = disk.read.bind(disk);
    disk.read = async (path, offset, length) => {
      const isLogged = entriesOfType(disk, 'restore').length > 0;
      if (path === 'log.jsonl' && isLogged) throw new DiskError('failed', path);
      return read(path, offset, length);
    };
    expect(await service.restore(taskHash, 1)).toBe(3);
    const head = JSON.parse(service.head(taskHash) ?? '');
    expect(head.origin?.record).toMatchObject({ modelVersion: 1, model: head.model.record.model });
  });

  it('RD23 of two restores at once each is in the log before the next begins', async () => {
    const running = await world();
    const { disk, service, taskHash } = running;
    for (const first of [1, 11]) {
      for (let id = first; id < first + 5; id++) await running.send(id);
      await service.settled();
    }
    await Promise.all([service.restore(taskHash, 1), service.restore(taskHash, 0)]);
    const restored = entriesOfType(disk, 'restore').map(({ restore }) => restore.record);
    expect(restored.map(({ modelVersion, of }) => [modelVersion, of])).toEqual([
      [3, 1],
      [4, 0],
    ]);
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('RD23 the round that is abandoned is the one that was open when it was asked', async () => {
    const running = await world();
    const { service, taskHash, disk } = running;
    for (let id = 1; id < 5; id++) await running.send(id);
    const asked = running.send(5).then(() => service.abandon(taskHash));
    await expect(asked).rejects.toEqual(code('nothing-open'));
    expect(entriesOfType(disk, 'abandoned')).toEqual([]);
    expect(entriesOfType(disk, 'model')).toHaveLength(1);
  });
});
