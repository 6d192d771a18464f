/** Who signed a task, and with which keys: PR50. */
import { describe, expect, it } from 'vitest';
import { Checks } from '../../aggregator/audit/check.ts';
import { checkHelper, checkKeys, type KnownTask } from '../../aggregator/audit/records.ts';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { decodeTask, recordHash } from '../../shared/protocol/records.ts';
import { signRotation } from '../../shared/protocol/rotation.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { SignedRotation } from '../../shared/protocol/task.ts';
import { auditDraft } from './world.ts';

const SITE = 'test shop';
const ROOT = signerOf(generateKey());
const [first, second, stranger] = [1, 2, 3].map(() => signerOf(generateKey())) as [
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
];

const rotation: SignedRotation = signRotation(
  {
    version: 1,
    type: 'rotation',
    site: SITE,
    from: first.publicKey,
    to: second.publicKey,
    rotatedAtMs: 1,
  },
  first,
  second,
);

/** A task under the second identity of the helper. */
async function task(signer = second): Promise<KnownTask> {
  const { initialWeights, ...draft } = auditDraft('audit-split', { tier: 'split' });
  const record = decodeTask({
    ...draft,
    version: 1,
    type: 'task',
    site: SITE,
    d: initialWeights.length,
    epsilon: 2,
    catalogue: 'c'.repeat(64),
    initialModel: 'a'.repeat(64),
    aggregatorKey: generateKey().publicKey,
    helper: {
      identityKey: second.publicKey,
      sealingKey: generateKey().publicKey,
      sealingKeyExpiresAtMs: draft.expiresAtMs - 1,
    },
  });
  const helperSignature = signRecord(record, signer).signature;
  return {
    hash: await recordHash(record),
    signed: { ...signRecord(record, ROOT), helperSignature },
  };
}

async function outcome(
  known: KnownTask,
  helper: string,
  rotations: readonly SignedRotation[],
): Promise<string | undefined> {
  const checks = new Checks();
  await checkHelper(known, { root: ROOT.publicKey, helper }, rotations, checks);
  return checks.all[0]?.outcome;
}

describe('the helper of a task', () => {
  it('PR50 is the pinned one, its successor, or the one before it', async () => {
    const known = await task();
    expect(await outcome(known, second.publicKey, [])).toBe('pass');
    expect(await outcome(known, first.publicKey, [rotation])).toBe('pass');
    expect(await outcome(known, first.publicKey, [])).toBe('fail');
    expect(await outcome(known, stranger.publicKey, [rotation])).toBe('fail');
    const onward = signRotation(
      { ...rotation.record, from: second.publicKey, to: stranger.publicKey },
      second,
      stranger,
    );
    expect(await outcome(known, stranger.publicKey, [rotation, onward])).toBe('pass');
  });

  it('PR50 must have signed it, and both keys the rotation', async () => {
    expect(await outcome(await task(stranger), second.publicKey, [])).toBe('fail');
    const forged = { ...rotation, signature: rotation.successorSignature };
    expect(await outcome(await task(), first.publicKey, [forged])).toBe('fail');
  });
});

describe('the keys of a task', () => {
  it('PR50 are not revoked, and no round is open long after they expired', async () => {
    const { record } = (await task()).signed;
    const { aggregatorKey, helper, expiresAtMs } = record;
    const until = Math.min(expiresAtMs, helper?.sealingKeyExpiresAtMs ?? 0);
    const found = (revoked: readonly (string | undefined)[], open: boolean, nowMs: number) => {
      const checks = new Checks();
      checkKeys(record, revoked as readonly string[], open, nowMs, checks);
      return checks.all[0]?.outcome;
    };
    expect(found([stranger.publicKey], true, until - 1)).toBe('pass');
    for (const key of [aggregatorKey, helper?.identityKey, helper?.sealingKey]) {
      expect(found([key], false, until - 1)).toBe('fail');
    }
    expect(found([], false, until)).toBe('skipped');
    expect(found([], true, until + record.windowMs)).toBe('skipped');
    expect(found([], true, until + record.windowMs + 1)).toBe('fail');
  });
});
