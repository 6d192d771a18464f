/** What goes wrong in a cluster besides deaths: engines that fail, hand-overs, strangers. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { referenceBackend } from '../../aggregator/average/reference.ts';
import { httpSend } from '../../aggregator/cluster/client.ts';
import { EngineDisk } from '../../aggregator/cluster/engine-disk.ts';
import { HeldPartition } from '../../aggregator/cluster/held.ts';
import { accumulatorClient } from '../../aggregator/cluster/internal.ts';
import { Lease } from '../../aggregator/cluster/lease.ts';
import { NAMES, partitionOf } from '../../aggregator/cluster/names.ts';
import type { UpdateLog, Value } from '../../aggregator/cluster/update-log.ts';
import { ViewReader, ViewWriter } from '../../aggregator/cluster/view.ts';
import { encodeResult, type PartitionResult } from '../../aggregator/cluster/wire.ts';
import { startAcceptNode } from '../../aggregator/cluster-accept.ts';
import { serveRole } from '../../aggregator/cluster-command.ts';
import type { RunningNode } from '../../aggregator/cluster-node.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { settingsOf } from '../../aggregator/settings.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { begun, besideRound, bodyOf, ROUND, taskOf } from '../cluster/local-round.ts';
import { MemoryLog } from '../cluster/memory-log.ts';

const ids = Array.from({ length: 40 }, (_, id) => id);

/** Fails once, after it has added a part of what it was given. */
function failingOnce(): AverageBackend {
  let failed = false;
  return {
    name: 'failing',
    sum: (reports, offset, into) => {
      if (failed) return referenceBackend.sum(reports, offset, into);
      failed = true;
      referenceBackend.sum(reports.slice(0, 1), offset, into);
      throw new Error('the device is lost');
    },
  };
}

describe('C4 the sum of a partition', () => {
  it('is whole although the engine failed when the partition was read again', async () => {
    const { cluster, batch, log, options } = await begun();
    for (const id of ids) await cluster.router.submit(bodyOf(id).body);
    await batch.close(() => 5);
    const of = { ...options, roundHash: ROUND, partition: 1, flushBytes: 1 << 20, log };
    const expected = encodeResult((await options.holders.result(of)) as PartitionResult);
    const held = await HeldPartition.open({ ...of, summer: failingOnce() });
    const found = await Promise.all([held?.result(), held?.result()]);
    for (const result of found) {
      expect(encodeResult(result as PartitionResult)).toEqual(expected);
    }
  });

  it('is whole although the engine failed as it was closed, at the next try', async () => {
    const { cluster, log, options } = await begun();
    const mine = ids.filter((id) => partitionOf(bodyOf(id).id, 4) === 1);
    for (const id of mine) await cluster.router.submit(bodyOf(id).body);
    const of = { ...options, roundHash: ROUND, partition: 1, flushBytes: 1 << 20, log };
    let left = 3;
    const summer: AverageBackend = {
      name: 'failing',
      sum: (...call) => {
        left -= 1;
        if (left >= 0) throw new Error('the device is lost');
        return referenceBackend.sum(...call);
      },
    };
    const held = await HeldPartition.open({ ...of, summer });
    for (let tries = 0; tries < 2; tries++) {
      await expect(held?.close(5)).rejects.toThrow(/device is lost/);
    }
    await held?.close(5);
    const sum = [0, 1, 2].map((i) => mine.reduce((all, id) => all + id + i, 0));
    expect([...((await held?.result())?.sum ?? [])]).toEqual(sum);
  });
});

