import { describe, expect, it } from 'vitest';
import { predictedError } from '../../shared/plan/error.ts';
import { discreteGaussian, epsilonOf } from '../../shared/privacy/mechanism.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { because, memory, newWorld, START_MS, type World } from './round-world.ts';
import { splitTier } from './split-world.ts';

type Options = Parameters<World['receiver']>[1];

/** The verdict on a task of the split tier. */
async function offered(change: Partial<Task> = {}, options: Options = {}): Promise<unknown> {
  const world = await newWorld();
  const hash = await world.offer({ ...splitTier(world), ...change });
  return receiver(world, options).task(hash);
}

function receiver(world: World, options: Options = {}): ReturnType<World['receiver']> {
  return world.receiver(memory(), { maxEpsilon: 4.5, ...options });
}

/** A task that says the truth of its σ. */
function claims(sigma: number, delta = 1e-6): Partial<Task> {
  const mechanism = discreteGaussian(sigma);
  return { mechanism: { ...mechanism }, delta, epsilon: epsilonOf(mechanism, delta, 1) };
}

describe('a task of the split tier', () => {
  it('accepts one that is as strong as it says', async () => {
    await expect(offered()).resolves.toMatchObject({ tier: 'split', maxReports: 200 });
  });

  it('PR10 refuses a claim below the truth', async () => {
    const { epsilon } = claims(1.2);
    const low = (epsilon as number) - 1e-6;
    await expect(offered({ epsilon: low })).rejects.toEqual(because('false-claim', /claims ε/));
    await expect(offered({ epsilon: 'none' })).rejects.toEqual(because('false-claim'));
  });

  it('PR44 refuses what is weaker than the floors, whatever site and page say', async () => {
    await expect(offered({}, { maxEpsilon: 4 })).rejects.toEqual(
      because('weak-privacy', /above 4$/),
    );
    const weak = { maxEpsilon: 100 };
    await expect(offered(claims(1.2, 1e-4), weak)).rejects.toEqual(
      because('weak-privacy', /δ 0.0001 is above/),
    );
    await expect(offered({ minReports: 49, maxReports: 98 })).rejects.toEqual(
      because('weak-privacy', /49 reports, below 50/),
    );
    await expect(offered({ minReports: 99 })).rejects.toEqual(
      because('weak-privacy', /up to 200 reports, above twice 99/),
    );
    await expect(offered({ mechanism: { name: 'none' } })).rejects.toEqual(
      because('weak-privacy', /mechanism none/),
    );
    await expect(offered({ scaleBits: 9 })).rejects.toEqual(
      because('weak-privacy', /noise of [\d.]+ units, below 1000/),
    );
  });

  it('PR44 refuses a sealing key that has expired, at the millisecond', async () => {
    const world = await newWorld();
    const { helper, ...rest } = splitTier(world);
    const expiry = START_MS + 1000;
    const keys = { ...(helper as NonNullable<Task['helper']>), sealingKeyExpiresAtMs: expiry };
    const hash = await world.offer({ ...rest, helper: keys });
    world.clock.set(expiry - 1);
    await expect(receiver(world).task(hash)).resolves.toMatchObject({ helper: keys });
    world.clock.set(expiry);
    await expect(receiver(world).task(hash)).rejects.toEqual(
      because('key-expired', /expired 0 ms ago/),
    );
    await expect(receiver(world).task(hash, 'rank')).resolves.toMatchObject({ helper: keys });
  });

  it('PR6 refuses sums that could wrap mod 2^32', async () => {
    // 200·(2^24 + 1) alone is above 2^31; 200·2^23 with its noise is below.
    await expect(offered({ scaleBits: 24 })).rejects.toEqual(because('bad-record', /modulo 2\^32/));
    await expect(offered({ scaleBits: 23 })).resolves.toMatchObject({ scaleBits: 23 });
  });

  it('PR7 refuses a useless task with both figures', async () => {
    const sigma = 40;
    const change = { ...claims(sigma), minReports: 50, maxReports: 100 };
    const predicted = predictedError({
      tier: 'split',
      d: 11,
      clipL2: 0.5,
      scaleBits: 16,
      sigma,
      reports: 50,
      minReports: 50,
    });
    expect(predicted).toBeGreaterThan(0.5);
    const figures = new RegExp(`${predicted.toPrecision(4)} at 50 reports .* clip 0\\.5$`);
    await expect(offered(change)).rejects.toEqual(because('predicted-error', figures));
  });
});
