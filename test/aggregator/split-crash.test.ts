/** RD17: the aggregator of a split task crashes anywhere; the helper lives on, as it has its own disk. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { HelperKeyRing } from '../../aggregator/ceremony.ts';
import { HELPER_PATHS } from '../../shared/protocol/opening.ts';
import { openRound, post } from './fixture.ts';
import { keyRing } from './helper-parts.ts';
import { Crash, type SimulatedDisk, testRandom } from './simulated-disk.ts';
import { honest, SplitWorld, splitReport, type Wire } from './split-world.ts';

/** Report 2 is rejected: its seed was sealed for another round. */
const IDS = [1, 2, 3, 4, 5] as const;

interface Run {
  readonly disk: SimulatedDisk;
  readonly crashes: number;
  /** Points passed when the round was announced. */
  readonly opened: number;
  /** Start of the aggregator in which the helper was first asked, from 0. */
  readonly askedIn: number;
}

let keys: HelperKeyRing | null = null;
/** HPKE is randomised: all runs send the same bytes. */
let honestBodies: readonly Uint8Array[] = [];
/** The last of them says more than any honest report can (RD18). */
let poisonedBodies: readonly Uint8Array[] = [];

interface Plan {
  readonly wire?: Wire;
  readonly firstBoot?: number;
  readonly poisoned?: boolean;
}

