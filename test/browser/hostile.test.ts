/** "Bad input": no Worker, and an aggregator that answers nonsense or not at all. */
import type { ServerResponse } from 'node:http';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { Signed, SiteRecord, Task } from '../../shared/protocol/task.ts';
import {
  type Answer,
  eventsOf,
  type Gate,
  goodIds,
  newPage,
  nothingHappens,
  ONCE_MORE,
  openGate,
  problemsOf,
  recommendOf,
  reportIdOf,
  reportsOf,
  statusOf,
  storedIds,
  tagPage,
  track,
  until,
} from './hostile.ts';
import { type Launched, launchChromium } from './launch.ts';
import { type ShopFixture, startShop, testDrafts } from './shop.ts';

let shop: ShopFixture;
let gate: Gate;
let browser: Launched;
let context: BrowserContext;
let goods: string[];
const problems: string[] = [];
beforeAll(async () => {
  shop = await startShop({ drafts: testDrafts({ participations: 50, windowMs: 5_000 }) });
  gate = await openGate(shop);
  browser = await launchChromium();
  goods = await goodIds(4);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await gate?.close();
  await shop?.close();
});

beforeEach(async () => {
  gate.answer = null;
  gate.pageHeaders = {};
  gate.passed.length = 0;
  problems.length = 0;
  gate.pages['/tag'] = tagPage(shop);
  context = await browser.browser.newContext();
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

const posts = (): number => gate.passed.filter(({ method }) => method === 'POST').length;

/** A page that has been tracked on, and where all went without an exception. */
async function visit(path = '/tag'): Promise<Page> {
  const page = await newPage(context, problems);
  await page.goto(gate.url + path);
  await track(page, goods);
  return page;
}

async function stateIs(page: Page, state: string): Promise<void> {
  await until(`state ${state}`, async () => (await statusOf(page)).state === state);
}

describe('no Worker', ONCE_MORE, () => {
  /** @param mayCount whether a statistic may have been reported before the learner was missed */
  const withoutWorker = async (page: Page, mayCount = false): Promise<void> => {
    const task = await until('a reason', async () =>
      (await statusOf(page)).tasks.find(({ reason }) => reason === 'no-worker'),
    );
    expect(task.words).toContain('recommending goes on without one');
    const { source, ids } = await recommendOf(page);
    expect(source).toBe('content');
    expect(ids).toHaveLength(3);
    expect(await storedIds(page)).toEqual(goods);
    const tasks = (await reportsOf(page)).map((report) => report.task);
    expect(tasks.filter((name) => !mayCount || name !== 'campaign')).toEqual([]);
    expect(posts()).toBeLessThanOrEqual(tasks.length);
    expect(await problemsOf(page)).toEqual([]);
  };

  it('says no-worker where the browser has none', async () => {
    gate.pages['/none'] = tagPage({ ...shop, before: 'delete window.Worker;' });
    await withoutWorker(await visit('/none'));
  });

  it("says no-worker under the policy worker-src 'none'", async () => {
    gate.pageHeaders = { 'content-security-policy': "worker-src 'none'" };
    await withoutWorker(await visit());
  });

  it('says no-worker where the learners are not there, and reports to no training', async () => {
    gate.answer = (path, response) => {
      if (!path.includes('/worker-')) return false;
      response.writeHead(404).end();
      return true;
    };
    await withoutWorker(await visit(), true);
  });
});

const HTML = '<!doctype html><title>portal</title><h1>Sign in</h1>';
const JSON_HEAD = { 'content-type': 'application/json', 'access-control-allow-origin': '*' };

function say(response: ServerResponse, status: number, body: string | Buffer): true {
  response.writeHead(status, JSON_HEAD).end(body);
  return true;
}

/** Everything under /v1 gets this answer. */
const always =
  (answer: (response: ServerResponse) => unknown): Answer =>
  (path, response) => {
    if (!path.startsWith('/v1/')) return false;
    answer(response);
    return true;
  };

/** Requests give up after one second instead of thirty. */
const HASTY = `
  const late = AbortSignal.timeout;
  AbortSignal.timeout = (ms) => late.call(AbortSignal, Math.min(ms, 1000));
`;

function drip(response: ServerResponse): void {
  response.writeHead(200, JSON_HEAD);
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

function flood(response: ServerResponse): void {
  response.writeHead(200, JSON_HEAD);
  const more = (): void => {
    while (!response.destroyed && response.write(' '.repeat(65_536)));
  };
  response.on('drain', more).on('error', () => undefined);
  more();
}

describe('an aggregator that answers nonsense from the first request on', ONCE_MORE, () => {
  const cases: [string, Answer, string][] = [
    ['HTML', always((response) => say(response, 200, HTML)), 'server-error'],
    [
      'JSON of another shape',
      always((r) => say(r, 200, '{"record":[1],"x":null}')),
      'server-error',
    ],
    ['null', always((response) => say(response, 200, 'null')), 'server-error'],
    ['bytes that are no text', always((r) => say(r, 200, Buffer.alloc(64, 0xff))), 'server-error'],
    ['500', always((response) => say(response, 500, '{}')), 'server-error'],
    ['204', always((response) => response.writeHead(204).end()), 'server-error'],
    [
      'a redirect',
      always((response) => response.writeHead(302, { location: '/elsewhere' }).end()),
      'offline',
    ],
    ['an endless flood', always(flood), 'server-error'],
    ['a body that never ends', always(drip), 'offline'],
    ['nothing at all', always(() => undefined), 'offline'],
    ['a broken connection', always((response) => response.destroy()), 'offline'],
  ];
  it.each(cases)('%s', async (_name, answer, state) => {
    gate.answer = answer;
    gate.pages['/tag'] = tagPage({ ...shop, before: HASTY });
    const page = await visit();
    const { source, ids, ms } = await recommendOf(page);
    expect(source).toBe('popular');
    expect(ids).toEqual(['own-1', 'own-2']);
    expect(ms).toBeLessThan(15_000);
    await stateIs(page, state);
    expect(await storedIds(page)).toEqual(goods);
    expect(posts()).toBe(0);
    // Four goods, one page view of four within two seconds, and the dwell of the last.
    expect([5, 6]).toContain(await eventsOf(page));
    expect(await problemsOf(page)).toEqual([]);
  });

  it('is met again once it answers as agreed', async () => {
    gate.answer = always((response) => say(response, 500, '{}'));
    const page = await visit();
    await stateIs(page, 'server-error');
    gate.answer = null;
    await stateIs(page, 'ready');
    expect((await recommendOf(page)).source).toBe('content');
    expect(await problemsOf(page)).toEqual([]);
  });
});

describe('what is not what was announced', ONCE_MORE, () => {
  const signed = async <T>(path: string): Promise<T> =>
    (await (await fetch(shop.url + path)).json()) as T;
  const instead =
    (wanted: RegExp, body: string | Buffer): Answer =>
    (path, response) =>
      wanted.test(path) && say(response, 200, body);
  const refused = async (page: Page, reason: string): Promise<void> => {
    await until(`reason ${reason}`, async () =>
      (await statusOf(page)).tasks.some((task) => task.reason === reason),
    );
  };
  const quiet = async (page: Page): Promise<void> => {
    await nothingHappens();
    expect(posts()).toBe(0);
    expect(await reportsOf(page)).toEqual([]);
    expect(await storedIds(page)).toEqual(goods);
    expect(await problemsOf(page)).toEqual([]);
  };

  it('a catalogue of another hash: hash-mismatch, not kept, nothing sent', async () => {
    gate.answer = instead(/^\/v1\/catalogues\//, Buffer.alloc(5000, 7));
    const page = await visit();
    await stateIs(page, 'server-error');
    await refused(page, 'hash-mismatch');
    const status = await statusOf(page);
    expect(status.catalogue).toBeNull();
    expect(status.words).toContain('hash-mismatch');
    expect((await recommendOf(page)).ids).toEqual(['own-1', 'own-2']);
    await quiet(page);
    gate.answer = null;
    await stateIs(page, 'ready');
    expect((await recommendOf(page)).source).toBe('content');
  });

  it('a model of another hash is refused', async () => {
    gate.answer = instead(/^\/v1\/models\//, Buffer.alloc(52, 1));
    const page = await visit();
    await stateIs(page, 'server-error');
    expect((await statusOf(page)).words).toContain('hash-mismatch');
    expect((await recommendOf(page)).source).not.toBe('model');
    await quiet(page);
  });

  it('a correctly signed task and site under another key are refused', async () => {
    const stranger = signerOf(generateKey());
    const hash = shop.taskHashes.wide as string;
    const { record } = await signed<Signed<Task>>(`/v1/tasks/${hash}`);
    gate.answer = instead(
      /^\/v1\/tasks\/[0-9a-f]+$/,
      JSON.stringify({ ...signRecord(record, stranger), helperSignature: null }),
    );
    const page = await visit();
    await stateIs(page, 'bad-signature');
    expect((await recommendOf(page)).source).toBe('popular');
    await quiet(page);
    await page.close();

    const site = await signed<Signed<SiteRecord>>('/v1/site');
    gate.answer = instead(/^\/v1\/site$/, JSON.stringify(signRecord(site.record, stranger)));
    const other = await context.browser()?.newContext();
    const next = await newPage(other as BrowserContext, problems);
    await next.goto(`${gate.url}/tag`);
    await track(next, goods);
    await stateIs(next, 'bad-signature');
    expect((await statusOf(next)).tasks).toEqual([]);
    expect((await recommendOf(next)).source).toBe('popular');
    await quiet(next);
    await other?.close();
  });

  it('a head that goes bad later: the stored model ranks on, and nothing is charged', async () => {
    gate.pages['/read'] = tagPage({ ...shop, consent: 'personalise' });
    const page = await visit('/read');
    await stateIs(page, 'ready');
    const before = await recommendOf(page);
    expect(before.source).toBe('content');
    gate.answer = instead(/\/head$/, HTML);
    await page.reload();
    const after = await recommendOf(page);
    expect(after.source).toBe('content');
    expect(after.ids).toEqual(before.ids);
    await stateIs(page, 'server-error');
    expect((await recommendOf(page)).ids).toEqual(before.ids);
    await quiet(page);
  });

  it('an acknowledgement that is none: the report waits, with the same bytes', async () => {
    gate.answer = instead(/^\/v1\/reports$/, HTML);
    const page = await visit();
    await until('two attempts', async () => posts() >= 2);
    const bodies = gate.passed.filter(({ method }) => method === 'POST').map(({ body }) => body);
    const byId = new Map(bodies.map((body) => [reportIdOf(body), body]));
    for (const body of bodies) expect(body.equals(byId.get(reportIdOf(body)) as Buffer)).toBe(true);
    const reports = await reportsOf(page);
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.every(({ state }) => state !== 'sent')).toBe(true);
    expect(await problemsOf(page)).toEqual([]);
  });
});
