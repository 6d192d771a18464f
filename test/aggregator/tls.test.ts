/** HTTPS by this server itself, and behind a proxy. */
import { describe, expect, it } from 'vitest';
import { StartError } from '../../aggregator/socket.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { selfSigned } from '../simulate/certificate.ts';
import { report } from './fixture.ts';
import { ask, operated } from './operated.ts';

const YEAR = 'max-age=31536000';

describe('TLS', () => {
  it('H15 serves files and takes reports over HTTPS, and every answer says HSTS', async () => {
    const tls = selfSigned(['localhost', '127.0.0.1'], Date.now());
    const server = await operated([{ name: 'site' }], { tls });
    try {
      const { url, taskHashes } = server;
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      const taskHash = taskHashes.site?.intent as string;
      const got = await ask(url + PATHS.head(taskHash), { ca: tls.cert });
      const head = JSON.parse(got.bytes.toString()) as TaskHead;
      const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
      const body = report({ taskHash, roundHash, id: 1, coordinates: [1, 2, 3] });
      const post = { method: 'POST', body, ca: tls.cert } as const;
      const headers = {
        'content-type': REPORT_CONTENT_TYPE,
        'content-length': String(body.length),
      };
      const taken = await ask(url + PATHS.reports, { ...post, headers });
      const refused = await ask(url + PATHS.reports, {
        ...post,
        headers: { ...headers, 'content-type': 'a/b' },
      });
      const nowhere = await ask(`${url}/v1/..`, { ca: tls.cert });
      expect([got, taken, refused, nowhere].map(({ status }) => status)).toEqual([
        200, 201, 415, 404,
      ]);
      for (const one of [got, taken, refused, nowhere]) {
        expect(one.headers['strict-transport-security']).toBe(YEAR);
      }
      await expect(ask(url + PATHS.livez)).rejects.toThrow(/certificate/);
      await expect(ask(`${url.replace('https', 'http')}${PATHS.livez}`)).rejects.toThrow();
    } finally {
      await server.end();
    }
  });

  it('H15 behind a proxy that is trusted, when the client came by HTTPS', async () => {
    const server = await operated([{ name: 'site' }], { trustProxy: 1 });
    try {
      for (const [proto, expected] of [
        ['https', YEAR],
        ['http', undefined],
      ] as const) {
        for (const path of [PATHS.site, '/nowhere']) {
          const got = await ask(server.url + path, { headers: { 'x-forwarded-proto': proto } });
          expect(got.headers['strict-transport-security']).toBe(expected);
        }
      }
    } finally {
      await server.end();
    }
  });

  it('a certificate that is none is bad-tls, before a port is taken', async () => {
    const tls = selfSigned(['localhost'], Date.now());
    const start = operated([{ name: 'site' }], { tls: { ...tls, cert: 'none' } });
    await expect(start).rejects.toThrow(StartError);
    const { key } = selfSigned(['localhost'], Date.now());
    for (const other of ['', 'none', key]) {
      const started = operated([{ name: 'site' }], { tls: { ...tls, key: other } });
      await expect(started).rejects.toThrow('bad-tls');
    }
  });
});
