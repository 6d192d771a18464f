/** Who may read from another origin, and the headers that every answer carries. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../../shared/protocol/paths.ts';
import { boot, draft, ManualTime, site } from './fixture.ts';
import { ask, type Got, type Operated, operated } from './operated.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const SHOP = 'https://shop.example';
const OTHER = 'https://other.example';
let listed: Operated;
let open: Operated;

beforeAll(async () => {
  [listed, open] = await Promise.all([
    operated([{ name: 'site', settings: { origins: [SHOP, 'http://127.0.0.1:5173'] } }]),
    operated(),
  ]);
});

afterAll(async () => {
  await Promise.all([listed?.end(), open?.end()]);
});

const allowed = ({ headers }: Got): [unknown, unknown] => [
  headers['access-control-allow-origin'],
  headers.vary,
];

/** One of each way in which an answer is made. */
const requests = [
  ['GET', PATHS.site],
  ['GET', PATHS.livez],
  ['GET', '/nowhere'],
  ['GET', '/v1/site?x'],
  ['GET', '/v1/../x'],
  ['DELETE', PATHS.site],
  ['OPTIONS', PATHS.reports],
  ['POST', PATHS.reports],
] as const;

describe('origins', () => {
  it('H4 any origin without a list, the same for all', async () => {
    for (const [method, path] of requests) {
      for (const headers of [{}, { origin: OTHER }] as Record<string, string>[]) {
        const got = await ask(open.url + path, { method, headers });
        expect([method, path, ...allowed(got)]).toEqual([method, path, '*', undefined]);
      }
    }
  });

  it('H4 with a list those on it, and caches are told', async () => {
    for (const [method, path] of requests) {
      for (const [origin, expected] of [
        [SHOP, SHOP],
        ['http://127.0.0.1:5173', 'http://127.0.0.1:5173'],
        [OTHER, undefined],
        [`${SHOP}.evil.example`, undefined],
        ['null', undefined],
        [undefined, undefined],
      ] as const) {
        const headers: Record<string, string> = origin === undefined ? {} : { origin };
        const got = await ask(listed.url + path, { method, headers });
        expect([method, path, origin, ...allowed(got)]).toEqual([
          method,
          path,
          origin,
          expected,
          'Origin',
        ]);
        expect(got.headers['access-control-allow-credentials']).toBeUndefined();
      }
    }
  });

  it('H4 the body is the same for everyone', async () => {
    const bodies = await Promise.all(
      [SHOP, OTHER].map((origin) => ask(listed.url + PATHS.site, { headers: { origin } })),
    );
    expect(bodies[0]?.bytes).toEqual(bodies[1]?.bytes);
  });

  it('H4 without sockets as with them', async () => {
    const disk = new SimulatedDisk();
    await site(disk, [draft('intent', 3)]);
    const { app } = await boot(disk, new ManualTime(), { origins: [SHOP] });
    for (const [origin, expected] of [
      [SHOP, SHOP],
      [OTHER, null],
    ] as const) {
      const response = await app.request(PATHS.site, { headers: { origin } });
      expect(response.headers.get('access-control-allow-origin')).toBe(expected);
      expect(response.headers.get('vary')).toBe('Origin');
    }
  });
});

describe('security headers', () => {
  it('every answer has them, and none says HSTS without TLS', async () => {
    for (const server of [open, listed]) {
      for (const [method, path] of requests) {
        const { headers } = await ask(server.url + path, { method });
        expect(headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        });
        expect(headers['strict-transport-security']).toBeUndefined();
        expect(headers['set-cookie']).toBeUndefined();
      }
    }
  });

  it('H15 a header of a proxy that is not trusted changes nothing', async () => {
    const { headers } = await ask(open.url + PATHS.site, {
      headers: { 'x-forwarded-proto': 'https' },
    });
    expect(headers['strict-transport-security']).toBeUndefined();
  });
});
