/** Disks that fail, fill up, lose power or come back damaged. */
import { describe, expect, it } from 'vitest';
import { DiskError } from '../../aggregator/accumulate/disk.ts';
import { CorruptJournal } from '../../aggregator/accumulate/journal.ts';
import { CorruptLog } from '../../aggregator/log/record-log.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { boot, codeOf, ManualTime, openRound, post, report } from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { world } from './world.ts';

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

  it('RD11 H9 is ready again once there is room, without a report that shows it', async () => {
    const { disk, service, time, send } = await world();
    disk.fault = (operation, path) =>
      operation === 'append' && path.endsWith('.journal') ? new DiskError('full', path) : null;
    expect((await send(1)).status).toBe(503);
    const passed = async (): Promise<void> => {
      time.set(time.now + 1000);
      await new Promise((wake) => setTimeout(wake, 5));
    };
    await passed();
    expect(service.notReady).toBe('data folder full');
    disk.fault = () => null;
    await passed();
    expect(service.notReady).toBeNull();
    await service.stop();
    const { service: next } = await boot(disk, time);
    expect(next.status().tasks[0]?.reports).toBe(0);
  });

  it('RD9 deletes the journal later where it could not at once', async () => {
    const { disk, service, time, send, taskHash } = await world();
    const journals = () => [...disk.files().keys()].filter((name) => name.endsWith('.journal'));
    disk.fault = (operation) => (operation === 'remove' ? new DiskError('failed', 'busy') : null);
    for (let id = 0; id < 5; id++) expect((await send(id)).status).toBe(201);
    await service.settled();
    expect(service.status().rounds).toMatchObject({ open: 0, published: 1 });
    disk.fault = () => null;
    time.set(time.now + 1000);
    await service.settled();
    expect(journals()).toEqual([`rounds/${taskHash}/2.journal`]);
    expect(service.notReady).toBeNull();
  });

  it('RD9 deletes the journal of an abandoned round as well', async () => {
    const { disk, service, time, send, taskHash } = await world();
    const journals = () => [...disk.files().keys()].filter((name) => name.endsWith('.journal'));
    expect((await send(1)).status).toBe(201);
    expect(journals()).toEqual([`rounds/${taskHash}/1.journal`]);
    time.set(service.status().tasks[0]?.deadlineMs ?? 0);
    await service.settled();
    expect(service.status().rounds).toMatchObject({ open: 1, abandoned: 1 });
    expect(journals()).toEqual([`rounds/${taskHash}/2.journal`]);
  });

  it('H8 a list that cannot be read is not-ready, not an error without a name', async () => {
    const { disk, service, send, app, taskHash, time } = await world();
    const roundHash = await openRound(app, taskHash);
    for (let id = 0; id < 5; id++) await send(id);
    await service.settled();
    await disk.remove(`rounds/${taskHash}/1.ids`);
    const late = report({ taskHash, roundHash, id: 1, coordinates: [1, 1, 2] });
    const refused = await post(app, late);
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'not-ready']);
    await service.stop();
    const models = [...disk.files().keys()].filter((name) => name.startsWith('models/'));
    for (const model of models) await disk.remove(model);
    await expect(boot(disk, time)).rejects.toThrow(/bad-site: .*initial model/);
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
