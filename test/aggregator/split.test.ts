import { describe, expect, it } from 'vitest';
import { excessOf, openedLimits } from '../../shared/field/opened.ts';
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type { OpeningRecord, Signed } from '../../shared/protocol/task.ts';
import { addInto, centred, decodeUint32LE } from '../../shared/sharing/share.ts';
import { headOf, idBytes, openRound, post, SERVER_KEY, START_MS } from './fixture.ts';
import { D, SplitWorld, splitReport, zOf } from './split-world.ts';

async function bytesOf(world: SplitWorld, path: string): Promise<Uint8Array> {
  const response = await world.up.app.request(path);
  expect(response.status, path).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

function openingsOf(world: SplitWorld): Signed<OpeningRecord>[] {
  const log = Buffer.from(world.disk.files().get('log.jsonl') ?? []).toString();
  return log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).entry)
    .filter(({ type }) => type === 'opening')
    .flatMap(({ leader, helper }) => [leader, helper]);
}

describe('a batch of the split tier', () => {
  it('RD14 opened − Σz − Σnoise = 0 in every coordinate, mod 2^32', async () => {
    const world = await SplitWorld.started();
    const ids = [1, 2, 3, 4, 5];
    expect(await world.send(ids)).toEqual([201, 201, 201, 201, 201]);
    await world.settle();
    const { model } = await headOf(world.up.app, world.taskHash);
    const [leader, helper] = openingsOf(world);
    if (model === null || leader === undefined || helper === undefined)
      throw new Error('not opened');
    const left = new Uint32Array(D);
    for (const { record } of [leader, helper]) {
      addInto(left, decodeUint32LE(await bytesOf(world, PATHS.share(record.share)), 0, D));
    }
    const opened = centred(left);
    const minus = (part: Int32Array): void =>
      addInto(
        left,
        Uint32Array.from(part, (one) => -one),
      );
    for (const id of ids) minus(zOf(id));
    minus(world.noiseOf(world.leaderSeed(0)));
    minus(world.noiseOf(world.drawn[0] as Uint8Array));
    expect([...left]).toEqual([0, 0, 0]);
    // And the model is the base plus the mean of what was opened.
    const { clipL2, scaleBits } = world.task;
    const bytes = await bytesOf(world, PATHS.model(model.record.model));
    const expected = [...opened].map((sum, i) =>
      Math.fround(i / 8 + sum / (5 * (2 ** scaleBits / clipL2))),
    );
    expect([...decodeModel(bytes, D)]).toEqual(expected);
    expect(model.record.openings).toEqual([
      await recordHash(leader.record),
      await recordHash(helper.record),
    ]);
  });

  it('RD14 both attest of the same batch, each with its own key and share', async () => {
    const world = await SplitWorld.started();
    await world.send([1, 2, 3, 4, 5]);
    await world.settle();
    const [leader, helper] = openingsOf(world);
    if (leader === undefined || helper === undefined) throw new Error('not opened');
    await verifyRecord(leader, SERVER_KEY.publicKey);
    await verifyRecord(helper, world.keys.status.identityKey);
    const { role, share, sequence, ...same } = leader.record;
    expect(helper.record).toMatchObject(same);
    expect([role, helper.record.role, sequence, helper.record.sequence]).toEqual([
      'leader',
      'helper',
      0,
      1,
    ]);
    expect(share).not.toBe(helper.record.share);
    const { model } = await headOf(world.up.app, world.taskHash);
    expect(model?.record).toMatchObject({ batch: leader.record.batch, reports: 5 });
  });

  it('RD13 rejected ids are not counted: not in the sum, the count, the root or the ids', async () => {
    const world = await SplitWorld.started();
    await world.send([1, 2, 3, 4, 5], [2]);
    await world.settle();
    const [leader, helper] = openingsOf(world);
    if (leader === undefined || helper === undefined) throw new Error('not opened');
    expect(leader.record).toMatchObject({ reports: 4, rejected: 1 });
    const left = new Uint32Array(D);
    for (const { record } of [leader, helper]) {
      addInto(left, decodeUint32LE(await bytesOf(world, PATHS.share(record.share)), 0, D));
    }
    const minus = (part: Int32Array): void =>
      addInto(
        left,
        Uint32Array.from(part, (one) => -one),
      );
    for (const id of [1, 3, 4, 5]) minus(zOf(id));
    minus(world.noiseOf(world.leaderSeed(0)));
    minus(world.noiseOf(world.drawn[0] as Uint8Array));
    expect([...left]).toEqual([0, 0, 0]);
    const ids = Buffer.from(await bytesOf(world, PATHS.ids(world.taskHash, 1)));
    const expected = [1, 3, 4, 5].map((id) => Buffer.from(idBytes(id)).toString('hex')).sort();
    expect(ids.toString('hex')).toBe(expected.join(''));
    expect((await headOf(world.up.app, world.taskHash)).model?.record.reports).toBe(4);
  });

  it('RD13 too few after rejections: abandoned, and nothing was opened', async () => {
    const world = await SplitWorld.started();
    await world.send([1, 2, 3], [3]);
    await world.pass(60_000);
    expect(world.up.service.status().rounds).toEqual({ open: 1, published: 0, abandoned: 1 });
    expect(world.up.service.status().rejectedBatches).toBe(0);
    expect(openingsOf(world)).toEqual([]);
    const log = Buffer.from(world.disk.files().get('log.jsonl') ?? []).toString();
    expect(log).toContain(`"closedAtMs":${START_MS + 60_000},"reason":"too-few","reports":2`);
  });

  it('RD14 three rounds: sequence rises, every noise is used once, the journals are gone', async () => {
    const world = await SplitWorld.started();
    for (const first of [1, 11, 21]) {
      await world.send([0, 1, 2, 3, 4].map((i) => first + i));
      await world.settle();
    }
    const openings = openingsOf(world);
    expect(openings.map(({ record }) => record.sequence)).toEqual([0, 1, 0, 2, 0, 3]);
    expect(new Set(openings.map(({ record }) => record.share)).size).toBe(6);
    expect(world.up.service.status()).toMatchObject({ model: { version: 3 }, helperFailures: {} });
    const journals = [...world.disk.files().keys()].filter((path) => path.endsWith('.journal'));
    expect(journals).toHaveLength(1);
    expect(world.up.service.status().tasks[0]?.helper).toEqual({
      state: 'ok',
      sinceMs: START_MS,
      code: null,
    });
  });

  it('RD18 a sum that no honest batch has is rejected: told, counted, in the log, and not averaged', async () => {
    const world = await SplitWorld.started();
    await world.send([1, 2, 3, 4]);
    // A false client: its share says 2^30 more in the first coordinate than its seed takes off.
    const round = await openRound(world.up.app, world.taskHash);
    const body = await splitReport(world.task, [world.taskHash, round], 5, true, 2 ** 30);
    expect((await post(world.up.app, body)).status).toBe(201);
    await world.settle();
    const [event] = world.eventsOf('batch-rejected');
    expect(event).toMatchObject({ level: 'warn' });
    expect(event?.fields).toEqual({ task: 'intent', round: 1, coordinates: 1 });
    expect(world.up.service.status()).toMatchObject({
      rounds: { published: 0, abandoned: 1, open: 1 },
      rejectedBatches: 1,
    });
    const { model } = await headOf(world.up.app, world.taskHash);
    expect(model).toBeNull();
    // Who wants to check it finds opening and shares; no model and no list of ids was made.
    const [leader, helper] = openingsOf(world);
    const sum = new Uint32Array(D);
    for (const one of [leader, helper]) {
      const share = await bytesOf(world, PATHS.share(one?.record.share ?? ''));
      addInto(sum, decodeUint32LE(share, 0, D));
    }
    const limits = openedLimits(world.task, sigmaOf(world.task.mechanism), 5);
    expect(excessOf(Float64Array.from(centred(sum)), limits)).toEqual({
      coordinates: 1,
      norm: true,
    });
    const log = Buffer.from(world.disk.files().get('log.jsonl') ?? []).toString();
    expect(log).toContain(`"closedAtMs":${START_MS},"reason":"implausible","reports":5`);
    const ended = await world.up.app.request(PATHS.ids(world.taskHash, 1));
    expect(ended.status).toBe(404);
    // The next round goes on from the model before, and an honest one is published.
    await world.send([6, 7, 8, 9, 10]);
    await world.settle();
    const next = await headOf(world.up.app, world.taskHash);
    expect(next.model?.record).toMatchObject({ modelVersion: 1 });
    expect(next.model?.record.previousModel).toBe(world.task.initialModel);
    expect(world.up.service.status()).toMatchObject({ rejectedBatches: 1 });
    await world.up.service.stop();
    await world.start();
    expect(world.up.service.status()).toMatchObject({
      rounds: { published: 1, abandoned: 1 },
      rejectedBatches: 1,
    });
  });
});
