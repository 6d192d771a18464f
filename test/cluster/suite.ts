/** What a cluster must survive on every engine, with real processes: exact to the last coordinate. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningProcess } from './nodes.ts';
import { until, World } from './world.ts';

export interface SuiteEngine {
  /** Of the engine; `folder` is the cluster's own. */
  readonly address: (folder: string) => string;
  readonly accept: readonly string[];
  /** kill -9 of the broker and a new start on the same data; null where there is none. */
  readonly restart: (() => Promise<void>) | null;
  stop(): Promise<void>;
}

/** One round. */
const MAX_REPORTS = 40;
/** Starting seven processes on a loaded machine, and waiting for leases to run out. */
const TIMEOUT_MS = 240_000;

/** Partitions that a node has told of last. */
function heldBy({ lines }: RunningProcess): string {
  const told = lines.filter((line) => line.includes('"partitions-held"')).at(-1) ?? '{}';
  return (JSON.parse(told) as { partitions?: string }).partitions ?? '';
}

/** Registers the tests: one cluster goes through all of it, and everything must be exact at the end. */
export function clusterSuite(makeEngine: () => Promise<SuiteEngine>): void {
  let engine: SuiteEngine;
  let world: World;
  let rounds = 0;

  beforeAll(async () => {
    engine = await makeEngine();
    const { address, accept } = engine;
    world = await World.make({ engine: address, accept, maxReports: MAX_REPORTS });
    await world.startAll();
  }, TIMEOUT_MS);

  afterAll(async () => {
    await world?.stop();
    await engine?.stop();
  }, TIMEOUT_MS);

  /** One round more at least, while `disturb` does its worst behind the tenth report of it. */
  async function survives(disturb: () => Promise<void>, more = 1): Promise<void> {
    rounds += more;
    const begun = world.sender.count;
    const { faults, reports } = await world.run(rounds, async () => {
      await until('reports are taken', async () => world.sender.count >= begun + 10);
      await disturb();
    });
    rounds = Math.max(rounds, await world.published());
    expect(faults).toEqual([]);
    expect(reports).toBeGreaterThan(0);
    expect(reports).toBeLessThanOrEqual(rounds * MAX_REPORTS);
  }

  it(
    'C4 sums exactly what it acknowledged, through two nodes',
    async () => {
      await survives(async () => undefined);
    },
    TIMEOUT_MS,
  );

  it(
    'C2 survives kill -9 of an accumulator',
    async () => {
      await survives(async () => {
        await world.of('accumulate')[0]?.kill();
        world.start('accumulate');
      });
    },
    TIMEOUT_MS,
  );

  it(
    'C1 survives kill -9 of an accept node',
    async () => {
      await survives(async () => {
        await world.of('accept')[0]?.kill();
        await world.start('accept').listening();
      });
    },
    TIMEOUT_MS,
  );

  it(
    'C4 survives kill -9 of the coordinator',
    async () => {
      await survives(async () => {
        await world
          .of('coordinate')
          .find(({ url }) => url !== '')
          ?.kill();
      }, 2);
      world.start('coordinate', world.of('coordinate')[0]?.plan.dataDir?.endsWith('0') ? 1 : 0);
    },
    TIMEOUT_MS,
  );

  it(
    'C2 fences an accumulator that was frozen and wakes up',
    async () => {
      await survives(async () => {
        const frozen = world.of('accumulate')[0] as RunningProcess;
        await until('it holds partitions', async () => heldBy(frozen) !== '');
        frozen.freeze();
        // Without it, a round is published only once others hold its partitions.
        await until('a round', async () => (await world.published()) >= rounds - 1);
        frozen.thaw();
      }, 2);
    },
    TIMEOUT_MS,
  );

  it(
    'RD3 survives kill -9 of the broker',
    async (context) => {
      const { restart } = engine;
      if (restart === null) context.skip('the file engine has no broker');
      else await survives(restart, 2);
    },
    TIMEOUT_MS,
  );
}
