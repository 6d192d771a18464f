/**
 * Whose word counts: the site's root key and the helper's identity key, both pinned by the page
 * (shared/protocol/SPEC.md, T rules).
 */
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeSignedRotation } from '../../shared/protocol/records.ts';
import { identitiesFrom } from '../../shared/protocol/rotation.ts';
import { NoCryptoError, SignatureError, verifyRecord } from '../../shared/protocol/signature.ts';
import type { SignedRotation, SignedTask, Task } from '../../shared/protocol/task.ts';
import { ReceiveError } from './error.ts';
import type { Transport } from './transport.ts';

/** More rotations than a helper makes in its life. */
const MAX_ROTATIONS = 256;

export interface Pins {
  /** Ed25519, base64url. */
  readonly root: string;
  /** Null where the page pins none: then no task of the split tier is reported to. */
  readonly helper: string | null;
}

/** @param trust `ROOT` or `ROOT HELPER`, as `readSettings` leaves it. */
export function readPins(trust: string): Pins {
  const [root = '', helper = null] = trust.split(' ');
  return { root, helper };
}

/** @throws ReceiveError key-revoked for a key by which the task's models would be believed. */
export function assertRankKeys({ aggregatorKey }: Task, revoked: readonly string[]): void {
  if (revoked.includes(aggregatorKey)) {
    throw new ReceiveError('key-revoked', 'the key of the aggregator');
  }
}

/** Whether the helper that a task names has signed it; true where it names none. */
export async function isHelperSigned({ record, helperSignature }: SignedTask): Promise<boolean> {
  if (record.helper === null) return true;
  try {
    const signed = { record, signature: helperSignature ?? '' };
    await verifyRecord(signed, record.helper.identityKey);
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

/** The helper's keys of a task, against the pins. */
export class HelperTrust {
  readonly #transport: Transport;
  readonly #pins: Pins;
  readonly #site: string;

  constructor(transport: Transport, pins: Pins, site: string) {
    this.#transport = transport;
    this.#pins = pins;
    this.#site = site;
  }

  /**
   * @throws ReceiveError key-revoked, or untrusted-helper unless the helper's identity is the pinned
   * one, or one that it was rotated to, and has signed the task; NetworkError
   */
  async assertTrusted(signed: SignedTask, revoked: readonly string[]): Promise<void> {
    const { record } = signed;
    if (record.helper === null) return;
    const { identityKey, sealingKey } = record.helper;
    for (const [name, key] of Object.entries({ identity: identityKey, sealing: sealingKey })) {
      if (revoked.includes(key)) throw new ReceiveError('key-revoked', `the helper's ${name} key`);
    }
    for (const key of await this.#path(identityKey)) {
      if (revoked.includes(key)) {
        throw new ReceiveError('key-revoked', 'a key from which the identity was rotated');
      }
    }
    if (!(await isHelperSigned(signed))) {
      throw new ReceiveError('untrusted-helper', 'the helper has not signed the task');
    }
  }

  /** The pinned key and its successors up to `identityKey`. */
  async #path(identityKey: string): Promise<readonly string[]> {
    const { helper } = this.#pins;
    if (helper === null) throw new ReceiveError('untrusted-helper', 'the page pins no helper');
    if (identityKey === helper) return [helper];
    const rotations = decodeRotations(await this.#transport.json(PATHS.keys));
    let chain: readonly string[];
    try {
      chain = await identitiesFrom(helper, rotations, this.#site);
    } catch (error) {
      if (error instanceof NoCryptoError) throw error;
      throw new ReceiveError('untrusted-helper', (error as Error).message, error);
    }
    const at = chain.indexOf(identityKey);
    if (at < 0) {
      throw new ReceiveError(
        'untrusted-helper',
        'no rotation leads from the pinned key to this one',
      );
    }
    return chain.slice(0, at + 1);
  }
}

function decodeRotations(json: unknown): SignedRotation[] {
  const { rotations } = (json ?? {}) as { rotations?: unknown };
  if (!Array.isArray(rotations) || rotations.length > MAX_ROTATIONS) {
    throw new ReceiveError('bad-record', 'the list of keys is not well formed');
  }
  return rotations.map(decodeSignedRotation);
}
