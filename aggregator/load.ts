/** The site of a data folder: read, checked against this server, and its rounds taken up again. */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import { assertNoWrap } from '../shared/field/fixed.ts';
import { sigmaOf } from '../shared/privacy/mechanism.ts';
import type { LogEntry } from '../shared/protocol/log.ts';
import {
  decodeSigned,
  decodeSignedTask,
  decodeSite,
  recordHash,
} from '../shared/protocol/records.ts';
import { SignatureError, verifyRecord } from '../shared/protocol/signature.ts';
import type { Signed, SignedTask, SiteRecord, Task } from '../shared/protocol/task.ts';
import { type Disk, DiskError } from './accumulate/disk.ts';
import { type Choice, summerOf } from './average/choose.ts';
import { type Intake, openIntake } from './intake.ts';
import type { LogPlace, RecordLog } from './log/record-log.ts';
import type { RoundsDeps } from './open-round.ts';
import type { Observe } from './operate/timing.ts';
import { modelPath } from './publish/publish.ts';
import { TaskRounds } from './rounds.ts';
import type { Settings } from './settings.ts';

export interface LoadDeps
  extends Omit<RoundsDeps, 'log' | 'summer' | 'magnitudeBits' | 'flushBytes'> {
  readonly settings: Settings;
  readonly average: Choice;
  /** Hears how long each sum took, in seconds. */
  readonly onSum?: Observe;
}

/** The data folder holds no site, or one that this aggregator may not serve. */
export class SiteError extends Error {
  readonly code = 'bad-site';

  constructor(message: string, options?: ErrorOptions) {
    super(`bad-site: ${message}`, options);
    this.name = 'SiteError';
  }
}

/** The signed site record, and the text of its file. */
export interface LoadedSite {
  readonly text: string;
  readonly signed: Signed<SiteRecord>;
}

export interface LoadedTask {
  readonly signed: SignedTask;
  readonly rounds: TaskRounds;
}

export interface LoadedTasks {
  /** By task hash, in the site's order. */
  readonly tasks: ReadonlyMap<string, LoadedTask>;
  /** Where their reports are taken in. */
  readonly intake: Intake;
}

/** An entry of the log and where it lies. */
export type PlacedEntry = readonly [LogEntry, LogPlace];

