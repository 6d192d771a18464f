/** The records that stand outside the log: site, tasks and keys, from the pinned keys down (PR50). */
import { PATHS } from '../../shared/protocol/paths.ts';
import {
  decodeSigned,
  decodeSignedRotation,
  decodeSignedTask,
  decodeSite,
  recordHash,
} from '../../shared/protocol/records.ts';
import { identitiesFrom } from '../../shared/protocol/rotation.ts';
import { list, object } from '../../shared/protocol/shape.ts';
import { verifyRecord } from '../../shared/protocol/signature.ts';
import type {
  Signed,
  SignedRotation,
  SignedTask,
  SiteRecord,
  Task,
} from '../../shared/protocol/task.ts';
import type { Checks } from './check.ts';
import { readJson, reasonOf, type Web } from './web.ts';

/** What the auditor has from elsewhere; base64url. */
export interface Pinned {
  readonly root: string;
  readonly helper: string | null;
}

export interface KnownTask {
  readonly hash: string;
  readonly signed: SignedTask;
}

export interface Records {
  readonly site: Signed<SiteRecord>;
  /** Those of the site record that are authentic, in its order. */
  readonly tasks: readonly KnownTask[];
  readonly rotations: readonly SignedRotation[];
}

const MAX_ROTATIONS = 1024;

function decodeKeys(value: unknown): readonly SignedRotation[] {
  object({ rotations: list(() => undefined, MAX_ROTATIONS) })(value, 'keys');
  return (value as { rotations: readonly unknown[] }).rotations.map(decodeSignedRotation);
}

async function readRotations(web: Web, checks: Checks): Promise<readonly SignedRotation[]> {
  try {
    return await readJson(web, PATHS.keys, decodeKeys);
  } catch (error) {
    checks.fail('task-helper', '', `keys of the helper: ${reasonOf(error)}`);
    return [];
  }
}

async function readSite(
  web: Web,
  { root }: Pinned,
  lastSerial: number,
  checks: Checks,
): Promise<Signed<SiteRecord> | null> {
  try {
    const site = await readJson(web, PATHS.site, (value) => decodeSigned(value, decodeSite));
    await verifyRecord(site, root);
    const { serial, tasks, site: name, budget } = site.record;
    checks.decide(
      serial >= lastSerial,
      'site-record',
      name,
      serial >= lastSerial
        ? `serial ${serial}, ${tasks.length} tasks, ε ${budget.epsilon} in all at δ ${budget.delta}, order ${budget.order}`
        : `serial ${serial} after ${lastSerial}`,
      { serial, epsilon: budget.epsilon, delta: budget.delta, order: budget.order },
    );
    return site;
  } catch (error) {
    checks.fail('site-record', '', reasonOf(error));
    return null;
  }
}

/**
 * Reads site record, tasks and rotations, and checks who signed them.
 * @param lastSerial of the site record that was seen last, or −1.
 * @returns null where nothing of the site can be believed.
 */
export async function readRecords(
  web: Web,
  pinned: Pinned,
  lastSerial: number,
  checks: Checks,
): Promise<Records | null> {
  const site = await readSite(web, pinned, lastSerial, checks);
  if (site === null) return null;
  const tasks: KnownTask[] = [];
  for (const { name, hash } of site.record.tasks) {
    try {
      const signed = await readJson(web, PATHS.task(hash), decodeSignedTask);
      const { record } = signed;
      if ((await recordHash(record)) !== hash) throw new Error('the task has another hash');
      if (record.name !== name || record.site !== site.record.site) {
        throw new Error('the task is of another name or site');
      }
      await verifyRecord({ record, signature: signed.signature }, pinned.root);
      tasks.push({ hash, signed });
      checks.pass('task-record', name, `${record.kind}, ${record.tier} tier, d = ${record.d}`);
    } catch (error) {
      checks.fail('task-record', name, reasonOf(error));
    }
  }
  return { site, tasks, rotations: await readRotations(web, checks) };
}

/** Whether `key` is the pinned helper's, one that it was rotated to, or one that it came from. */
async function isPinned(
  key: string,
  pinned: string,
  rotations: readonly SignedRotation[],
  site: string,
): Promise<boolean> {
  if ((await identitiesFrom(pinned, rotations, site)).includes(key)) return true;
  return (await identitiesFrom(key, rotations, site)).includes(pinned);
}

/** The helper's signature under a task, by the pinned identity or through signed rotations. */
export async function checkHelper(
  { signed }: KnownTask,
  { helper: pinned }: Pinned,
  rotations: readonly SignedRotation[],
  checks: Checks,
): Promise<void> {
  const { record, helperSignature } = signed;
  const { name, helper, site } = record;
  if (helper === null) {
    checks.skip('task-helper', name, `the ${record.tier} tier has one server`);
    return;
  }
  const { identityKey } = helper;
  if (pinned === null) {
    checks.fail('task-helper', name, "no helper is pinned: give --trust its key behind the root's");
    return;
  }
  try {
    if (!(await isPinned(identityKey, pinned, rotations, site))) {
      throw new Error(`helper ${identityKey} is not the pinned one, and no rotation leads to it`);
    }
    await verifyRecord({ record, signature: helperSignature ?? '' }, identityKey);
    const rotated = identityKey === pinned ? '' : ', by rotation';
    checks.pass('task-helper', name, `signed by helper ${identityKey}${rotated}`);
  } catch (error) {
    checks.fail('task-helper', name, reasonOf(error));
  }
}

/** @param hasOpenRound whether the head shows one. */
export function checkKeys(
  task: Task,
  revoked: readonly string[],
  hasOpenRound: boolean,
  nowMs: number,
  checks: Checks,
): void {
  const { name, aggregatorKey, helper, expiresAtMs } = task;
  const keys = [aggregatorKey, helper?.identityKey, helper?.sealingKey];
  const bad = keys.filter((key) => key !== undefined && revoked.includes(key));
  const until = Math.min(expiresAtMs, helper?.sealingKeyExpiresAtMs ?? Number.POSITIVE_INFINITY);
  const date = new Date(until).toISOString();
  if (bad.length > 0) checks.fail('task-keys', name, `revoked by the site: ${bad.join(', ')}`);
  else if (nowMs < until) checks.pass('task-keys', name, `in force until ${date}`);
  // A round that opened in time may close, and in the split tier be opened, after the expiry.
  else if (hasOpenRound && nowMs > until + task.windowMs) {
    checks.fail('task-keys', name, `expired on ${date}, and a round is open`);
  } else checks.skip('task-keys', name, `expired on ${date}: browsers report to it no more`);
}
