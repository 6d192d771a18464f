import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findSpent } from '../../aggregator/accumulate/spent.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { decodeModel, encodeModel } from '../../shared/protocol/model.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import {
  boot,
  draft,
  idBytes,
  ManualTime,
  openRound,
  post,
  type Running,
  report,
  START_MS,
  site,
} from './fixture.ts';
import { Crash, SimulatedDisk, testRandom } from './simulated-disk.ts';

const D = 3;
const WINDOW_MS = 60_000;
/** Reports of the four rounds: full, closed at the deadline, abandoned, abandoned. */
const PLAN = [5, 3, 1, 2] as const;

interface Sent {
  readonly body: Uint8Array;
  readonly round: string;
  acked: boolean;
}

interface Outcome {
  readonly disk: SimulatedDisk;
  readonly taskHash: string;
  readonly sent: ReadonlyMap<number, Sent>;
  readonly crashes: number;
}

const coordinatesOf = (id: number): number[] => [id * 1000 - 7, -id * 31, (id * 7919) % 60_000];

/** The scenario with a crash at each of `crashAt`, counted anew after every restart. */
async function play(
  crashAt: readonly number[],
  seed: number,
  kind: 'power' | 'kill' | 'mixed',
  resend: boolean,
): Promise<Outcome> {
  const random = testRandom(seed);
  const time = new ManualTime();
  const prepared = new SimulatedDisk();
  const { taskHashes } = await site(prepared, [draft('intent', D)]);
  const taskHash = taskHashes.intent as string;
  let disk = prepared.recovered(random, 'kill');
  const crashes = [...crashAt];
  disk.crashAt = crashes.shift() ?? Number.POSITIVE_INFINITY;
  let crashed = 0;
  let running: Running | null = null;
  const sent = new Map<number, Sent>();

  const up = async (): Promise<Running> => {
    for (;;) {
      if (disk.crashed) {
        crashed += 1;
        running = null;
        const how = random() < 0.5 ? 'power' : 'kill';
        disk = disk.recovered(random, kind === 'mixed' ? how : kind);
        disk.crashAt = crashes.shift() ?? Number.POSITIVE_INFINITY;
        time.now += 1500;
      }
      try {
        running ??= await boot(disk, time);
        await running.service.settled();
        if (!disk.crashed) return running;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  };
  const send = async (id: number): Promise<void> => {
    const one = sent.get(id) as Sent;
    const here = disk;
    try {
      const response = await post((running as Running).app, one.body);
      here.point();
      if (response.status === 201) one.acked = true;
      here.point();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  };

  let nextId = 1;
  for (const count of PLAN) {
    const { app, service } = await up();
    const round = await openRound(app, taskHash);
    const number = service.status().tasks[0]?.round;
    const ids = Array.from({ length: count }, () => nextId++);
    for (const id of ids) {
      const body = report({ taskHash, roundHash: round, id, coordinates: coordinatesOf(id) });
      sent.set(id, { body, round, acked: false });
    }
    await Promise.all(ids.map(send));
    await up();
    // Everybody asks again, acknowledged or not: it must count once.
    await Promise.all(ids.filter((id) => resend || sent.get(id)?.acked).map(send));
    await up();
    if (resend) for (const id of ids) if (sent.get(id)?.acked === false) await send(id);
    for (;;) {
      const { service: now } = await up();
      if (now.status().tasks[0]?.round !== number) break;
      time.set(Math.max(time.now, now.status().tasks[0]?.deadlineMs ?? 0));
    }
  }
  await up();
  return { disk, taskHash, sent, crashes: crashed };
}

function logOf(disk: SimulatedDisk): LogEntry[] {
  const text = new TextDecoder().decode(disk.files().get('log.jsonl'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { entry: LogEntry }).entry);
}

interface Round {
  readonly number: number;
  readonly hash: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly members: readonly number[];
}

/** Rounds that ended, with their members as the lists of spent ids have them. */
async function roundsOf({ disk, taskHash, sent }: Outcome): Promise<Round[]> {
  const rounds: Round[] = [];
  const files = disk.files();
  let opened: { number: number; hash: string; openedAtMs: number } | null = null;
  for (const entry of logOf(disk)) {
    if (entry.type === 'round') {
      const { record } = entry.round;
      opened = {
        number: record.round,
        hash: await recordHash(record),
        openedAtMs: record.openedAtMs,
      };
    }
    if ((entry.type !== 'model' && entry.type !== 'abandoned') || opened === null) continue;
    const spent = files.get(`rounds/${taskHash}/${opened.number}.ids`) as Uint8Array;
    const read = async (offset: number, length: number) => spent.subarray(offset, offset + length);
    const members: number[] = [];
    for (const [id, { body }] of sent) {
      const found = await findSpent(read, Buffer.from(idBytes(id)).toString('latin1'), body);
      expect(found).not.toBe('other');
      if (found === 'same') members.push(id);
    }
    expect((spent.length - 8) / 48).toBe(members.length);
    const closedAtMs = entry.type === 'model' ? entry.model.record.closedAtMs : entry.closedAtMs;
    rounds.push({ ...opened, closedAtMs, members });
  }
  return rounds;
}

/** The uninterrupted run with the same members and times. */
async function uninterrupted(rounds: readonly Round[]): Promise<Map<string, Uint8Array>> {
  const disk = new SimulatedDisk();
  const { taskHashes } = await site(disk, [draft('intent', D)]);
  const taskHash = taskHashes.intent as string;
  const time = new ManualTime(rounds[0]?.openedAtMs);
  const { app, service } = await boot(disk, time);
  for (const { openedAtMs, closedAtMs, members } of rounds) {
    const roundHash = await openRound(app, taskHash);
    if (closedAtMs < openedAtMs + WINDOW_MS) time.set(closedAtMs);
    for (const id of members) {
      const body = report({ taskHash, roundHash, id, coordinates: coordinatesOf(id) });
      expect((await post(app, body)).status).toBe(201);
    }
    time.set(closedAtMs);
    await service.settled();
  }
  return disk.files();
}

/** FedAvg over plain numbers, independent of the aggregator's rooms. */
function expectedModels(rounds: readonly Round[]): Uint8Array[] {
  let weights = Float32Array.from({ length: D }, (_, i) => i / 8);
  let version = 0;
  return rounds.flatMap(({ members }) => {
    if (members.length < 3) return [];
    const step = 1 / (1 + version / 4);
    weights = weights.map((weight, i) => {
      const sum = members.reduce((total, id) => total + BigInt(coordinatesOf(id)[i] as number), 0n);
      return weight + step * (Number(sum) / (members.length * 65_536));
    });
    version += 1;
    return [encodeModel(weights)];
  });
}

const plain = new Map<string, Map<string, Uint8Array>>();

async function check(outcome: Outcome): Promise<void> {
  const rounds = await roundsOf(outcome);
  const { disk, sent } = outcome;
  const files = disk.files();
  for (const [id, { acked, round }] of sent) {
    const holding = rounds.filter(({ members }) => members.includes(id));
    expect(holding.length).toBeLessThanOrEqual(1);
    if (acked) expect(holding.map(({ hash }) => hash)).toEqual([round]);
  }
  for (const bytes of expectedModels(rounds)) {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const found = files.get(`models/${hash}.bin`);
    expect(found).toBeDefined();
    expect(decodeModel(found as Uint8Array, D)).toEqual(decodeModel(bytes, D));
  }
  const key = JSON.stringify(rounds);
  const expected = plain.get(key) ?? (await uninterrupted(rounds));
  plain.set(key, expected);
  expect([...files.keys()]).toEqual([...expected.keys()]);
  for (const [path, bytes] of files) {
    expect(Buffer.compare(bytes, expected.get(path) as Uint8Array), path).toBe(0);
  }
}

describe('crash anywhere, restart', () => {
  it('RD8 the scenario without a crash publishes two versions and abandons two rounds', async () => {
    const outcome = await play([], 1, 'power', true);
    const rounds = await roundsOf(outcome);
    expect(rounds.map(({ members }) => members.length)).toEqual([...PLAN]);
    expect(rounds[0]?.openedAtMs).toBe(START_MS);
    expect([...outcome.sent.values()].every(({ acked }) => acked)).toBe(true);
    await check(outcome);
  });

  it('RD8 every crash point, power lost and process killed, resent and not', async () => {
    const { points } = (await play([], 1, 'power', true)).disk;
    let runs = 0;
    for (let point = 1; point <= points; point++) {
      for (const kind of ['power', 'kill'] as const) {
        for (const resend of [true, false]) {
          const outcome = await play([point], point * 4 + runs, kind, resend);
          await check(outcome);
          runs += outcome.crashes;
        }
      }
    }
    expect(points).toBeGreaterThan(120);
    expect(runs).toBeGreaterThanOrEqual(500);
  }, 300_000);

  it('RD8 several crashes in one run, in recovery too', async () => {
    const random = testRandom(99);
    for (let run = 0; run < 150; run++) {
      const places = Array.from({ length: 4 }, () => 1 + Math.floor(random() * 60));
      await check(await play(places, run, 'mixed', run % 3 !== 0));
    }
  }, 300_000);
});