function parsed<T>(what: string, text: string, decode: (json: unknown) => T): T {
  try {
    return decode(JSON.parse(text));
  } catch (cause) {
    throw new SiteError(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/** @throws SiteError, DiskError */
export async function loadSite(disk: Disk): Promise<LoadedSite> {
  let text: string;
  try {
    text = fromUtf8(await disk.read('site.json'));
  } catch (cause) {
    if (!(cause instanceof DiskError && cause.code === 'missing')) throw cause;
    throw new SiteError('the data folder holds no site.json', { cause });
  }
  return { text, signed: parsed('site.json', text, (json) => decodeSigned(json, decodeSite)) };
}

/** @throws SiteError, DiskError */
export async function loadTasks(
  deps: LoadDeps,
  log: RecordLog,
  { record: site }: Signed<SiteRecord>,
): Promise<LoadedTasks> {
  const { disk, signer, settings } = deps;
  const records = new Map<string, SignedTask>();
  for (const { name, hash } of site.tasks) {
    const text = fromUtf8(await disk.read(`tasks/${hash}.json`));
    const signed = parsed(`task '${name}'`, text, decodeSignedTask);
    const task = signed.record;
    if ((await recordHash(task)) !== hash) throw new SiteError(`task '${name}' has another hash`);
    if (task.aggregatorKey !== signer.publicKey) {
      throw new SiteError(`task '${name}' names another aggregator key`);
    }
    assertNotRevoked(task, site.revoked);
    if (task.tier === 'split') await assertSplit(signed, deps.helper !== undefined);
    if ((await disk.size(modelPath(task.initialModel))) === null) {
      throw new SiteError(`task '${name}': its initial model is not in the data folder`);
    }
    records.set(hash, signed);
  }
  const intake = openIntake(
    [...records.values()].map(({ record }) => record),
    deps,
  );
  const { magnitudeBits, average } = intake;
  const tasks = new Map<string, LoadedTask>();
  for (const [hash, signed] of records) {
    const task = signed.record;
    const sums = { summer: summerOf(task, average), gram: average.gram };
    const own = { log, ...sums, flushBytes: settings.flushBytes };
    const rounds = { ...deps, ...own, ...(magnitudeBits !== undefined && { magnitudeBits }) };
    tasks.set(hash, { signed, rounds: new TaskRounds(rounds, task, hash) });
  }
  const all = [...tasks.values()].map(({ rounds }) => rounds);
  try {
    for (const rounds of all) rounds.relate(all);
  } catch (cause) {
    throw new SiteError((cause as Error).message, { cause });
  }
  return { tasks, intake };
}

/** @throws SiteError */
function assertNotRevoked({ name, aggregatorKey, helper }: Task, revoked: readonly string[]): void {
  const keys = { aggregatorKey, ...helper };
  for (const field of ['aggregatorKey', 'identityKey', 'sealingKey'] as const) {
    if (keys[field] !== undefined && revoked.includes(keys[field])) {
      throw new SiteError(`task '${name}': its ${field} is revoked by the site`);
    }
  }
}

/**
 * What the browsers' noise and the sums mod 2^32 rest on, and who signed it.
 * @throws SiteError
 */
async function assertSplit(
  { record: task, helperSignature }: SignedTask,
  hasHelper: boolean,
): Promise<void> {
  const { name, helper, minReports, maxReports, scaleBits, d, mechanism } = task;
  if (!hasHelper) {
    throw new SiteError(`task '${name}' is of the split tier and needs a helper (--helper URL)`);
  }
  if (mechanism.name !== 'discrete-gaussian' || maxReports > 2 * minReports) {
    throw new SiteError(`task '${name}': Gaussian noise and n_max ≤ 2·n_min are needed`);
  }
  try {
    const B = 2 ** scaleBits;
    assertNoWrap({ tier: 'split', maxReports, minReports, B, d, sigma: sigmaOf(mechanism) });
    await verifyRecord(
      { record: task, signature: helperSignature ?? '' },
      helper?.identityKey ?? '',
    );
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof SignatureError)) throw cause;
    const why = cause instanceof SignatureError ? 'its helper has not signed it' : cause.message;
    throw new SiteError(`task '${name}': ${why}`, { cause });
  }
}

/** Takes up the rounds where the log says that they stopped, and logs what is new of the site. */
export async function startTasks(
  log: RecordLog,
  site: Signed<SiteRecord>,
  tasks: ReadonlyMap<string, LoadedTask>,
  entries: readonly PlacedEntry[],
): Promise<ReadonlyMap<string, TaskRounds>> {
  const logged = new Set<string>();
  let lastSite = '';
  for (const [entry, place] of entries) {
    if (entry.type === 'task') logged.add(await recordHash(entry.task.record));
    if (entry.type === 'site') lastSite = canonicalJson(entry.site);
    await tasks.get(taskOf(entry) ?? '')?.rounds.replay(entry, place);
  }
  if (canonicalJson(site) !== lastSite) await log.append({ type: 'site', site });
  const started = new Map<string, TaskRounds>();
  try {
    // All tasks before the first round: a round may be about a version of another task (K11).
    for (const [hash, { signed }] of tasks) {
      if (!logged.has(hash)) await log.append({ type: 'task', task: signed });
    }
    for (const [hash, { rounds }] of tasks) {
      started.set(hash, rounds);
      await rounds.start();
    }
  } catch (error) {
    for (const rounds of started.values()) await rounds.stop();
    throw error;
  }
  return started;
}

/** Hash of the task whose rounds an entry belongs to, or null. */
function taskOf(entry: LogEntry): string | null {
  if (entry.type === 'round') return entry.round.record.task;
  if (entry.type === 'opening') return entry.leader.record.task;
  if (entry.type === 'model') return entry.model.record.task;
  if (entry.type === 'restore') return entry.restore.record.task;
  if (entry.type === 'verdict') return entry.verdict.record.task;
  return entry.type === 'abandoned' ? entry.task : null;
}
