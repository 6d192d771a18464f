/** A gate through crashes: the verdict is in the log once, and says what it says without a crash. */
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { entriesOf, entriesOfType, faultsOf } from './audited.ts';
import { GateWorld, ONE, qualityDraft, rankerDraft } from './gate-world.ts';
import { Crash, type SimulatedDisk, testRandom } from './simulated-disk.ts';

interface Outcome {
  readonly disk: SimulatedDisk;
  readonly points: number;
  readonly crashes: number;
}

const DELTA = new Array<number>(WIDE_FEATURES.length).fill(100);

/** A candidate that is admitted, and one that is refused, with a crash at a point. */
async function play(
  crashAt: number,
  kind: 'power' | 'kill',
  drafts = [rankerDraft(), qualityDraft()],
): Promise<Outcome> {
  const random = testRandom(crashAt);
  const world = await GateWorld.prepared(drafts);
  const { ranker, quality } = world;
  world.disk = world.disk.recovered(random, 'kill');
  world.disk.crashAt = crashAt;
  let isUp = false;
  let crashes = 0;
  const until = async (done: () => Promise<boolean>, work: () => Promise<unknown>) => {
    for (;;) {
      if (world.disk.crashed) {
        crashes += 1;
        isUp = false;
        world.disk = world.disk.recovered(random, kind);
      }
      try {
        if (!isUp) await world.start();
        isUp = true;
        if (world.disk.crashed) continue;
        if (await done()) return;
        await work();
      } catch (error) {
        if (!(error instanceof Crash) && !world.disk.crashed) throw error;
      }
    }
  };
  const verdicts = (): number => entriesOfType(world.disk, 'verdict').length;
  const tell = (taskHash: string, ids: readonly number[], of: readonly number[]) => async () => {
    if ((await world.head(taskHash)).round !== null) await world.send(taskHash, ids, of);
  };
  for (const [turn, gain] of [0.5, 0.4].entries()) {
    const ids = [1, 2, 3, 4, 5].map((i) => 10 * turn + i);
    await until(
      async () => (await world.head(ranker)).candidate !== null || verdicts() > turn,
      tell(ranker, ids, DELTA),
    );
    await until(
      async () => verdicts() > turn,
      tell(
        quality,
        ids.map((id) => id + 100),
        [ONE, 0, gain * ONE, 0.25 * ONE],
      ),
    );
  }
  await until(
    async () => (await world.head(ranker)).round?.record.round === 3,
    async () => undefined,
  );
  await world.up.service.stop();
  return { disk: world.disk, points: world.disk.points, crashes };
}

describe('a gate, crash anywhere and restart', () => {
  it('K14 RD8 every crash point: the bytes of the uninterrupted run', async () => {
    const whole = await play(Number.POSITIVE_INFINITY, 'kill');
    const verdicts = entriesOfType(whole.disk, 'verdict').map(({ verdict }) => verdict.record);
    expect(verdicts.map(({ admitted }) => admitted)).toEqual([true, false]);
    expect(await faultsOf(entriesOf(whole.disk))).toEqual([]);
    const expected = whole.disk.files();
    let crashes = 0;
    for (let point = 1; point <= whole.points; point += 3) {
      const kind = point % 2 === 0 ? 'power' : 'kill';
      const outcome = await play(point, kind);
      crashes += outcome.crashes;
      const found = outcome.disk.files();
      expect([...found.keys()], `point ${point}`).toEqual([...expected.keys()]);
      for (const [path, bytes] of found) {
        const same = Buffer.compare(bytes, expected.get(path) as Uint8Array) === 0;
        expect(same, `point ${point}, ${kind}: ${path}`).toBe(true);
      }
    }
    expect(crashes).toBeGreaterThan(60);
  }, 120_000);

  it('K14 the order of the tasks leaves no trace in versions and verdicts', async () => {
    const said = async (drafts: Parameters<typeof play>[2]): Promise<string[]> => {
      const { disk } = await play(Number.POSITIVE_INFINITY, 'kill', drafts);
      return entriesOf(disk)
        .filter(({ type }) => type !== 'site' && type !== 'task')
        .map((entry) => canonicalJson(entry));
    };
    const one = await said([rankerDraft(), qualityDraft()]);
    expect(await said([qualityDraft(), rankerDraft()])).toEqual(one);
  });
});
