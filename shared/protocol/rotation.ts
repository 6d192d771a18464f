/** How the helper's identity moves from key to key (SPEC.md, T rules). */
import { SignatureError, type Signer, signRecord, verifyRecord } from './signature.ts';
import type { RotationRecord, SignedRotation } from './task.ts';

/** @throws RangeError when a signer is not the one that the record names. */
export function signRotation(record: RotationRecord, from: Signer, to: Signer): SignedRotation {
  if (from.publicKey !== record.from) throw new RangeError('from must hold the record.from key');
  if (to.publicKey !== record.to) throw new RangeError('to must hold the record.to key');
  const { signature: successorSignature } = signRecord(record, to);
  return { ...signRecord(record, from), successorSignature };
}

/** @throws SignatureError unless the old key and the new one signed; NoCryptoError */
export async function verifyRotation(rotation: SignedRotation): Promise<void> {
  const { record, signature, successorSignature } = rotation;
  await verifyRecord({ record, signature }, record.from);
  await verifyRecord({ record, signature: successorSignature }, record.to);
}

/**
 * The pinned key and those that it was rotated to, oldest first. Rotations of other sites and those
 * that are not signed by both keys count for nothing.
 * @throws RangeError for a key with two successors, and for a circle. NoCryptoError
 */
export async function identitiesFrom(
  pinned: string,
  rotations: readonly SignedRotation[],
  site: string,
): Promise<readonly string[]> {
  const chain = [pinned];
  for (let from = pinned; ; ) {
    const successors = new Set<string>();
    for (const rotation of rotations) {
      if (rotation.record.site !== site || rotation.record.from !== from) continue;
      if (await isGood(rotation)) successors.add(rotation.record.to);
    }
    const [to, another] = successors;
    if (to === undefined) return chain;
    if (another !== undefined) throw new RangeError('a key of the helper has two successors');
    if (chain.includes(to)) throw new RangeError('the rotations of the helper run in a circle');
    chain.push(to);
    from = to;
  }
}

async function isGood(rotation: SignedRotation): Promise<boolean> {
  try {
    await verifyRotation(rotation);
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}
