import { describe, expect, it } from 'vitest';
import { DiskError } from '../../aggregator/accumulate/disk.ts';
import { CorruptJournal } from '../../aggregator/accumulate/journal.ts';
import { CorruptLog } from '../../aggregator/log/record-log.ts';
import type { TaskDraft } from '../../aggregator/site.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import {
  boot,
  codeOf,
  draft,
  headOf,
  ManualTime,
  openRound,
  post,
  type Running,
  report,
  START_MS,
  site,
} from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

interface World extends Running {
  readonly disk: SimulatedDisk;
  readonly time: ManualTime;
  readonly taskHash: string;
  send(id: number): Promise<Response>;
}

async function world(more: Partial<TaskDraft> = {}): Promise<World> {
  const disk = new SimulatedDisk();
  const time = new ManualTime();
  const { taskHashes } = await site(disk, [draft('intent', 3, more)]);
  const taskHash = taskHashes.intent as string;
  const running = await boot(disk, time);
  const send = async (id: number): Promise<Response> => {
    const roundHash = await openRound(running.app, taskHash);
    return post(running.app, report({ taskHash, roundHash, id, coordinates: [id, 1, 2] }));
  };
  return { ...running, disk, time, taskHash, send };
}

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

describe('killed, then without power', () => {
  it('RD3 what a restart found in the page cache is synced before it is acknowledged', async () => {
    let found = 0;
    for (let point = 1; point <= 12; point++) {
      const { disk, time, send, taskHash } = await world();
      disk.crashAt = disk.points + point;
      await send(1).catch(() => undefined);
      if (!disk.crashed) break;
      const killed = disk.recovered(() => 0, 'kill');
      const second = await boot(killed, time);
      found += second.service.status().tasks[0]?.reports ?? 0;
      const roundHash = await openRound(second.app, taskHash);
      const body = report({ taskHash, roundHash, id: 1, coordinates: [1, 1, 2] });
      expect((await post(second.app, body)).status).toBe(201);
      const third = await boot(
        killed.recovered(() => 0, 'power'),
        time,
      );
      expect(third.service.status().tasks[0]?.reports).toBe(1);
    }
    expect(found).toBeGreaterThan(0);
  });
});

describe('a disk that fails', () => {
  it('RD11 full: refused as not-ready, nothing acknowledged, goes on when there is room', async () => {
    const { disk, service, send, app } = await world();
    await send(1);
    disk.fault = (operation, path) =>
      operation === 'append' && path.endsWith('.journal') ? new DiskError('full', path) : null;
    const refused = await send(2);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await codeOf(refused)).toBe('not-ready');
    expect(service.notReady).toBe('data folder full');
    const ready = await app.request(PATHS.readyz);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not-ready', reason: 'data folder full' },
    ]);
    disk.fault = () => null;
    expect((await send(2)).status).toBe(201);
    expect(service.notReady).toBeNull();
    expect(service.status().tasks[0]?.reports).toBe(2);
  });

  it('RD11 after a failed sync nothing is acknowledged before a restart', async () => {
    const { disk, time, send, taskHash } = await world();
    await send(1);
    disk.fault = (operation) =>
      operation === 'sync' ? new DiskError('failed', 'input/output error') : null;
    expect((await send(2)).status).toBe(503);
    disk.fault = () => null;
    expect(await codeOf(await send(3))).toBe('not-ready');
    const { app, service } = await boot(disk, time);
    const before = service.status().tasks[0]?.reports;
    expect(before).toBeGreaterThanOrEqual(1);
    const roundHash = await openRound(app, taskHash);
    for (const id of [1, 2, 3]) {
      const body = report({ taskHash, roundHash, id, coordinates: [id, 1, 2] });
      expect((await post(app, body)).status).toBe(201);
    }
    expect(service.status().tasks[0]?.reports).toBe(3);
  });

  it('RD11 read-only while a round closes: named in readyz, published once it can be written', async () => {
    const { disk, service, time, send } = await world();
    disk.fault = (operation, path) =>
      operation === 'append' && path.startsWith('models') ? new DiskError('read-only', path) : null;
    for (let id = 0; id < 5; id++) expect((await send(id)).status).toBe(201);
    await service.settled();
    expect(service.notReady).toBe('data folder read-only');
    expect(service.status().rounds).toEqual({ open: 0, published: 0, abandoned: 0 });
    disk.fault = () => null;
    time.set(time.now + 1000);
    await service.settled();
    expect(service.notReady).toBeNull();
    expect(service.status().rounds).toEqual({ open: 1, published: 1, abandoned: 0 });
  });

  async function damaged(path: (file: string) => boolean, at: number): Promise<Promise<unknown>> {
    const { disk, time, send, service } = await world({ maxReports: 50 });
    for (let id = 0; id < 4; id++) await send(id);
    await service.stop();
    for (const [name, bytes] of disk.files()) {
      if (path(name)) bytes[at] = (bytes[at] as number) ^ 0x10;
    }
    return boot(disk, time);
  }

  it('RD10 a damaged frame with a good one behind it is an error, not a shorter journal', async () => {
    const journal = (name: string) => name.endsWith('.journal');
    await expect(damaged(journal, 200)).rejects.toThrow(CorruptJournal);
    await expect(damaged(journal, 8)).rejects.toThrow(/corrupt-journal/);
  });

  it('R9 a changed line of the log is an error', async () => {
    await expect(damaged((name) => name === 'log.jsonl', 40)).rejects.toThrow(CorruptLog);
  });

  it('names a data folder without a site and one of another aggregator', async () => {
    await expect(boot(new SimulatedDisk(), new ManualTime())).rejects.toThrow(
      /bad-site: .*site\.json/,
    );
  });
});
