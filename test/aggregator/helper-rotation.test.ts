import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initKeys, loadKeyRing, rotateKeys } from '../../aggregator/ceremony.ts';
import { identitiesFrom } from '../../shared/protocol/rotation.ts';
import { START_MS as NOW } from './fixture.ts';
import { SITE } from './helper-parts.ts';

let keysDir: string;

beforeEach(async () => {
  keysDir = await mkdtemp(join(tmpdir(), 'vitrine-rotation-'));
});

afterEach(() => rm(keysDir, { recursive: true, force: true }));

describe('rotations', () => {
  it('S11 T3 gives no identity a second successor, which no browser would follow', async () => {
    const first = await initKeys(keysDir, 90, NOW);
    const from = join(first.folder, 'identity.key');
    const rotation = await rotateKeys(keysDir, SITE, { nowMs: NOW });
    await expect(rotateKeys(keysDir, SITE, { from })).rejects.toMatchObject({
      code: 'keys-exist',
    });
    const tries = await Promise.allSettled(
      [1, 2, 3].map(() => rotateKeys(keysDir, SITE, { nowMs: NOW })),
    );
    const made = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const chain = await identitiesFrom(first.status.identityKey, [rotation, ...made], SITE);
    expect(chain.at(-1)).toBe((await loadKeyRing(keysDir)).status.identityKey);
  });
});
