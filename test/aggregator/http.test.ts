/** HTTP as a socket carries it: lengths, chunks, expectations, slow and broken clients. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { type Aggregator, KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { draft, report, SERVER_KEY, site } from './fixture.ts';
import { raw, reportHead, statusesOf } from './raw.ts';

let dataDir = '';
let aggregator: Aggregator;
let url = '';
let body: (id: number) => Uint8Array;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vitrine-'));
  await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
  const { taskHashes } = await site(dataDir, [draft('intent', 3, { maxReports: 1000 })]);
  const taskHash = taskHashes.intent as string;
  aggregator = await startAggregator({
    dataDir,
    logger: silentLogger,
    settings: { requestTimeoutMs: 400, headersTimeoutMs: 300 },
  });
  url = aggregator.url;
  const head = (await (await fetch(url + PATHS.head(taskHash))).json()) as TaskHead;
  const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
  body = (id) => report({ taskHash, roundHash, id, coordinates: [id, 1, 2] });
});

afterAll(async () => {
  await aggregator.close();
  await rm(dataDir, { recursive: true, force: true });
});

const accepted = (): number => aggregator.rounds.status().reports.accepted;

describe('length of a body', () => {
  it('H5 two lengths, a length beside chunks, and a signed one are no HTTP and change nothing', async () => {
    const before = accepted();
    for (const lines of [
      ['Content-Length: 100', 'Content-Length: 100'],
      ['Content-Length: 100', 'Content-Length: 99'],
      ['Content-Length: 100', 'Transfer-Encoding: chunked'],
      ['Content-Length: +100'],
      ['Content-Length: 100, 100'],
    ]) {
      const answer = await raw(url, reportHead(...lines), body(1));
      expect(statusesOf(answer), lines.join()).toEqual([400]);
    }
    expect(accepted()).toBe(before);
    expect(aggregator.rounds.slots.inFlight).toBe(0);
  });

  it('H5 chunks and no length at all are bad-length', async () => {
    const chunked = ['Transfer-Encoding: chunked', 'Connection: close'];
    const chunk = `64\r\n${Buffer.from(body(2)).toString('latin1')}\r\n0\r\n\r\n`;
    expect(await raw(url, reportHead(...chunked), Buffer.from(chunk, 'latin1'))).toContain(
      '"bad-length"',
    );
    expect(await raw(url, reportHead('Connection: close'))).toContain('"bad-length"');
  });

  it('H5 bytes behind a report are the next request, never part of it', async () => {
    const before = accepted();
    const next = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const followed = await raw(url, reportHead('Content-Length: 100'), body(3), next);
    expect(statusesOf(followed)).toEqual([201, 200]);
    // Node answers the junk at once; what was read before it counts, and is asked for again.
    const trailed = await raw(url, reportHead('Content-Length: 100'), body(4), '\x00\x01junk\r\n');
    expect(statusesOf(trailed).at(-1)).toBe(400);
    const again = await raw(url, reportHead('Content-Length: 100', 'Connection: close'), body(4));
    expect(statusesOf(again)).toEqual([201]);
    expect(accepted()).toBe(before + 2);
  });

  it('H6 a refused body is dropped and the connection goes on', async () => {
    const wrong = body(5);
    wrong[0] = 0;
    const refusals = [
      [reportHead('Content-Length: 101'), new Uint8Array(101)],
      [reportHead('Content-Length: 100'), wrong],
    ].flat();
    const last = reportHead('Content-Length: 100', 'Connection: close');
    const answer = await raw(url, ...refusals, last, body(5));
    expect(statusesOf(answer)).toEqual([413, 400, 201]);
  });
});

describe('a client that asks first', () => {
  it('H5 is told to go on, or refused without its body', async () => {
    const before = accepted();
    const expecting = ['Content-Length: 100', 'Expect: 100-continue', 'Connection: close'];
    expect(statusesOf(await raw(url, reportHead(...expecting), body(6)))).toEqual([100, 201]);
    const large = ['Content-Length: 99999999', 'Expect: 100-continue'];
    const refused = await raw(url, reportHead(...large));
    expect(statusesOf(refused)).toEqual([413]);
    expect(refused.toLowerCase()).toContain('connection: close');
    const get =
      'GET /v1/site HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    expect(statusesOf(await raw(url, get))).toEqual([100, 200]);
    expect(accepted()).toBe(before + 1);
  });
});

describe('slow and broken clients', () => {
  it('H5 a body that stops is cut off, counted, and gives its slot back', async () => {
    const before = aggregator.rounds.status().reports.refused['incomplete-body'] ?? 0;
    const answer = await raw(url, reportHead('Content-Length: 100'), body(7).subarray(0, 50));
    expect(statusesOf(answer)).toEqual([408]);
    await expect.poll(() => aggregator.rounds.slots.inFlight).toBe(0);
    expect(aggregator.rounds.status().reports.refused['incomplete-body']).toBe(before + 1);
  });

  it('RD4 a client that leaves before the answer asks again and counts once', async () => {
    const before = accepted();
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(reportHead('Content-Length: 100'));
        socket.end(body(8), () => {
          socket.destroy();
          resolve();
        });
      });
      socket.on('error', () => undefined);
    });
    await expect.poll(() => aggregator.rounds.slots.inFlight).toBe(0);
    const again = await raw(url, reportHead('Content-Length: 100', 'Connection: close'), body(8));
    expect(statusesOf(again)).toEqual([201]);
    expect(accepted()).toBe(before + 1);
  });
});

describe('targets and methods', () => {
  const ask = (line: string, ...lines: readonly string[]): Promise<string> =>
    raw(url, `${[line, 'Host: x', ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);

  it('H1 aliases of a path are not the path', async () => {
    for (const target of [
      '//v1/site',
      '/v1//site',
      '/v1/%73ite',
      '/v1/x/../site',
      '/v1/./site',
      '/v1/site#x',
      '/v1\\site',
      '/V1/site',
      'http://x/v1/site',
      '*',
    ]) {
      const answer = await ask(`GET ${target} HTTP/1.1`);
      expect([statusesOf(answer), answer.includes('"not-found"')], target).toEqual([[404], true]);
    }
    expect(await ask('GET /v1/site?x HTTP/1.1')).toContain('"query-not-allowed"');
    expect(await ask('POST /v1/reports? HTTP/1.1')).toContain('"query-not-allowed"');
  });

  it('H1 answers without a host and refuses other methods with what is allowed', async () => {
    expect(await raw(url, 'GET /livez HTTP/1.0\r\n\r\n')).toContain('"ok"');
    const deleted = await ask('DELETE /v1/reports HTTP/1.1');
    expect(statusesOf(deleted)).toEqual([405]);
    expect(deleted.toLowerCase()).toContain('\r\nallow: post\r\n');
  });

  it('H2 H3 HEAD has the head of GET and no body', async () => {
    for (const path of [PATHS.site, PATHS.status, PATHS.livez, '/nowhere']) {
      const [get, head] = [await fetch(url + path), await fetch(url + path, { method: 'HEAD' })];
      const text = await get.text();
      expect([head.status, await head.text()]).toEqual([get.status, '']);
      for (const name of ['cache-control', 'content-type', 'access-control-allow-origin']) {
        expect(head.headers.get(name), `${path} ${name}`).toBe(get.headers.get(name));
      }
      const raws = await ask(`HEAD ${path} HTTP/1.1`);
      expect(raws.slice(raws.indexOf('\r\n\r\n') + 4)).toBe('');
      expect(text).not.toBe('');
    }
  });

  it('H4 a preflight over a socket, for a report and for a file', async () => {
    for (const path of [PATHS.reports, PATHS.site]) {
      const answer = await ask(
        `OPTIONS ${path} HTTP/1.1`,
        'Origin: https://shop.example',
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Headers: content-type',
      );
      expect(statusesOf(answer)).toEqual([204]);
      expect(answer.toLowerCase()).toContain('access-control-allow-headers: content-type');
      expect(answer.toLowerCase()).not.toContain('allow-credentials');
    }
  });
});
