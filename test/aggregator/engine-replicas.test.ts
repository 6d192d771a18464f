/** JetStream with three replicas: accepted without a word, and exact when its leader is killed. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { openEngine } from '../../aggregator/engine/open.ts';
import { collect, same } from '../contract/update-log-world.ts';
import { frameBytes } from '../contract/update-log-writer.ts';
import { until } from '../servers/child.ts';
import { findNats, SKIPPED } from '../servers/find.ts';
import type { Nats } from '../servers/nats.ts';
import { type NatsCluster, startNatsCluster } from '../servers/nats-cluster.ts';

const here = findNats() !== null;
const reason = here ? '' : ` (${SKIPPED})`;
/** Two parts. */
const LONG = 1_200_001;

describe.skipIf(!here)(`JetStream on three servers${reason}`, () => {
  let cluster: NatsCluster;
  let log: UpdateLog;

  beforeAll(async () => {
    cluster = await startNatsCluster(3);
    log = await openEngine(`${cluster.url}?replicas=3`, { timeoutMs: 2000 });
  }, 120_000);
  afterAll(async () => {
    await log?.close();
    await cluster?.stop();
  }, 60_000);

  it('needs no word of acceptance', () => {
    expect(log.promise).toMatch(/most of 3 servers/);
  });

  /** The server that leads the stream of frames now. */
  async function leader(): Promise<Nats> {
    let found: Nats | undefined;
    await until(async () => {
      const connection = await connect({ servers: cluster.url.slice('nats://'.length).split(',') });
      try {
        const { streams } = await jetstreamManager(connection, { timeout: 2000 });
        const name = (await streams.info('vitrine-log')).cluster?.leader ?? '';
        found = cluster.servers[Number(name.slice(1))];
        return found !== undefined;
      } catch {
        return false;
      } finally {
        await connection.close();
      }
    }, 'a leader of the stream');
    return found as Nats;
  }

  it('loses nothing when its leader is killed', async () => {
    let offset = 0;
    const insist = async (bytes: Uint8Array): Promise<void> => {
      await until(async () => {
        try {
          // What was unknown is read back: it may have come to count.
          const last = await log.last('p');
          offset = last === offset ? await log.append('p', offset, bytes) : last;
          return true;
        } catch {
          return false;
        }
      }, 'an append');
    };
    const saved = await log.save('v', 0, frameBytes(0, LONG));
    await insist(frameBytes(0, LONG));
    const server = await leader();
    const during = insist(frameBytes(1, LONG));
    await server.kill();
    await during;
    await insist(frameBytes(2, LONG));
    await server.start();
    await insist(frameBytes(3, LONG));
    const read = await collect(log, 'p', 0);
    expect(read.map(({ bytes }, i) => same(bytes, frameBytes(i, LONG)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(read.at(-1)?.offset).toBe(offset);
    await until(async () => (await log.load('v').catch(() => null)) !== null, 'the value');
    const value = await log.load('v');
    expect(value.revision).toBe(saved);
    expect(same(value.bytes, frameBytes(0, LONG))).toBe(true);
  }, 120_000);
});
