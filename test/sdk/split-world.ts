/** The small world's task in the split tier. */
import { discreteGaussian, epsilonOf } from '../../shared/privacy/mechanism.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { START_MS, type World } from './round-world.ts';

const DAY = 24 * 3_600_000;

/** What makes the world's task one of the split tier: ε 4 of one report, up to 200 reports. */
export function splitTier(world: World): Partial<Task> {
  const mechanism = discreteGaussian(1.2);
  const helper = {
    identityKey: world.helper.publicKey,
    sealingKey: world.sealing.publicKey,
    sealingKeyExpiresAtMs: START_MS + 90 * DAY,
  };
  const epsilon = epsilonOf(mechanism, 1e-6, 1);
  return { tier: 'split', mechanism: { ...mechanism }, epsilon, maxReports: 200, helper };
}