describe('C2 a partition that changes hands', () => {
  it('says of a report on its way that it is to come again, not that the round is over', async () => {
    const { cluster, log } = await begun();
    const { body, id } = bodyOf(1);
    const partition = partitionOf(id, 4);
    const holder = [...cluster.accumulators.values()].find(({ held }) => held.includes(partition));
    let goOn = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    // The report waits for its place in the round while the partition is given back.
    let waits = false;
    log.hold = (operation, name) => {
      if (operation !== 'load' || name !== NAMES.quota(ROUND)) return null;
      waits = true;
      return asked;
    };
    const verdict = holder?.take([{ partition, body }]);
    await expect.poll(() => waits).toBe(true);
    const stopped = holder?.stop();
    goOn();
    await stopped;
    expect(await verdict).toMatchObject([{ code: 'not-ready' }]);
  });

  it('RD4 knows the rounds that its holder before knew: an id counts in one of them', async () => {
    const one = await begun();
    const { cluster, log } = one;
    const a = cluster.accumulators.get('a');
    await cluster.accumulators.get('b')?.stop();
    cluster.accumulators.delete('b');
    await cluster.beats(8);
    expect(a?.held).toEqual([0, 1, 2, 3]);
    const c = cluster.add('c');
    await c.tick();
    // It has read which rounds there are, and looks at the lease only after all that follows.
    let goOn = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let waits = false;
    log.hold = (operation, name) => {
      if (operation !== 'load' || name !== NAMES.lease(3)) return null;
      waits = true;
      return asked;
    };
    const ticking = c.tick();
    await expect.poll(() => waits).toBe(true);
    const roundHash = '6'.repeat(64);
    const taskHash = await besideRound(one, roundHash);
    const id = ids.find((one) => partitionOf(bodyOf(one).id, 4) === 3) as number;
    const beside = bodyOf(id, 0, { taskHash, roundHash }).body;
    expect(await a?.take([{ partition: 3, body: beside }])).toEqual([{ outcome: 'accepted' }]);
    await a?.stop();
    goOn();
    await ticking;
    expect(c.held).toEqual([3]);
    const verdicts = await c.take([{ partition: 3, body: bodyOf(id).body }]);
    expect(verdicts).toMatchObject([{ code: 'report-conflict' }]);
  });

  it('one that cannot be read costs the other reports of a group nothing', async () => {
    const { cluster, log, options } = await begun();
    const roundHash = '7'.repeat(64);
    const { task: taskHash } = options.round;
    await options.view.add(options.task, { task: taskHash, roundHash, round: 2 });
    const [bad, good] = [0, 1].map((of) =>
      ids.find((id) => partitionOf(bodyOf(id).id, 4) === of),
    ) as [number, number];
    await log.append(NAMES.partition(roundHash, 0), 0, new Uint8Array(200).fill(1));
    const all = await cluster.beats().then(() => [...cluster.accumulators.values()]);
    const [holder] = all;
    cluster.accumulators.delete('b');
    await all[1]?.stop();
    await cluster.beats(8);
    expect(holder?.held).toEqual([0, 1, 2, 3]);
    const group = [
      { partition: 0, body: bodyOf(bad).body },
      { partition: 1, body: bodyOf(good).body },
    ];
    expect(await holder?.take(group)).toMatchObject([
      { code: 'not-ready' },
      { outcome: 'accepted' },
    ]);
  });
});

describe('C2 a lease whose renewal was taken without an answer', () => {
  it('is believed in no longer than others have to wait for it', async () => {
    const log = new MemoryLog();
    const now = { ms: 0 };
    const of = { log, key: 'lease/0', ttlMs: 100, nowMs: () => now.ms };
    const [a, b] = ['a', 'b'].map((node) => new Lease({ ...of, node, url: () => node })) as [
      Lease,
      Lease,
    ];
    await a.tick(true);
    log.fault = (operation) => (operation === 'save' ? 'after' : null);
    now.ms = 60;
    await a.tick(true);
    log.fault = () => null;
    now.ms = 61;
    await b.tick(true);
    now.ms = 90;
    await a.tick(true);
    now.ms = 165;
    expect([a.held, await b.tick(true), a.held]).toEqual([true, false, true]);
  });
});