/** One round to its end, with a crash at each of `crashAt`, counted anew after every restart. */
async function play(
  crashAt: readonly number[],
  seed: number,
  kind: 'power' | 'kill' | 'mixed',
  { wire = honest, firstBoot = 0, poisoned = false }: Plan = {},
): Promise<Run> {
  const bodies = poisoned ? poisonedBodies : honestBodies;
  const random = testRandom(seed);
  keys ??= await keyRing();
  const world = await SplitWorld.prepared({}, keys);
  world.boots = firstBoot;
  let askedIn = -1;
  world.wire = (path, init, pass) => {
    if (askedIn === -1 && path === HELPER_PATHS.prepare) askedIn = world.boots - 1;
    return wire(path, init, pass);
  };
  world.disk = world.disk.recovered(random, 'kill');
  await world.startHelper();
  const points = [...crashAt];
  world.disk.crashAt = points.shift() ?? Number.POSITIVE_INFINITY;
  let crashes = 0;
  let opened = 0;
  let up = false;
  const acked = new Set<number>();
  const steps = async (): Promise<boolean> => {
    if (!up) await world.start(false);
    up = true;
    const { app, service } = world.up;
    if (opened === 0) opened = world.disk.points;
    for (const [i, body] of bodies.entries()) {
      if (acked.has(i)) continue;
      const { status } = await post(app, body);
      world.disk.point();
      if (status === 201) acked.add(i);
    }
    await service.settled();
    const { rounds } = service.status();
    const ended = poisoned ? rounds.abandoned : rounds.published;
    if (ended === 1 && rounds.open === 1) return true;
    // Only what follows the close waits for time: a cosignature, and the helper.
    world.time.set(world.time.now + 1000);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await service.settled();
    return false;
  };
  for (let turn = 0; turn < 50; turn++) {
    try {
      if (await steps()) {
        world.disk.point();
        await world.up.service.stop();
        return { disk: world.disk, crashes, opened, askedIn };
      }
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    if (!world.disk.crashed) continue;
    crashes += 1;
    up = false;
    const how = random() < 0.5 ? 'power' : 'kill';
    world.disk = world.disk.recovered(random, kind === 'mixed' ? how : kind);
    world.disk.crashAt = points.shift() ?? Number.POSITIVE_INFINITY;
  }
  throw new Error('the round did not end');
}

async function makeBodies(): Promise<void> {
  keys = await keyRing();
  const world = await SplitWorld.prepared({}, keys);
  await world.startHelper();
  await world.start();
  const round = await openRound(world.up.app, world.taskHash);
  const of = [world.taskHash, round] as const;
  honestBodies = await Promise.all(IDS.map((id) => splitReport(world.task, of, id, id !== 2)));
  const last = await splitReport(world.task, of, 5, true, 2 ** 30);
  poisonedBodies = [...honestBodies.slice(0, -1), last];
}

type Files = ReadonlyMap<string, Uint8Array>;

/** The uninterrupted run in which the seed of the noise is drawn as in start `boot`. */
async function uninterrupted(firstBoot: number, poisoned: boolean): Promise<Files> {
  const key = `${firstBoot} ${poisoned}`;
  const known =
    plain.get(key) ?? (await play([], 1, 'power', { firstBoot, poisoned })).disk.files();
  plain.set(key, known);
  return known;
}

const plain = new Map<string, Files>();

const sharesOf = (files: Files): string =>
  [...files.keys()].filter((path) => path.startsWith('shares/')).join();

/**
 * The bytes of the uninterrupted run with the same close record: its seed is of a start no later
 * than the one in which the helper was first asked, since it was journalled before.
 */
async function check({ disk, askedIn }: Run, poisoned = false): Promise<void> {
  const files = disk.files();
  let expected: Files = new Map();
  for (let boot = 0; boot <= askedIn; boot++) {
    expected = await uninterrupted(boot, poisoned);
    if (sharesOf(expected) === sharesOf(files)) break;
  }
  expect([...files.keys()]).toEqual([...expected.keys()]);
  for (const [path, bytes] of files) {
    expect(Buffer.compare(bytes, expected.get(path) as Uint8Array), path).toBe(0);
  }
}

beforeAll(makeBodies);

describe('a split round, crash anywhere', () => {
  it('RD17 every point from the first report on: the bytes of the uninterrupted run', async () => {
    const { disk, opened } = await play([], 1, 'power');
    expect(sharesOf(disk.files()).split(',')).toHaveLength(2);
    const { points } = disk;
    let crashes = 0;
    for (let point = opened + 1; point <= points; point++) {
      const run = await play([point], point, point % 2 === 0 ? 'power' : 'kill');
      await check(run);
      // On a busy machine a run may flush in larger groups, and end before it comes to its point.
      expect(run.crashes === 1 || run.disk.points < point, `point ${point}`).toBe(true);
      crashes += run.crashes;
    }
    expect(points - opened).toBeGreaterThan(50);
    expect(crashes).toBeGreaterThan(50);
  }, 120_000);

  it('RD17 several crashes in one run, with answers of the helper that get lost', async () => {
    const random = testRandom(7);
    let crashes = 0;
    for (let run = 0; run < 20; run++) {
      const places = Array.from({ length: 3 }, () => 4 + Math.floor(random() * 60));
      const lost = testRandom(run);
      let left = 3;
      const wire: Wire = async (_path, _init, pass) => {
        const answer = await pass();
        if (left > 0 && lost() < 0.5) {
          left -= 1;
          throw new TypeError('fetch failed');
        }
        return answer;
      };
      const ended = await play(places, run, 'mixed', { wire });
      await check(ended);
      crashes += ended.crashes;
    }
    expect(crashes).toBeGreaterThan(20);
  }, 120_000);

  it('RD17 RD18 a batch that is rejected, crash anywhere: rejected with the same bytes', async () => {
    const poisoned = true;
    const { disk, opened } = await play([], 1, 'power', { poisoned });
    const log = Buffer.from(disk.files().get('log.jsonl') ?? []).toString();
    expect(log).toContain('"reason":"implausible","reports":4');
    expect(sharesOf(disk.files()).split(',')).toHaveLength(2);
    const { points } = disk;
    let crashes = 0;
    for (let point = opened + 2; point <= points; point += 2) {
      const run = await play([point], point, point % 4 === 0 ? 'power' : 'kill', { poisoned });
      await check(run, poisoned);
      crashes += run.crashes;
    }
    expect(crashes).toBeGreaterThan(20);
  }, 120_000);
});
