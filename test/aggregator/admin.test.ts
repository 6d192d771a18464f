/** The operator's listener: who gets in, and what pausing, abandoning and going back do. */
import { afterEach, describe, expect, it } from 'vitest';
import { ACTIONS, ADMIN_PATHS } from '../../aggregator/admin.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { OPERATOR_REFUSALS } from '../../shared/protocol/refusals.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { draft, report } from './fixture.ts';
import {
  ADMIN,
  type AskOptions,
  ask,
  type Got,
  type Operated,
  operated,
  TOKEN,
} from './operated.ts';

const BEARER = { authorization: `Bearer ${TOKEN}` };
let server: Operated;

afterEach(() => server?.end());

const json = <T>({ bytes }: Got): T => JSON.parse(bytes.toString()) as T;

function admin(path: string, options: AskOptions = {}): Promise<Got> {
  return ask(`${server.adminUrl}${path}`, {
    ...options,
    headers: { ...BEARER, ...options.headers },
  });
}

function act(action: string, body?: unknown, task = 'intent', site = 'site'): Promise<Got> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-length': String(Buffer.byteLength(text)) };
  const path = `/admin/sites/${site}/tasks/${task}/${action}`;
  return admin(path, { method: 'POST', body: text, headers });
}

async function headOf(): Promise<TaskHead> {
  const taskHash = server.taskHashes.site?.intent as string;
  return json<TaskHead>(await ask(server.url + PATHS.head(taskHash)));
}

let nextId = 0;

/** Fills the open round, and waits for its version. */
async function publish(): Promise<void> {
  const taskHash = server.taskHashes.site?.intent as string;
  const { round, model } = await headOf();
  const roundHash = await recordHash((round as NonNullable<TaskHead['round']>).record);
  const before = model?.record.modelVersion ?? 0;
  for (let i = 0; i < 5; i++) {
    const body = report({
      taskHash,
      roundHash,
      id: nextId++,
      coordinates: [100 * (before + 1), i, 3],
    });
    const headers = { 'content-type': REPORT_CONTENT_TYPE, 'content-length': String(body.length) };
    expect((await ask(server.url + PATHS.reports, { method: 'POST', headers, body })).status).toBe(
      201,
    );
  }
  await expect.poll(async () => (await headOf()).model?.record.modelVersion).toBe(before + 1);
  await expect.poll(async () => (await headOf()).round).not.toBeNull();
}

describe('who gets in', () => {
  it('H12 nobody without a token: there is no such listener', async () => {
    server = await operated();
    expect(server.adminUrl).toBeNull();
    for (const path of [ADMIN_PATHS.metrics, ADMIN_PATHS.status]) {
      expect((await ask(server.url + path, { headers: BEARER })).code).toBe('not-found');
    }
  });

  it('H12 nobody without the token, whatever is asked; and on the public port nobody', async () => {
    server = await operated([{ name: 'site' }], { admin: ADMIN });
    const wrong = [undefined, 'Bearer x', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN];
    for (const path of [ADMIN_PATHS.metrics, ADMIN_PATHS.status, '/nowhere', '/admin/status?x']) {
      for (const authorization of wrong) {
        const headers: Record<string, string> =
          authorization === undefined ? {} : { authorization };
        const got = await ask(server.adminUrl + path, { headers });
        expect([path, got.status, got.code]).toEqual([path, 401, 'unauthorised']);
        expect(got.headers['www-authenticate']).toBe('Bearer');
      }
    }
    const path = '/admin/sites/site/tasks/intent/pause';
    expect((await ask(server.adminUrl + path, { method: 'POST' })).code).toBe('unauthorised');
    expect((await ask(server.url + path, { method: 'POST', headers: BEARER })).code).toBe(
      'not-found',
    );
    expect((await headOf()).round).not.toBeNull();
  });

  it('H12 a port that is taken is named with its flag, and the public one is given back', async () => {
    server = await operated([{ name: 'site' }], { admin: ADMIN });
    const port = Number(new URL(server.adminUrl ?? '').port);
    const second = operated([{ name: 'site' }], { admin: { ...ADMIN, port } });
    await expect(second).rejects.toThrow(/port-in-use: port \d+ .*--admin-port/);
    expect((await admin(ADMIN_PATHS.status)).status).toBe(200);
  });

  it('H12 no page reads it, and nothing of it is kept', async () => {
    server = await operated([{ name: 'site' }], { admin: ADMIN });
    const pages = { headers: { origin: 'https://shop.example' } };
    for (const got of [
      await admin(ADMIN_PATHS.status, pages),
      await admin('/nowhere', pages),
      await ask(server.adminUrl + ADMIN_PATHS.status, pages),
      await act('nothing'),
    ]) {
      expect(got.headers['access-control-allow-origin']).toBeUndefined();
      expect(got.headers['cache-control']).toBe('no-store');
      expect(got.headers['x-content-type-options']).toBe('nosniff');
    }
  });
});