describe('what every node knows', () => {
  it('C1 is the newest that was read, whichever reading is done last', async () => {
    const log = new MemoryLog();
    const writer = await ViewWriter.open(log, () => undefined);
    const values: Value[] = [];
    for (const round of [1, 2]) {
      const roundHash = String(round).repeat(64);
      await writer.add(taskOf(10), { task: '0'.repeat(64), roundHash, round });
      values.push(await log.load(NAMES.rounds));
    }
    const late: ((value: Value) => void)[] = [];
    const slow: Pick<UpdateLog, 'load'> = {
      load: () => new Promise((resolve) => late.push(resolve)),
    };
    const reader = new ViewReader(slow);
    const read = [reader.refresh(), reader.refresh()];
    late[1]?.(values[1] as Value);
    await read[1];
    late[0]?.(values[0] as Value);
    await read[0];
    expect(reader.view.rounds.size).toBe(2);
  });

  it('C4 a snapshot that has become too long is left out', async () => {
    const log = new MemoryLog();
    const failures: Error[] = [];
    const disk = await EngineDisk.open(log, 1, (error) => failures.push(error), 1);
    for (const name of ['a', 'b', 'c']) await disk.open(name.repeat(12 << 20));
    await disk.open('d');
    expect(failures).toEqual([]);
    const again = await EngineDisk.open(log, 2, (error) => failures.push(error));
    expect(await again.size('d')).toBe(0);
  });
});

describe('an address', () => {
  const servers: Server[] = [];
  const nodes: RunningNode[] = [];

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function serving(text: string | Buffer): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.origin ?? '');
      response.setHeader('cache-control', 'public, max-age=9, immutable');
      response.end(text);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  it('where somebody else answers now is that of a node that does not answer', async () => {
    const { send, close } = httpSend(5000);
    const client = accumulatorClient(send, 'secret');
    const { body } = bodyOf(1);
    for (const text of ['<html>', Buffer.of(0xff, 0xfe)]) {
      const { url } = await serving(text);
      const asked = client.take(url, [{ partition: 1, body }]);
      await expect(asked).rejects.toMatchObject({ code: 'node-unreachable' });
    }
    const nowhere = client.take('nowhere', [{ partition: 1, body }]);
    await expect(nowhere).rejects.toMatchObject({ code: 'node-unreachable' });
    close();
  });

  it.each(['nowhere', 'https://host', 'http://host/path', 'http://user@host'])(
    'of this node is refused where it is none: %s',
    async (url) => {
      const secret = join(await mkdtemp(join(tmpdir(), 'vitrine-url-')), 'secret');
      await writeFile(secret, 'a-secret-of-the-cluster');
      const given = ['--engine', 'file:/nowhere', '--secret', secret, '--url', url];
      await expect(serveRole(['--role', 'accept', ...given])).rejects.toThrow(/--url must be/);
      await rm(dirname(secret), { recursive: true });
    },
  );

  it('an accept node keeps no more than it may, whatever origins browsers name', async () => {
    const { url, asked } = await serving('0123456789');
    const log = new MemoryLog();
    const lease = JSON.stringify({ node: 'x', url, epoch: 1 });
    await log.save(NAMES.coordinator, 0, utf8(lease));
    const node = await startAcceptNode({
      ...{ log, secret: 'a-secret-of-the-cluster', host: '127.0.0.1', port: 0, partitions: 1 },
      ...{ leaseMs: 400, logger: silentLogger },
      settings: settingsOf({ drainMs: 0, cacheBytes: 1 << 16 }),
    });
    nodes.push(node);
    const get = (origin: string): Promise<number> =>
      fetch(`${node.url}/v1/site`, { headers: { origin } }).then(({ status }) => status);
    await expect.poll(() => get('https://first.example')).toBe(200);
    const before = asked.length;
    expect(await get('https://first.example')).toBe(200);
    expect(asked).toHaveLength(before);
    for (let i = 0; i < 20; i++) await get(`https://${'x'.repeat(4000)}${i}.example`);
    await get('https://first.example');
    expect(asked).toHaveLength(before + 21);
  });
});
