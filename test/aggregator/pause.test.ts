import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import { entriesOf, entriesOfType, faultsOf } from './audited.ts';
import { boot, headOf, openRound, post, report, START_MS } from './fixture.ts';
import { SplitWorld } from './split-world.ts';
import { world } from './world.ts';

const code = (name: string): object =>
  expect.objectContaining({ name: 'OperatorError', code: name });

describe('the operator and the rounds of a task', () => {
  it('RD23 paused, the open round goes on, and none follows before it is resumed', async () => {
    const { service, time, send, app, taskHash, disk } = await world();
    await service.pause(taskHash);
    await expect(service.pause(taskHash)).rejects.toEqual(code('already'));
    for (let id = 0; id < 5; id++) expect((await send(id)).status).toBe(201);
    await service.settled();
    const { model, round } = await headOf(app, taskHash);
    expect([model?.record.reports, round]).toEqual([5, null]);
    expect(service.status().tasks[0]).toMatchObject({ paused: true, round: null });
    expect(service.notReady).toBeNull();
    time.set(START_MS + 3_600_000);
    await service.settled();
    expect((await headOf(app, taskHash)).round).toBeNull();

    await service.resume(taskHash);
    await expect(service.resume(taskHash)).rejects.toEqual(code('already'));
    const next = await headOf(app, taskHash);
    expect(next.round?.record).toMatchObject({ round: 2, openedAtMs: START_MS + 3_600_000 });
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('RD23 a pause outlives the process, and so does the time at which it ended', async () => {
    const first = await world();
    await first.service.pause(first.taskHash, true);
    await first.service.stop();
    const second = await boot(first.disk, first.time);
    expect(second.service.status().tasks[0]).toMatchObject({ paused: true, round: null });
    first.time.set(START_MS + 5000);
    const { disk } = first;
    disk.fault = (_operation, path) =>
      path === 'log.jsonl' ? (Object.assign(new Error('full'), { code: 'full' }) as never) : null;
    await expect(second.service.resume(first.taskHash)).rejects.toThrow('full');
    await second.service.stop();
    disk.fault = () => null;
    first.time.set(START_MS + 9000);
    const { app } = await boot(disk, first.time);
    expect((await headOf(app, first.taskHash)).round?.record.openedAtMs).toBe(START_MS + 5000);
  });

  it('RD23 RD2 a pause may close the open round at once, as at its deadline', async () => {
    const many = await world();
    for (let id = 0; id < 3; id++) await many.send(id);
    many.time.set(START_MS + 10);
    await many.service.pause(many.taskHash, true);
    const { model, round } = await headOf(many.app, many.taskHash);
    expect(model?.record).toMatchObject({ reports: 3, closedAtMs: START_MS + 10 });
    expect(round).toBeNull();

    const few = await world();
    await few.send(1);
    await few.service.pause(few.taskHash);
    await few.service.pause(few.taskHash, true);
    const [entry] = entriesOfType(few.disk, 'abandoned');
    expect(entry).toMatchObject({ reason: 'too-few', reports: 1 });
  });

  it('RD23 an abandoned round publishes nothing, whatever it holds, and the next one opens', async () => {
    const { service, time, send, app, taskHash, disk } = await world();
    const roundHash = await openRound(app, taskHash);
    for (let id = 0; id < 4; id++) await send(id);
    time.set(START_MS + 500);
    expect(await service.abandon(taskHash)).toBe(1);
    const { model, round } = await headOf(app, taskHash);
    expect(model).toBeNull();
    expect(round?.record).toMatchObject({ round: 2, openedAtMs: START_MS + 500 });
    expect(entriesOfType(disk, 'abandoned')).toEqual([
      expect.objectContaining({ round: 1, reports: 4, reason: 'operator' }),
    ]);
    expect([...disk.files().keys()].filter((path) => path.endsWith('1.journal'))).toEqual([]);
    const known = report({ taskHash, roundHash, id: 2, coordinates: [2, 1, 2] });
    expect((await post(app, known)).status).toBe(201);
    await service.pause(taskHash);
    expect(await service.abandon(taskHash)).toBe(2);
    await expect(service.abandon(taskHash)).rejects.toEqual(code('nothing-open'));
    expect(await faultsOf(entriesOf(disk))).toEqual([]);
  });

  it('RD23 a round that waits for its helper is abandoned, its ids stay spent on both servers', async () => {
    const split = await SplitWorld.started();
    const { service } = split.up;
    split.wire = () => Promise.reject(new TypeError('the helper is away'));
    expect(await split.send([1, 2, 3, 4, 5])).toEqual([201, 201, 201, 201, 201]);
    await service.settled();
    expect(service.status().tasks[0]?.helper?.state).toBe('unreachable');
    expect(await service.abandon(split.taskHash)).toBe(1);
    const { round, model } = await headOf(split.up.app, split.taskHash);
    expect([round?.record.round, model]).toEqual([2, null]);
    expect(await faultsOf(entriesOf(split.disk))).toEqual([]);
  });

  it('RD23 a file with other words than the operator’s is refused by name at the start', async () => {
    const { service, disk, taskHash, time } = await world();
    await service.pause(taskHash);
    await service.stop();
    const path = `rounds/${taskHash}/operator.json`;
    const file = await disk.open(path);
    await file.append([canonicalBytes({ paused: 'perhaps' })]);
    await expect(boot(disk, time)).rejects.toMatchObject({ code: 'corrupt-operator' });
  });
});
