import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { serverNoise } from '../../aggregator/noise/noise.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { decodeOpened } from '../../shared/protocol/opening.ts';
import { addInto, decodeUint32LE, expandSeed } from '../../shared/sharing/share.ts';
import {
  D,
  keyRing,
  leaderRecord,
  type MadeReport,
  makeReport,
  newDisk,
  prepareMessage,
  type RoundOf,
} from './helper-parts.ts';
import { HelperWorld, prepared, type Reply } from './helper-world.ts';
import { SimulatedDisk, testRandom } from './simulated-disk.ts';

const KEYS = await keyRing();
const ROUNDS = 2;

/** The log and the reports, made once: every run of the scenario is given the same. */
async function scenario() {
  const world = new HelperWorld(KEYS, new SimulatedDisk());
  const task = await world.addTask();
  const rounds: { round: RoundOf; size: number; reports: MadeReport[]; message: Uint8Array }[] = [];
  for (let number = 1; number <= ROUNDS; number++) {
    const round = await world.addRound(task, number);
    const ids = [1, 2, 3].map((id) => 10 * number + id);
    const reports = await Promise.all(ids.map((id) => makeReport(round, id)));
    const size = world.log.entries.length;
    rounds.push({ round, size, reports, message: prepareMessage(round, reports) });
  }
  return { log: world.log, rounds };
}

const SCENARIO = await scenario();

interface Outcome {
  readonly helper: HelperWorld;
  readonly disk: SimulatedDisk;
  /** Answers to open that left, by round. */
  readonly answers: readonly (readonly Uint8Array[])[];
  readonly crashes: number;
}

async function play(
  crashAt: readonly number[],
  seed: number,
  kind: 'power' | 'kill' | 'mixed',
): Promise<Outcome> {
  const random = testRandom(seed);
  const { log, rounds } = SCENARIO;
  let disk = (await newDisk(new SimulatedDisk())).recovered(random, 'kill');
  const helper = new HelperWorld(KEYS, disk);
  helper.log = log;
  const crashes = [...crashAt];
  disk.crashAt = crashes.shift() ?? Number.POSITIVE_INFINITY;
  let crashed = 0;
  let up = false;
  /** Repeats a step until its answer has left, over crashes and restarts. */
  const until = async (step: () => Promise<Reply>): Promise<Reply> => {
    for (;;) {
      try {
        if (disk.crashed) {
          crashed += 1;
          up = false;
          const how = random() < 0.5 ? 'power' : 'kill';
          disk = disk.recovered(random, kind === 'mixed' ? how : kind);
          disk.crashAt = crashes.shift() ?? Number.POSITIVE_INFINITY;
          helper.disk = disk;
        }
        if (!up) await helper.start();
        up = true;
        const reply = await step();
        disk.point();
        return reply;
      } catch (error) {
        if (!disk.crashed) throw error;
      }
    }
  };
  const answers: Uint8Array[][] = [];
  for (const { round, size, message } of rounds) {
    const note = await log.checkpoint(size);
    expect((await until(() => helper.cosign(note))).status).toBe(200);
    const mine: Uint8Array[] = [];
    while (mine.length === 0) {
      const answer = prepared(await until(() => helper.prepare(message)));
      const reply = await until(() => helper.open(message, leaderRecord(round, answer)));
      // What was prepared is gone after a restart: it is prepared again.
      if (reply.code === 'not-prepared') continue;
      expect(reply.code).toBe('');
      mine.push(reply.body);
    }
    answers.push(mine);
  }
  for (const [i, { round, message }] of rounds.entries()) {
    const answer = prepared(await until(() => helper.prepare(message)));
    answers[i]?.push((await until(() => helper.open(message, leaderRecord(round, answer)))).body);
  }
  return { helper, disk, answers, crashes: crashed };
}

/** The noise in a share: what is left without the shares that the seeds stand for. */
async function noiseIn(share: Uint8Array, { round, reports }: (typeof SCENARIO.rounds)[0]) {
  const rest = decodeUint32LE(share, 0, D);
  const sum = new Uint32Array(D);
  for (const { id } of reports) {
    const number = reports.findIndex((one) => one.id === id) + 1 + 10 * round.round.round;
    const seed = createHash('sha256').update(`seed ${number} ${round.roundHash}`).digest();
    addInto(sum, await expandSeed(seed, D));
  }
  return String(Int32Array.from(rest, (word, i) => word - (sum[i] ?? 0)));
}

async function check({ helper, answers }: Outcome): Promise<void> {
  const used: string[] = [];
  for (const [i, mine] of answers.entries()) {
    const [first, ...others] = mine;
    if (first === undefined) throw new Error('no answer');
    for (const other of others) expect(Buffer.compare(other, first)).toBe(0);
    const { opening, share } = await decodeOpened(first, D);
    expect(opening.record.sequence).toBe(i + 1);
    used.push(await noiseIn(share, SCENARIO.rounds[i] as (typeof SCENARIO.rounds)[0]));
  }
  expect(new Set(used).size).toBe(ROUNDS);
  const task = SCENARIO.rounds[0]?.round.task;
  if (task === undefined) throw new Error('no round');
  const drawn = helper.drawn.map((seed) => String(serverNoise(task, fromHex(seed)).noise));
  for (const one of used) expect(drawn.filter((other) => other === one).length).toBe(1);
}

describe('crash anywhere, restart', () => {
  it('S8 S10 without a crash, two batches under two vectors of noise', async () => {
    const outcome = await play([], 1, 'power');
    await check(outcome);
    expect(outcome.crashes).toBe(0);
  });

  it('S8 S9 S10 every crash point, power lost or process killed', async () => {
    const { points } = (await play([], 1, 'power')).disk;
    let runs = 0;
    for (let point = 1; point <= points; point++) {
      const outcome = await play([point], point, point % 2 === 0 ? 'power' : 'kill');
      await check(outcome);
      runs += outcome.crashes;
    }
    expect(points).toBeGreaterThan(60);
    expect(runs).toBe(points);
  }, 300_000);

  it('S8 S9 S10 several crashes in one run, in recovery too', async () => {
    const random = testRandom(7);
    for (let run = 0; run < 40; run++) {
      const places = Array.from({ length: 4 }, () => 1 + Math.floor(random() * 40));
      await check(await play(places, run, 'mixed'));
    }
  }, 300_000);
});
