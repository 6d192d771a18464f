/** JetStream: the contract against a real nats-server, and what only a broker can get wrong. */
import { createServer } from 'node:http';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { openEngine } from '../../aggregator/engine/open.ts';
import { PART_HEADER, partHeader } from '../../aggregator/engine/parts.ts';
import { updateLogContract } from '../contract/update-log.ts';
import { collect } from '../contract/update-log-world.ts';
import { frameBytes } from '../contract/update-log-writer.ts';
import { findNats, SKIPPED } from '../servers/find.ts';
import { type Nats, startNats } from '../servers/nats.ts';

const here = findNats() !== null;
const reason = here ? '' : ` (${SKIPPED})`;
const ACCEPT = { accept: ['jetstream-unsynced'] };

describe.skipIf(!here)(`JetStream${reason}`, () => {
  updateLogContract(
    async () => {
      const nats = await startNats();
      return {
        address: nats.url,
        restart: async () => {
          await nats.kill();
          await nats.start();
        },
        stop: nats.stop,
      };
    },
    { restarts: true },
  );
});

describe.skipIf(!here)(`JetStream, its messages${reason}`, () => {
  let nats: Nats;
  let connection: NatsConnection;
  let log: UpdateLog;

  beforeAll(async () => {
    nats = await startNats({ config: 'max_payload: 65536' });
    connection = await connect({ servers: nats.url });
    log = await openEngine(nats.url, ACCEPT);
  });
  afterAll(async () => {
    await log?.close();
    await connection?.close();
    await nats?.stop();
  });

  /** One part of a frame, as a writer sends it that dies or freezes before the next. */
  async function sendPart(
    subject: string,
    last: number,
    place: readonly [index: number, count: number, after: number, first: number],
  ): Promise<number> {
    const [index, count, after, first] = place;
    const own = headers();
    own.set(PART_HEADER, partHeader({ index, count, after, first }));
    const expected = { lastSubjectSequence: last };
    const bytes = frameBytes(index, 1000);
    return (await jetstream(connection).publish(subject, bytes, { headers: own, expect: expected }))
      .seq;
  }

  it('a frame that its writer did not finish is skipped, and its rest is refused', async () => {
    const subject = 'vitrine.log.torn.+';
    const first = await log.append('torn', 0, frameBytes(1, 100));
    const torn = await sendPart(subject, first, [0, 3, first, 0]);
    const second = await sendPart(subject, torn, [1, 3, first, torn]);
    const other = await openEngine(nats.url, ACCEPT);
    try {
      expect(await other.last('torn')).toBe(first);
      expect(await collect(other, 'torn', 0)).toHaveLength(1);
      const offset = await other.append('torn', first, frameBytes(2, 200_000));
      await expect(sendPart(subject, second, [2, 3, first, torn])).rejects.toThrow(
        /wrong last sequence/,
      );
      const frames = await collect(other, 'torn', 0);
      expect(frames.map((frame) => frame.offset)).toEqual([first, offset]);
      expect(frames[1]?.bytes).toEqual(frameBytes(2, 200_000));
      expect(await collect(other, 'torn', first)).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('a frame whose writer sees another part come between is fenced', async () => {
    const subject = 'vitrine.log.between.+';
    const first = await log.append('between', 0, frameBytes(1, 100));
    // This client knows the end; another writer begins a frame behind it.
    await sendPart(subject, first, [0, 2, first, 0]);
    await expect(log.append('between', first, frameBytes(2, 100))).rejects.toMatchObject({
      code: 'fenced',
    });
    expect(await log.last('between')).toBe(first);
    expect(await log.append('between', first, frameBytes(2, 100))).toBeGreaterThan(first);
    expect(await collect(log, 'between', 0)).toHaveLength(2);
  });

  it('a value that its writer did not finish leaves the one before', async () => {
    const revision = await log.save('half', 0, frameBytes(1, 200_000));
    await sendPart('vitrine.value.half.+', revision, [0, 2, revision, 0]);
    const loaded = await log.load('half');
    expect(loaded.revision).toBe(revision);
    expect(loaded.bytes).toEqual(frameBytes(1, 200_000));
    const other = await openEngine(nats.url, ACCEPT);
    const next = await other.save('half', revision, frameBytes(2, 10));
    expect((await log.load('half')).revision).toBe(next);
    await other.close();
    const { streams } = await jetstreamManager(connection);
    const query = { subjects_filter: 'vitrine.value.half.>' };
    const { state } = await streams.info('vitrine-value', query);
    expect(state.subjects).toEqual({ 'vitrine.value.half.+': 1 });
  });

  it('the first value of a stream stays when it is saved over nothing', async () => {
    const fresh = await openEngine(`${nats.url}?stream=fresh`, ACCEPT);
    const revision = await fresh.save('one', 0, frameBytes(1, 200_000));
    expect((await fresh.load('one')).revision).toBe(revision);
    await fresh.close();
  });

  it('nothing of what was dropped is kept', async () => {
    const fresh = await openEngine(`${nats.url}?stream=kept`, ACCEPT);
    await fresh.append('a/b', 0, frameBytes(1, 200_000));
    await fresh.save('a/c', 0, frameBytes(1, 200_000));
    await fresh.append('a-b', 0, frameBytes(1, 10));
    await fresh.drop('a');
    const { streams } = await jetstreamManager(connection);
    expect((await streams.info('kept-log')).state.messages).toBe(1);
    expect((await streams.info('kept-value')).state.messages).toBe(0);
    await fresh.close();
  });

  it('a message of somebody else is damage, not a frame', async () => {
    await jetstream(connection).publish('vitrine.log.foreign.+', 'text');
    const read = collect(log, 'foreign', 0);
    await expect(read).rejects.toMatchObject({ code: 'damaged' });
  });
});

describe.skipIf(!here)(`JetStream, what it refuses at start${reason}`, () => {
  let nats: Nats;
  let connection: NatsConnection;

  beforeAll(async () => {
    nats = await startNats();
    connection = await connect({ servers: nats.url });
  });
  afterAll(async () => {
    await connection?.close();
    await nats?.stop();
  });

  it('one server that acknowledges before it syncs, unless accepted by name', async () => {
    for (const address of [nats.url, `${nats.url}?monitor=${nats.monitor}`]) {
      const refused = openEngine(address);
      await expect(refused).rejects.toMatchObject({ code: 'unsafe-engine' });
      await expect(refused).rejects.toThrow(/--accept-risk jetstream-unsynced/);
    }
    const { streams } = await jetstreamManager(connection);
    await expect(streams.info('vitrine-log')).rejects.toThrow(/not found/);
    const log = await openEngine(nats.url, ACCEPT);
    expect(log.promise).toMatch(/not of its machine.*accepted/);
    await log.close();
    // Refused as well now that the streams are there.
    await expect(openEngine(nats.url)).rejects.toMatchObject({ code: 'unsafe-engine' });
  });

  it('but not a server whose monitoring tells that it syncs always', async () => {
    // Debian's server does not know the setting; this adds to its answer what 2.10 and later add.
    let name: string | null = null;
    const monitor = createServer((_, response) => {
      void fetch(`${nats.monitor}/varz`)
        .then((answer) => answer.json())
        .then((varz) => {
          const told = { ...varz, jetstream: { config: { sync_always: true } } };
          response.end(JSON.stringify(name === null ? told : { ...told, server_name: name }));
        });
    });
    await new Promise<void>((resolve) => monitor.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = monitor.address() as { port: number };
      const address = `${nats.url}?stream=synced&monitor=http://127.0.0.1:${port}`;
      const log = await openEngine(address);
      expect(log.promise).toMatch(/written and synced on the disk of one server/);
      await log.close();
      name = 'another';
      await expect(openEngine(address)).rejects.toMatchObject({ code: 'unsafe-engine' });
    } finally {
      monitor.close();
    }
    const gone = openEngine(`${nats.url}?stream=synced&monitor=http://127.0.0.1:1`);
    await expect(gone).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('streams that would lose frames', async () => {
    const { streams } = await jetstreamManager(connection);
    const good = { storage: 'file', retention: 'limits', discard: 'new', allow_direct: true };
    const faults: readonly (readonly [object, string])[] = [
      [{ storage: 'memory' }, 'storage: file'],
      [{ retention: 'workqueue' }, 'retention: limits'],
      [{ discard: 'old' }, 'discard: new'],
      [{ max_age: 3_600_000_000_000 }, 'max_age: 0'],
      [{ max_msgs_per_subject: 5 }, 'max_msgs_per_subject: -1'],
      [{ no_ack: true }, 'no_ack: false'],
      [{ deny_purge: true }, 'deny_purge: false'],
      [{ allow_direct: false }, 'allow_direct: true'],
    ];
    for (const [i, [fault, name]] of faults.entries()) {
      const prefix = `fault${i}`;
      await streams.add({
        ...good,
        ...fault,
        name: `${prefix}-log`,
        subjects: [`${prefix}.log.>`],
      } as Parameters<typeof streams.add>[0]);
      const refused = openEngine(`${nats.url}?stream=${prefix}`, ACCEPT);
      await expect(refused).rejects.toMatchObject({ code: 'unsafe-engine' });
      await expect(refused).rejects.toThrow(`stream ${prefix}-log must have ${name};`);
    }
  });

  it('fewer replicas than were asked for', async () => {
    await (await openEngine(`${nats.url}?stream=single`, ACCEPT)).close();
    const refused = openEngine(`${nats.url}?stream=single&replicas=3`, ACCEPT);
    await expect(refused).rejects.toMatchObject({ code: 'unsafe-engine' });
    await expect(refused).rejects.toThrow(/1 replicas, not 3/);
  });

  it('a server whose messages are too small', async () => {
    const small = await startNats({ config: 'max_payload: 2000' });
    try {
      await expect(openEngine(small.url, ACCEPT)).rejects.toThrow(/max_payload of 2000/);
    } finally {
      await small.stop();
    }
  });

  it('a server that is not there, or wants a password', async () => {
    const gone = openEngine('nats://127.0.0.1:1', { timeoutMs: 500 });
    await expect(gone).rejects.toMatchObject({ code: 'unavailable' });
    const user = 'authorization { user: shop, password: "a b/c" }';
    const locked = await startNats({ config: user });
    try {
      const { host } = new URL(locked.url);
      await expect(openEngine(`nats://${host}`)).rejects.toMatchObject({ code: 'unavailable' });
      await (await openEngine(`nats://shop:a%20b%2Fc@${host}`, ACCEPT)).close();
    } finally {
      await locked.stop();
    }
  });
});
