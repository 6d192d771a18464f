import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeHead } from '../../shared/protocol/records.ts';
import { entriesOf, entriesOfType, faultsOf } from './audited.ts';
import {
  boot,
  codeOf,
  draft,
  ManualTime,
  openRound,
  post,
  report,
  START_MS,
  site,
} from './fixture.ts';
import { Crash, SimulatedDisk, testRandom } from './simulated-disk.ts';
import { SplitWorld } from './split-world.ts';
import { type World, world } from './world.ts';

const head = async ({ app, taskHash }: Pick<World, 'app' | 'taskHash'>) =>
  decodeHead(await (await app.request(PATHS.head(taskHash))).json());

async function publish(running: World, first: number): Promise<void> {
  for (let id = first; id < first + 5; id++) expect((await running.send(id)).status).toBe(201);
  await running.service.settled();
}

const code = (name: string): object =>
  expect.objectContaining({ name: 'OperatorError', code: name });

describe('an earlier version again', () => {
  it('R10 RD23 is served under a number of its own; rounds go on from it, and their numbers rise', async () => {
    const running = await world();
    const { service, time, taskHash, disk } = running;
    await publish(running, 1);
    const first = await head(running);
    await publish(running, 11);
    time.set(START_MS + 2000);
    await running.send(21);
    const late = await openRound(running.app, taskHash);

    expect(await service.restore(taskHash, 1)).toBe(3);
    const now = await head(running);
    expect(now.model?.record).toMatchObject({
      ...{ type: 'restore', modelVersion: 3, of: 1, reason: 'operator' },
      ...{ model: first.model?.record.model, restoredAtMs: START_MS + 2000 },
    });
    expect(now.origin).toEqual({ ...first.model, index: first.modelIndex });
    expect(now.round?.record).toMatchObject({
      round: 4,
      baseModel: first.model?.record.model,
      openedAtMs: START_MS + 2000,
    });
    const [abandoned] = entriesOfType(disk, 'abandoned');
    expect(abandoned).toMatchObject({ round: 3, reports: 1, reason: 'operator' });
    const body = report({ taskHash, roundHash: late, id: 22, coordinates: [0, 0, 0] });
    expect(await codeOf(await post(running.app, body))).toBe('round-closed');
    // The spent id of the round that was given up is known for ever (RD4).
    const again = report({ taskHash, roundHash: late, id: 21, coordinates: [21, 1, 2] });
    expect((await post(running.app, again)).status).toBe(201);

    await publish(running, 31);
    const next = await head(running);
    expect(next.model?.record).toMatchObject({
      ...{ type: 'model', modelVersion: 4, round: 4 },
      previousModel: first.model?.record.model,
    });
    expect(next.origin).toBeNull();
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('RD7 the step is that of the version whose weights were restored', async () => {
    const running = await world();
    await publish(running, 1);
    await publish(running, 11);
    await running.service.restore(running.taskHash, 0);
    await publish(running, 21);
    const bytes = await running.app.request(
      PATHS.model((await head(running)).model?.record.model ?? ''),
    );
    const weights = decodeModel(new Uint8Array(await bytes.arrayBuffer()), 3);
    const sum = [21 + 22 + 23 + 24 + 25, 5, 10];
    const expected = sum.map((one, i) => Math.fround(i / 8 + one / (5 * 65_536)));
    expect([...weights]).toEqual(expected);
  });

  it('R10 what cannot be restored is refused by name, and nothing changes', async () => {
    const running = await world();
    const { service, taskHash, disk } = running;
    await publish(running, 1);
    const before = entriesOf(disk).length;
    await expect(service.restore(taskHash, 2)).rejects.toEqual(code('unknown-version'));
    await expect(service.restore(taskHash, -1)).rejects.toEqual(code('unknown-version'));
    await expect(service.restore(taskHash, 1)).rejects.toEqual(code('already'));
    expect(() => service.restore('a'.repeat(64), 1)).toThrow(code('unknown-task') as never);
    expect(entriesOf(disk)).toHaveLength(before);
    await service.restore(taskHash, 0);
    await expect(service.restore(taskHash, 0)).rejects.toEqual(code('already'));
    // Version 2 is the initial model again.
    await expect(service.restore(taskHash, 2)).rejects.toEqual(code('already'));
    expect(await service.restore(taskHash, 1)).toBe(3);
    expect(await service.restore(taskHash, 2)).toBe(4);
    expect((await head(running)).model?.record).toMatchObject({ of: 0, modelVersion: 4 });
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('R10 a statistic has no versions to go back to', async () => {
    const { service, taskHash } = await world({
      kind: 'measure',
      architecture: { name: 'counts', statistic: { name: 'pairs', of: 'item', bins: 3 } },
      recipe: { server: { name: 'release' } },
      initialWeights: [0, 0, 0],
    });
    await expect(service.restore(taskHash, 0)).rejects.toEqual(code('not-trained'));
  });

  it('S5 RD23 the helper opens rounds that start from a restored version', async () => {
    const split = await SplitWorld.started();
    const { service, app } = split.up;
    expect(await split.send([1, 2, 3, 4, 5])).toEqual([201, 201, 201, 201, 201]);
    await split.settle();
    expect(await split.send([6])).toEqual([201]);
    expect(await service.restore(split.taskHash, 0)).toBe(2);
    expect(await split.send([7, 8, 9, 10, 11])).toEqual([201, 201, 201, 201, 201]);
    await split.settle();
    const now = await head({ app, taskHash: split.taskHash });
    expect(now.model?.record).toMatchObject({ type: 'model', modelVersion: 3, reports: 5 });
    expect(await faultsOf(entriesOf(split.disk))).toEqual([]);
  });
});

interface Outcome {
  readonly disk: SimulatedDisk;
  readonly crashes: number;
}

/** Publishes, restores with a round open, pauses, resumes and publishes; crashes at a point. */
async function play(crashAt: number, kind: 'power' | 'kill', stepMs: number): Promise<Outcome> {
  const random = testRandom(crashAt);
  const time = new ManualTime();
  const prepared = new SimulatedDisk();
  const { taskHashes } = await site(prepared, [draft('intent', 3)]);
  const taskHash = taskHashes.intent as string;
  let disk = prepared.recovered(random, 'kill');
  disk.crashAt = crashAt;
  let running: Awaited<ReturnType<typeof boot>> | null = null;
  let crashes = 0;

  /** Does what is not done yet, over and over until it is, as clients and operators do. */
  const until = async (
    done: (one: Awaited<ReturnType<typeof boot>>) => Promise<boolean>,
    work: (one: Awaited<ReturnType<typeof boot>>) => Promise<unknown>,
  ): Promise<void> => {
    for (;;) {
      if (disk.crashed) {
        crashes += 1;
        running = null;
        disk = disk.recovered(random, kind);
        time.now += stepMs;
      }
      try {
        running ??= await boot(disk, time);
        await running.service.settled();
        if (disk.crashed) continue;
        if (await done(running)) return;
        await work(running);
        await running.service.settled();
      } catch (error) {
        if (!(error instanceof Crash) && !disk.crashed) throw error;
      }
    }
  };
  type Up = Awaited<ReturnType<typeof boot>>;
  const versionOf = async ({ app }: Up): Promise<number> =>
    (await head({ app, taskHash })).model?.record.modelVersion ?? 0;
  const sendAll = async ({ app }: Up, ids: readonly number[]): Promise<void> => {
    const { round } = await head({ app, taskHash });
    if (round === null) return;
    const roundHash = await openRound(app, taskHash);
    for (const id of ids) {
      const body = report({ taskHash, roundHash, id, coordinates: [id, 1, 2] });
      await post(app, body);
    }
  };
  await until(
    async (up) => (await versionOf(up)) === 1,
    (up) => sendAll(up, [1, 2, 3, 4, 5]),
  );
  await until(
    async ({ service }) => service.status().tasks[0]?.reports === 2,
    (up) => sendAll(up, [6, 7]),
  );
  await until(
    async (up) => (await versionOf(up)) === 2,
    ({ service }) => service.restore(taskHash, 0),
  );
  await until(
    async ({ service }) => service.status().tasks[0]?.paused === true,
    ({ service }) => service.pause(taskHash, true),
  );
  await until(
    async ({ service }) => service.status().tasks[0]?.paused === false,
    ({ service }) => service.resume(taskHash),
  );
  await until(
    async (up) => (await versionOf(up)) === 3,
    (up) => sendAll(up, [11, 12, 13, 14, 15]),
  );
  await (running as Up | null)?.service.stop();
  return { disk, crashes };
}

describe('crash anywhere while the operator acts, restart', () => {
  it('RD8 RD23 every crash point: the bytes of the uninterrupted run', async () => {
    const { disk: whole } = await play(Number.POSITIVE_INFINITY, 'kill', 0);
    const expected = whole.files();
    expect(entriesOfType(whole, 'restore')).toHaveLength(1);
    expect(entriesOfType(whole, 'abandoned').map(({ reason }) => reason)).toContain('operator');
    let crashes = 0;
    for (let point = 1; point <= whole.points; point += 2) {
      const kind = point % 4 === 1 ? 'power' : 'kill';
      const outcome = await play(point, kind, 0);
      crashes += outcome.crashes;
      const found = outcome.disk.files();
      expect([...found.keys()], `point ${point}`).toEqual([...expected.keys()]);
      for (const [path, bytes] of found) {
        const same = Buffer.compare(bytes, expected.get(path) as Uint8Array) === 0;
        expect(same, `point ${point}, ${kind}: ${path}`).toBe(true);
      }
    }
    expect(crashes).toBeGreaterThan(60);
  }, 120_000);

  it('RD8 RD23 with time passing: one restore, by the time that was journalled, and a chain that holds', async () => {
    const { points } = (await play(Number.POSITIVE_INFINITY, 'kill', 0)).disk;
    for (let point = 1; point <= points; point += 5) {
      const { disk } = await play(point, point % 2 === 0 ? 'power' : 'kill', 1500);
      expect(entriesOfType(disk, 'restore'), `point ${point}`).toHaveLength(1);
      expect(await faultsOf(entriesOf(disk)), `point ${point}`).toEqual([]);
    }
  }, 120_000);
});
