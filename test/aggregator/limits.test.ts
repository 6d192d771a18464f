/** A server that is asked for more than it has, or stops: slots, connections, slow heads, draining. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveKey } from '../../aggregator/keys.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { type Aggregator, KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import type { Settings } from '../../aggregator/settings.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { draft, report, SERVER_KEY, site } from './fixture.ts';
import { raw, reportHead, statusesOf } from './raw.ts';

const HEAD = reportHead('Content-Length: 100');
const LAST = reportHead('Content-Length: 100', 'Connection: close');

let dataDir = '';
let taskHash = '';
let aggregator: Aggregator;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vitrine-'));
  await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
  const { taskHashes } = await site(dataDir, [draft('intent', 3, { maxReports: 1000 })]);
  taskHash = taskHashes.intent as string;
});

afterEach(async () => {
  await aggregator.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(settings: Partial<Settings>): Promise<(id: number) => Uint8Array> {
  aggregator = await startAggregator({ dataDir, logger: silentLogger, settings });
  const head = (await (await fetch(aggregator.url + PATHS.head(taskHash))).json()) as TaskHead;
  const roundHash = await recordHash((head.round as NonNullable<TaskHead['round']>).record);
  return (id) => report({ taskHash, roundHash, id, coordinates: [id, 1, 2] });
}

/** A connection that says what came back, and when it ended. */
class Connection {
  answer = '';
  readonly ended: Promise<string>;
  readonly #socket: Socket;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk) => {
      this.answer += chunk.toString('latin1');
    });
    this.ended = new Promise((resolve) => {
      this.#socket.on('close', () => resolve(this.answer));
    });
  }

  write(...parts: readonly (string | Uint8Array)[]): void {
    for (const part of parts) this.#socket.write(part);
  }
}

describe('limits', () => {
  it('H7 no slot is left while a body is on its way; there is one when it is answered', async () => {
    const body = await start({ maxInFlight: 1 });
    const slow = new Connection(aggregator.url);
    slow.write(HEAD, body(1).subarray(0, 50));
    await expect.poll(() => aggregator.rounds.slots.inFlight).toBe(1);
    const refused = await raw(aggregator.url, LAST, body(2));
    expect([statusesOf(refused), refused.includes('"no-slots"')]).toEqual([[503], true]);
    expect(refused.toLowerCase()).toMatch(/\r\nretry-after: [1-9]\d*\r\n/);
    slow.write(body(1).subarray(50));
    await expect.poll(() => statusesOf(slow.answer)).toEqual([201]);
    expect(statusesOf(await raw(aggregator.url, LAST, body(2)))).toEqual([201]);
    expect(aggregator.rounds.slots.inFlight).toBe(0);
  });

  it('H7 a head that does not end is cut off, whether it drips or stops', async () => {
    await start({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
    const stopped = new Connection(aggregator.url);
    stopped.write(HEAD.slice(0, 30));
    const dripping = new Connection(aggregator.url);
    let at = 0;
    const drip = setInterval(() => dripping.write(HEAD.slice(at, ++at)), 50);
    try {
      for (const { ended } of [stopped, dripping]) {
        expect([[], [408]]).toContainEqual(statusesOf(await ended));
      }
    } finally {
      clearInterval(drip);
    }
    expect(at).toBeLessThan(HEAD.length);
    expect(aggregator.rounds.status().reports.accepted).toBe(0);
  });

  it('H7 a body that drips is cut off and gives its slot back', async () => {
    const body = await start({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
    const dripping = new Connection(aggregator.url);
    dripping.write(HEAD);
    let at = 0;
    const drip = setInterval(() => dripping.write(body(1).subarray(at, ++at)), 50);
    try {
      expect([[], [408]]).toContainEqual(statusesOf(await dripping.ended));
    } finally {
      clearInterval(drip);
    }
    await expect.poll(() => aggregator.rounds.slots.inFlight).toBe(0);
    expect(aggregator.rounds.status().reports.accepted).toBe(0);
  });

  it('H7 connections beyond the limit are closed at once, and those before it go on', async () => {
    const body = await start({ maxConnections: 2, keepAliveTimeoutMs: 60_000 });
    // fetch keeps its own connection open: all of this test goes over sockets by hand.
    await aggregator.close();
    aggregator = await startAggregator({
      dataDir,
      logger: silentLogger,
      settings: { maxConnections: 2, keepAliveTimeoutMs: 60_000 },
    });
    const [first, second] = [new Connection(aggregator.url), new Connection(aggregator.url)];
    for (const [i, one] of [first, second].entries()) one.write(HEAD, body(i + 1));
    for (const one of [first, second]) {
      await expect.poll(() => statusesOf(one.answer)).toEqual([201]);
    }
    expect(await raw(aggregator.url, LAST, body(3))).toBe('');
    first.write(LAST, body(4));
    expect(statusesOf(await first.ended)).toEqual([201, 201]);
    await expect
      .poll(async () => statusesOf(await raw(aggregator.url, LAST, body(3))))
      .toEqual([201]);
    expect(aggregator.rounds.status().reports.accepted).toBe(4);
  });
});

describe('a server that stops', () => {
  it('H7 answers what is on its way, refuses what begins, and closes what is idle', async () => {
    const body = await start({ drainMs: 60_000, keepAliveTimeoutMs: 60_000 });
    const idle = new Connection(aggregator.url);
    idle.write(HEAD, body(1));
    await expect.poll(() => statusesOf(idle.answer)).toEqual([201]);
    const half = new Connection(aggregator.url);
    half.write(HEAD, body(2).subarray(0, 60));
    await expect.poll(() => aggregator.rounds.slots.inFlight).toBe(1);
    let closed = false;
    const closing = aggregator.close().then(() => {
      closed = true;
    });
    expect(statusesOf(await idle.ended)).toEqual([201]);
    expect(closed).toBe(false);
    half.write(body(2).subarray(60));
    const answer = await half.ended;
    expect([statusesOf(answer), answer.includes('"not-ready"')]).toEqual([[503], true]);
    await closing;
    expect(await raw(aggregator.url, LAST, body(3))).toBe('');
  });

  it('RD3 what was taken before the stop is acknowledged and there at the next start', async () => {
    const body = await start({ drainMs: 60_000 });
    const bodies = Array.from({ length: 40 }, (_, id) => body(id));
    const sent = bodies.map((one) => {
      const connection = new Connection(aggregator.url);
      connection.write(LAST, one);
      return connection.ended;
    });
    await expect.poll(() => aggregator.rounds.status().reports.accepted).toBeGreaterThan(0);
    await aggregator.close();
    const answers = (await Promise.all(sent)).map(statusesOf);
    const acknowledged = answers.filter(([status]) => status === 201).length;
    expect(answers.every(([status]) => [undefined, 201, 503].includes(status))).toBe(true);
    await start({});
    const [task] = aggregator.rounds.status().tasks;
    expect(task?.reports).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(0);
  });

  it('H7 a body that never ends holds the stop up for its drain time and no longer', async () => {
    const body = await start({ drainMs: 300, requestTimeoutMs: 60_000 });
    const half = new Connection(aggregator.url);
    half.write(HEAD, body(1).subarray(0, 60));
    await expect.poll(() => aggregator.rounds.slots.inFlight).toBe(1);
    await aggregator.close();
    expect(statusesOf(await half.ended)).toEqual([]);
    expect(aggregator.rounds.slots.inFlight).toBe(0);
  });
});
