/**
 * What the public may read of the log: checkpoint, tiles, and how the helper's identity has moved.
 * Rotations that lie in `rotations/` go into the log, once.
 */
import { canonicalJson } from '../shared/bytes/canonical.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import type { LogEntry } from '../shared/protocol/log.ts';
import type { KeyList } from '../shared/protocol/paths.ts';
import { decodeSignedRotation } from '../shared/protocol/records.ts';
import { verifyRotation } from '../shared/protocol/rotation.ts';
import type { Signer } from '../shared/protocol/signature.ts';
import type { SignedRotation } from '../shared/protocol/task.ts';
import type { Disk } from './accumulate/disk.ts';
import { PublishedLog, type Witness } from './log/published.ts';
import type { RecordLog } from './log/record-log.ts';
import type { Logger } from './logger.ts';
import type { Scheduler } from './time.ts';

const FOLDER = 'rotations';

export interface PublicLogDeps {
  readonly disk: Disk;
  readonly signer: Signer;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  /** The helper, where the site has tasks of the split tier. */
  readonly witness?: Witness;
}

export interface PublicLog {
  readonly published: PublishedLog;
  /** JSON text of `KeyList`. */
  readonly keysText: string;
}

/** @throws what `logRotations` throws. */
export async function openPublicLog(
  { disk, signer, scheduler, logger, witness }: PublicLogDeps,
  log: RecordLog,
  site: string,
  logged: readonly LogEntry[],
): Promise<PublicLog> {
  const published = await PublishedLog.open(log, {
    site,
    signer,
    witness: witness ?? null,
    after: (ms, work) => scheduler.after(ms, work),
    failed: (reason) => logger('warn', 'not-cosigned', { reason }),
  });
  const rotations = await logRotations(disk, log, site, logged);
  return { published, keysText: canonicalJson({ rotations } satisfies KeyList) };
}

/**
 * Logs the files of `rotations/` that are not in the log yet, oldest first.
 * @param logged the entries of the log.
 * @returns all rotations of the log, in its order.
 * @throws ShapeError or SignatureError for a file that is no rotation of this site; DiskError
 */
async function logRotations(
  disk: Disk,
  log: RecordLog,
  site: string,
  logged: readonly LogEntry[],
): Promise<readonly SignedRotation[]> {
  const rotations = logged.flatMap((entry) => (entry.type === 'rotation' ? [entry.rotation] : []));
  const known = new Set(rotations.map((one) => canonicalJson(one)));
  const found: SignedRotation[] = [];
  for (const name of await disk.list(FOLDER)) {
    if (!name.endsWith('.json')) continue;
    const text = fromUtf8(await disk.read(`${FOLDER}/${name}`));
    const rotation = decodeSignedRotation(JSON.parse(text));
    await verifyRotation(rotation);
    if (rotation.record.site !== site) {
      throw new RangeError(`${FOLDER}/${name}: a rotation of another site`);
    }
    if (!known.has(canonicalJson(rotation))) found.push(rotation);
  }
  found.sort((a, b) => a.record.rotatedAtMs - b.record.rotatedAtMs);
  for (const rotation of found) await log.append({ type: 'rotation', rotation });
  return [...rotations, ...found];
}
