/** Metrics as Prometheus reads them, and what must not be in them, nor in the logs. */
import { afterEach, describe, expect, it } from 'vitest';
import { ADMIN_PATHS } from '../../aggregator/admin.ts';
import { jsonLogger } from '../../aggregator/logger.ts';
import { loadMetrics, METRICS } from '../../aggregator/operate/metrics.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { draft, idBytes, report } from './fixture.ts';
import { ADMIN, ask, type Got, type Operated, operated, TOKEN } from './operated.ts';

let server: Operated;
afterEach(() => server?.end());

const BEARER = { authorization: `Bearer ${TOKEN}` };
const LOCAL = draft('private', 4, {
  tier: 'local',
  mechanism: discreteGaussian(3),
  participations: 7,
});

async function scrape(): Promise<string> {
  const got = await ask(server.adminUrl + ADMIN_PATHS.metrics, { headers: BEARER });
  expect([got.status, got.headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return got.bytes.toString();
}

/** Value of a series, its labels in any order. */
function value(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  for (const line of text.split('\n')) {
    const [, found = '', inside = '', number = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const has = Object.entries(labels).every(([key, one]) => inside.includes(`${key}="${one}"`));
    const many = inside === '' ? 0 : inside.split('",').length;
    if (found === name && has && many === Object.keys(labels).length) return Number(number);
  }
  return undefined;
}

async function send(
  site: string,
  prefix: string,
  id: number,
  change: (body: Uint8Array) => Uint8Array,
): Promise<Got> {
  await server.services.get(site)?.settled();
  const taskHash = server.taskHashes[site]?.intent as string;
  const head = JSON.parse(
    (await ask(server.url + prefix + PATHS.head(taskHash))).bytes.toString(),
  ) as TaskHead;
  const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
  const body = change(report({ taskHash, roundHash, id, coordinates: [id, 2, 3] }));
  const headers = {
    'content-type': REPORT_CONTENT_TYPE,
    'content-length': String(body.length),
    'x-forwarded-for': '203.0.113.77',
  };
  return ask(server.url + prefix + PATHS.reports, { method: 'POST', headers, body });
}

describe('metrics', () => {
  it('count what happened, by site, task and code', async () => {
    const sites = [
      { name: 'one', prefix: '/one', tasks: [draft('intent', 3), LOCAL] },
      { name: 'two', prefix: '/two' },
    ];
    server = await operated(sites, { admin: ADMIN });
    const good = (body: Uint8Array): Uint8Array => body;
    const bad = (body: Uint8Array): Uint8Array => body.map((byte, i) => (i === 0 ? 0 : byte));
    for (const id of [1, 2, 2]) expect((await send('one', '/one', id, good)).status).toBe(201);
    expect((await send('one', '/one', 3, bad)).code).toBe('bad-magic');
    expect((await send('two', '/two', 3, (body) => body.subarray(1))).code).toBe('bad-length');
    let text = await scrape();
    const one = { site: 'one' };
    const intent = { ...one, task: 'intent' };
    expect(value(text, 'vitrine_ready', one)).toBe(1);
    expect(value(text, 'vitrine_reports_accepted_total', one)).toBe(2);
    expect(value(text, 'vitrine_reports_duplicate_total', one)).toBe(1);
    expect(value(text, 'vitrine_reports_refused_total', { ...one, code: 'bad-magic' })).toBe(1);
    expect(
      value(text, 'vitrine_reports_refused_total', { ...one, code: 'bad-length' }),
    ).toBeUndefined();
    expect(value(text, 'vitrine_reports_refused_total', { site: 'two', code: 'bad-length' })).toBe(
      1,
    );
    expect(value(text, 'vitrine_round_reports', intent)).toBe(2);
    expect(value(text, 'vitrine_batch_reports', intent)).toBeUndefined();
    expect(value(text, 'vitrine_round_age_seconds', intent)).toBeGreaterThanOrEqual(0);
    expect(value(text, 'vitrine_round_age_seconds', intent)).toBeLessThan(60);
    expect(value(text, 'vitrine_task_participations', { ...one, task: 'private' })).toBe(7);
    expect(value(text, 'vitrine_task_epsilon', { ...one, task: 'private' })).toBeGreaterThan(0.5);
    expect(value(text, 'vitrine_task_epsilon', intent)).toBeUndefined();
    expect(value(text, 'vitrine_budget_epsilon', one)).toBe(16);
    expect(value(text, 'vitrine_slots_in_flight', one)).toBe(0);
    const synced = value(text, 'vitrine_sync_seconds_count') as number;
    expect(synced).toBeGreaterThan(0);
    expect(value(text, 'nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);

    for (const id of [4, 5, 6]) await send('one', '/one', id, good);
    await expect.poll(async () => value(await scrape(), 'vitrine_model_version', intent)).toBe(1);
    text = await scrape();
    expect(value(text, 'vitrine_batch_reports', intent)).toBe(5);
    expect(value(text, 'vitrine_rounds_published_total', one)).toBe(1);
    expect(value(text, 'vitrine_rounds_published_total', { site: 'two' })).toBe(0);
    expect(value(text, 'vitrine_sync_seconds_count')).toBeGreaterThan(synced);
    expect(value(text, 'vitrine_sum_seconds_count')).toBeGreaterThan(0);
    // A second look at the same state is the same: nothing is counted twice.
    expect(value(await scrape(), 'vitrine_reports_accepted_total', one)).toBe(5);
  });

  it('name every metric of the list, and no label but those', async () => {
    server = await operated([{ name: 'site', tasks: [draft('intent', 3), LOCAL] }], {
      admin: ADMIN,
    });
    await send('site', '', 1, (body) => body.subarray(1));
    const text = await scrape();
    const labels = new Set(
      [...text.matchAll(/^vitrine_\w+\{(.*)\}/gm)].flatMap(([, inside = '']) =>
        [...inside.matchAll(/(\w+)="/g)].map(([, label]) => label),
      ),
    );
    expect([...labels].sort()).toEqual(['code', 'le', 'site', 'task']);
    for (const name of Object.keys(METRICS)) expect(text).toContain(`# TYPE ${name} `);
    const told = [...text.matchAll(/^# TYPE (vitrine_\w+) /gm)].map(([, name]) => name);
    expect(told.sort()).toEqual(Object.keys(METRICS).sort());
  });

  it('say that prom-client is missing, and the server works', async () => {
    const none = await loadMetrics(async () => null);
    none.observeSum(1);
    expect(await none.scrape([], 0)).toBeNull();
    const { createAdminApp } = await import('../../aggregator/admin.ts');
    const deps = { services: new Map(), doors: [], metrics: none, logger: () => undefined };
    const response = await createAdminApp(TOKEN, deps).request('/metrics', { headers: BEARER });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      501,
      'no-metrics',
    ]);
  });
});

describe('what operators see', () => {
  it('H8 H11 H12 no address, id, hash, token or body, in logs and metrics of a busy run', async () => {
    const written: string[] = [];
    const logger = jsonLogger({ write: (text) => written.push(text) });
    const settings = { rateLimit: 'on', rateBurst: 24, ratePerMinute: 1 } as const;
    server = await operated([{ name: 'site', settings }], { admin: ADMIN, trustProxy: 1 }, logger);
    const changes: readonly ((body: Uint8Array) => Uint8Array)[] = [
      (body) => body,
      (body) => body.map((byte, i) => (i === 0 ? 0 : byte)),
      (body) => body.subarray(2),
      (body) => body.map((byte, i) => (i === 30 ? byte ^ 1 : byte)),
    ];
    for (let id = 0; id < 24; id++) {
      const change = changes[id % 4] as (body: Uint8Array) => Uint8Array;
      await send('site', '', id, change);
    }
    await ask(`${server.adminUrl}/admin/sites/site/tasks/intent/abandon`, {
      method: 'POST',
      headers: BEARER,
    });
    await ask(server.adminUrl + ADMIN_PATHS.status, { headers: { authorization: 'Bearer guess' } });
    const limited = await ask(server.url + PATHS.site, {
      headers: { 'x-forwarded-for': '203.0.113.77' },
    });
    // Without the figures, of which one or the other has sixteen digits.
    const metrics = (await scrape()).replace(/ [0-9.e+-]+$/gm, '');
    const port = new URL(server.url).port;
    await server.close();
    const logs = written.join('');
    expect(limited.code).toBe('rate-limited');
    expect(logs).toContain('"operated"');
    expect(logs).toContain('"round-published"');
    expect(metrics).toContain('code="bad-magic"');
    for (const [name, text] of [
      ['logs', logs],
      ['metrics', metrics],
    ] as const) {
      expect([name, /203\.0\.113|127\.0\.0\.1|::1/.exec(text)]).toEqual([name, null]);
      expect([name, /[0-9a-f]{16}|[A-Za-z0-9_-]{40,}/.exec(text)]).toEqual([name, null]);
      expect([name, text.includes(TOKEN), text.includes(`:${port}`)]).toEqual([name, false, false]);
      for (let id = 0; id < 24; id++) {
        const bytes = Buffer.from(idBytes(id));
        expect(text).not.toContain(bytes.toString('hex'));
        expect(text).not.toContain(bytes.toString('base64url'));
      }
    }
  });
});
