/** The parts of a cluster, each alone: leases, quotas, messages. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lease } from '../../aggregator/cluster/lease.ts';
import { Quota } from '../../aggregator/cluster/quota.ts';
import { agreeOnPartitions } from '../../aggregator/cluster/view.ts';
import {
  decodeGroup,
  decodeResult,
  encodeGroup,
  encodeResult,
} from '../../aggregator/cluster/wire.ts';
import { MemoryLog } from '../cluster/memory-log.ts';

const lease = (log: MemoryLog, node: string, now: { ms: number }): Lease =>
  new Lease({
    ...{ log, key: 'lease/0', node, ttlMs: 100, nowMs: () => now.ms },
    url: () => `at ${node}`,
  });

describe('C2 a lease', () => {
  it('has one holder, until it has stood still for its whole time', async () => {
    const log = new MemoryLog();
    const now = { ms: 0 };
    const [a, b] = [lease(log, 'a', now), lease(log, 'b', now)];
    expect(await a.tick(true)).toBe(true);
    expect(await b.tick(true)).toBe(false);
    now.ms = 99;
    expect([a.held, await b.tick(true)]).toEqual([true, false]);
    now.ms = 100;
    expect(a.held).toBe(false);
    expect(await b.tick(true)).toBe(true);
    expect([b.epoch, await a.tick(true), a.held]).toEqual([2, false, false]);
  });

  it('goes on while it is renewed, and is given back at once', async () => {
    const log = new MemoryLog();
    const now = { ms: 0 };
    const [a, b] = [lease(log, 'a', now), lease(log, 'b', now)];
    await a.tick(true);
    for (now.ms = 60; now.ms < 600; now.ms += 60) {
      expect([await a.tick(true), await b.tick(true)]).toEqual([true, false]);
    }
    await a.release();
    expect(await b.tick(true)).toBe(true);
  });

  it('whose renewal was taken without an answer is still its own', async () => {
    const log = new MemoryLog();
    const now = { ms: 0 };
    const a = lease(log, 'a', now);
    await a.tick(true);
    log.fault = (operation) => (operation === 'save' ? 'after' : null);
    now.ms = 60;
    expect(await a.tick(true)).toBe(true);
    log.fault = () => null;
    now.ms = 90;
    expect(await a.tick(true)).toBe(true);
    now.ms = 189;
    expect(a.held).toBe(true);
  });

  it('is not believed in while the engine does not answer', async () => {
    const log = new MemoryLog();
    const now = { ms: 0 };
    const a = lease(log, 'a', now);
    await a.tick(true);
    log.fault = () => 'before';
    now.ms = 100;
    expect(await a.tick(true)).toBe(false);
  });
});

describe('C3 the quota of a round', () => {
  it('is never more than maxReports, whoever asks when and whatever answers are lost', async () => {
    const asks = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 9 })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), asks, fc.nat(), async (max, all, lost) => {
        const log = new MemoryLog();
        const of = { log, roundHash: 'aa', partitions: 4, maxReports: max };
        const quotas = [0, 1, 2, 3].map((partition) => new Quota({ ...of, partition }));
        let calls = 0;
        log.fault = (operation) =>
          operation === 'save' && ++calls % 7 === lost % 7 ? 'after' : null;
        await Promise.all(
          all.map(([partition, waiting]) =>
            (quotas[partition] as Quota).grow(() => waiting).catch(() => false),
          ),
        );
        const granted = quotas.reduce((sum, one) => sum + one.granted, 0);
        expect(granted).toBeLessThanOrEqual(max);
        // Another holder of the same partition finds what was granted, no more.
        log.fault = () => null;
        const next = new Quota({ ...of, partition: 0 });
        while (await next.grow(() => 1)) expect(next.granted).toBeLessThanOrEqual(max);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it('is used up to the last report by any one partition', async () => {
    const of = { log: new MemoryLog(), roundHash: 'aa', partitions: 8, maxReports: 1000 };
    const quota = new Quota({ ...of, partition: 3 });
    while (await quota.grow(() => 1)) expect(quota.granted).toBeLessThanOrEqual(1000);
    expect(quota.granted).toBe(1000);
  });
});

describe('messages inside a cluster', () => {
  it('a group of reports and a result come out as they went in', () => {
    const bodies = [0, 1, 7, 8, 9, 100].map((length, partition) => {
      return { partition, body: new Uint8Array(length).fill(partition + 1) };
    });
    expect(decodeGroup(encodeGroup(bodies))).toEqual(bodies);
    expect(() => decodeGroup(encodeGroup(bodies).subarray(0, -1))).toThrow(RangeError);
    const spent = [{ id: 'a'.repeat(16), bodyHash: new Uint8Array(32).fill(3) }];
    const result = { spent, sum: Float64Array.of(1, -(2 ** 52), 0) };
    expect(decodeResult(encodeResult(result))).toEqual(result);
    const inexact = encodeResult({ spent, sum: Float64Array.of(0.5) });
    expect(() => decodeResult(inexact)).toThrow(/exact/);
    expect(() => decodeResult(encodeResult(result).subarray(0, -8))).toThrow(RangeError);
  });

  it('the number of partitions is agreed on once', async () => {
    const log = new MemoryLog();
    expect(await agreeOnPartitions(log, null, 8)).toBe(8);
    expect(await agreeOnPartitions(log, 8, 4)).toBe(8);
    await expect(agreeOnPartitions(log, 4, 8)).rejects.toMatchObject({
      code: 'cluster-partitions',
    });
  });
});
