/** Addresses, buckets, the token and the clocks around disk and backend, each on its own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppendFile } from '../../aggregator/accumulate/disk.ts';
import { typedBackend } from '../../aggregator/average/typed.ts';
import {
  addressKeys,
  cameByTls,
  clientAddress,
  networkOf,
} from '../../aggregator/operate/address.ts';
import { RateLimited, RateLimiter } from '../../aggregator/operate/rate.ts';
import { timedBackend, timedDisk } from '../../aggregator/operate/timing.ts';
import { tokenCheck } from '../../aggregator/operate/token.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { report } from './fixture.ts';
import { ask, operated } from './operated.ts';
import { SimulatedDisk } from './simulated-disk.ts';

describe('addresses', () => {
  const behind = (forwarded: string | undefined, trustProxy: number): string =>
    clientAddress(
      { headers: { 'x-forwarded-for': forwarded }, socketAddress: '10.0.0.1' },
      trustProxy,
    );

  it('H11 the n-th from the right behind n proxies, and no other', () => {
    const list = '6.6.6.6, 203.0.113.9, 10.0.0.2';
    expect([0, 1, 2, 3, 4].map((n) => behind(list, n))).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '203.0.113.9',
      '6.6.6.6',
      '6.6.6.6',
    ]);
    expect(behind(undefined, 1)).toBe('10.0.0.1');
    expect(behind('', 2)).toBe('10.0.0.1');
  });

  it('H15 believes a proxy of one’s own alone that the client came by TLS', () => {
    const by = (said: string | undefined, n: number): boolean =>
      cameByTls({ headers: { 'x-forwarded-proto': said } }, n);
    expect([by('https', 0), by('https', 1), by('http', 1), by(undefined, 1)]).toEqual([
      false,
      true,
      false,
      false,
    ]);
    expect([by('https, http', 1), by('http, https', 1), by('https, http', 2)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('H11 a network is an IPv4 address, or 64 bits of IPv6', () => {
    const pairs = [
      ['203.0.113.9', '203.0.113.9'],
      ['::ffff:203.0.113.9', '203.0.113.9'],
      ['2001:db8::1', '2001:db8:0:0'],
      ['2001:0DB8:0:0:ffff:1:2:3', '2001:db8:0:0'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
      ['fe80::1%eth0', 'fe80:0:0:0'],
      ['::1', '0:0:0:0'],
      ['203.0.113.9:40001', '203.0.113.9'],
      ['[2001:db8:1:2::9]:40001', '2001:db8:1:2'],
      ['[2001:db8:1:2::9]', '2001:db8:1:2'],
    ] as const;
    for (const [address, network] of pairs)
      expect([address, networkOf(address)]).toEqual([address, network]);
  });

  it('H11 keys tell networks apart, hold no address, and differ from process to process', () => {
    const [one, other] = [addressKeys(), addressKeys()];
    expect(one('2001:db8::1')).toBe(one('2001:db8::2'));
    expect(one('203.0.113.9')).not.toBe(one('203.0.113.8'));
    expect(one('203.0.113.9')).not.toBe(other('203.0.113.9'));
    expect(one('203.0.113.9')).toHaveLength(44);
  });
});

describe('buckets', () => {
  it('H11 let through no more than burst + time · rate, and all that they should', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b'), waitMs: fc.nat(3000) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, burst) => {
          let now = 0;
          const perMinute = 60;
          const limiter = new RateLimiter({ perMinute, burst, nowMs: () => now });
          // The reference keeps every bucket for ever.
          const tokens: Record<string, [number, number]> = { a: [burst, 0], b: [burst, 0] };
          for (const { key, waitMs } of steps) {
            now += waitMs;
            const [had, atMs] = tokens[key] as [number, number];
            const has = Math.min(burst, had + (now - atMs) / 1000);
            let wait = 0;
            try {
              limiter.take(key);
            } catch (error) {
              expect(error).toBeInstanceOf(RateLimited);
              wait = (error as RateLimited).retryAfterSeconds;
            }
            // Sums of steps are off by less than this.
            if (Math.abs(has - 1) > 1e-6) expect(wait === 0).toBe(has >= 1);
            if (wait > 0) expect(wait).toBe(1);
            tokens[key] = [wait === 0 ? has - 1 : has, now];
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('H11 says when the next request is taken', () => {
    let now = 0;
    const limiter = new RateLimiter({ perMinute: 2, burst: 1, nowMs: () => now });
    limiter.take('a');
    now = 10_000;
    expect(() => limiter.take('a')).toThrow(expect.objectContaining({ retryAfterSeconds: 20 }));
    now = 30_000;
    limiter.take('a');
  });

  it('H11 are forgotten once full, and bounded in number', () => {
    let now = 0;
    const limiter = new RateLimiter({ perMinute: 60, burst: 1, nowMs: () => now, maxBuckets: 10 });
    for (let i = 0; i < 100; i++) limiter.take(`key ${i}`);
    expect(limiter.size).toBe(10);
    expect(() => limiter.take('key 99')).toThrow(RateLimited);
    now = 5000;
    limiter.take('another');
    expect(limiter.size).toBe(1);
  });

  it('H11 over sockets: by address, never the health checks; a report can be sent again', async () => {
    const settings = { rateLimit: 'on', rateBurst: 3, ratePerMinute: 1 } as const;
    const server = await operated([{ name: 'site', settings }], { trustProxy: 1 });
    try {
      const { url, taskHashes } = server;
      const taskHash = taskHashes.site?.intent as string;
      const from = (address: string) => ({ 'x-forwarded-for': `6.6.6.6, ${address}` });
      const got = await ask(url + PATHS.head(taskHash), { headers: from('1.1.1.1') });
      const head = JSON.parse(got.bytes.toString()) as TaskHead;
      const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
      const body = report({ taskHash, roundHash, id: 1, coordinates: [1, 2, 3] });
      const send = (address: string) =>
        ask(url + PATHS.reports, {
          method: 'POST',
          headers: {
            ...from(address),
            'content-type': REPORT_CONTENT_TYPE,
            'content-length': String(body.length),
          },
          body,
        });
      expect((await send('1.1.1.1')).status).toBe(201);
      expect((await ask(`${url}/nowhere`, { headers: from('1.1.1.1') })).code).toBe('not-found');
      const over = await send('1.1.1.1');
      expect([over.status, over.code]).toEqual([429, 'rate-limited']);
      expect(Number(over.headers['retry-after'])).toBeGreaterThan(50);
      expect((await ask(url + PATHS.site, { headers: from('1.1.1.1') })).code).toBe('rate-limited');
      expect((await ask(url + PATHS.readyz, { headers: from('1.1.1.1') })).status).toBe(200);
      expect((await send('2.2.2.2')).status).toBe(201);
      const { reports } = (
        server.services.get('site') as NonNullable<ReturnType<typeof server.services.get>>
      ).status();
      expect(reports).toMatchObject({ accepted: 1, duplicates: 1, refused: { 'rate-limited': 2 } });
    } finally {
      await server.end();
    }
  });
});

describe('the token', () => {
  it('H12 is carried as a bearer’s, whole and exact', () => {
    const token = `${'a'.repeat(31)}b`;
    const check = tokenCheck(token);
    expect([`Bearer ${token}`, `bearer ${token}`].map(check)).toEqual([true, true]);
    const wrong = [
      undefined,
      '',
      token,
      `Basic ${token}`,
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${'a'.repeat(32)}`,
      `Bearer  ${token}`,
      'Bearer ',
    ];
    expect(wrong.filter(check)).toEqual([]);
    expect(() => tokenCheck('a'.repeat(31))).toThrow(RangeError);
  });
});

describe('clocks', () => {
  it('hear of every sync and sum, and change neither', async () => {
    const disk = new SimulatedDisk();
    const heard: number[] = [];
    const timed = timedDisk(disk, (seconds) => heard.push(seconds));
    const file: AppendFile = await timed.open('a');
    await file.append([Uint8Array.of(1, 2, 3)]);
    expect([file.length, heard.length]).toEqual([3, 0]);
    await file.sync();
    expect(heard).toHaveLength(1);
    await file.close();
    expect([...(await timed.read('a'))]).toEqual([1, 2, 3]);
    expect(await timed.size('b')).toBeNull();
    const sums: number[] = [];
    const backend = timedBackend(typedBackend, (seconds) => sums.push(seconds));
    const into = new Float64Array(2);
    await backend.sum([new Uint8Array(Int32Array.of(4, -5).buffer)], 0, into);
    expect([[...into], backend.name, sums.length]).toEqual([[4, -5], typedBackend.name, 1]);
    await expect(timedDisk(disk, () => undefined).read('none')).rejects.toThrow('missing');
  });
});
