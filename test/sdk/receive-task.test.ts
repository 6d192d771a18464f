import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../sdk/receive/verify.ts';
import { predictedError } from '../../shared/plan/error.ts';
import { discreteGaussian, epsilonOf } from '../../shared/privacy/mechanism.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { because, memory, newSigner, newWorld, TOWER, type World } from './round-world.ts';

const NONE = { name: 'none' } as const;
const TEST_TIER: Partial<Task> = { tier: 'test', mechanism: NONE, epsilon: 'none' };

describe('task', () => {
  const offered = async (
    change: Partial<Task>,
    options: Parameters<World['receiver']>[1] = {},
  ): Promise<unknown> => {
    const world = await newWorld();
    const hash = await world.offer(change);
    return world.receiver(memory(), options).task(hash);
  };

  it('accepts the true one, once from the network', async () => {
    const world = await newWorld();
    const receiver = world.receiver(memory());
    expect(await receiver.task(world.taskHash)).toEqual(world.task);
    world.answers.clear();
    expect(await receiver.task(world.taskHash)).toEqual(world.task);
    expect(world.requests).toHaveLength(1);
  });

  it('refuses a correctly signed task under another key', async () => {
    const world = await newWorld();
    const other = newSigner();
    const hash = await world.offer({}, other);
    await expect(world.receiver(memory()).task(hash)).rejects.toEqual(because('bad-signature'));
    const trusting = world.receiver(memory(), { trust: other.publicKey });
    expect(await trusting.task(hash)).toEqual(world.task);
  });

  it('refuses another task than the address names, and one of another site', async () => {
    const world = await newWorld();
    const hash = world.taskHash;
    const swapped = {
      ...signRecord({ ...world.task, participations: 900 }, world.root),
      helperSignature: null,
    };
    world.answers.set(PATHS.task(hash), swapped);
    await expect(world.receiver(memory()).task(hash)).rejects.toEqual(because('hash-mismatch'));
    await expect(offered({ site: 'other.example' })).rejects.toEqual(because('bad-record'));
  });

  it('PR10 refuses a claim below the truth and takes one at or above it', async () => {
    const truth = epsilonOf(discreteGaussian(0.6893), 1e-6, 1);
    await expect(offered({ epsilon: truth - 1e-6 })).rejects.toEqual(because('false-claim', /8/));
    await expect(offered({ epsilon: 'none' })).rejects.toEqual(because('false-claim'));
    await expect(offered({ epsilon: truth + 1 })).resolves.toMatchObject({ epsilon: truth + 1 });
  });

  it('PR10 refuses a δ at which ε says little', async () => {
    const mechanism = discreteGaussian(0.6893);
    const at = (delta: number): Promise<unknown> =>
      offered({ delta, epsilon: epsilonOf(mechanism, delta, 1) }, { maxEpsilon: 20 });
    await expect(at(1e-3)).rejects.toEqual(because('weak-privacy', /δ 0.001/));
    await expect(at(1e-5)).resolves.toMatchObject({ delta: 1e-5 });
  });

  it('PR10 refuses what is weaker than the floor of the page or of this release', async () => {
    const stronger = { maxEpsilon: 4 };
    await expect(offered({}, stronger)).rejects.toEqual(because('weak-privacy', /above 4/));
    await expect(offered({ minReports: 49 })).rejects.toEqual(because('weak-privacy', /49.*50/));
    await expect(offered({ mechanism: NONE })).rejects.toEqual(because('weak-privacy'));
  });

  it('takes the test tier on loopback alone, and only when the page allows it', async () => {
    const allowTestTier = true;
    await expect(offered(TEST_TIER, { allowTestTier })).resolves.toMatchObject({ tier: 'test' });
    await expect(offered(TEST_TIER)).rejects.toEqual(because('weak-privacy'));
    const endpoint = 'https://shop.example/vitrine';
    await expect(offered(TEST_TIER, { allowTestTier, endpoint })).rejects.toEqual(
      because('weak-privacy', /loopback/),
    );
    await expect(offered({ ...TEST_TIER, epsilon: 1 }, { allowTestTier })).rejects.toEqual(
      because('false-claim'),
    );
  });

  it('knows loopback from what looks like it', () => {
    const yes = [
      'http://localhost:1',
      'http://127.0.0.9/x',
      'http://[::1]:8',
      'https://a.localhost',
    ];
    const no = ['http://localhost.example', 'http://128.0.0.1', 'http://10.0.0.1', '/vitrine', ''];
    expect(yes.map(isLoopback)).toEqual(yes.map(() => true));
    expect(no.map(isLoopback)).toEqual(no.map(() => false));
  });

  it('PR7 refuses the tower in the local tier with both figures, and runs it in the test tier', async () => {
    const tower: Partial<Task> = { name: 'tower', architecture: TOWER };
    const predicted = predictedError({
      tier: 'local',
      d: 128 * 24 + 10 * 24 + 4 * 24 * 24,
      clipL2: 0.5,
      scaleBits: 16,
      sigma: 0.6893,
      reports: 100,
      minReports: 100,
    });
    expect(predicted).toBeGreaterThan(0.5);
    const figures = new RegExp(`${predicted.toPrecision(4)} at 100 reports .* clip 0\\.5$`);
    await expect(offered(tower)).rejects.toEqual(because('predicted-error', figures));
    await expect(
      offered({ ...tower, ...TEST_TIER }, { allowTestTier: true }),
    ).resolves.toMatchObject({ d: 5616 });
  });

  it('a task refused for training may rank', async () => {
    const world = await newWorld();
    const hash = await world.offer({ name: 'tower', architecture: TOWER });
    const receiver = world.receiver(memory());
    await expect(receiver.task(hash)).rejects.toEqual(because('predicted-error'));
    const task = await receiver.task(hash, 'rank');
    const stored = await receiver.current(task, hash, await receiver.head(task, hash));
    expect(stored.weights).toHaveLength(5616);
  });

  it('PR6 refuses sums that could wrap, and a task that has expired', async () => {
    await expect(
      offered({ scaleBits: 24, mechanism: discreteGaussian(10), epsilon: 8 }),
    ).rejects.toEqual(because('bad-record', /int32/));
    await expect(offered({ expiresAtMs: 5 })).rejects.toEqual(because('no-task', /expired/));
  });
});
