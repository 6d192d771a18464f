/** Keys, tasks, a log and reports made by hand for the helper's tests. */
import { createHash } from 'node:crypto';
import type { Disk } from '../../aggregator/accumulate/disk.ts';
import type { HelperKeyRing } from '../../aggregator/ceremony.ts';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { sha256Sync } from '../../aggregator/log/tree.ts';
import { newMark, writeMark } from '../../aggregator/opening/mark.ts';
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { discreteGaussian, epsilonOf } from '../../shared/privacy/mechanism.ts';
import { logOrigin, signCheckpoint } from '../../shared/protocol/checkpoint.ts';
import { type LogEntry, leafBytes } from '../../shared/protocol/log.ts';
import { merkleRoot } from '../../shared/protocol/merkle.ts';
import {
  encodePrepare,
  type PrepareAnswer,
  type SealedReport,
} from '../../shared/protocol/opening.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeTask } from '../../shared/protocol/records.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type {
  OpeningRecord,
  RoundRecord,
  Signed,
  SignedTask,
  Task,
} from '../../shared/protocol/task.ts';
import { encodeBundle, parseTilePath, TILE_WIDTH } from '../../shared/protocol/tiles.ts';
import { serverVariance } from '../../shared/random/variance.ts';
import { generateSealingKeys, sealSeed } from '../../shared/sharing/seal.ts';
import { encodeUint32LE, leaderShare } from '../../shared/sharing/share.ts';
import { idBytes, linearHead, START_MS } from './fixture.ts';

export const SITE = 'test shop';
export const D = 3;
export const ROOT: Signer = signerOf(generateKey());
export const AGGREGATOR: Signer = signerOf(generateKey());
const DAY_MS = 24 * 3600 * 1000;
export const EXPIRES_MS = START_MS + 90 * DAY_MS;
const MODEL = 'a'.repeat(64);

/** A folder of a disk as a disk. */
export function folder(disk: Disk, name: string): Disk {
  const at = (path: string): string => (path === '' ? name : `${name}/${path}`);
  return {
    list: (path) => disk.list(at(path)),
    size: (path) => disk.size(at(path)),
    read: (path, offset, length) => disk.read(at(path), offset, length),
    open: (path) => disk.open(at(path)),
    makeFolder: (path) => disk.makeFolder(at(path)),
    rename: (from, to) => disk.rename(at(from), at(to)),
    remove: (path) => disk.remove(at(path)),
    syncFolder: (path) => disk.syncFolder(at(path)),
  };
}

export async function keyRing(): Promise<HelperKeyRing> {
  const signer = signerOf(generateKey());
  const sealing = await generateSealingKeys();
  const status = {
    identityKey: signer.publicKey,
    sealingKey: sealing.publicKey,
    sealingKeyExpiresAtMs: EXPIRES_MS,
  };
  return { generation: 1, folder: '', signer, sealing, status };
}

export const JOURNAL = createHash('sha256').update('journal').digest('hex');

export async function newDisk<T extends Disk>(disk: T): Promise<T> {
  await disk.makeFolder('keys');
  await writeMark(folder(disk, 'keys'), newMark(JOURNAL));
  return disk;
}

export function splitTask(keys: HelperKeyRing, more: Partial<Task> = {}): Task {
  const mechanism = discreteGaussian(2);
  return decodeTask({
    version: 1,
    type: 'task',
    site: SITE,
    name: 'intent',
    kind: 'train',
    tier: 'split',
    architecture: linearHead(more.d ?? D),
    d: D,
    clipL2: 1,
    scaleBits: 10,
    mechanism,
    epsilon: Math.ceil(epsilonOf(mechanism, 1e-6, 1) * 1e6) / 1e6,
    delta: 1e-6,
    participations: 2,
    separationMs: 0,
    quietMs: 0,
    coin: 65_536,
    minReports: 3,
    maxReports: 6,
    windowMs: 60_000,
    expiresAtMs: START_MS + 365 * DAY_MS,
    catalogue: 'c'.repeat(64),
    initialModel: MODEL,
    aggregatorKey: AGGREGATOR.publicKey,
    helper: keys.status,
    recipe: {
      steps: 1,
      learningRate: 0.1,
      negatives: 0,
      maxExamples: 100,
      server: { name: 'fedavg', learningRate: 1, decayRounds: 4 },
    },
    label: 'test periods',
    ...more,
  });
}

