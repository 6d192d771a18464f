import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { inspectReport } from '../../sdk/inspect.ts';
import { taskWords } from '../../sdk/status.ts';
import { bestPrivUnitMechanism } from '../../shared/privacy/choose.ts';
import { pureCurve } from '../../shared/privacy/curve.ts';
import { discreteGaussian, type PrivUnitMechanism } from '../../shared/privacy/mechanism.ts';
import { MAX_EVALUATIONS, privUnitClaim } from '../../shared/privacy/seeded.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { contribute, profile, send } from './round-run.ts';
import { because, memory, newWorld, TOWER } from './round-world.ts';

describe('a PrivUnitG task in a browser', () => {
  const D = 11;
  const mechanism = bestPrivUnitMechanism(4, D) as PrivUnitMechanism;
  const seeded = { mechanism, epsilon: 4, minReports: 100 } as const;

  const offered = async (change: Partial<Task>, options = {}): Promise<unknown> => {
    const world = await newWorld();
    const hash = await world.offer({ ...seeded, ...change });
    return world.receiver(memory(), options).task(hash);
  };

  it('PR10 PR40 takes a true claim, refuses a false one and one above its floor', async () => {
    await expect(offered({})).resolves.toMatchObject({ mechanism });
    await expect(offered({ epsilon: 3.99 })).rejects.toEqual(because('false-claim', /3\.99/));
    await expect(offered({}, { maxEpsilon: 3 })).rejects.toEqual(because('weak-privacy'));
    // One more unit of the threshold than claimed for.
    const weaker = { ...mechanism, acceptance: mechanism.acceptance + 200 };
    await expect(offered({ mechanism: weaker })).rejects.toEqual(because('false-claim'));
    await expect(offered({ minReports: 49 })).rejects.toEqual(because('weak-privacy', /49/));
  });

  it('PR42 refuses candidates beyond its limit as too-costly, PR7 a useless mean with both figures', async () => {
    const most = Math.floor(MAX_EVALUATIONS / 5616);
    const tower: Partial<Task> = {
      name: 'tower',
      architecture: TOWER,
      minReports: 2 ** 17,
      maxReports: 2 ** 17,
    };
    const at = (candidates: number): Partial<Task> => ({
      ...tower,
      mechanism: { ...mechanism, candidates },
    });
    await expect(offered(at(most))).resolves.toMatchObject({ d: 5616 });
    await expect(offered(at(most + 1))).rejects.toEqual(
      because('too-costly', new RegExp(`^${most + 1} candidates of 5616 .* ${MAX_EVALUATIONS}`)),
    );
    await expect(offered({ ...tower, minReports: 100 })).rejects.toEqual(
      because('predicted-error', /at 100 reports exceeds the clip 0\.5$/),
    );
    expect(taskWords('too-costly', '', null)).toContain('more computation');
  });

  it('W1 a round leaves 120 bytes that say what they are, and is charged its curve', async () => {
    const world = await newWorld();
    await world.offer(seeded);
    await world.openRound();
    const [db] = await profile();
    const { outcome } = await contribute(world, db);
    const { epsilon } = privUnitClaim(mechanism);
    expect(outcome).toMatchObject({ state: 'enqueued', bytes: 120, epsilon });
    const [entry] = await db.readLedger();
    expect(entry?.curve).toEqual(pureCurve(epsilon));
    world.clock.set((outcome as { sendAtMs: number }).sendAtMs);
    expect(await send(world, db)).toMatchObject({ sent: 1 });
    const [body] = world.reports as [Uint8Array];
    expect(body).toHaveLength(120);
    const known = inspectReport(body, world.task);
    expect(known.fields.at(-1)).toMatchObject({ name: 'seed', offset: 88, length: 32 });
    expect(known.coordinates).toHaveLength(0);
    expect(inspectReport(body).fields.at(-1)?.value).toMatch(/seed .* or 8 × int32/);
    expect(() => inspectReport(body, { ...world.task, mechanism: discreteGaussian(1) })).toThrow(
      RangeError,
    );
  });
});
