/** Several sites in one process: each its own, and none the others' trouble. */
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_FILE } from '../../aggregator/main.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { Signed, SiteRecord, TaskHead } from '../../shared/protocol/task.ts';
import { report } from './fixture.ts';
import { ask, type Got, type Operated, operated } from './operated.ts';

let server: Operated;
const lines: string[] = [];

beforeAll(async () => {
  server = await operated(
    [
      { name: 'a', prefix: '/a' },
      { name: 'b', prefix: '/b', settings: { maxInFlight: 1, origins: ['https://b.example'] } },
      { name: 'c', hosts: ['c.example', 'www.c.example'] },
      {
        name: 'corrupt',
        prefix: '/corrupt',
        spoil: (dir) => writeFile(join(dir, 'log.jsonl'), 'x\ny\n'),
      },
      { name: 'keyless', prefix: '/keyless', spoil: (dir) => rm(join(dir, KEY_FILE)) },
      { name: 'torn', prefix: '/torn', spoil: (dir) => truncate(join(dir, 'site.json'), 10) },
    ],
    {},
    (level, event, fields) => lines.push(JSON.stringify({ level, event, ...fields })),
  );
});

afterAll(() => server?.end());

const json = <T>({ bytes }: Got): T => JSON.parse(bytes.toString()) as T;

async function send(base: string, taskHash: string, id: number, headers = {}): Promise<Got> {
  const head = json<TaskHead>(await ask(base + PATHS.head(taskHash), { headers }));
  const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
  const body = report({ taskHash, roundHash, id, coordinates: [id, 2, 3] });
  const type = { 'content-type': REPORT_CONTENT_TYPE, 'content-length': String(body.length) };
  return ask(base + PATHS.reports, { method: 'POST', headers: { ...type, ...headers }, body });
}

describe('several sites', () => {
  it('H14 are told apart by prefix and by host, with counters of their own', async () => {
    const { url, taskHashes } = server;
    const c = { host: 'c.example:8787' };
    const places = [
      ['a', `${url}/a`, {}],
      ['b', `${url}/b`, {}],
      ['c', url, c],
    ] as const;
    for (const [name, base, headers] of places) {
      const record = json<Signed<SiteRecord>>(await ask(base + PATHS.site, { headers })).record;
      expect(record.site).toBe(name);
      const taskHash = taskHashes[name]?.intent as string;
      expect((await send(base, taskHash, 1, headers)).status).toBe(201);
    }
    expect((await send(`${url}/a`, taskHashes.a?.intent as string, 2)).status).toBe(201);
    const accepted = await Promise.all(
      places.map(async ([, base, headers]) => {
        const status = json<ServerStatus>(await ask(base + PATHS.status, { headers }));
        return status.reports.accepted;
      }),
    );
    expect(accepted).toEqual([2, 1, 1]);
  });

  it('H14 know nothing of each other’s tasks and files', async () => {
    const { url, taskHashes } = server;
    const ofB = taskHashes.b?.intent as string;
    expect((await ask(`${url}/a${PATHS.task(ofB)}`)).code).toBe('not-found');
    expect((await ask(`${url}/b${PATHS.task(ofB)}`)).status).toBe(200);
    const head = json<TaskHead>(await ask(`${url}/b${PATHS.head(ofB)}`));
    const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
    const body = report({ taskHash: ofB, roundHash, id: 9, coordinates: [1, 2, 3] });
    const headers = { 'content-type': REPORT_CONTENT_TYPE, 'content-length': String(body.length) };
    const wrong = await ask(`${url}/a${PATHS.reports}`, { method: 'POST', headers, body });
    expect(wrong.code).toBe('unknown-task');
    const origins = await Promise.all(
      ['a', 'b'].map((name) =>
        ask(`${url}/${name}${PATHS.site}`, { headers: { origin: 'https://x.example' } }),
      ),
    );
    expect(origins.map(({ headers: one }) => one['access-control-allow-origin'])).toEqual([
      '*',
      undefined,
    ]);
  });

  it('H14 outside of a site there are the health checks alone', async () => {
    const { url } = server;
    for (const path of [
      PATHS.site,
      PATHS.status,
      '/',
      '/a',
      '/A/v1/site',
      '/ab/v1/site',
      '/d/v1/site',
      '/a/a/v1/site',
    ]) {
      expect([path, (await ask(url + path)).code]).toEqual([path, 'not-found']);
    }
    expect((await ask(url + PATHS.site, { headers: { host: 'd.example' } })).code).toBe(
      'not-found',
    );
    expect((await ask(`${url}/a${PATHS.site}`, { headers: { host: 'd.example' } })).status).toBe(
      200,
    );
    expect((await ask(url + PATHS.livez)).status).toBe(200);
    const ready = await ask(url + PATHS.readyz);
    expect([ready.status, json(ready)]).toEqual([
      200,
      {
        status: 'ready',
        sites: {
          a: 'ready',
          b: 'ready',
          c: 'ready',
          corrupt: 'corrupt-log',
          keyless: 'no-key',
          torn: 'bad-site',
        },
      },
    ]);
  });

  it('H14 one that could not start says so, and is named in the log', async () => {
    const { url } = server;
    for (const [name, code] of [
      ['corrupt', 'corrupt-log'],
      ['keyless', 'no-key'],
      ['torn', 'bad-site'],
    ]) {
      const ready = await ask(`${url}/${name}${PATHS.readyz}`);
      expect([ready.status, json(ready)]).toEqual([503, { status: 'not-ready', reason: code }]);
      expect((await ask(`${url}/${name}${PATHS.livez}`)).status).toBe(200);
      expect((await ask(`${url}/${name}${PATHS.site}`)).code).toBe('not-ready');
      const failed = lines.filter(
        (line) => line.includes('"site-failed"') && line.includes(`"site":"${name}"`),
      );
      expect(failed).toHaveLength(1);
    }
    expect((await ask(`${url}/a${PATHS.readyz}`)).status).toBe(200);
    expect(server.services.size).toBe(3);
  });

  it('H14 with none that starts the server does not, and says why', async () => {
    const spoil = (dir: string): Promise<void> => rm(join(dir, 'site.json'));
    const sites = ['x', 'y'].map((name) => ({ name, prefix: `/${name}`, spoil }));
    await expect(operated(sites)).rejects.toThrow(/bad-site/);
  });

  it('H14 the more particular address wins', async () => {
    const sites = [
      { name: 'all' },
      { name: 'shop', prefix: '/shop' },
      { name: 'host', hosts: ['h.example'] },
      { name: 'both', hosts: ['h.example'], prefix: '/shop' },
    ];
    const world = await operated(sites);
    try {
      const at = async (path: string, host: string): Promise<string> =>
        json<Signed<SiteRecord>>(await ask(world.url + path, { headers: { host } })).record.site;
      expect([
        await at('/v1/site', 'x.example'),
        await at('/shop/v1/site', 'x.example'),
        await at('/v1/site', 'H.EXAMPLE'),
        await at('/shop/v1/site', 'h.example:80'),
      ]).toEqual(['all', 'shop', 'host', 'both']);
    } finally {
      await world.end();
    }
  });
});