export function signedTask(task: Task, site: Signer, helper: Signer): SignedTask {
  return { ...signRecord(task, site), helperSignature: signRecord(task, helper).signature };
}

/** The aggregator's log, served from memory. */
export class HandMadeLog {
  entries: Uint8Array[] = [];
  /** Set to make the log unreachable. */
  down = false;
  readonly signer: Signer;

  constructor(signer: Signer = AGGREGATOR) {
    this.signer = signer;
  }

  add(entry: LogEntry): number {
    return this.entries.push(leafBytes(entry)) - 1;
  }

  checkpoint(size = this.entries.length): Promise<string> {
    const root = merkleRoot(this.entries.slice(0, size), sha256Sync);
    return signCheckpoint({ origin: logOrigin(SITE), size, root }, this.signer);
  }

  /** The checkpoint that is served. */
  served = '';

  fetch = async (path: string): Promise<Uint8Array> => {
    if (path === PATHS.checkpoint && !this.down) return utf8(this.served);
    const name = this.down ? null : parseTilePath(path.slice(PATHS.tiles.length));
    const at = (name?.index ?? 0) * TILE_WIDTH;
    if (name?.level !== 'entries' || at + name.width > this.entries.length) {
      throw new Error(`GET ${path} answered 404`);
    }
    return encodeBundle(this.entries.slice(at, at + name.width));
  };
}

export interface MadeReport extends SealedReport {
  readonly z: Int32Array;
  readonly share: Uint32Array;
}

export interface RoundOf {
  readonly task: Task;
  readonly taskHash: string;
  readonly roundHash: string;
  readonly round: RoundRecord;
}

/** A report as a browser makes it, without noise of its own. */
export async function makeReport(
  { task, taskHash, roundHash }: Pick<RoundOf, 'task' | 'taskHash' | 'roundHash'>,
  id: number,
): Promise<MadeReport> {
  const seed = createHash('sha256').update(`seed ${id} ${roundHash}`).digest();
  const z = Int32Array.from({ length: task.d }, (_, i) => ((id * 7919 + i * 31) % 1000) - 500);
  const share = await leaderShare(z, seed);
  const leaderShareHash = sha256Sync(encodeUint32LE(share));
  const of = { taskHash: fromHex(taskHash), roundHash: fromHex(roundHash), reportId: idBytes(id) };
  const key = fromBase64url(task.helper?.sealingKey ?? '');
  const sealed = await sealSeed(key, of, seed, leaderShareHash);
  return { id: idBytes(id), leaderShareHash, sealed, z, share };
}

export function prepareMessage(
  { taskHash, roundHash }: Pick<RoundOf, 'taskHash' | 'roundHash'>,
  reports: readonly SealedReport[],
): Uint8Array {
  const sorted = [...reports].sort((a, b) => Buffer.compare(a.id, b.id));
  return encodePrepare({
    taskHash: fromHex(taskHash),
    roundHash: fromHex(roundHash),
    reports: sorted,
  });
}

export function leaderRecord(
  { task, taskHash, roundHash }: Pick<RoundOf, 'task' | 'taskHash' | 'roundHash'>,
  answer: PrepareAnswer,
  more: Partial<OpeningRecord> = {},
): Signed<OpeningRecord> {
  const record: OpeningRecord = {
    version: 1,
    type: 'opening',
    role: 'leader',
    task: taskHash,
    roundHash,
    batch: answer.batch,
    reports: answer.reports,
    rejected: answer.rejected.length,
    sigma: 2,
    variance: serverVariance(task).toString(),
    share: 'b'.repeat(64),
    sequence: 0,
    ...more,
  };
  return signRecord(record, AGGREGATOR);
}
