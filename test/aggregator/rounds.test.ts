import { describe, expect, it } from 'vitest';
import { PATHS } from '../../shared/protocol/paths.ts';
import { boot, codeOf, headOf, openRound, post, report, START_MS } from './fixture.ts';
import { world } from './world.ts';

describe('states of a round', () => {
  it('RD1 RD2 closes at maxReports at once, and the next opens when it closed', async () => {
    const { service, time, send, app, taskHash } = await world();
    time.set(START_MS + 1000);
    for (let id = 0; id < 5; id++) expect((await send(id)).status).toBe(201);
    await service.settled();
    const { round, model } = await headOf(app, taskHash);
    expect(model?.record).toMatchObject({ round: 1, reports: 5, closedAtMs: START_MS + 1000 });
    expect(round?.record).toMatchObject({
      round: 2,
      openedAtMs: START_MS + 1000,
      deadlineMs: START_MS + 61_000,
    });
  });

  it('RD2 closes at the deadline with minReports and waits for nobody', async () => {
    const { service, time, send, app, taskHash } = await world();
    for (let id = 0; id < 3; id++) await send(id);
    time.set(START_MS + 59_999);
    await service.settled();
    expect((await headOf(app, taskHash)).model).toBeNull();
    time.set(START_MS + 60_000);
    await service.settled();
    expect((await headOf(app, taskHash)).model?.record.reports).toBe(3);
  });

  it('RD2 abandons below minReports: no model, the number rises, reports are discarded', async () => {
    const { service, time, send, app, taskHash, disk } = await world();
    const roundHash = await openRound(app, taskHash);
    await send(1);
    await send(2);
    time.set(START_MS + 60_000);
    await service.settled();
    expect(service.status().rounds).toEqual({ open: 1, published: 0, abandoned: 1 });
    const head = await headOf(app, taskHash);
    expect([head.model, head.round?.record.round]).toEqual([null, 2]);
    const ended = await (await app.request(PATHS.round(taskHash, 1))).json();
    expect(ended).toMatchObject({ model: null, round: { record: { round: 1 } } });
    expect([...disk.files().keys()].filter((path) => path.endsWith('1.journal'))).toEqual([]);
    const late = report({ taskHash, roundHash, id: 3, coordinates: [1, 1, 1] });
    expect(await codeOf(await post(app, late))).toBe('round-closed');
    const known = report({ taskHash, roundHash, id: 2, coordinates: [2, 1, 2] });
    expect((await post(app, known)).status).toBe(201);
    expect(service.status().tasks[0]?.reports).toBe(0);
  });

  it('RD2 a report after the deadline is late even when no timer has fired', async () => {
    const { service, time, send, app, taskHash } = await world();
    const body = report({
      taskHash,
      roundHash: await openRound(app, taskHash),
      id: 1,
      coordinates: [0, 0, 0],
    });
    await send(7);
    time.now = START_MS + 60_000;
    expect(await codeOf(await post(app, body))).toBe('round-closed');
    await service.settled();
    expect(service.status().rounds.abandoned).toBe(1);
  });

  it('RD2 more at once than a round holds: exactly maxReports get in', async () => {
    const { service, app, taskHash } = await world();
    const roundHash = await openRound(app, taskHash);
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, id) =>
        post(app, report({ taskHash, roundHash, id, coordinates: [id, 0, 0] })),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 409);
    for (const one of refused) expect(['round-full', 'round-closed']).toContain(await codeOf(one));
    await service.settled();
    expect((await headOf(app, taskHash)).model?.record.reports).toBe(5);
  });

  it('RD1 opens no round after the task has expired', async () => {
    const { service, time, app, taskHash } = await world({ expiresAtMs: START_MS + 50_000 });
    time.set(START_MS + 60_000);
    await service.settled();
    expect((await headOf(app, taskHash)).round).toBeNull();
    expect(service.notReady).toBeNull();
  });

  it('RD8 a clock that was set back leaves times in order', async () => {
    const { service, time, send, app, taskHash } = await world();
    time.now = START_MS - 3_600_000;
    for (let id = 0; id < 5; id++) await send(id);
    await service.settled();
    const { model } = await headOf(app, taskHash);
    expect(model?.record.closedAtMs).toBe(START_MS);
  });

  it('RD8 R9 goes on after a stop in the middle of a round, log and versions in order', async () => {
    const first = await world();
    for (let id = 0; id < 3; id++) await first.send(id);
    await first.service.stop();
    expect(await codeOf(await first.send(3))).toBe('not-ready');
    first.time.now += 10;
    const { app, service } = await boot(first.disk, first.time);
    const roundHash = await openRound(app, first.taskHash);
    for (const id of [2, 3, 4]) {
      const body = report({ taskHash: first.taskHash, roundHash, id, coordinates: [id, 1, 2] });
      expect((await post(app, body)).status).toBe(201);
    }
    await service.settled();
    expect((await headOf(app, first.taskHash)).model?.record.reports).toBe(5);
    await service.stop();
    const third = await boot(first.disk, first.time);
    expect(third.service.status()).toMatchObject({ rounds: { open: 1, published: 1 } });
  });
});