describe('what is asked for', () => {
  it('H12 refuses by name what it does not know', async () => {
    server = await operated([{ name: 'site' }], { admin: ADMIN });
    const cases: readonly (readonly [Promise<Got>, number, string])[] = [
      [act('nothing'), 404, 'not-found'],
      [act('toString'), 404, 'not-found'],
      [act('pause', undefined, 'none'), 404, 'unknown-task'],
      [act('pause', undefined, 'intent', 'none'), 404, 'unknown-site'],
      [act('pause', '{'), 400, 'bad-message'],
      [act('pause', '[]'), 400, 'bad-message'],
      [act('pause', { close: 1 }), 400, 'bad-message'],
      [act('pause', { clos: true }), 400, 'bad-message'],
      [act('open', { x: 1 }), 400, 'bad-message'],
      [act('abandon', { x: 1 }), 400, 'bad-message'],
      [act('restore'), 400, 'bad-message'],
      [act('restore', { version: -1 }), 400, 'bad-message'],
      [act('restore', { version: 1.5 }), 400, 'bad-message'],
      [act('restore', { version: 7 }), 404, 'unknown-version'],
      [act('restore', { version: 0 }), 409, 'already'],
      [act('open'), 409, 'already'],
      [act('pause', 'x'.repeat(1025)), 413, 'too-large'],
      [admin('/admin/status?x'), 400, 'query-not-allowed'],
      [admin(ADMIN_PATHS.status, { method: 'POST' }), 405, 'method-not-allowed'],
      [admin('/admin/sites/site/tasks/intent/pause'), 405, 'method-not-allowed'],
      [admin('/'), 404, 'not-found'],
    ];
    for (const [i, [asked, status, code]] of cases.entries()) {
      const got = await asked;
      expect([i, got.status, got.code]).toEqual([i, status, code]);
    }
    expect((await headOf()).round?.record.round).toBe(1);
  });

  it('tells every site’s state, of one that could not start too', async () => {
    const { rm } = await import('node:fs/promises');
    const spoil = (dir: string): Promise<void> => rm(`${dir}/site.json`);
    const sites = [{ name: 'site' }, { name: 'gone', prefix: '/gone', spoil }];
    server = await operated(sites, { admin: ADMIN });
    const { sites: told } = json<{
      sites: { name: string; notReady: string; status: ServerStatus }[];
    }>(await admin(ADMIN_PATHS.status));
    expect(told.map(({ name, notReady }) => [name, notReady])).toEqual([
      ['site', null],
      ['gone', 'bad-site'],
    ]);
    expect(told[0]?.status.tasks[0]?.name).toBe('intent');
    expect(told[1]?.status).toBeNull();
    expect((await act('pause', undefined, 'intent', 'gone')).code).toBe('unknown-site');
  });

  it('pauses, opens, abandons and goes back, and says in the log who was asked to do what', async () => {
    const lines: string[] = [];
    const tasks = [draft('intent', 3)];
    server = await operated([{ name: 'site', tasks }], { admin: ADMIN }, (level, event, fields) =>
      lines.push(JSON.stringify({ level, event, ...fields })),
    );
    await publish();
    const first = (await headOf()).model?.record.model;
    await publish();
    expect((await headOf()).model?.record.model).not.toBe(first);

    const abandoned = await act('abandon');
    expect([abandoned.status, json<{ round: number }>(abandoned).round]).toEqual([200, 3]);
    await expect.poll(async () => (await headOf()).round?.record.round).toBe(4);
    expect((await headOf()).model?.record.modelVersion).toBe(2);

    const paused = await act('pause', { close: true });
    expect(json<{ task: { paused: boolean } }>(paused).task.paused).toBe(true);
    await expect.poll(async () => (await headOf()).round).toBeNull();
    expect((await act('pause')).code).toBe('already');
    expect((await act('abandon')).code).toBe('nothing-open');
    expect((await act('open')).status).toBe(200);
    await expect.poll(async () => (await headOf()).round?.record.round).toBe(5);

    const restored = await act('restore', { version: 1 });
    expect([restored.status, json<{ modelVersion: number }>(restored).modelVersion]).toEqual([
      200, 3,
    ]);
    await expect
      .poll(async () => (await headOf()).model?.record)
      .toMatchObject({ model: first, modelVersion: 3 });
    await publish();
    expect((await headOf()).model?.record.modelVersion).toBe(4);

    const operatedLines = lines.filter((line) => line.includes('"operated"'));
    expect(operatedLines.map((line) => (JSON.parse(line) as { action: string }).action)).toEqual([
      'abandon',
      'pause',
      'open',
      'restore',
    ]);
    expect(lines.join('\n')).not.toContain(TOKEN);
  });

  it('every refusal of the operator’s list has a status, and every action its route', () => {
    for (const { status } of Object.values(OPERATOR_REFUSALS)) expect(status).toBeGreaterThan(399);
    expect(Object.keys(ACTIONS)).toEqual(['open', 'pause', 'abandon', 'restore']);
  });
});
