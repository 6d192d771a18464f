import { describe, expect, it, vi } from 'vitest';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { encodeReport } from '../../shared/protocol/report.ts';
import { ENDPOINT, newWorld } from './round-world.ts';

describe('fetchTransport', () => {
  const answering = (
    answer: () => Response | Promise<Response>,
  ): ReturnType<typeof fetchTransport> =>
    fetchTransport(ENDPOINT, async () => answer(), { timeoutMs: 50 });

  it('asks without cookies, referrer, redirects or query', async () => {
    const world = await newWorld();
    const transport = fetchTransport(`${ENDPOINT}/`, world.fetch);
    await transport.json(PATHS.site);
    await transport.bytes(PATHS.model(world.initialModel), 1000);
    const header = {
      tier: 'local',
      id: new Uint8Array(16).fill(9),
      taskHash: new Uint8Array(32),
      roundHash: new Uint8Array(32),
    } as const;
    const report = encodeReport(header, new Uint8Array(12));
    expect(await transport.report(report, true)).toEqual({ accepted: true });
    expect(world.requests).toHaveLength(3);
    for (const { url, init } of world.requests) {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8080\/vitrine\/v1\/[a-z0-9/]+$/);
      expect(init).toMatchObject({
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
      });
    }
    expect(world.requests[2]?.init).toMatchObject({ method: 'POST', keepalive: true });
    expect(world.reports).toEqual([report]);
    await expect(transport.json('/v1/site?id=1')).rejects.toMatchObject({ state: 'bad-body' });
    expect(() => fetchTransport('http://127.0.0.1/?a')).toThrow(RangeError);
  });

  it('does not ask for keepalive where the browser would refuse the size', async () => {
    const world = await newWorld();
    const header = {
      tier: 'local',
      id: new Uint8Array(16),
      taskHash: new Uint8Array(32),
      roundHash: new Uint8Array(32),
    } as const;
    const large = encodeReport(header, new Uint8Array(20_000 * 4));
    await fetchTransport(ENDPOINT, world.fetch).report(large, true);
    expect(world.requests[0]?.init.keepalive).toBe(false);
  });

  it('sends a report without noise to this machine alone', async () => {
    const header = {
      tier: 'test',
      id: new Uint8Array(16),
      taskHash: new Uint8Array(32),
      roundHash: new Uint8Array(32),
    } as const;
    const report = encodeReport(header, new Uint8Array(12));
    const world = await newWorld();
    for (const endpoint of ['https://api.shop.example/vitrine', '/vitrine']) {
      const answer = await fetchTransport(endpoint, world.fetch).report(report, false);
      expect(answer).toMatchObject({ accepted: false, code: 'wrong-tier' });
    }
    expect(world.requests).toEqual([]);
    vi.stubGlobal('location', { href: 'http://localhost:5173/basket' });
    const send = async (): Promise<Response> => Response.json({ id: '0'.repeat(32) });
    expect(await fetchTransport('/vitrine', send).report(report, false)).toEqual({
      accepted: true,
    });
    vi.unstubAllGlobals();
    const own = await fetchTransport(ENDPOINT, world.fetch).report(report, false);
    expect(own).toEqual({ accepted: true });
  });

  it.each([
    ['offline', () => Promise.reject(new TypeError('fetch failed'))],
    ['offline', () => new Promise<Response>(() => undefined)],
    ['not-found', () => new Response('', { status: 404 })],
    ['server', () => new Response('', { status: 503 })],
    ['server', () => new Response(null, { status: 204 })],
    ['bad-body', () => new Response('<html>')],
    ['bad-body', () => new Response(new Uint8Array([0x22, 0xff, 0x22]))],
    ['too-large', () => new Response('x'.repeat(2000))],
    ['too-large', () => new Response('x', { headers: { 'content-length': '5000' } })],
  ])('names %s', async (state, answer) => {
    const slow = (async (_url: unknown, init: RequestInit): Promise<Response> => {
      const aborted = new Promise<never>((_resolve, reject) =>
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
      );
      return Promise.race([answer(), aborted]);
    }) as typeof fetch;
    const transport = fetchTransport(ENDPOINT, slow, { timeoutMs: 50 });
    await expect(transport.json('/v1/site', 1000)).rejects.toMatchObject({
      name: 'NetworkError',
      state,
    });
  });

  it('gives refusals by name, and takes nothing else for an acknowledgement', async () => {
    const header = {
      tier: 'local',
      id: new Uint8Array(16),
      taskHash: new Uint8Array(32),
      roundHash: new Uint8Array(32),
    } as const;
    const report = encodeReport(header, new Uint8Array(1 * 4));
    const post = (answer: Response): Promise<unknown> =>
      answering(() => answer).report(report, false);
    const problem = (code: string, status: number, after?: string): Response =>
      Response.json({ code }, { status, headers: after ? { 'retry-after': after } : {} });
    expect(await post(problem('round-closed', 409))).toEqual({
      accepted: false,
      code: 'round-closed',
      retryAfterMs: null,
    });
    expect(await post(problem('rate-limited', 429, '7'))).toMatchObject({ retryAfterMs: 7000 });
    expect(await post(problem('no-such-code', 418))).toMatchObject({ code: 'http-418' });
    expect(await post(new Response('<html>', { status: 502 }))).toMatchObject({ code: 'http-502' });
    await expect(post(new Response('<html>'))).rejects.toMatchObject({ state: 'bad-body' });
    await expect(post(Response.json({ id: 'f'.repeat(32) }))).rejects.toMatchObject({
      state: 'bad-body',
    });
  });
});
